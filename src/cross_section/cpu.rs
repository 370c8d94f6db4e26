//! The CPU backend: cross sections of a batch of layers in f64.

use rayon::prelude::*;

use super::convolve;
use super::near;
use super::prepared::{Layer, Prepared, Tier};
use super::voigt::Value;
use crate::Result;
use crate::density::line_shape::stimulated;
use crate::density::lines::LayerFactors;

/// Adds the cross sections of layers `first..first + temperatures.len()` at the given temperatures \[K\], each times its factor, to
/// `output` \[layer\]\[nu\]: cm2 molecule-1 for a factor of 1.
///
/// # Errors
/// A temperature is outside the declared range.
pub fn add_layers(
    prepared: &Prepared,
    first: usize,
    temperatures: &[f64],
    factors: &[f64],
    output: &mut [f64],
) -> Result<()> {
    let layers = &prepared.layers[first..first + temperatures.len()];
    let states: Vec<LayerFactors> =
        temperatures.iter().zip(first..).map(|(t, i)| prepared.factors(i, *t)).collect::<Result<_>>()?;
    let mut sources = sources(prepared, layers, &states);
    output
        .par_chunks_mut(prepared.grid.len())
        .zip(&mut sources)
        .zip(layers.par_iter().zip(&states))
        .zip(factors)
        .for_each(|(((output, source), (layer, state)), factor)| {
            let scale = prepared.table.ln_scale_at(state).exp();
            convolve_layer(prepared, layer, state, std::mem::take(source), factor * scale, output);
        });
    Ok(())
}

/// Sources on the finest level, \[layer\]\[channel\]\[node\].
fn sources(prepared: &Prepared, layers: &[Layer], states: &[LayerFactors]) -> Vec<Vec<Vec<f64>>> {
    match &prepared.tier {
        Tier::Lines => layers
            .par_iter()
            .zip(states)
            .map(|(layer, state)| prepared.table.spread(state, &layer.ladder.channels, &layer.nodes[0]))
            .collect(),
        Tier::Density { axes, by_level } => {
            let mut sources = vec![Vec::new(); layers.len()];
            for (level, density) in by_level {
                let of_level: Vec<usize> = (0..layers.len()).filter(|&i| layers[i].ladder.finest == *level).collect();
                if of_level.is_empty() {
                    continue; // a level of other layers than this batch's
                }
                let weights: Vec<_> =
                    of_level.iter().map(|&i| axes.weights(&states[i], &layers[i].ladder.channels)).collect();
                let nodes: Vec<_> = of_level.iter().map(|&i| &layers[i].nodes[0]).collect();
                let finish: Vec<_> = of_level
                    .iter()
                    .map(|&i| {
                        let (grid, state) = (prepared.grid, states[i]);
                        move |position: f64, row: &mut [f64]| {
                            stimulated(&state, grid.lo() * (grid.step() * position).exp(), row);
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

/// Up the ladder with the sources, down with the results, to the output grid; then the near field.
fn convolve_layer(
    prepared: &Prepared,
    layer: &Layer,
    state: &LayerFactors,
    source: Vec<Vec<f64>>,
    factor: f64,
    output: &mut [f64],
) {
    let (ladder, step) = (&layer.ladder, prepared.grid.step());
    let profiles = ladder.channels.nodes();
    let mut sources = vec![source];
    for pair in layer.nodes.windows(2) {
        let next = sources[sources.len() - 1].iter().map(|s| convolve::restrict(&pair[0], &pair[1], s)).collect();
        sources.push(next);
    }
    let mut result: Vec<f64> = Vec::new();
    // Below level 0 only output nodes are evaluated, and their terms add up.
    let mut below_zero = vec![0.0; if ladder.finest < 0 { output.len() } else { 0 }];
    for (k, nodes) in layer.nodes.iter().enumerate().rev() {
        let mut y = vec![0.0; if nodes.level >= 0 { nodes.outputs() } else { 0 }];
        let target = if nodes.level >= 0 { &mut y } else { &mut below_zero };
        for (source, g) in sources[k].iter().zip(&profiles) {
            let taps = convolve::taps(ladder, nodes, step, state.sigma, *g, Value);
            convolve::convolve(nodes, &taps, source, target);
        }
        if nodes.level >= 0 {
            if nodes.level < ladder.top {
                convolve::prolong(&layer.nodes[k + 1], &result, nodes, &mut y);
            }
            result = y;
        }
    }
    let finest = layer.nodes[(-ladder.finest).max(0) as usize];
    convolve::interpolate(&finest, &result, factor, output);
    for (out, y) in output.iter_mut().zip(&below_zero) {
        *out += factor * y;
    }
    if ladder.near_field {
        near::add(&prepared.table, state, ladder.radius[0], step, factor, output);
    }
}
