//! How long it takes to read a long ExoMol list and to sum it at node temperatures, and cross sections of 100 layers
//! from that.
//!
//! `cargo bench --bench long_list -- FOLDER [CACHE]`: the folder of an ExoMol data set with lines from 4000 to 4500
//! cm-1, and a folder to keep the sums in. Prints lines per second, and host memory.

use std::path::Path;
use std::time::Instant;

use photosphere::cross_section::at_temperatures::AtTemperatures;
use photosphere::grid::{Grid, TemperatureRange};
use photosphere::host_memory::host_memory;
use photosphere::lines::{ExomolBroadening, ExomolSource};
use photosphere::settings::Settings;
use photosphere::{Cache, Resources};

/// Node temperatures.
const TEMPERATURES: usize = 13;

fn main() -> photosphere::Result<()> {
    // Cargo adds arguments of its own.
    let mut arguments = std::env::args().skip(1).filter(|a| !a.starts_with("--"));
    let Some(folder) = arguments.next() else {
        println!("long_list: no folder of an ExoMol data set is given, nothing is measured");
        return Ok(());
    };
    let cache = arguments.next().map_or(Cache::off(), |folder| Cache::open(Some(Path::new(&folder))));
    let grid = Grid::with_resolution(4100.0, 4400.0, 3e5)?;
    let source = ExomolSource { broadening: ExomolBroadening::h2_he(0.85, 0.15), ..ExomolSource::new(&folder) };
    let temperature_range = TemperatureRange::new(500.0, 2500.0)?;
    let settings = Settings { temperature_range, ..Settings::default() };
    let layers = 100;
    let pressures: Vec<f64> = (0..layers).map(|i| 10f64.powf(-6.0 + 8.0 * i as f64 / (layers - 1) as f64)).collect();
    let node = |i: usize| 500.0 * 5f64.powf(i as f64 / (TEMPERATURES - 1) as f64);
    let temperatures: Vec<f64> = (0..TEMPERATURES).map(|i| node(i).min(2500.0)).collect();
    let begin = Instant::now();
    let resources = Resources::with_cache(&cache, &());
    let xs = AtTemperatures::new(grid, &source, &temperatures, &pressures, &settings, &resources)?;
    let seconds = begin.elapsed().as_secs_f64();
    let (lines, from) = (xs.lines() as f64, if xs.cached() { "the cache" } else { "the files" });
    println!(
        "{lines:.3e} lines at {TEMPERATURES} temperatures from {from}: {seconds:.2} s, {:.2e} lines/s",
        lines / seconds
    );
    let peak = host_memory().map_or(0, |m| m.peak);
    println!("held: {} MB, largest resident: {} MB", xs.host_bytes() / 1_000_000, peak / 1_000_000);
    let mut values = vec![0.0; layers * grid.len()];
    for i in [0, TEMPERATURES - 1] {
        let begin = Instant::now();
        xs.cross_sections(i, 0..layers, 0..grid.len(), &mut values)?;
        println!(
            "{layers} layers x {} points at {} K: {:.2} s",
            grid.len(),
            temperatures[i],
            begin.elapsed().as_secs_f64()
        );
    }
    Ok(())
}
