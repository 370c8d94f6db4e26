//! Thermal emission of carbon monoxide at R = 1 000 000: the first overtone near 2.3 micrometres, from the atmosphere of a
//! young brown dwarf, with the head of the 2-0 band enlarged.
//!
//! ```sh
//! cargo run --release --example emission
//! ```
//!
//! writes `out/emission.svg` and `out/emission.png`. The line list is built in; the device is a GPU if there is one.

use std::path::Path;

use photosphere::atmosphere::{PressureGrid, TemperatureProfile};
use photosphere::cross_section::{Method, Settings};
use photosphere::grid::Grid;
use photosphere::grid::TemperatureRange;
use photosphere::lines::carbon_monoxide::{Broadener, Isotopologue, line_list};
use photosphere::output::prepare_folder;
use photosphere::plot::{Series, SpectrumOptions, Zoom, spectrum};
use photosphere::spectrum::{Absorber, Model, SpectrumReport, State};
use photosphere::transfer::planck_flux;
use photosphere::{Backend, Result};

const LAYERS: usize = 120;
/// \[cm s-2\]
const GRAVITY: f64 = 1e4;
/// Mass of CO over mass of the gas: all carbon of a solar mixture.
const MASS_MIXING_RATIO: f64 = 5e-3;

/// A spectrum and how it was made.
pub struct Emission {
    /// \[cm-1\]
    pub wavenumber: Vec<f64>,
    /// \[erg s-1 cm-2 / cm-1\]
    pub flux: Vec<f64>,
    /// Lowest and highest temperature \[K\].
    pub temperature_k: (f64, f64),
    pub report: SpectrumReport,
}

/// The spectrum on a backend.
pub fn compute(backend: &Backend) -> Result<Emission> {
    let grid = Grid::with_resolution(4190.0, 4380.0, 1e6)?;

    // T = 1500 K (P / 1 bar)^0.12, not below 700 K, from 0.01 mbar to 3 bar.
    let pressure = PressureGrid::logarithmic(1e-5, 3.0, LAYERS)?;
    let profile = TemperatureProfile::PowerLaw { temperature_k: 1500.0, exponent: 0.12 };
    let temperature_k = profile.at(pressure.pressure_bar(), Some(TemperatureRange::new(700.0, 3000.0)?))?;
    let (coldest, hottest) = (temperature_k[0], temperature_k[LAYERS - 1]);

    // Lines up to 25 cm-1 outside the grid reach into it with their wings.
    let range = Some((grid.lo() - 25.0, grid.hi() + 25.0));
    let co = line_list(Isotopologue::C12O16, Broadener::Hydrogen, range, 0.0)?;
    let molar_mass = co.species.molar_mass;
    let absorber = Absorber { name: "CO".into(), lists: vec![co], molar_mass };
    let settings = Settings {
        tolerance: 1e-3,
        temperature_range: TemperatureRange::new(coldest, hottest)?,
        method: Method::Auto,
        line_margin: 25.0,
        ..Settings::default()
    };

    // Eight streams; below the last layer it is black and as hot as that layer.
    let model =
        Model::emission(grid, pressure).opacity(absorber).settings(settings).streams(8).surface(true).build()?;
    let state = State::new(temperature_k, vec![GRAVITY; LAYERS], vec![2.33; LAYERS])
        .with_mass_ratio("CO", MASS_MIXING_RATIO)
        .with_surface(hottest);
    let mut emission = model.open(backend)?;
    let flux = emission.spectrum(&state, &())?.to_f64();
    let (wavenumber, report) = (grid.wavenumbers(), emission.report());
    Ok(Emission { wavenumber, flux, temperature_k: (coldest, hottest), report })
}

fn main() -> Result<()> {
    let backend = Backend::select("auto")?;
    let Emission { wavenumber, flux, temperature_k, report } = compute(&backend)?;
    println!("{} points, {LAYERS} layers on {} ({})", flux.len(), report.device.name, report.device.precision);
    println!("{} lines of CO, {:.0} to {:.0} K", report.absorbers[0].lists[0].lines, temperature_k.0, temperature_k.1);
    if report.tracked_bytes > 0 {
        println!("{:.1} MiB of device memory", report.tracked_bytes as f64 / (1 << 20) as f64);
    }
    for (stage, seconds) in report.seconds.iter() {
        println!("{stage:>16} {seconds:.3} s");
    }

    let black: Vec<f64> = wavenumber.iter().map(|nu| planck_flux(*nu, temperature_k.1)).collect();
    let label = format!("black body of {:.0} K, the lowest layer", temperature_k.1);
    let series = [
        Series { label: "emission through CO", wavenumber: &wavenumber, value: &flux, reference: false },
        Series { label: &label, wavenumber: &wavenumber, value: &black, reference: true },
    ];
    let options = SpectrumOptions { zoom: Zoom::Range(4354.0, 4362.0), ..Default::default() };
    prepare_folder(Path::new("out"))?;
    let written = spectrum(Path::new("out/emission"), "Carbon monoxide in a young brown dwarf", &series, &options)?;
    written.iter().for_each(|path| println!("written {}", path.display()));
    Ok(())
}
