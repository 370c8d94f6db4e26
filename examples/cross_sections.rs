//! Cross sections of carbon monoxide at twelve temperatures and pressures: how lines broaden, overlap and light up.
//!
//! ```sh
//! cargo run --release --example cross_sections
//! ```
//!
//! writes `out/cross_sections.svg` and `out/cross_sections.png`.

use std::path::Path;

use photosphere::cross_section::{CrossSectionReport, CrossSections, Method, Settings};
use photosphere::grid::Grid;
use photosphere::grid::TemperatureRange;
use photosphere::lines::carbon_monoxide::{Broadener, Isotopologue, line_list};
use photosphere::output::prepare_folder;
use photosphere::plot::{CrossSectionCurve, Formats, cross_sections};
use photosphere::{Backend, Result};

/// \[K\]
const TEMPERATURES: [f64; 3] = [500.0, 1000.0, 2000.0];
/// \[bar\]
const PRESSURES: [f64; 4] = [1e-5, 1e-2, 1.0, 10.0];

/// Cross sections and how they were made.
pub struct TwelveSections {
    /// \[cm-1\]
    pub wavenumber: Vec<f64>,
    /// Temperature \[K\], pressure \[bar\], cross sections \[cm2\].
    pub sections: Vec<(f64, f64, Vec<f64>)>,
    pub report: CrossSectionReport,
}

/// All twelve on a backend.
pub fn compute(backend: &Backend) -> Result<TwelveSections> {
    let grid = Grid::with_resolution(2130.0, 2160.0, 2e6)?;
    let margin = 25.0;
    let range = Some((grid.lo() - margin, grid.hi() + margin));
    let co = line_list(Isotopologue::C12O16, Broadener::Air, range, 0.0)?;
    let at: Vec<(f64, f64)> = PRESSURES.iter().flat_map(|p| TEMPERATURES.map(|t| (t, *p))).collect();
    let settings = Settings {
        tolerance: 1e-3,
        temperature_range: TemperatureRange::new(TEMPERATURES[0], TEMPERATURES[2])?,
        method: Method::Auto,
        line_margin: margin,
        ..Settings::default()
    };
    let (values, report) = CrossSections::new(grid, &[co], &at, settings, &())?.compute(backend, &())?;
    let values = values.to_f64();
    let sections = at.iter().zip(values.chunks(grid.len())).map(|((t, p), v)| (*t, *p, v.to_vec())).collect();
    Ok(TwelveSections { wavenumber: grid.wavenumbers(), sections, report })
}

fn main() -> Result<()> {
    let TwelveSections { wavenumber, sections, report } = compute(&Backend::select("auto")?)?;
    println!("12 x {} points on {} ({})", wavenumber.len(), report.device.name, report.device.precision);
    println!("     T [K]    P [bar]  levels      profiles  multiply-adds per point");
    for pair in &report.pairs {
        let levels = format!("{} to {}", pair.finest_level, pair.coarsest_level);
        let (profiles, work) = (pair.profiles, pair.multiply_adds_per_point);
        println!("{:10} {:10.0e}  {levels:10}  {profiles:8}  {work:8.0}", pair.temperature_k, pair.pressure_bar);
    }
    let curves: Vec<CrossSectionCurve> = sections
        .iter()
        .map(|(temperature, pressure, value)| CrossSectionCurve {
            temperature: *temperature,
            pressure: *pressure,
            wavenumber: &wavenumber,
            value,
        })
        .collect();
    prepare_folder(Path::new("out"))?;
    let title = "Cross sections of carbon monoxide";
    let written = cross_sections(Path::new("out/cross_sections"), title, &curves, Formats::default())?;
    written.iter().for_each(|path| println!("written {}", path.display()));
    Ok(())
}
