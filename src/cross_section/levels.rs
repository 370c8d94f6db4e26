//! The ladder of grids on which a layer's profiles are convolved.
//!
//! Level l has spacing h 2^l. With a_l the softening radius of level l and g_l(x) the profile softened inside a_l,
//!
//! V = (V - g_{b+1}) + sum_{l = b+1}^{top - 1} (g_l - g_{l+1}) + g_top,
//!
//! and the term of level l is smooth on its own grid, vanishes beyond a_{l+1}, and is summed there directly. The first term
//! has two forms, and a layer takes whichever costs less:
//!
//! - *spread*: lines are spread onto the nodes of level b, the coarsest that represents the narrowest profile within the
//!   tolerance. Negative levels are finer than the output, and only output nodes are evaluated.
//! - *near field*: V - g_b is evaluated at each line's own position and width for the output nodes within a_b, and nothing
//!   finer than the output grid is ever needed. Wins where lines are few per node.
//!
//! A ladder depends on the pressure, the declared temperature range and the list, never on the current temperature.

use std::ops::Range;

use super::crowding::Crowding;
use crate::Result;
use crate::grid::channels::Channels;
use crate::grid::lagrange::{MIDPOINT, SPREAD};
use crate::grid::level::{FAR, GUARD, LevelNodes, nodes_per_radius};
use crate::numerics::voigt::{self, WING_START};

/// Evaluated nodes come in multiples of this: what one invocation of the convolution computes.
pub const BLOCK: i64 = 16;
/// Source nodes come in multiples of this.
pub const VECTOR: i64 = 4;
/// Segments of the output start at multiples of this: then every node of a near level has the same place in its block whatever the segment,
/// and sums over wavenumber, which go by blocks of 1024, have the same terms.
pub const SEGMENT_MULTIPLE: usize = 1024;
const _: () = assert!(SEGMENT_MULTIPLE.is_multiple_of((BLOCK as usize) << (FAR - 1)));
/// Nodes at which the coarsest level sums everything with everything.
const TOP_NODES: f64 = 160.0;
/// Cost of one near-field point in multiply-adds: in the wing, and within [`WING_START`] Doppler widths.
const NEAR_WING_COST: f64 = 25.0;
const NEAR_CORE_COST: f64 = 120.0;
/// Cost of a node and channel besides its taps, in multiply-adds: sources are loaded and stored.
const NODE_COST: f64 = 60.0;
/// Largest near-field radius: beyond, the series for expm1 in the kernels loses digits.
const MAX_NEAR_RADIUS: f64 = 0.05;
/// Largest softening radius: towards 1 the profile's range in ln nu grows without bound on one side, and is far from even.
const MAX_RADIUS: f64 = 0.25;
/// Most lines of one near field. A node's loop over them stays far below the 65 535 turns at which some drivers give up.
const MAX_NEAR_LINES: usize = 4096;

/// What a ladder is chosen from.
#[derive(Clone, Copy, Debug)]
pub struct LadderInput<'a> {
    /// Grid step h in ln nu.
    pub step: f64,
    /// Number of output nodes.
    pub points: usize,
    /// Fine steps by which lines may lie outside the output, each side.
    pub margin: f64,
    /// Fine steps by which pressure shifts move lines on the grid or near it, at most.
    pub moved: f64,
    /// Doppler standard deviation at the ends of the temperature range.
    pub sigma: (f64, f64),
    /// Narrowest and widest Lorentz width in the layer over the temperature range.
    pub gamma: (f64, f64),
    /// The user's tolerance.
    pub tolerance: f64,
    /// The lines' crowding if the near field may be summed line by line.
    pub near: Option<&'a Crowding>,
    /// The level that a wing law is put on, if there is one.
    pub law: Option<LawLevel>,
}

/// Where a wing law is put; see [`super::wing_law`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LawLevel {
    /// The level.
    pub level: i32,
    /// Nodes of it that the law reaches on either side.
    pub reach: i64,
    /// True if nothing is left of a line beyond: then there are no coarser levels.
    pub is_cutoff: bool,
}

