//! The CPU backend: cross sections of a batch of layers in f64, and their derivatives by temperature.
//!
//! A cross section is the sum over profiles of K_k * S_k, a convolution of taps with sources, so its derivative is the sum of
//! dK_k * S_k + K_k * dS_k on the same frozen ladder: taps change with the Doppler width alone (each profile's Lorentz width is fixed),
//! sources with the lines' strengths and with the weights that their widths have among the profiles. The near field changes line by line
//! with all three.

use std::ops::Range;

use rayon::prelude::*;

use super::convolve;
use super::levels::Ladder;
use super::near;
use super::prepared::{DistantTerm, Layer, Prepared, Tier};
use super::voigt::Value;
use super::voigt_derivative::{Change, WithValue};
use super::wing_law::{self, LawMatrix};
use crate::Result;
use crate::density::by_temperature::TemperatureDensity;
use crate::density::layer_factors::LayerFactors;
use crate::density::line_shape::{stimulated, stimulated_and_slope};
use crate::density::table_line::TableLine;
use crate::grid::level::LevelNodes;

/// Adds the cross sections of layers `first..first + temperatures.len()` at the given temperatures \[K\], each times its factor, to
/// `xs` \[layer\]\[nu\]: cm2 molecule-1 for a factor of 1.
///
/// # Errors
/// A temperature is outside the declared range.
pub fn add_layers(
    prepared: &Prepared,
    first: usize,
    temperatures: &[f64],
    factors: &[f64],
    xs: &mut [f64],
) -> Result<()> {
    let outputs = xs.chunks_mut(prepared.grid.len()).map(|xs| vec![xs]).collect();
    add(prepared, first, temperatures, factors, outputs)
}

/// [`add_layers`], and adds the derivatives of the cross sections by temperature, times the same (constant) factors, to `dxs_dt`
/// \[layer\]\[nu\]: cm2 molecule-1 K-1 for a factor of 1. They are exact derivatives of what `add_layers` computes.
///
/// # Errors
/// A temperature is outside the declared range.
pub fn add_layers_with_derivative(
    prepared: &Prepared,
    first: usize,
    temperatures: &[f64],
    factors: &[f64],
    xs: &mut [f64],
    dxs_dt: &mut [f64],
) -> Result<()> {
    let n = prepared.grid.len();
    let outputs = xs.chunks_mut(n).zip(dxs_dt.chunks_mut(n)).map(|(xs, dxs_dt)| vec![xs, dxs_dt]).collect();
    add(prepared, first, temperatures, factors, outputs)
}

/// Adds to the `outputs` of each layer: the cross section and, if there is a second one, its derivative.
fn add(
    prepared: &Prepared,
    first: usize,
    temperatures: &[f64],
    factors: &[f64],
    outputs: Vec<Vec<&mut [f64]>>,
) -> Result<()> {
    let slopes = outputs.iter().any(|o| o.len() > 1);
    FarLevels::new(prepared, first, temperatures, slopes)?.add(0..prepared.grid.len(), factors, outputs);
    Ok(())
}

/// The far levels of some layers at their temperatures: what any segment of the grid is computed from.
pub struct FarLevels<'a> {
    prepared: &'a Prepared,
    layers: &'a [Layer],
    states: Vec<LayerFactors>,
    slopes: bool,
    /// What sources come from in place of the job's tier.
    density: Option<&'a TemperatureDensity>,
    /// Of the finest far level, \[layer\].
    results: Vec<LevelResult>,
}

impl<'a> FarLevels<'a> {
    /// The far levels of layers `first..first + temperatures.len()` at the given temperatures \[K\], with `slopes` also their derivatives by
    /// temperature.
    ///
    /// # Errors
    /// A temperature is outside the declared range.
    pub fn new(prepared: &'a Prepared, first: usize, temperatures: &[f64], slopes: bool) -> Result<Self> {
        Self::from(prepared, None, first, temperatures, slopes)
    }

    /// The far levels of layers at the one temperature \[K\] of a density, from that density; without slopes.
    ///
    /// # Errors
    /// A temperature is another one.
    pub(super) fn of_density(
        prepared: &'a Prepared,
        density: &'a TemperatureDensity,
        first: usize,
        temperatures: &[f64],
    ) -> Result<Self> {
        Self::from(prepared, Some(density), first, temperatures, false)
    }

