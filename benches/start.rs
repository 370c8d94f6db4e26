//! First and second start of cross sections from a list of a million HITRAN records: `cargo bench --bench start`.
//!
//! Each start is timed as a whole, from files and an opened cache to a job that is ready to compute, several times; the cache is
//! cleared before every first one. Files are in the system's own cache.

#[path = "../tests/suite/par_file.rs"]
mod par_file;

use std::time::Instant;

use photosphere::cross_section::{CrossSections, Method, Settings};
use photosphere::grid::{Grid, TemperatureRange};
use photosphere::lines::HitranSource;
use photosphere::{Backend, Cache, Resources};

const LINES: usize = 1_000_000;
const RANGE: (f64, f64) = (2000.0, 2100.0);

fn job(path: &std::path::Path, cache: &Cache, method: Method) -> CrossSections {
    let grid = Grid::new(2025.0, 2075.0, 25_000).unwrap();
    let at: Vec<(f64, f64)> =
        (0..20).map(|i| (600.0 + 40.0 * f64::from(i), 10f64.powf(-5.0 + 0.3 * f64::from(i)))).collect();
    let temperature_range = TemperatureRange::new(500.0, 1500.0).unwrap();
    let settings = Settings { tolerance: 1e-3, temperature_range, method, line_margin: 25.0, ..Settings::default() };
    let resources = Resources::with_cache(cache, &());
    let lists = HitranSource { range: Some(RANGE), ..HitranSource::new(path) }.isotopologues(&resources).unwrap();
    CrossSections::from_sources(grid, &lists, &at, settings, &resources).unwrap()
}

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("million.par");
    par_file::write(&path, LINES, RANGE);
    let cache = Cache::open(Some(&folder.path().join("cache")));
    let timed = |what: &str, method: Method| {
        let started = Instant::now();
        let job = job(&path, &cache, method);
        println!("{method:?}, {what:<6} {:8.3} s", started.elapsed().as_secs_f64());
        job
    };
    for method in [Method::Lines, Method::Lines, Method::Density, Method::Density] {
        cache.clear().unwrap();
        let (first, second) = (timed("first", method), timed("second", method));
        let compute = |job: &CrossSections| job.compute(&Backend::Cpu, &()).unwrap();
        let ((a, _), (b, report)) = (compute(&first), compute(&second));
        assert!(a.to_f64() == b.to_f64() && report.lists[0].cached, "{:?}", report.lists);
    }
    cache.list().iter().for_each(|i| println!("{:>12} bytes  {}", i.bytes, i.description));
}
