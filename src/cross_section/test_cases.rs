//! Lists and ladders of every kind, for tests on both backends.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::levels::Ladder;
use crate::grid::{Grid, TemperatureRange};
use crate::lines::{Line, LineList, PartitionFunction, Species};
use crate::settings::{Method, Settings};

/// A set-up of one kind.
pub struct Case {
    pub name: &'static str,
    pub list: (Grid, LineList),
    pub pressure: f64,
    pub method: Method,
    /// What the ladder must be like.
    pub kind: fn(&Ladder) -> bool,
}

impl Case {
    pub fn settings(tolerance: f64) -> Settings {
        let temperature_range = TemperatureRange::new(500.0, 1200.0).unwrap();
        let mut settings =
            Settings { tolerance, temperature_range, method: Method::Auto, line_margin: 5.0, ..Settings::default() };
        // of no effect on lists without shifts
        settings.profile.pressure_shift = true;
        settings
    }
}

/// `lines` lines of similar strength on `points` points at a resolution of 500 000, with margin.
pub fn list(lines: usize, points: usize) -> (Grid, LineList) {
    let mut rng = StdRng::seed_from_u64(1);
    let grid = Grid::new(2000.0, 2000.0 * (points as f64 / 5e5).exp(), points).unwrap();
    let margin = 0.1 * (grid.hi() - grid.lo());
    let mut uniform = |lo: f64, hi: f64| lo + (hi - lo) * rng.random::<f64>();
    let lines = (0..lines)
        .map(|_| Line {
            wavenumber: uniform(grid.lo() - margin, grid.hi() + margin),
            strength: 1e-20 * uniform(0.1, 1.0),
            lower_energy: uniform(0.0, 3000.0),
            gamma_ref: uniform(0.02, 0.09),
            temperature_exponent: uniform(0.4, 0.8),
            ..Line::default()
        })
        .collect();
    let q = PartitionFunction::new(vec![100.0, 2000.0], vec![50.0, 900.0]).unwrap();
    let species = Species { name: "test".into(), molar_mass: 28.0, partition: q.into() };
    (grid, LineList::new(species, lines).unwrap())
}

/// The same with natural widths, with widths from collisions that are no power of temperature, and with pressure shifts if `shifted`.
pub fn with_profiles((grid, list): (Grid, LineList), shifted: bool) -> (Grid, LineList) {
    let mut rng = StdRng::seed_from_u64(2);
    let mut uniform = |lo: f64, hi: f64| lo + (hi - lo) * rng.random::<f64>();
    let profile = |l: &Line| Line {
        width_curvature: uniform(-0.02, 0.05),
        natural_width: uniform(0.0, 1e-5),
        shift: if shifted { uniform(-0.02, 0.01) } else { 0.0 },
        ..*l
    };
    let lines = list.lines().iter().map(profile).collect();
    (grid, LineList::new(list.species, lines).unwrap())
}

/// One of each kind.
pub fn cases() -> Vec<Case> {
    let near: fn(&Ladder) -> bool = |l| l.near_field && l.finest > 1;
    let case = |name, list, pressure, method, kind| Case { name, list, pressure, method, kind };
    vec![
        case("near field, low pressure", list(25, 3000), 1e-5, Method::Lines, near),
        case("near field", list(25, 3000), 0.01, Method::Lines, near),
        case("near field, high pressure", list(25, 3000), 1.0, Method::Lines, |l| l.near_field),
        case("near field, all of a profile", with_profiles(list(25, 3000), true), 1e-4, Method::Lines, near),
        case("near field, shifted far", with_profiles(list(25, 3000), true), 1.0, Method::Lines, |l| l.near_field),
        case("spread, shifted", with_profiles(list(3000, 4000), true), 30.0, Method::Lines, |l| !l.near_field),
        case("density, natural", with_profiles(list(300, 700), false), 1e-4, Method::Density, |l| l.finest < 0),
        case("spread below the output", list(3000, 500), 1e-4, Method::Lines, |l| !l.near_field && l.finest < 0),
        case("spread, broad", list(3000, 4000), 30.0, Method::Lines, |l| !l.near_field && l.finest > 1),
        case("sparse density", list(300, 700), 0.3, Method::Density, |l| !l.near_field),
        case("sparse density below the output", list(300, 700), 1e-3, Method::Density, |l| l.finest < 0),
        case("dense density", list(20_000, 300), 0.3, Method::Density, |l| !l.near_field),
    ]
}
