//! Every isotopologue of a HITRAN file, with its own mass, partition sum and lines.

use std::path::Path;

use photosphere::Backend;
use photosphere::Resources;
use photosphere::cross_section::{CrossSections, Settings};
use photosphere::grid::{Grid, TemperatureRange};
use photosphere::lines::{HitranSource, LineSource};

/// 21 lines of 12C-16O, 13C-16O and 12C-18O (HITRAN2020, 2095 to 2154 cm-1).
fn sample() -> HitranSource {
    HitranSource::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/co_three_isotopologues.par"))
}

/// HITRAN's strength is the integral of the cross section over wavenumber.
#[test]
fn integrated_cross_sections_are_the_sums_of_strengths() {
    let grid = Grid::new(2070.0, 2180.0, 60_000).unwrap();
    let settings = Settings {
        temperature_range: TemperatureRange::new(250.0, 350.0).unwrap(),
        tolerance: 1e-4,
        ..Settings::default()
    };
    let lists = sample().isotopologues(&Resources::new(&())).unwrap();
    assert_eq!(lists.len(), 3);
    for list in lists {
        let held = list.held().unwrap().0.clone();
        let expected: f64 = held.lines().iter().map(|l| l.strength).sum();
        let job = CrossSections::new(grid, &[held], &[(296.0, 1e-4)], settings, &()).unwrap();
        let (values, _) = job.compute(&Backend::Cpu, &()).unwrap();
        let (nu, values) = (grid.wavenumbers(), values.to_f64());
        let integral: f64 = (1..nu.len()).map(|i| 0.5 * (nu[i] - nu[i - 1]) * (values[i] + values[i - 1])).sum();
        let error = integral / expected - 1.0;
        assert!(error.abs() < 1e-4, "{:?}: {error:e}", list.id());
    }
}