    fn from(
        prepared: &'a Prepared,
        density: Option<&'a TemperatureDensity>,
        first: usize,
        temperatures: &[f64],
        slopes: bool,
    ) -> Result<Self> {
        let layers = &prepared.layers[first..first + temperatures.len()];
        let states: Vec<LayerFactors> =
            temperatures.iter().zip(first..).map(|(t, i)| prepared.factors(i, *t)).collect::<Result<_>>()?;
        let nodes: Vec<&[LevelNodes]> = layers.iter().map(|l| &l.far[..]).collect();
        let results = sources(prepared, density, layers, &states, &nodes, slopes)
            .into_par_iter()
            .zip(layers.par_iter().zip(&states))
            .map(|(source, (layer, state))| {
                let mut levels = Levels::new(prepared, layer, state, slopes, 0);
                levels.distant = layer.distant.as_ref();
                levels.part(&layer.far, source, None).expect("far levels are at or above 0")
            })
            .collect();
        Ok(Self { prepared, layers, states, slopes, density, results })
    }

    /// Adds the cross sections at the output nodes of `segment`, each times its layer's factor, to `outputs` \[layer\]\[value, slope\]\[node of
    /// the segment\]. The segment starts at a multiple of [`SEGMENT_MULTIPLE`](super::levels::SEGMENT_MULTIPLE).
    pub fn add(&self, segment: Range<usize>, factors: &[f64], outputs: Vec<Vec<&mut [f64]>>) {
        let step = self.prepared.grid.step();
        let parts: Vec<Vec<LevelNodes>> =
            self.layers.iter().map(|l| LevelNodes::near(&l.ladder, step, &segment)).collect();
        let nodes: Vec<&[LevelNodes]> = parts.iter().map(|p| &p[..]).collect();
        let sources = sources(self.prepared, self.density, self.layers, &self.states, &nodes, self.slopes);
        outputs
            .into_par_iter()
            .zip(parts.par_iter().zip(sources))
            .zip(self.layers.par_iter().zip(&self.states).zip(&self.results))
            .zip(factors)
            .for_each(|(((mut outputs, (near, source)), ((layer, state), far)), factor)| {
                let factor = factor * self.prepared.table.ln_scale_at(state).exp();
                let mut levels = Levels::new(self.prepared, layer, state, self.slopes, segment.len());
                let finer = levels.part(near, source, Some(far));
                levels.to_output(finer.as_ref().unwrap_or(far), &segment, factor, &mut outputs);
            });
    }
}

/// Results of the far levels of some layers, which are held from segment to segment \[bytes\].
pub fn far_bytes(prepared: &Prepared, layers: Range<usize>, slopes: bool) -> u64 {
    let each = 8 * (1 + u64::from(slopes));
    let finest = |l: &Layer| l.far.iter().rfind(|f| f.level >= 0).map_or(0, |f| each * f.outputs() as u64);
    prepared.layers[layers].iter().map(finest).sum()
}

/// Sources of all layers of a batch, which are made together, and what the threads hold beside them while they convolve, for so many points of
/// the grid and quantities: values, slopes.
pub fn batch_work(prepared: &Prepared, layers: Range<usize>, threads: usize, points: usize, slopes: bool) -> u64 {
    let quantities = 1 + u64::from(slopes);
    let (mut sources, mut work) = (0, Vec::new());
    for layer in &prepared.layers[layers] {
        let near = LevelNodes::near(&layer.ladder, prepared.grid.step(), &(0..points));
        let channels = layer.ladder.channels.count() as u64;
        let mut largest = 0;
        for nodes in [&near, &layer.far] {
            sources += channels * nodes.first().map_or(0, |f| 8 * f.sources() as u64);
            // coarser sources, and the results on two levels at a time
            let coarser: u64 = nodes.iter().skip(1).map(|l| 8 * channels * l.sources() as u64).sum();
            let results: u64 = nodes.iter().filter(|l| l.level >= 0).take(2).map(|l| 8 * l.outputs() as u64).sum();
            largest = (coarser + results).max(largest);
        }
        let below = if layer.ladder.finest < 0 { 8 * points as u64 } else { 0 };
        work.push(largest + below);
    }
    work.sort_unstable_by_key(|w| std::cmp::Reverse(*w));
    quantities * (sources + work.iter().take(threads).sum::<u64>())
}

/// \[channel\]\[node\], with slopes those of the channels after the channels.
type Source = Vec<Vec<f64>>;

