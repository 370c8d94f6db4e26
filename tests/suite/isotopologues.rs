//! Every isotopologue of a HITRAN file, with its own mass, partition sum and lines.

use std::path::{Path, PathBuf};

use photosphere::Backend;
use photosphere::Resources;
use photosphere::cross_section::{CrossSections, Settings};
use photosphere::grid::{Grid, TemperatureRange};
use photosphere::lines::{HitranSource, LineSource};

/// HITRAN's strength is the integral of the cross section over wavenumber. The grid reaches 30
/// cm-1 beyond the lines.
fn integrals_are_the_sums_of_strengths(path: &Path, isotopologues: usize) {
    let settings = Settings {
        temperature_range: TemperatureRange::new(250.0, 350.0).unwrap(),
        tolerance: 1e-4,
        ..Settings::default()
    };
    let lists = HitranSource::new(path).isotopologues(&Resources::new(&())).unwrap();
    assert_eq!(lists.len(), isotopologues, "{}", path.display());
    for list in lists {
        let held = list.held().unwrap().0.clone();
        let (first, last) = (held.lines()[0].wavenumber, held.lines()[held.len() - 1].wavenumber);
        // Four points in a Doppler standard deviation.
        let step = 0.25 * held.species.doppler_sigma(296.0);
        let (lo, hi) = (first - 30.0, last + 30.0);
        let grid = Grid::new(lo, hi, ((hi / lo).ln() / step) as usize).unwrap();
        let expected: f64 = held.lines().iter().map(|l| l.strength).sum();
        let job = CrossSections::new(grid, &[held], &[(296.0, 1e-4)], settings, &()).unwrap();
        let (values, _) = job.compute(&Backend::Cpu, &()).unwrap();
        let (nu, values) = (grid.wavenumbers(), values.to_f64());
        let integral: f64 = (1..nu.len()).map(|i| 0.5 * (nu[i] - nu[i - 1]) * (values[i] + values[i - 1])).sum();
        let error = integral / expected - 1.0;
        assert!(error.abs() < 1e-4, "{}, {:?}: {error:e}", path.display(), list.id());
    }
}

/// CO (HITRAN2020, 2095 to 2154 cm-1) and water (9905 to 9998, 2000 to 2030 cm-1).
#[test]
fn integrated_cross_sections_are_the_sums_of_strengths() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    for (file, isotopologues) in [
        ("co_three_isotopologues.par", 3),
        ("cases/08-losses/three_isotopologues.par", 3),
        ("cases/10-isotopologues/h2o.par", 4),
        ("cases/06-partition/h2o.par", 1),
    ] {
        integrals_are_the_sums_of_strengths(&folder.join(file), isotopologues);
    }
}

/// The same of the three isotopologues in a larger sample of CO (2000 to 2300 cm-1), where it is at hand.
#[test]
fn integrated_cross_sections_of_a_larger_sample() {
    let folder = std::env::var_os("PHOTOSPHERE_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"), PathBuf::from);
    let path = folder.join("hitran/CO_2000-2300.par");
    if !path.is_file() {
        assert!(std::env::var_os("CI").is_none(), "{} is missing", path.display());
        eprintln!("SKIPPED: {} not found", path.display());
        return;
    }
    integrals_are_the_sums_of_strengths(&path, 3);
}