/// The levels of one layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Ladder {
    /// Finest convolved level.
    pub finest: i32,
    /// Coarsest level.
    pub top: i32,
    /// True if lines closer than `radius[0]` are summed exactly; else lines are spread onto the finest level.
    pub near_field: bool,
    /// Softening radius of each level from `finest` to `top`; the first is 0 for a spread base.
    pub radius: Vec<f64>,
    /// The layer's profiles.
    pub channels: Channels,
    /// The level that a wing law is put on, if there is one.
    pub law: Option<LawLevel>,
    /// Largest relative error of spreading and prolonging found when choosing.
    pub spreading_error: f64,
    /// Multiply-adds per output node.
    pub cost: f64,
}

/// Midpoint rule of eight equidistant nodes, by distance.
const MIDPOINT8: [f64; 4] = [1225.0 / 2048.0, -245.0 / 2048.0, 49.0 / 2048.0, -5.0 / 2048.0];

/// Largest relative error, over the profile, of interpolating it half way between nodes `step` apart.
fn interpolation_error(weights: &[f64], s: f64, g: f64, step: f64) -> f64 {
    let end = 8.0 * s + 4.0 * g;
    let samples = 96;
    (0..=samples)
        .map(|i| {
            let x = end * i as f64 / samples as f64;
            let sum: f64 = weights
                .iter()
                .enumerate()
                .map(|(m, w)| {
                    let d = (m as f64 + 0.5) * step;
                    w * (voigt::profile(x - d, s, g) + voigt::profile(x + d, s, g))
                })
                .sum();
            (sum / voigt::profile(x, s, g) - 1.0).abs()
        })
        .fold(0.0, f64::max)
}

/// Nodes of a level within a radius: the profile vanishes at x = expm1(d), and on the negative side d is the longer one.
fn reach(radius: f64, level: i32, step: f64) -> i64 {
    (-(-radius).ln_1p() / (step * 2f64.powi(level))).ceil() as i64
}

impl Ladder {
    /// The cheapest ladder within the tolerance.
    ///
    /// # Errors
    /// The range of widths is too wide ([`Channels::choose`]).
    pub fn choose(input: &LadderInput) -> Result<Self> {
        let mut best = Self::spread(input);
        let Some(crowding) = input.near else { return best };
        for finest in 0..=14 {
            // Beyond a radius profiles are alike whose cores are not: there may be a near field where there are too many widths for spreading.
            let most_cost = best.as_ref().map_or(f64::INFINITY, |best| best.cost);
            if let Some(ladder) = Self::near(input, finest, crowding, most_cost) {
                best = Ok(ladder);
            }
        }
        best
    }

    fn top_level(input: &LadderInput, finest: i32) -> i32 {
        let nodes = input.points as f64 + 2.0 * input.margin;
        let largest = (MAX_RADIUS / (nodes_per_radius(input.tolerance) * input.step)).log2().floor() as i32;
        let top = ((nodes / TOP_NODES).log2().ceil() as i32).min(largest).max(finest).max(0);
        match input.law {
            Some(law) if law.is_cutoff => law.level,
            Some(law) => top.max(law.level),
            None => top,
        }
    }

    /// The radius from which the wing series holds for every width and temperature of the layer.
    fn wing_radius(input: &LadderInput) -> f64 {
        // one of two values, so that neighbouring layers share their radii
        let start = WING_START * input.sigma.1;
        if input.gamma.0 < start { start } else { 0.0 }
    }

