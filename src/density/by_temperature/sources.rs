//! The density at one temperature on all levels, and the sources of a layer from it.
//!
//! Lines are on the finest level only. Each coarser level comes from the one below by the transpose of the 8-point
//! midpoint rule: even nodes are kept, odd ones are shared among their neighbours. That keeps moments up to the
//! seventh, as spreading a line onto the coarser level itself does.

use multiversion::multiversion;

use super::cells::Cells;
use super::sums::Target;
use crate::cache::Numbers;
use crate::density::layer_factors::LayerFactors;
use crate::grid::Grid;
use crate::grid::channels::Channels;
use crate::grid::level::LevelNodes;

/// Midpoint rule of eight equidistant nodes: weights of the pairs at distance 1/2, 3/2, 5/2, 7/2.
const MIDPOINT8: [f64; 4] = [1225.0 / 2048.0, -245.0 / 2048.0, 49.0 / 2048.0, -5.0 / 2048.0];
/// What profiles take from cells is worked out at wavenumbers this far apart in ln nu, and linear between: it is off by
/// 1e-5 of a width's share at most.
const MATRIX_STEP: f64 = 0.004;

/// Sums on one level.
#[derive(Clone, Debug)]
pub struct LevelSums {
    /// The level.
    pub level: i32,
    /// First node, in nodes of the level from the first output node.
    pub first: i64,
    /// \[node\]\[lane\], in units of the density's scale.
    pub values: Numbers<f32>,
}

/// The sums over lines at one temperature: all that depends on the list.
#[derive(Clone, Debug)]
pub struct TemperatureDensity {
    /// Cells, and the temperature.
    pub cells: Cells,
    /// ln of the scale: S/nu without stimulated emission \[cm molecule-1 / cm-1\].
    pub ln_scale: f64,
    /// Positions of lines in output nodes, least and greatest: all lines lie within.
    pub positions: (f64, f64),
    /// The finest first, each twice as coarse as the one before.
    pub levels: Vec<LevelSums>,
}

impl TemperatureDensity {
    /// From sums in f64: `ln_partition` is ln Q(296 K)/Q(T), and the scale is at least exp(`least_ln_scale`), which is
    /// of what else there is.
    pub fn of(target: Target, positions: (f64, f64), ln_partition: f64, least_ln_scale: f64) -> Self {
        let lanes = target.cells.lanes();
        let largest = target.values.iter().fold(0.0f64, |a, v| a.max(v.abs()));
        let ln_scale = if largest > 0.0 { largest.ln() + ln_partition } else { f64::NEG_INFINITY };
        let ln_scale = ln_scale.max(least_ln_scale).max(-700.0);
        let factor = (ln_partition - ln_scale).exp();
        let rows = target.values.chunks_exact(target.stride);
        let values: Vec<f32> = rows.flat_map(|row| row[..lanes].iter().map(|v| (v * factor) as f32)).collect();
        let level = LevelSums { level: target.level, first: target.first, values: values.into() };
        Self { cells: target.cells, ln_scale, positions, levels: vec![level] }
    }

    /// The finest level.
    pub fn finest(&self) -> i32 {
        self.levels[0].level
    }

    /// Nodes of a level.
    fn nodes(&self, sums: &LevelSums) -> usize {
        sums.values.len() / self.cells.lanes()
    }

    /// Adds coarser levels up to `level`.
    #[must_use]
    pub fn up_to(mut self, level: i32) -> Self {
        let lanes = self.cells.lanes();
        while let Some(fine) = self.levels.last().filter(|l| l.level < level) {
            let next = coarser(fine, lanes);
            self.levels.push(next);
        }
        self
    }

    /// Bytes of all levels.
    pub fn bytes(&self) -> u64 {
        self.levels.iter().map(|l| 4 * l.values.len() as u64).sum()
    }

