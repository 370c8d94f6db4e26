//! Where the device memory of an emission spectrum goes: the plan of a run as a picture, pass by pass.
//!
//! ```sh
//! cargo run --release --example memory
//! ```
//!
//! writes `out/memory_plan.svg`, `out/memory_history.svg` and the same as PNG. The model is two isotopologues of carbon monoxide in 120
//! layers. The plan is known before the device is touched, and the account agrees with it to the byte. The history shows
//! what happens when half as much again is reserved for two spectra of one model: the second one takes over the first one's buffers.

use std::path::Path;

use photosphere::atmosphere::{PressureGrid, TemperatureProfile};
use photosphere::cross_section::{Method, Settings};
use photosphere::gpu::{Device, MemoryPolicy, Summary, Timeline};
use photosphere::grid::{Grid, TemperatureRange};
use photosphere::lines::carbon_monoxide::{Broadener, Isotopologue, line_list};
use photosphere::output::prepare_folder;
use photosphere::plot::{Formats, memory_history, memory_plan};
use photosphere::spectrum::{Absorber, Model, State};
use photosphere::{Backend, Result};

const LAYERS: usize = 120;

/// The plan of a spectrum, and the account's history over computing it twice.
pub fn compute(device: &Device) -> Result<(Summary, Timeline)> {
    let grid = Grid::with_resolution(4280.0, 4380.0, 1e6)?;
    let pressure = PressureGrid::logarithmic(1e-5, 3.0, LAYERS)?;
    let profile = TemperatureProfile::PowerLaw { temperature_k: 1500.0, exponent: 0.12 };
    let temperature_k = profile.at(pressure.pressure_bar(), None)?;
    let hottest = temperature_k[LAYERS - 1];
    let settings = Settings {
        tolerance: 1e-3,
        temperature_range: TemperatureRange::new(temperature_k[0], hottest)?,
        method: Method::Auto,
        line_margin: 25.0,
        ..Settings::default()
    };
    let range = Some((grid.lo() - 25.0, grid.hi() + 25.0));
    let absorbers = [Isotopologue::C12O16, Isotopologue::C13O16].map(|isotopologue| {
        let list = line_list(isotopologue, Broadener::Hydrogen, range, 0.0)?;
        let molar_mass = list.species.molar_mass;
        Ok(Absorber { name: list.species.name.clone(), lists: vec![list], molar_mass })
    });
    let absorbers = absorbers.into_iter().collect::<Result<Vec<_>>>()?;
    let mut state = State::new(temperature_k, vec![1e4; LAYERS], vec![2.33; LAYERS]).with_surface(hottest);
    for (absorber, ratio) in absorbers.iter().zip([5e-3, 5e-5]) {
        state = state.with_mass_ratio(&absorber.name, ratio);
    }
    let model = Model::emission(grid, pressure).opacities(absorbers).settings(settings).surface(true).build()?;

    let backend = Backend::Device(device.clone());
    let emission = model.open(&backend)?;
    let plan = emission.plan().expect("a device has a plan").memory.clone();
    assert_eq!(device.ledger().current(), plan.peak_bytes);
    drop(emission);

    device.ledger().record(10_000);
    if let Some(total) = device.memory().total {
        device.set_memory_policy(MemoryPolicy::Fraction(1.5 * plan.peak_bytes as f64 / total as f64))?;
    }
    for _ in 0..2 {
        model.open(&backend)?.spectrum(&state, &())?;
    }
    device.set_memory_policy(MemoryPolicy::Default)?;
    Ok((plan, device.ledger().timeline()))
}

fn main() -> Result<()> {
    let device = Device::open("gpu-any")?;
    let (plan, history) = compute(&device)?;
    println!("{}: {:.1} MiB", device.info().name, plan.peak_bytes as f64 / (1 << 20) as f64);
    prepare_folder(Path::new("out"))?;
    let title = "Device memory of an emission spectrum";
    let mut written = memory_plan(Path::new("out/memory_plan"), title, &plan, Formats::default())?;
    written.extend(memory_history(Path::new("out/memory_history"), title, &history, Formats::default())?);
    written.iter().for_each(|path| println!("written {}", path.display()));
    Ok(())
}
