//! The CPU backend: cross sections of a batch of layers in f64, and their derivatives by temperature.
//!
//! A cross section is the sum over profiles of K_k * S_k, a convolution of taps with sources, so its derivative is the sum of
//! dK_k * S_k + K_k * dS_k on the same frozen ladder: taps change with the Doppler width alone (each profile's Lorentz width is fixed),
//! sources with the lines' strengths and with the weights that their widths have among the profiles. The near field changes line by line
//! with all three.

use rayon::prelude::*;

use super::convolve;
use super::levels::Ladder;
use super::near;
use super::prepared::{Layer, Prepared, Tier};
use super::voigt::Value;
use super::voigt_derivative::Change;
use crate::Result;
use crate::density::line_shape::{stimulated, stimulated_and_slope};
use crate::density::lines::LayerFactors;
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
/// \[layer\]\[nu\]: cm2 molecule-1 K-1 for a factor of 1. They are exact derivatives of what `add_layers` computes, except at the entries of the
/// partition function's table, which is linear between them: there they are those of the warmer side.
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
    let layers = &prepared.layers[first..first + temperatures.len()];
    let states: Vec<LayerFactors> =
        temperatures.iter().zip(first..).map(|(t, i)| prepared.factors(i, *t)).collect::<Result<_>>()?;
    let parts: Vec<Vec<LevelNodes>> = layers
        .iter()
        .flat_map(|l| [LevelNodes::near(&l.ladder, prepared.grid.step(), &(0..prepared.grid.len())), l.far.clone()])
        .collect();
    let slopes = outputs.iter().any(|o| o.len() > 1);
    let mut sources = sources(prepared, layers, &states, &parts, slopes);
    outputs
        .into_par_iter()
        .zip(parts.par_chunks(2).zip(sources.par_chunks_mut(2)))
        .zip(layers.par_iter().zip(&states))
        .zip(factors)
        .for_each(|(((mut outputs, (parts, sources)), (layer, state)), factor)| {
            let scale = prepared.table.ln_scale_at(state).exp();
            let [near, far] = [0, 1].map(|p| (&parts[p][..], std::mem::take(&mut sources[p])));
            convolve_layer(prepared, layer, state, near, far, factor * scale, &mut outputs);
        });
    Ok(())
}

/// \[channel\]\[node\], with slopes those of the channels after the channels.
type Source = Vec<Vec<f64>>;

/// Sources on the finest level of each of the `parts` \[layer\]\[near, far\], empty for one without levels.
fn sources(
    prepared: &Prepared,
    layers: &[Layer],
    states: &[LayerFactors],
    parts: &[Vec<LevelNodes>],
    slopes: bool,
) -> Vec<Source> {
    let table = &prepared.table;
    match &prepared.tier {
        Tier::Lines => parts
            .par_iter()
            .enumerate()
            .map(|(p, nodes)| {
                let (state, channels) = (&states[p / 2], &layers[p / 2].ladder.channels);
                match nodes.first() {
                    None => Vec::new(),
                    Some(nodes) if slopes => table.spread_and_slope(state, channels, nodes),
                    Some(nodes) => table.spread(state, channels, nodes),
                }
            })
            .collect(),
        Tier::Density { axes, by_level } => {
            let mut sources = vec![Vec::new(); parts.len()];
            for (level, density) in by_level {
                let (of_level, nodes): (Vec<usize>, Vec<&LevelNodes>) = (parts.iter().enumerate())
                    .filter_map(|(p, nodes)| Some((p, nodes.first().filter(|n| n.level == *level)?)))
                    .unzip();
                if of_level.is_empty() {
                    continue; // a level of other layers than this batch's
                }
                let weights: Vec<_> = (of_level.iter())
                    .map(|&p| (&states[p / 2], &layers[p / 2].ladder.channels))
                    .map(|(state, channels)| match slopes {
                        true => axes.weights_and_slopes(state, channels, table.common_slope(state)),
                        false => axes.weights(state, channels),
                    })
                    .collect();
                let finish: Vec<_> = of_level
                    .iter()
                    .map(|&p| {
                        let (grid, state) = (prepared.grid, states[p / 2]);
                        let finish = if slopes { stimulated_and_slope } else { stimulated };
                        move |position: f64, row: &mut [f64]| {
                            finish(&state, grid.lo() * (grid.step() * position).exp(), row);
                        }
                    })
                    .collect();
                for (p, s) in of_level.into_iter().zip(density.sources(&weights, &nodes, &finish)) {
                    sources[p] = s;
                }
            }
            sources
        }
    }
}