/// Sources on the finest of each layer's levels `nodes` \[layer\]; empty for a layer without.
fn sources(
    prepared: &Prepared,
    density: Option<&TemperatureDensity>,
    layers: &[Layer],
    states: &[LayerFactors],
    nodes: &[&[LevelNodes]],
    slopes: bool,
) -> Vec<Source> {
    let table = &prepared.table;
    if let Some(density) = density {
        let one = |((nodes, state), layer): ((&&[LevelNodes], &LayerFactors), &Layer)| match nodes.first() {
            None => Vec::new(),
            Some(nodes) => density.sources(&prepared.grid, state, &layer.ladder.channels, nodes),
        };
        return nodes.par_iter().zip(states).zip(layers).map(one).collect();
    }
    match &prepared.tier {
        Tier::Lines => (nodes.par_iter().zip(states).zip(layers))
            .map(|((nodes, state), layer)| {
                let channels = &layer.ladder.channels;
                match nodes.first() {
                    None => Vec::new(),
                    Some(nodes) if slopes => table.spread_and_slope(state, channels, nodes),
                    Some(nodes) => table.spread(state, channels, nodes),
                }
            })
            .collect(),
        Tier::Density { axes, by_level } => {
            let mut sources = vec![Vec::new(); layers.len()];
            for (level, density) in by_level {
                let (of_level, nodes): (Vec<usize>, Vec<&LevelNodes>) = (nodes.iter().enumerate())
                    .filter_map(|(i, nodes)| Some((i, nodes.first().filter(|n| n.level == *level)?)))
                    .unzip();
                if of_level.is_empty() {
                    continue; // a level of other layers than this batch's
                }
                let weights: Vec<_> = (of_level.iter())
                    .map(|&i| (&states[i], &layers[i].ladder.channels))
                    .map(|(state, channels)| match slopes {
                        true => axes.weights_and_slopes(state, channels, table.common_slope(state)),
                        false => axes.weights(state, channels),
                    })
                    .collect();
                let finish: Vec<_> = of_level
                    .iter()
                    .map(|&i| {
                        let (grid, state) = (prepared.grid, states[i]);
                        let finish = if slopes { stimulated_and_slope } else { stimulated };
                        move |position: f64, row: &mut [f64]| {
                            finish(&state, grid.lo() * (grid.step() * position).exp(), row);
                        }
                    })
                    .collect();
                for (i, s) in of_level.into_iter().zip(density.sources(&weights, &nodes, &finish)) {
                    sources[i] = s;
                }
            }
            sources
        }
    }
}

/// What the levels of a layer share.
struct Levels<'a> {
    prepared: &'a Prepared,
    ladder: &'a Ladder,
    step: f64,
    state: &'a LayerFactors,
    /// \[value, slope\]\[output node\]: below level 0 only output nodes are evaluated, and their terms add up.
    below_zero: Vec<Vec<f64>>,
    /// For the far levels: what lines far outside the grid add.
    distant: Option<&'a DistantTerm>,
}

/// Nodes of a level and the result on them, \[value, slope\]\[node\].
type LevelResult = (LevelNodes, Vec<Vec<f64>>);

impl<'a> Levels<'a> {
    /// For `points` output nodes.
    fn new(prepared: &'a Prepared, layer: &'a Layer, state: &'a LayerFactors, slopes: bool, points: usize) -> Self {
        let below_zero = vec![0.0; if layer.ladder.finest < 0 { points } else { 0 }];
        let below_zero = vec![below_zero; 1 + usize::from(slopes)];
        Self { prepared, ladder: &layer.ladder, step: prepared.grid.step(), state, below_zero, distant: None }
    }

    /// The finest result at or above level 0, what lies below, and the near field, at the output nodes of a segment.
    fn to_output(&self, finest: &LevelResult, segment: &Range<usize>, factor: f64, outputs: &mut [&mut [f64]]) {
        for ((output, result), below_zero) in outputs.iter_mut().zip(&finest.1).zip(&self.below_zero) {
            convolve::interpolate(&finest.0, result, segment.start, factor, output);
            for (out, y) in output.iter_mut().zip(below_zero) {
                *out += factor * y;
            }
        }
        if self.ladder.near_field {
            let (table, radius, first) = (&self.prepared.table, self.ladder.radius[0], segment.start);
            near::add(table, self.state, radius, self.step, factor, first, outputs);
        }
        if let Some(law) = &self.prepared.law {
            self.corners(law, segment.start, factor, outputs);
        }
    }

    /// Puts right what rounding the wing law has changed.
    fn corners(&self, law: &LawMatrix, start: usize, factor: f64, outputs: &mut [&mut [f64]]) {
        let (table, state, grid) = (&self.prepared.table, self.state, &self.prepared.grid);
        match outputs {
            [value, slope, ..] => {
                let common = table.common_slope(state);
                let shapes = |line: &TableLine| WithValue(Change::by_temperature(line, state, common));
                wing_law::add_corners(&law.smooth, table, state, grid, factor, start, &mut [value, slope], shapes);
            }
            [value] => wing_law::add_corners(&law.smooth, table, state, grid, factor, start, &mut [value], |_| Value),
            [] => (),
        }
        // Where a law leaves nothing, interpolation leaves some 1e-4 of what was there, of either sign.
        if let Some(value) = outputs.first_mut() {
            value.iter_mut().for_each(|v| *v = v.max(0.0));
        }
    }

