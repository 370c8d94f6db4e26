//! Transmission of a warm Jupiter, and what each of its opacities would make of it alone: carbon monoxide, Rayleigh scattering, a haze, a cloud deck.
//!
//! ```sh
//! cargo run --release --example transmission
//! ```
//!
//! writes `out/transmission.svg` and `out/transmission.png`.

use std::path::Path;

use photosphere::output::prepare_folder;
use photosphere::plot::{Series, SpectrumOptions, Zoom, spectrum};
use photosphere::prelude::*;

const LAYERS: usize = 100;
/// Nominal radius of Jupiter \[cm\].
const JUPITER_CM: f64 = 7.1492e9;

/// The planet's radius \[nu\] in Jupiter's radii, with all opacities or one of them.
fn radius(backend: &Backend, grid: Grid, only: Option<&str>) -> Result<Vec<f64>> {
    let pressure = PressureGrid::logarithmic(1e-8, 10.0, LAYERS)?; // bar
    let (temperature, mean) = (vec![1100.0; LAYERS], vec![2.33; LAYERS]); // K, g mol-1
    let reference = ReferenceLevel { radius_cm: 1.2 * JUPITER_CM, gravity: 1030.0, pressure_bar: Some(0.1) };
    let hydrostatic = Hydrostatic::new(&pressure.boundaries_bar(), &temperature, &mean, &reference)?;
    let state = State::new(temperature, hydrostatic.gravity, mean)
        .with_radii(hydrostatic.radius_cm)
        .with_volume_ratio("H2", 0.85)
        .with_volume_ratio("CO", 5e-4)
        .with_parameter("haze.opacity_cm2_g", 2e-4)
        .with_parameter("haze.exponent", 4.0)
        .with_parameter("deck.pressure_bar", 0.02);
    let co = carbon_monoxide::line_list(Isotopologue::C12O16, Broadener::Hydrogen, None, 0.0)?;
    let wanted = |name: &str| only.is_none_or(|only| only == name);
    let mut model = Model::transmission(grid, pressure).for_state(&state);
    if wanted("CO") {
        model = model.opacity(Absorber::new("CO", co));
    }
    if wanted("Rayleigh scattering") {
        model = model.opacity(Rayleigh::new(RayleighGas::H2));
    }
    if wanted("haze") {
        model = model.opacity(PowerLawHaze::new("haze", 2e4)?);
    }
    if wanted("cloud deck") {
        model = model.opacity(CloudDeck::new("deck"));
    }
    let radius = model.build()?.open(backend)?.spectrum(&state, &())?;
    Ok(radius.to_f64().iter().map(|r| r / JUPITER_CM).collect())
}

fn main() -> Result<()> {
    let backend = Backend::select("auto")?;
    let grid = Grid::with_resolution(3900.0, 4400.0, 2e5)?; // cm-1
    let wavenumber = grid.wavenumbers();
    let all = radius(&backend, grid, None)?;
    let names = ["CO", "Rayleigh scattering", "haze", "cloud deck"];
    let alone = names.iter().map(|name| radius(&backend, grid, Some(name))).collect::<Result<Vec<_>>>()?;
    let mut series = vec![Series { label: "all", wavenumber: &wavenumber, value: &all, reference: false }];
    for (label, value) in names.iter().zip(&alone) {
        series.push(Series { label, wavenumber: &wavenumber, value, reference: false });
    }
    let options = SpectrumOptions {
        quantity: "Radius".into(),
        unit: "radii of Jupiter".into(),
        zoom: Zoom::Range(4280.0, 4300.0),
        ..Default::default()
    };
    prepare_folder(Path::new("out"))?;
    let written = spectrum(Path::new("out/transmission"), "Transmission of a warm Jupiter", &series, &options)?;
    written.iter().for_each(|path| println!("written {}", path.display()));
    Ok(())
}
