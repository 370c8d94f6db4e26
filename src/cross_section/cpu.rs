//! The CPU backend: cross sections of a batch of layers in f64.

use rayon::prelude::*;

use super::convolve;
use super::levels::Ladder;
use super::near;
use super::prepared::{Layer, Prepared, Tier};
use crate::Result;
use crate::density::lines::LayerFactors;
use crate::grid::level::LevelNodes;

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
    let parts: Vec<Vec<LevelNodes>> = layers
        .iter()
        .flat_map(|l| [LevelNodes::near(&l.ladder, prepared.grid.step(), &(0..prepared.grid.len())), l.far.clone()])
        .collect();
    let mut sources = sources(prepared, layers, &states, &parts);
    output
        .par_chunks_mut(prepared.grid.len())
        .zip(parts.par_chunks(2).zip(sources.par_chunks_mut(2)))
        .zip(layers.par_iter().zip(&states))
        .zip(factors)
        .for_each(|(((output, (parts, sources)), (layer, state)), factor)| {
            let scale = prepared.table.ln_scale_at(state).exp();
            let [near, far] = [0, 1].map(|p| (&parts[p][..], std::mem::take(&mut sources[p])));
            convolve_layer(prepared, layer, state, near, far, factor * scale, output);
        });
    Ok(())
}

/// \[channel\]\[node\].
type Source = Vec<Vec<f64>>;

/// Sources on the finest level of each of the `parts` \[layer\]\[near, far\], empty for one without levels.
fn sources(prepared: &Prepared, layers: &[Layer], states: &[LayerFactors], parts: &[Vec<LevelNodes>]) -> Vec<Source> {
    match &prepared.tier {
        Tier::Lines => parts
            .par_iter()
            .enumerate()
            .map(|(p, nodes)| {
                let channels = &layers[p / 2].ladder.channels;
                nodes.first().map_or(Vec::new(), |nodes| prepared.table.spread(&states[p / 2], channels, nodes))
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
                let weights: Vec<_> =
                    of_level.iter().map(|&p| axes.weights(&states[p / 2], &layers[p / 2].ladder.channels)).collect();
                let stimulated: Vec<_> = of_level
                    .iter()
                    .map(|&p| {
                        let (grid, state) = (prepared.grid, states[p / 2]);
                        move |position: f64| {
                            let nu = grid.lo() * (grid.step() * position).exp();
                            -(-state.c2_over_t * nu).exp_m1() * state.partition_ratio
                        }
                    })
                    .collect();
                for (p, s) in of_level.into_iter().zip(density.sources(&weights, &nodes, &stimulated)) {
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
    output: &mut [f64],
) {
    let (ladder, step) = (&layer.ladder, prepared.grid.step());
    // Below level 0 only output nodes are evaluated, and their terms add up.
    let mut below_zero = vec![0.0; if ladder.finest < 0 { output.len() } else { 0 }];
    let mut levels = Levels { ladder, step, state, below_zero: &mut below_zero };
    let mut result = levels.part(far, far_source, None).expect("far levels are at or above 0");
    if let Some(finer) = levels.part(near, near_source, Some(&result)) {
        result = finer;
    }
    convolve::interpolate(&result.0, &result.1, factor, output);
    for (out, y) in output.iter_mut().zip(&below_zero) {
        *out += factor * y;
    }
    if ladder.near_field {
        near::add(&prepared.table, state, ladder.radius[0], step, factor, output);
    }
}

/// What the levels of a layer share.
struct Levels<'a> {
    ladder: &'a Ladder,
    step: f64,
    state: &'a LayerFactors,
    below_zero: &'a mut [f64],
}

impl Levels<'_> {
    /// Up the levels of a part with the sources, down with the results, from that of the next coarser level above them. Gives
    /// the finest result at or above level 0, if there is one.
    fn part(
        &mut self,
        nodes: &[LevelNodes],
        source: Source,
        above: Option<&(LevelNodes, Vec<f64>)>,
    ) -> Option<(LevelNodes, Vec<f64>)> {
        let mut sources = vec![source];
        for pair in nodes.windows(2) {
            let next = sources[sources.len() - 1].iter().map(|s| convolve::restrict(&pair[0], &pair[1], s)).collect();
            sources.push(next);
        }
        let profiles = self.ladder.channels.nodes();
        let mut result: Option<(LevelNodes, Vec<f64>)> = None;
        for (nodes, sources) in nodes.iter().zip(&sources).rev() {
            let mut y = vec![0.0; if nodes.level >= 0 { nodes.outputs() } else { 0 }];
            let target = if nodes.level >= 0 { &mut y } else { &mut *self.below_zero };
            for (source, g) in sources.iter().zip(&profiles) {
                let taps = convolve::taps(self.ladder, nodes, self.step, self.state.sigma, *g);
                convolve::convolve(nodes, &taps, source, target);
            }
            if nodes.level >= 0 {
                if let Some((coarse, above)) = result.as_ref().or(above) {
                    convolve::prolong(coarse, above, nodes, &mut y);
                }
                result = Some((*nodes, y));
            }
        }
        result
    }
}
