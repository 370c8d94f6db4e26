//! Every kernel of the stage against its twin, each on the device's own inputs, so that an error is found where it is made.
//!
//! Stated tolerances are relative to the sum of the magnitudes that a value is made of; float32 rounds at 6e-8.

mod ran;

use ran::{Ran, compare, list};

use crate::cross_section::prepared::Tier;
use crate::cross_section::voigt::Softening;
use crate::density::line_shape::stimulated;
use crate::gpu::Limits;
use crate::settings::Method;

fn near_field() -> Ran {
    let ran = Ran::new(list(25, 3000), 0.01, Method::Lines, Limits::default());
    assert!(ran.ladder().near_field && ran.ladder().finest > 1, "{:?}", ran.ladder());
    ran
}

/// Lines so close that spreading them is cheaper, onto levels down to an eighth of the output's steps.
fn spread() -> Ran {
    let ran = Ran::new(list(3000, 500), 1e-4, Method::Lines, Limits::default());
    assert!(!ran.ladder().near_field && ran.ladder().finest == -3, "{:?}", ran.ladder());
    ran
}

fn density(lines: usize, points: usize, limits: Limits) -> Ran {
    Ran::new(list(lines, points), 0.3, Method::Density, limits)
}

#[test]
fn gpu_strength_is_the_twins() {
    for ran in [near_field(), spread()] {
        let (channels, lines) = (&ran.ladder().channels, &ran.prepared.table.lines);
        let groups = channels.count().div_ceil(4);
        for (row, state) in ran.states.iter().enumerate() {
            let mut weights = [0.0; crate::grid::channels::MAX_CHANNELS];
            for (i, line) in lines.iter().enumerate() {
                channels.weights(line.gamma(state), &mut weights);
                let expected: Vec<f64> = weights.iter().map(|w| w * line.strength(state)).collect();
                for k in 0..4 * groups {
                    let got = ran.weights[((row * groups + k / 4) * lines.len() + i) * 4 + k % 4];
                    let expected = if k < channels.count() { expected[k] } else { 0.0 };
                    compare("strength", &[got], &[expected], &[line.strength(state)], 1e-5);
                }
            }
        }
    }
}

#[test]
fn gpu_gather_is_the_twins_spreading() {
    for ran in [near_field(), spread()] {
        let layer = &ran.prepared.layers[0];
        ran.check_sources(|row, nodes| ran.prepared.table.spread(&ran.states[row], &layer.ladder.channels, nodes));
    }
}

#[test]
fn gpu_restrict_taps_convolve_are_the_twins() {
    for ran in [near_field(), spread(), density(300, 700, Limits::default())] {
        ran.check_restrict();
        ran.check_taps();
        ran.check_convolve();
    }
}

#[test]
fn gpu_output_is_the_twins() {
    for (ran, finest) in [(near_field(), 2..9), (spread(), -3..-2), (density(300, 700, Limits::default()), -9..1)] {
        assert!(finest.contains(&ran.ladder().finest), "{:?}", ran.ladder());
        ran.check_output();
    }
}

#[test]
fn gpu_near_terms_are_the_twins() {
    let ran = near_field();
    let lines = &ran.prepared.table.lines[ran.near_lines.start as usize..ran.near_lines.end as usize];
    for (row, state) in ran.states.iter().enumerate() {
        for (i, line) in lines.iter().enumerate() {
            let [strength, g, inverse, c4, c0, c1, c2, c3] = ran.near[(row * lines.len() + i) * 8..][..8] else {
                panic!()
            };
            compare("strength", &[strength], &[line.strength(state)], &[line.strength(state)], 1e-5);
            let (s, gamma, radius) = (state.sigma, line.gamma(state), ran.ladder().radius[0]);
            compare("width", &[g], &[gamma / s], &[gamma / s], 1e-5);
            let twin = Softening::new(radius, s, gamma);
            for x in [0.0, 0.3 * radius, 0.9 * radius] {
                let v = (x * x - radius * radius) / (s * s) * inverse;
                let soft = c0 + v * (c1 + v * (c2 + v * (c3 + v * c4)));
                compare("softened", &[soft], &[s * twin.inside(x)], &[s * twin.inside(x)], 1e-5);
            }
        }
    }
}

/// Weights and sources of the density tier, in `dense` or sparse storage.
fn check_density(ran: &Ran, dense: bool) {
    let Tier::Density { axes, by_level } = &ran.prepared.tier else { panic!() };
    let density = &by_level[&ran.ladder().finest];
    assert_eq!(density.is_dense(), dense, "{} bytes, {} columns", density.bytes(), density.columns);
    let channels = ran.channels();
    let groups = (3 * channels).div_ceil(16);
    let twin: Vec<Vec<f64>> = ran.states.iter().map(|s| axes.weights(s, &ran.ladder().channels)).collect();
    for column in 0..axes.columns() {
        for lane in 0..16 * groups {
            let got = ran.weights[column * 16 * groups + lane];
            let weights = twin.get(lane / channels).map(|w| &w[column * channels..][..channels]);
            let expected = weights.map_or(0.0, |w| w[lane % channels]);
            let scale = weights.map_or(1e-30, |w| w.iter().fold(0.0, |m: f64, v| m.max(v.abs())));
            compare("weight", &[got], &[expected], &[scale], 2e-5);
        }
    }
    let finish: Vec<_> = (ran.states.iter())
        .map(|state| {
            let (grid, state) = (ran.prepared.grid, *state);
            move |at: f64, row: &mut [f64]| stimulated(&state, grid.lo() * (grid.step() * at).exp(), row)
        })
        .collect();
    ran.check_sources(|row, nodes| by_level[&nodes.level].sources(&twin, &[nodes; 3], &finish).swap_remove(row));
}

#[test]
fn gpu_sparse_density_is_the_twins() {
    check_density(&density(300, 700, Limits::default()), false);
}

#[test]
fn gpu_dense_density_is_the_twins() {
    check_density(&density(20_000, 300, Limits::default()), true);
}

/// Densities larger than a binding go to the device in parts.
#[test]
fn gpu_density_in_parts_is_the_twins() {
    let limits = Limits { storage_binding_bytes: 1 << 18, ..Limits::default() };
    check_density(&density(300, 700, limits), false);
    check_density(&density(20_000, 300, limits), true);
}
