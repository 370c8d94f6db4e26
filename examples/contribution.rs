//! The contribution function: from which pressures the light of each wavenumber comes.
//!
//! ```sh
//! cargo run --release --example contribution
//! ```
//!
//! writes `out/contribution.svg` and `out/contribution.png`. Line cores come from high up, gaps between lines from below.

use std::path::Path;

use photosphere::atmosphere::{PressureGrid, TemperatureProfile};
use photosphere::constants::ATOMIC_MASS_CGS;
use photosphere::cross_section::{CrossSections, Method, Settings};
use photosphere::grid::Grid;
use photosphere::grid::TemperatureRange;
use photosphere::lines::carbon_monoxide::{Broadener, Isotopologue, line_list};
use photosphere::output::prepare_folder;
use photosphere::plot::{ContributionMap, Formats, contribution};
use photosphere::transfer::{Quadrature, contribution_function};
use photosphere::{Backend, Result};

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
    /// Sum over layers.
    pub flux: Vec<f64>,
}

/// Cross sections of all layers on a backend, then the parts of the flux.
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
    let (lo, hi) = temperature_k.iter().fold((f64::INFINITY, 0.0f64), |(a, b), t| (a.min(*t), b.max(*t)));

    let margin = 25.0;
    let range = Some((grid.lo() - margin, grid.hi() + margin));
    let co = line_list(Isotopologue::C12O16, Broadener::Hydrogen, range, 0.0)?;
    let molecule = co.species.molar_mass * ATOMIC_MASS_CGS;
    let settings = Settings {
        tolerance: 1e-3,
        temperature_range: TemperatureRange::new(lo, hi)?,
        method: Method::Auto,
        line_margin: margin,
        ..Settings::default()
    };
    let at: Vec<(f64, f64)> = temperature_k.iter().copied().zip(pressure.pressure_bar().iter().copied()).collect();
    let (sections, _) = CrossSections::new(grid, &[co], &at, settings, &())?.compute(backend, &())?;

    // Molecules of CO in a column of each layer: dP mmr / (m g).
    let mut dtau = sections.to_f64();
    for (row, dp) in dtau.chunks_mut(grid.len()).zip(pressure.dpressure_bar()) {
        let column = dp * 1e6 * MASS_MIXING_RATIO / (molecule * GRAVITY);
        row.iter_mut().for_each(|v| *v *= column);
    }
    let wavenumber = grid.wavenumbers();
    let value = contribution_function(&wavenumber, &dtau, &temperature_k, &Quadrature::streams(8)?)?;
    let mut flux = vec![0.0; wavenumber.len()];
    for row in value.chunks(wavenumber.len()) {
        flux.iter_mut().zip(row).for_each(|(f, v)| *f += v);
    }
    Ok(Contribution { wavenumber, pressure_bar: pressure.pressure_bar().to_vec(), value, flux })
}

fn main() -> Result<()> {
    let c = compute(&Backend::select("auto")?)?;
    println!("{} wavenumbers, {LAYERS} layers", c.wavenumber.len());
    let map = ContributionMap { wavenumber: &c.wavenumber, pressure: &c.pressure_bar, value: &c.value, flux: &c.flux };
    prepare_folder(Path::new("out"))?;
    let title = "Where the light comes from: carbon monoxide";
    let written = contribution(Path::new("out/contribution"), title, &map, Formats::default())?;
    written.iter().for_each(|path| println!("written {}", path.display()));
    Ok(())
}