    fn spread(input: &LadderInput) -> Result<Self> {
        let (s, g) = (input.sigma.0, input.gamma.0);
        // Half the tolerance for spreading and, above level 0, prolonging.
        let fits = |level: i32| {
            let step = input.step * 2f64.powi(level);
            let spread = interpolation_error(&MIDPOINT8, s, g, step);
            if level > 0 { spread + interpolation_error(&MIDPOINT, s, g, step) } else { spread }
        };
        let width = s.hypot(g);
        // coarser grids than of eight nodes save nothing more
        let coarsest = ((input.points as f64 + 2.0 * input.margin) / 8.0).log2().floor().max(0.0) as i32;
        // nor may lines be put on a level coarser than that of a wing law
        let coarsest = coarsest.min(input.law.map_or(i32::MAX, |law| law.level));
        let mut finest = ((width / (8.0 * input.step)).log2().floor() as i32).min(coarsest);
        let mut error = fits(finest);
        while error > 0.5 * input.tolerance {
            finest -= 1;
            error = fits(finest);
        }
        while finest < coarsest {
            let coarser = fits(finest + 1);
            if coarser > 0.5 * input.tolerance {
                break;
            }
            (finest, error) = (finest + 1, coarser);
        }
        let top = Self::top_level(input, finest);
        let a = nodes_per_radius(input.tolerance) * input.step;
        let mut radius = vec![0.0];
        for level in finest + 1..=top {
            let least = if level == finest + 1 { Self::wing_radius(input) } else { radius[radius.len() - 1] };
            radius.push(least.max(a * 2f64.powi(level)));
        }
        let channels = Channels::choose(s, g, input.gamma.1, None, 0.25 * input.tolerance)?;
        let mut ladder = Self {
            finest,
            top,
            near_field: false,
            radius,
            channels,
            law: input.law,
            spreading_error: error,
            cost: 0.0,
        };
        let gather = SPREAD as f64 * channels.count() as f64 * input.near.map_or(0.0, |near| near.lines_per_node);
        ladder.cost = channels.count() as f64 * Self::channel_cost(input, finest, &ladder.radius) + gather;
        Ok(ladder)
    }

    /// The ladder with a near field about level `finest`, if there is one that costs less than `most_cost`.
    fn near(input: &LadderInput, finest: i32, crowding: &Crowding, most_cost: f64) -> Option<Self> {
        let a = nodes_per_radius(input.tolerance) * input.step;
        let first = (a * 2f64.powi(finest)).max(Self::wing_radius(input));
        let top = Self::top_level(input, finest);
        let window = 2.0 * (input.moved - (-first).ln_1p() / input.step) + 64.0; // bins of lines reach further
        if input.law.is_some_and(|law| finest > law.level) {
            return None;
        }
        if first > MAX_NEAR_RADIUS || (finest == top && finest > 0) || crowding.most_within(window) > MAX_NEAR_LINES {
            return None;
        }
        let mut radius = vec![first];
        for level in finest + 1..=top {
            radius.push(radius[radius.len() - 1].max(a * 2f64.powi(level)));
        }
        let core = WING_START * input.sigma.1 / input.step;
        let near = crowding.lines_per_node * 2.0 * (first / input.step * NEAR_WING_COST + core * NEAR_CORE_COST);
        let per_channel = Self::channel_cost(input, finest, &radius);
        // Two profiles are the fewest: what cannot win with them needs no search.
        if near + 2.0 * per_channel >= most_cost {
            return None;
        }
        let (s, (g_min, g_max)) = (input.sigma.0, input.gamma);
        let Ok(channels) = Channels::choose(s, g_min, g_max, Some(first), 0.25 * input.tolerance) else { return None };
        let cost = near + channels.count() as f64 * per_channel;
        (cost < most_cost).then_some(Self {
            finest,
            top,
            near_field: true,
            radius,
            channels,
            law: input.law,
            spreading_error: 0.0,
            cost,
        })
    }

    /// Multiply-adds per output node of one profile's convolutions on levels from `finest` up.
    fn channel_cost(input: &LadderInput, finest: i32, radius: &[f64]) -> f64 {
        let top = finest + radius.len() as i32 - 1;
        (finest..=top)
            .map(|l| {
                let taps = match radius.get((l + 1 - finest) as usize) {
                    Some(outer) => 2.0 * reach(*outer, l, input.step) as f64 + 1.0,
                    None => 2.0 * (input.points as f64 + 2.0 * input.margin) / 2f64.powi(l),
                };
                (taps + NODE_COST) * 2f64.powi(-l.max(0))
            })
            .sum()
    }

    /// Nodes on each side that the term of a level below the top reaches.
    pub fn reach(&self, level: i32, step: f64) -> i64 {
        reach(self.radius[(level + 1 - self.finest) as usize], level, step)
    }