    /// Up the levels of a part with the sources, down with the results, from that of the next coarser level above them. Gives
    /// the finest result at or above level 0, if there is one.
    fn part(&mut self, nodes: &[LevelNodes], source: Source, above: Option<&LevelResult>) -> Option<LevelResult> {
        if nodes.is_empty() {
            return None;
        }
        let mut sources = vec![source];
        for pair in nodes.windows(2) {
            let next = sources[sources.len() - 1].iter().map(|s| convolve::restrict(&pair[0], &pair[1], s)).collect();
            sources.push(next);
        }
        let quantities = self.below_zero.len();
        let mut result: Option<LevelResult> = None;
        for (k, (nodes, sources)) in nodes.iter().zip(&sources).enumerate().rev() {
            let mut y = vec![vec![0.0; nodes.outputs()]; if nodes.level >= 0 { quantities } else { 0 }];
            if nodes.level < 0 {
                let mut target = std::mem::take(&mut self.below_zero);
                self.level(nodes, sources, &mut target);
                self.below_zero = target;
            } else {
                let law = self.prepared.law.as_deref().filter(|law| law.level == nodes.level);
                if law.is_none_or(|law| law.far > 0.0) {
                    self.level(nodes, sources, &mut y);
                }
                if let Some((coarse, above)) = result.as_ref().or(above) {
                    for (above, y) in above.iter().zip(&mut y) {
                        convolve::prolong(coarse, above, nodes, y);
                    }
                }
                if let Some(law) = law {
                    y.iter_mut().flatten().for_each(|y| *y *= law.far);
                    self.law(law, nodes, sources, &mut y);
                }
                if let Some(term) = self.distant.filter(|term| term.index == k) {
                    self.add_distant(term, nodes.level, &mut y);
                }
                result = Some((*nodes, y));
            }
        }
        result
    }

    /// Adds the field of lines far outside the grid.
    fn add_distant(&self, term: &DistantTerm, level: i32, y: &mut [Vec<f64>]) {
        let scale = (-self.prepared.table.ln_scale_at(self.state)).exp() * self.prepared.distant_factor(level);
        for (node, (value, slope)) in term.field.at(self.state.temperature, self.state.pressure).into_iter().enumerate()
        {
            y[0][node] += value * scale;
            if let Some(slopes) = y.get_mut(1) {
                slopes[node] += slope * scale;
            }
        }
    }

    /// Adds what the wing law leaves of the profile softened on its level.
    fn law(&self, law: &LawMatrix, nodes: &LevelNodes, sources: &[Vec<f64>], target: &mut [Vec<f64>]) {
        let (ladder, step, state) = (self.ladder, self.step, self.state);
        let around = LevelNodes { reach: law.reach, ..*nodes };
        let inner = ladder.radius[(law.level - ladder.finest) as usize];
        let count = ladder.channels.count();
        let (values, slopes) = target.split_at_mut(1);
        for (k, g) in ladder.channels.nodes().into_iter().enumerate() {
            let taps = convolve::taps_between(inner, None, &around, step, state.sigma, g, Value);
            law.convolve(nodes, &taps, &sources[k], &mut values[0]);
            if let [slope] = slopes {
                law.convolve(nodes, &taps, &sources[count + k], slope);
                let change = Change::of_doppler(state);
                let change = convolve::taps_between(inner, None, &around, step, state.sigma, g, change);
                law.convolve(nodes, &change, &sources[k], slope);
            }
            let change = WithValue(Change::of_doppler(state));
            let Some(pedestal) = law.pedestal(&self.prepared.grid, nodes, state.sigma, g, change) else { continue };
            // The pedestal is flat: every tap is 1, and it is taken away.
            let flat = vec![-1.0; law.taps()];
            let of = |source: &[f64], which: usize| -> Vec<f64> {
                source.iter().zip(&pedestal).map(|(s, p)| s * p[which]).collect()
            };
            law.convolve(nodes, &flat, &of(&sources[k], 0), &mut values[0]);
            if let [slope] = slopes {
                law.convolve(nodes, &flat, &of(&sources[count + k], 0), slope);
                law.convolve(nodes, &flat, &of(&sources[k], 1), slope);
            }
        }
    }

    /// Adds the convolutions of one level to `target` \[value, slope\]\[node\].
    fn level(&self, nodes: &LevelNodes, sources: &[Vec<f64>], target: &mut [Vec<f64>]) {
        let (ladder, step, state) = (self.ladder, self.step, self.state);
        for (k, g) in ladder.channels.nodes().into_iter().enumerate() {
            let taps = convolve::taps(ladder, nodes, step, state.sigma, g, Value);
            convolve::convolve(nodes, &taps, &sources[k], &mut target[0]);
            if let Some(slope) = target.get_mut(1) {
                convolve::convolve(nodes, &taps, &sources[ladder.channels.count() + k], slope);
                let change = convolve::taps(ladder, nodes, step, state.sigma, g, Change::of_doppler(state));
                convolve::convolve(nodes, &change, &sources[k], slope);
            }
        }
    }
}
