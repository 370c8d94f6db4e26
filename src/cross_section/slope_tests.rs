//! dxs/dT of the CPU backend against differences of its own values, and against differences of the exact sum.

use super::cpu::{add_layers, add_layers_with_derivative};
use super::direct_sum::direct_sum;
use super::prepared::{Prepared, Tier};
use super::test_cases::{Case, cases};
use crate::settings::{Method, Settings};

/// Largest error of `found` relative to the largest magnitude of `expected`.
fn error(found: &[f64], expected: &[f64]) -> f64 {
    let largest = expected.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
    assert!(largest > 0.0 && found.iter().all(|v| v.is_finite()));
    found.iter().zip(expected).map(|(f, e)| (f - e).abs()).fold(0.0, f64::max) / largest
}

/// Richardson's extrapolation of the central differences over `h` and `h`/2 \[K\].
fn difference(values: impl Fn(f64) -> Vec<f64>, t: f64, h: f64) -> Vec<f64> {
    let [a, b, c, d] = [t + h, t - h, t + 0.5 * h, t - 0.5 * h].map(values);
    (0..a.len()).map(|i| (8.0 * (c[i] - d[i]) - (a[i] - b[i])) / (6.0 * h)).collect()
}

#[test]
fn derivatives_are_those_of_the_values() {
    for Case { name, list: (grid, list), pressure, method, kind } in cases() {
        let prepared = Prepared::new(grid, &list, &[pressure], Settings { method, ..Case::settings(1e-3) }).unwrap();
        let layer = &prepared.layers[0];
        assert!(kind(&layer.ladder), "{name}: {:?}", layer.ladder);
        for t in [510.0, 801.0, 1190.0] {
            let value = |t: f64| {
                let mut xs = vec![0.0; grid.len()];
                add_layers(&prepared, 0, &[t], &[2.0], &mut xs).unwrap();
                xs
            };
            let (mut xs, mut slope) = (vec![1.0; grid.len()], vec![0.0; grid.len()]);
            add_layers_with_derivative(&prepared, 0, &[t], &[2.0], &mut xs, &mut slope).unwrap();
            let with_one: Vec<f64> = value(t).iter().map(|v| v + 1.0).collect();
            assert!(error(&xs, &with_one) < 1e-15, "{name}: the value depends on whether the derivative is asked for");
            let off = error(&slope, &difference(value, t, 0.5));
            eprintln!("{name} at {t} K: {off:.1e}");
            assert!(off < 1e-6, "{name} at {t} K: {off:e}");
        }
    }
}

/// The derivative of the approximation is an approximation of the derivative.
#[test]
fn derivatives_approach_those_of_the_exact_sum() {
    for Case { name, list: (grid, list), pressure, method, .. } in cases() {
        let prepared = Prepared::new(grid, &list, &[pressure], Settings { method, ..Case::settings(1e-3) }).unwrap();
        let exact = |t: f64| {
            let profile = &prepared.settings.profile;
            direct_sum(&list.species, list.lines(), &grid.wavenumbers(), t, pressure, profile).unwrap()
        };
        let (mut xs, mut slope) = (vec![0.0; grid.len()], vec![0.0; grid.len()]);
        add_layers_with_derivative(&prepared, 0, &[801.0], &[1.0], &mut xs, &mut slope).unwrap();
        let off = error(&slope, &difference(exact, 801.0, 0.5));
        eprintln!("{name}: {off:.1e} of the exact derivative's maximum");
        assert!(off < 2e-4, "{name}: {off:e}");
        assert!(error(&xs, &exact(801.0)) < 1e-3, "{name}");
    }
}

#[test]
fn both_storages_of_the_density_are_among_the_cases() {
    let stored = |dense: bool| {
        cases().into_iter().filter(|c| c.method == Method::Density).any(|c| {
            let settings = Settings { method: c.method, ..Case::settings(1e-3) };
            let prepared = Prepared::new(c.list.0, &c.list.1, &[c.pressure], settings).unwrap();
            let Tier::Density { by_level, .. } = &prepared.tier else { panic!() };
            by_level.values().any(|d| d.is_dense() == dense)
        })
    };
    assert!(stored(true) && stored(false));
}