    /// The sources of a layer's profiles, \[channel\]\[source node\], in units of the scale, stimulated emission
    /// included. Nodes beyond those of the density have none.
    pub fn sources(&self, grid: &Grid, layer: &LayerFactors, channels: &Channels, nodes: &LevelNodes) -> Vec<Vec<f64>> {
        let (count, lanes) = (channels.count(), self.cells.lanes());
        let mut sources = vec![vec![0.0; nodes.sources()]; count];
        let Some(sums) = self.levels.iter().find(|l| l.level == nodes.level) else { return sources };
        let step = grid.step() * 2f64.powi(nodes.level);
        let held = sums.first.max(nodes.source.0)..(sums.first + self.nodes(sums) as i64).min(nodes.source.1);
        let stretch = ((MATRIX_STEP / step).ceil() as i64).max(1);
        let matrix = |node: i64| {
            let wavenumber = grid.lo() * (step * node as f64).exp();
            let stimulated = -(-layer.c2_over_t * wavenumber).exp_m1();
            let mut matrix = self.cells.matrix(wavenumber, layer.pressure, channels);
            matrix.iter_mut().for_each(|m| *m *= stimulated);
            matrix
        };
        // The ends of stretches do not depend on which nodes are asked for.
        let mut first = held.start.div_euclid(stretch) * stretch;
        let mut at_first = if held.is_empty() { Vec::new() } else { matrix(first) };
        while first < held.end {
            let at_end = matrix(first + stretch);
            let here = held.start.max(first)..held.end.min(first + stretch);
            let values = &sums.values[(here.start - sums.first) as usize * lanes..];
            let place = (here.start - nodes.source.0) as usize..(here.end - nodes.source.0) as usize;
            let share = ((here.start - first) as f64, stretch as f64);
            for (channel, source) in sources.iter_mut().enumerate() {
                let column =
                    |matrix: &[f64]| -> Vec<f64> { matrix.iter().skip(channel).step_by(count).copied().collect() };
                combine(values, &column(&at_first), &column(&at_end), share, &mut source[place.clone()]);
            }
            first += stretch;
            at_first = at_end;
        }
        sources
    }
}

/// A channel's source at consecutive nodes: each node's values times weights that change linearly from `from`, the
/// stretch's first node, to `to`, at its end: `share` is how many nodes of it come before, and its length.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2+fma"))]
fn combine(values: &[f32], from: &[f64], to: &[f64], (before, length): (f64, f64), source: &mut [f64]) {
    let lanes = from.len();
    for (i, (out, values)) in source.iter_mut().zip(values.chunks_exact(lanes)).enumerate() {
        let (mut a, mut b) = (0.0, 0.0);
        for lane in 0..lanes {
            let v = f64::from(values[lane]);
            a += v * from[lane];
            b += v * to[lane];
        }
        let share = (before + i as f64) / length;
        *out = (1.0 - share) * a + share * b;
    }
}

/// The next coarser level.
fn coarser(fine: &LevelSums, lanes: usize) -> LevelSums {
    let nodes = (fine.values.len() / lanes) as i64;
    let first = (fine.first - 7).div_euclid(2);
    let last = (fine.first + nodes + 6).div_euclid(2);
    let row = |j: i64| {
        let i = j - fine.first;
        (0..nodes).contains(&i).then(|| &fine.values[i as usize * lanes..][..lanes])
    };
    let mut values = vec![0.0f32; (last - first + 1) as usize * lanes];
    let mut sum = vec![0.0f64; lanes];
    for (out, j) in values.chunks_exact_mut(lanes).zip(first..) {
        sum.fill(0.0);
        let pairs = MIDPOINT8.iter().zip((1..).step_by(2)).flat_map(|(w, d)| [(2 * j - d, *w), (2 * j + d, *w)]);
        for (row, w) in std::iter::once((2 * j, 1.0)).chain(pairs).filter_map(|(at, w)| Some((row(at)?, w))) {
            sum.iter_mut().zip(row).for_each(|(s, v)| *s += w * f64::from(*v));
        }
        out.iter_mut().zip(&sum).for_each(|(o, s)| *o = *s as f32);
    }
    LevelSums { level: fine.level + 1, first, values: values.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line between nodes has the same moments on every level.
    #[test]
    fn coarser_levels_keep_moments() {
        let weights = crate::grid::lagrange::lagrange8(0.37);
        let mut level = LevelSums {
            level: -1,
            first: -8,
            values: weights.iter().flat_map(|w| [*w as f32, 0.0]).collect::<Vec<_>>().into(),
        };
        let place = -8.0 + 3.37;
        for l in 0..4 {
            level = coarser(&level, 2);
            let scaled = place * 0.5f64.powi(l + 1);
            for power in 0..8 {
                let moment: f64 = level
                    .values
                    .chunks(2)
                    .zip(level.first..)
                    .map(|(v, j)| f64::from(v[0]) * (j as f64 - scaled).powi(power))
                    .sum();
                let expected = if power == 0 { 1.0 } else { 0.0 };
                assert!((moment - expected).abs() < 2e-6 * 4f64.powi(power), "level {l}, power {power}: {moment}");
            }
            assert_eq!((level.level, level.values.iter().skip(1).step_by(2).all(|v| *v == 0.0)), (l, true));
        }
    }
}
