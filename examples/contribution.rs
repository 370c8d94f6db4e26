//! The contribution function: from which pressures the light of each wavenumber comes.
//!
//! ```sh
//! cargo run --release --example contribution
//! ```
//!
//! writes `out/contribution.svg` and `out/contribution.png`. Line cores come from high up, gaps between lines from below.

use std::path::Path;

use photosphere::output::prepare_folder;
use photosphere::plot::{ContributionMap, Formats, contribution};
use photosphere::prelude::*;
use photosphere::units::SpectralAxis;

const LAYERS: usize = 150;
/// \[cm s-2\]
const GRAVITY: f64 = 2.5e3;
/// Mass of CO over mass of the gas.
const MASS_MIXING_RATIO: f64 = 3e-3;

/// A contribution function and what it belongs to.
pub struct Contribution {
    /// \[cm-1\]
    pub wavenumber: Vec<f64>,
    /// \[layer\] bar
    pub pressure_bar: Vec<f64>,
    /// \[layer\]\[nu\] erg s-1 cm-2 / cm-1
    pub value: Vec<f64>,
    /// \[nu\], the sum over layers.
    pub flux: Vec<f64>,
}

/// The flux on a backend, and the part of it that each layer emits.
pub fn compute(backend: &Backend) -> Result<Contribution> {
    let grid = Grid::with_resolution(2139.0, 2163.0, 5e5)?;
    let pressure = PressureGrid::logarithmic(1e-8, 100.0, LAYERS)?;
    let profile = TemperatureProfile::Guillot {
        gravity: GRAVITY,
        opacity: 0.01,
        gamma: 0.4,
        internal_k: 300.0,
        irradiation_k: 1700.0,
        redistribution: 0.25,
    };
    let temperature_k = profile.at(pressure.pressure_bar(), None)?;
    let co = carbon_monoxide::line_list(Isotopologue::C12O16, Broadener::Hydrogen, None, 0.0)?;
    let state =
        State::new(temperature_k, vec![GRAVITY; LAYERS], vec![2.33; LAYERS]).with_mass_ratio("CO", MASS_MIXING_RATIO);
    let model =
        Model::emission(grid, pressure).opacity(Absorber::new("CO", co)).for_state(&state).surface(false).build()?;
    let flux = model.open(backend)?.spectrum(&state, &())?.to_f64();
    let value = model.contribution(&state, &())?;
    let pressure_bar = model.pressure().pressure_bar().to_vec();
    Ok(Contribution { wavenumber: grid.wavenumbers(), pressure_bar, value, flux })
}

fn main() -> Result<()> {
    let c = compute(&Backend::select("auto")?)?;
    println!("{} wavenumbers, {LAYERS} layers", c.wavenumber.len());
    let map = ContributionMap {
        wavenumber: &c.wavenumber,
        pressure: &c.pressure_bar,
        value: &c.value,
        spectrum: &c.flux,
        quantity: "Flux",
        unit: "erg s⁻¹ cm⁻² / cm⁻¹",
        axis: SpectralAxis::Wavenumber,
    };
    prepare_folder(Path::new("out"))?;
    let title = "Where the light comes from: carbon monoxide";
    let written = contribution(Path::new("out/contribution"), title, &map, Formats::default())?;
    written.iter().for_each(|path| println!("written {}", path.display()));
    Ok(())
}