    /// Finest far level. Lines are put on it directly, and on the finest level for those between.
    pub fn far(&self) -> i32 {
        self.finest.max(FAR).min(self.top).min(self.law.map_or(i32::MAX, |law| law.level))
    }

    /// Levels that lines are put on: the finest, and the finest far one if that is another.
    pub fn source_levels(&self) -> impl Iterator<Item = i32> + use<> {
        [self.finest, self.far()].into_iter().take(if self.finest == self.far() { 1 } else { 2 })
    }
}

/// Rounded up to a multiple.
fn up(n: i64, multiple: i64) -> i64 {
    (n + multiple - 1).div_euclid(multiple) * multiple
}

/// Evaluated nodes of a level at or above 0 for `points` output nodes from `first` on, guards and padding included.
fn evaluated(level: i32, first: i64, points: i64) -> (i64, i64) {
    let start = (first >> level) - GUARD;
    (start, start + up(((points - 1) >> level) + 2 + 2 * GUARD, BLOCK))
}

impl LevelNodes {
    /// The nodes of a ladder's far levels, finest first, over the whole range.
    ///
    /// There is a multiple of [`BLOCK`] evaluated nodes, the surplus being padding. Sources cover all nodes that a line can be spread to and
    /// all that a tap can meet, so that no kernel tests bounds; there is a multiple of [`VECTOR`] of them, and the first that the
    /// first evaluated node meets is the first of a vector.
    pub fn far(ladder: &Ladder, input: &LadderInput) -> Vec<Self> {
        (ladder.far()..=ladder.top)
            .map(|level| {
                let output = evaluated(level, 0, input.points as i64);
                let margin = (input.margin / 2f64.powi(level)).ceil() as i64 + SPREAD as i64;
                let held = (output.0 - margin, output.1 + margin);
                // The coarsest level sums everything with everything.
                let law = ladder.law.filter(|law| law.level == level);
                let reach = match law {
                    Some(law) if law.is_cutoff => law.reach,
                    _ if level == ladder.top => held.1 - held.0,
                    _ => ladder.reach(level, input.step),
                };
                // What a law meets beyond that is held too.
                let beyond = law.map_or(0, |law| up((law.reach - reach).max(0), VECTOR));
                let (first, last) = source(output, 1, reach, held);
                Self { level, output, source: (first - beyond, last + beyond), reach, stride: 1 }
            })
            .collect()
    }

    /// The nodes of a ladder's near levels, finest first, that the output nodes of `segment` need; it starts at a multiple of
    /// [`SEGMENT_MULTIPLE`]. Sources cover what taps meet and what the next coarser near level is restricted from. Lines beyond matter to
    /// far levels only.
    pub fn near(ladder: &Ladder, step: f64, segment: &Range<usize>) -> Vec<Self> {
        let (first, points) = (segment.start as i64, segment.len() as i64);
        let mut levels: Vec<Self> = Vec::new();
        for level in (ladder.finest..ladder.far()).rev() {
            let (output, stride) = match level {
                0.. => (evaluated(level, first, points), 1),
                _ => ((first, first + points), 1i64 << -level),
            };
            let reach = ladder.reach(level, step);
            let met = (output.0 * stride - reach, (output.1 - 1) * stride + reach + 1);
            let held = levels.last().map_or(met, |coarser| (2 * coarser.source.0 - 5, 2 * coarser.source.1 + 4));
            levels.push(Self { level, output, source: source(output, stride, reach, held), reach, stride });
        }
        levels.reverse();
        levels
    }
}

/// Source nodes of a level: those that taps meet and those in `held`, aligned.
fn source(output: (i64, i64), stride: i64, reach: i64, held: (i64, i64)) -> (i64, i64) {
    let met = output.0 * stride - reach;
    let first = met - up((met - held.0).max(0), VECTOR);
    let last = held.1.max((output.1 - 1) * stride + reach + 1) + VECTOR;
    (first, first + up(last - first, VECTOR))
}

#[cfg(test)]
mod tests;
