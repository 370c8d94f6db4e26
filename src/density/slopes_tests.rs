//! Derivatives by temperature of strengths, weights and sources against differences of the values.

use super::layer_factors::LayerFactors;
use super::line_shape::{Axes, Density, stimulated, stimulated_and_slope};
use super::lines::LineTable;
use crate::grid::channels::{Channels, WidthScale};
use crate::grid::level::LevelNodes;
use crate::grid::{Grid, TemperatureRange};
use crate::lines::{Line, PartitionFunction, Species};
use crate::settings::Settings;

/// Lines, species and range, with curved widths, natural widths and shifts for factors other than 0; the partition function is a power law from 100 to 2000 K.
fn case([curved, natural, shift]: [f64; 3]) -> (Grid, LineTable, Species, TemperatureRange) {
    let grid = Grid::new(500.0, 505.0, 2000).unwrap();
    let lines: Vec<Line> = (0..40)
        .map(|i| Line {
            wavenumber: 500.5 + 0.1 * f64::from(i),
            strength: 1e-20,
            lower_energy: 300.0 + 97.0 * f64::from(i % 17),
            gamma_ref: 0.03 + 0.002 * f64::from(i % 7),
            temperature_exponent: 0.4 + 0.05 * f64::from(i % 5),
            width_curvature: curved * (0.02 - 0.01 * f64::from(i % 3)),
            natural_width: natural * (1e-3 + 1e-3 * f64::from(i % 4)),
            shift: shift * (0.01 - 0.002 * f64::from(i % 7)),
        })
        .collect();
    let q = PartitionFunction::new(vec![100.0, 2000.0], vec![50.0, 900.0]).unwrap();
    let species = Species { name: "test".into(), molar_mass: 28.0, partition: q.into() };
    let range = TemperatureRange::new(400.0, 1200.0).unwrap();
    let mut settings = Settings { temperature_range: range, ..Settings::default() };
    settings.profile.pressure_shift = true;
    let table = LineTable::new(&lines, &grid, &species, &settings).unwrap();
    (grid, table, species, range)
}

const TEMPERATURE: f64 = 777.0;

/// Compares `slopes` with Richardson's difference of `values`, both \[row\] of equal lengths, relative to each row's largest.
fn check(what: &str, values: impl Fn(f64) -> Vec<Vec<f64>>, slopes: &[Vec<f64>]) {
    let difference = |h: f64| (values(TEMPERATURE + h), values(TEMPERATURE - h));
    let ((a, b), (c, d)) = (difference(1.0), difference(0.5));
    assert_eq!(slopes.len(), a.len());
    for (r, slopes) in slopes.iter().enumerate() {
        let largest = slopes.iter().fold(0.0, |m: f64, s| m.max(s.abs()));
        assert!(largest > 0.0, "{what}: row {r} has no slope");
        for (i, slope) in slopes.iter().enumerate() {
            let expected = (4.0 * (c[r][i] - d[r][i]) - 0.5 * (a[r][i] - b[r][i])) / 3.0;
            assert!((slope - expected).abs() < 1e-9 * largest, "{what} {r} {i}: {slope:e}, by difference {expected:e}");
        }
    }
}

/// Sources times what [`LineTable::ln_scale_at`] holds.
fn scaled(table: &LineTable, state: &LayerFactors, mut rows: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let scale = (table.ln_scale_at(state) - table.ln_scale()).exp();
    rows.iter_mut().flatten().for_each(|v| *v *= scale);
    rows
}

#[test]
fn sources_of_lines_and_density_have_the_slopes_of_their_differences() {
    sources_have_slopes(case([0.0; 3]));
}

#[test]
fn sources_have_slopes_with_natural_widths_and_curvature() {
    sources_have_slopes(case([1.0, 1.0, 0.0]));
    // a density takes no notice of shifts, so its slopes are right too
    sources_have_slopes(case([1.0, 1.0, 1.0]));
}

fn sources_have_slopes((grid, table, species, range): (Grid, LineTable, Species, TemperatureRange)) {
    let state = |t: f64| LayerFactors::new(&species, &range, t, 0.1).unwrap();
    let axes = Axes::new(&table.summary, &range, 0.1, 1e-3).unwrap();
    let (lo, hi) = axes.widths(&range).at(0.1, axes.natural());
    let at = state(TEMPERATURE);
    for scale in WidthScale::ALL {
        for count in [1, 2, 5] {
            let channels = Channels::spanning(scale, count, lo, hi);
            let nodes = LevelNodes { level: 1, output: (0, 0), source: (-20, 1040), reach: 0, stride: 1 };
            let spread = |t: f64| scaled(&table, &state(t), table.spread(&state(t), &channels, &nodes));
            let both = scaled(&table, &at, table.spread_and_slope(&at, &channels, &nodes));
            assert_eq!(both[..count], spread(TEMPERATURE), "the values are the same");
            check("spread", spread, &both[count..]);

            let density = Density::build(&table, &axes, 1).unwrap();
            let nu = |position: f64| grid.lo() * (grid.step() * position).exp();
            let product = |t: f64| {
                let state = state(t);
                let finish = |p: f64, row: &mut [f64]| stimulated(&state, nu(p), row);
                let weights = axes.weights(&state, &channels);
                scaled(&table, &state, density.sources(&[weights], &[&nodes], &[finish]).remove(0))
            };
            let finish = |p: f64, row: &mut [f64]| stimulated_and_slope(&at, nu(p), row);
            let weights = axes.weights_and_slopes(&at, &channels, table.common_slope(&at));
            let both = scaled(&table, &at, density.sources(&[weights], &[&nodes], &[finish]).remove(0));
            assert_eq!(both[..count], product(TEMPERATURE), "the values are the same");
            check("density", product, &both[count..]);
        }
    }
}

#[test]
fn stimulated_emission_has_its_limits() {
    let (_, _, species, range) = case([0.0; 3]);
    let state = LayerFactors::new(&species, &range, TEMPERATURE, 0.1).unwrap();
    assert!((state.stimulated_slope(1e-6) + 1.0).abs() < 1e-8);
    assert_eq!(state.stimulated_slope(1e6), 0.0);
}
