//! Ladders and their nodes over random jobs.

use proptest::prelude::*;

use super::*;
use crate::cross_section::convolve::restrict;
use crate::grid::lagrange::lagrange8;

/// Uniform in the logarithm.
fn log(lo: f64, hi: f64) -> impl Strategy<Value = f64> {
    (lo.ln()..hi.ln()).prop_map(f64::exp)
}

/// Any job that the set-up lets through, and its lines per node if a near field is allowed.
fn inputs(points: std::ops::Range<usize>) -> impl Strategy<Value = (LadderInput<'static>, Option<f64>)> {
    let grid = (log(1e-8, 1e-2), points, 0.0..1e4);
    let widths = (log(1e-7, 1e-4), 1.0..4.0, log(1e-22, 1e3), log(1.0, 60.0));
    (grid, widths, log(1e-6, 0.1), proptest::option::of(log(1e-6, 10.0))).prop_map(
        |((step, points, margin), (sigma, hotter, gamma, ratio), tolerance, lines)| {
            let (sigma, gamma) = ((sigma, sigma * f64::sqrt(hotter)), (gamma, gamma * ratio));
            (LadderInput { step, points, margin, moved: 0.0, sigma, gamma, tolerance, near: None }, lines)
        },
    )
}

fn choose((input, lines): &(LadderInput<'static>, Option<f64>)) -> Result<Ladder> {
    let crowding = lines.map(|per_node| Crowding::even(per_node, input.points));
    Ladder::choose(&LadderInput { near: crowding.as_ref(), ..*input })
}

/// Near levels of the whole grid, and the far ones.
fn all_levels(ladder: &Ladder, input: &LadderInput) -> Vec<LevelNodes> {
    let mut levels = LevelNodes::near(ladder, input.step, &(0..input.points));
    levels.extend(LevelNodes::far(ladder, input));
    levels
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_ladder_is_within_its_bounds(job in inputs(2..1_000_000)) {
        let (input, _) = job;
        let ladder = match choose(&job) {
            Ok(ladder) => ladder,
            Err(e) => {
                prop_assert!(e.to_string().contains("range of Lorentz widths in a layer"), "{e}");
                return Ok(());
            }
        };
        prop_assert_eq!(ladder.radius.len() as i32, ladder.top - ladder.finest + 1);
        prop_assert!(ladder.top >= ladder.finest && ladder.top >= 0 && ladder.cost > 0.0);
        prop_assert!(ladder.radius.windows(2).all(|r| r[0] <= r[1]), "{:?}", ladder.radius);
        prop_assert!(ladder.spreading_error <= 0.5 * input.tolerance && ladder.channels.error <= 0.25 * input.tolerance);
        prop_assert_eq!(ladder.near_field, ladder.radius[0] > 0.0);
        prop_assert!(!ladder.near_field || ladder.finest >= 0);
        for (radius, level) in ladder.radius.iter().zip(ladder.finest..).filter(|(r, _)| **r > 0.0) {
            // what softening a profile, and its even continuation, require
            prop_assert!(*radius < 0.5 && radius.hypot(input.gamma.0) >= 0.999 * WING_START * input.sigma.1);
            let nodes = radius / (input.step * 2f64.powi(level));
            prop_assert!(nodes >= 0.999 * nodes_per_radius(input.tolerance), "{nodes} nodes in radius {radius:e}");
        }
    }

    #[test]
    fn kernels_stay_within_the_nodes(job in inputs(2..1_000_000)) {
        let (input, _) = job;
        let Ok(ladder) = choose(&job) else { return Ok(()) };
        let levels = all_levels(&ladder, &input);
        prop_assert!(levels.iter().map(|n| n.level).eq(ladder.finest..=ladder.top));
        let last = input.points as i64 - 1;
        for nodes in &levels {
            prop_assert!(nodes.sources() as i64 % VECTOR == 0 && nodes.offset() as i64 % VECTOR == 0);
            // from the first tap of the first evaluated node to the last of the last
            let met = nodes.offset() as i64 + (nodes.outputs() as i64 - 1) * nodes.stride + 2 * nodes.reach + 1;
            prop_assert!(met <= nodes.sources() as i64, "{nodes:?}");
            if nodes.level >= 0 {
                prop_assert!(nodes.stride == 1 && nodes.outputs() as i64 % BLOCK == 0);
                // interpolation to the output reaches 2 nodes before and 3 after
                prop_assert!(nodes.output.0 <= -2 && nodes.output.1 > (last >> nodes.level) + 3);
            } else {
                prop_assert!(nodes.stride == 1 << -nodes.level && nodes.output == (0, last + 1));
            }
            // lines at the margins' ends have all their nodes where the whole range is held
            let margins = if nodes.level >= ladder.far() { &[-input.margin, last as f64 + input.margin][..] } else { &[] };
            for &position in margins {
                let node = (position * 2f64.powi(-nodes.level)).floor() as i64;
                prop_assert!(node - 3 >= nodes.source.0 && node + 4 < nodes.source.1, "{nodes:?}");
            }
        }
        for pair in levels.windows(2).filter(|p| p[0].level >= 0) {
            // the midpoint rule at every node that is ever used: the output's and the guards
            let (first, last) = (-GUARD, (last >> pair[0].level) + 1 + GUARD);
            prop_assert!(first.div_euclid(2) - 2 >= pair[1].output.0 && last.div_euclid(2) + 3 < pair[1].output.1, "{pair:?}");
        }
    }

    /// What a segment's near levels hold is what those of the whole grid hold, at the same places in blocks; and all that taps meet is restricted
    /// from complete sources.
    #[test]
    fn segments_see_what_the_whole_grid_sees(job in inputs(2..1_000_000), start in 0.0..1.0f64, length in 1usize..100_000) {
        let (input, _) = job;
        let Ok(ladder) = choose(&job) else { return Ok(()) };
        let start = (start * input.points as f64) as usize / SEGMENT_MULTIPLE * SEGMENT_MULTIPLE;
        let segment = start..(start + length).min(input.points);
        let whole = LevelNodes::near(&ladder, input.step, &(0..input.points));
        let levels = LevelNodes::near(&ladder, input.step, &segment);
        prop_assert_eq!(levels.len(), whole.len());
        for (part, whole) in levels.iter().zip(&whole) {
            prop_assert_eq!((part.level, part.reach, part.stride), (whole.level, whole.reach, whole.stride));
            prop_assert!(part.output.0 >= whole.output.0);
            prop_assert!(part.level < 0 || (part.output.0 - whole.output.0) % BLOCK == 0);
            prop_assert!(part.offset() as i64 % VECTOR == 0 && part.sources() as i64 % VECTOR == 0);
        }
        for pair in levels.windows(2) {
            let met = (pair[1].output.0 * pair[1].stride - pair[1].reach, (pair[1].output.1 - 1) * pair[1].stride + pair[1].reach);
            prop_assert!(pair[1].source.0 <= met.0 && met.1 < pair[1].source.1);
            prop_assert!(2 * met.0 - 5 >= pair[0].source.0 && 2 * met.1 + 5 < pair[0].source.1, "{pair:?}");
        }
    }

    /// Restricting a line's sources level by level loses none of them.
    #[test]
    fn no_source_is_lost_on_the_way_up(job in inputs(2..500), at in 0.0..1.0f64) {
        let input = LadderInput { margin: job.0.margin / 20.0, ..job.0 };
        let Ok(ladder) = choose(&(input, job.1)) else { return Ok(()) };
        let levels = LevelNodes::far(&ladder, &input);
        prop_assume!(levels[0].sources() < 1_000_000);
        let position = at * (input.points as f64 - 1.0 + 2.0 * input.margin) - input.margin;
        let t = position * 2f64.powi(-ladder.far());
        let mut source = vec![0.0; levels[0].sources()];
        let first = (t.floor() as i64 - 3 - levels[0].source.0) as usize;
        source[first..first + SPREAD].copy_from_slice(&lagrange8(t - t.floor()));
        for pair in levels.windows(2) {
            source = restrict(&pair[0], &pair[1], &source);
            let moment = |p: i32| -> f64 {
                let scaled = position * 2f64.powi(-pair[1].level);
                source.iter().zip(pair[1].source.0..).map(|(s, j)| s * (j as f64 - scaled).powi(p)).sum()
            };
            for p in 0..5 {
                let expected = if p == 0 { 1.0 } else { 0.0 };
                prop_assert!((moment(p) - expected).abs() < 1e-6, "level {}, moment {p}: {}", pair[1].level, moment(p));
            }
        }
    }
}

#[test]
fn crowds_are_told_from_even_lines() {
    let even = Crowding::even(0.1, 100_000);
    assert!((26..=52).contains(&even.most_within(260.0)), "{even:?}");
    assert_eq!((even.most_within(0.0), even.most_within(1e30)), (1, 10_000));
}