/// The far levels, the near ones, the output grid; then the near field.
fn convolve_layer(
    prepared: &Prepared,
    layer: &Layer,
    state: &LayerFactors,
    (near, near_source): (&[LevelNodes], Source),
    (far, far_source): (&[LevelNodes], Source),
    factor: f64,
    outputs: &mut [&mut [f64]],
) {
    let (ladder, step, table) = (&layer.ladder, prepared.grid.step(), &prepared.table);
    // Below level 0 only output nodes are evaluated, and their terms add up.
    let below_zero = vec![0.0; if ladder.finest < 0 { prepared.grid.len() } else { 0 }];
    let mut levels = Levels { ladder, step, state, below_zero: vec![below_zero; outputs.len()] };
    let mut result = levels.part(far, far_source, None).expect("far levels are at or above 0");
    if let Some(finer) = levels.part(near, near_source, Some(&result)) {
        result = finer;
    }
    for ((output, result_of), below_zero) in outputs.iter_mut().zip(&result.1).zip(&levels.below_zero) {
        convolve::interpolate(&result.0, result_of, factor, output);
        for (out, y) in output.iter_mut().zip(below_zero) {
            *out += factor * y;
        }
    }
    if ladder.near_field {
        let radius = ladder.radius[0];
        near::add(table, state, radius, step, factor, outputs[0]);
        if let Some(output) = outputs.get_mut(1) {
            near::add_slope(table, state, radius, step, factor, output);
        }
    }
}

/// What the levels of a layer share.
struct Levels<'a> {
    ladder: &'a Ladder,
    step: f64,
    state: &'a LayerFactors,
    /// \[value, slope\]\[output node\].
    below_zero: Vec<Vec<f64>>,
}

/// Nodes of a level and the result on them, \[value, slope\]\[node\].
type LevelResult = (LevelNodes, Vec<Vec<f64>>);

impl Levels<'_> {
    /// Up the levels of a part with the sources, down with the results, from that of the next coarser level above them. Gives
    /// the finest result at or above level 0, if there is one.
    fn part(&mut self, nodes: &[LevelNodes], source: Source, above: Option<&LevelResult>) -> Option<LevelResult> {
        let mut sources = vec![source];
        for pair in nodes.windows(2) {
            let next = sources[sources.len() - 1].iter().map(|s| convolve::restrict(&pair[0], &pair[1], s)).collect();
            sources.push(next);
        }
        let quantities = self.below_zero.len();
        let mut result: Option<LevelResult> = None;
        for (nodes, sources) in nodes.iter().zip(&sources).rev() {
            let mut y = vec![vec![0.0; nodes.outputs()]; if nodes.level >= 0 { quantities } else { 0 }];
            if nodes.level < 0 {
                let mut target = std::mem::take(&mut self.below_zero);
                self.level(nodes, sources, &mut target);
                self.below_zero = target;
            } else {
                self.level(nodes, sources, &mut y);
                if let Some((coarse, above)) = result.as_ref().or(above) {
                    for (above, y) in above.iter().zip(&mut y) {
                        convolve::prolong(coarse, above, nodes, y);
                    }
                }
                result = Some((*nodes, y));
            }
        }
        result
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
