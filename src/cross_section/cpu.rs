//! The CPU backend: cross section of one layer in f64.

use super::convolve;
use super::near;
use super::prepared::Prepared;
use crate::Result;

/// Cross section of layer `i` at `temperature` \[K\], times `factor`, into `output` \[nu\]: cm2 molecule-1 for `factor` 1.
///
/// # Errors
/// The temperature is outside the declared range.
pub fn layer(prepared: &Prepared, i: usize, temperature: f64, factor: f64, output: &mut [f64]) -> Result<()> {
    let plan = &prepared.layers[i];
    let (ladder, step) = (&plan.ladder, prepared.grid.step());
    let factors = prepared.factors(i, temperature)?;
    let factor = factor * prepared.table.ln_scale.exp();

    let profiles = ladder.channels.nodes();
    let mut sources = vec![prepared.table.spread(&factors, &ladder.channels, &plan.nodes[0])];
    for pair in plan.nodes.windows(2) {
        let next = sources[sources.len() - 1].iter().map(|s| convolve::restrict(&pair[0], &pair[1], s)).collect();
        sources.push(next);
    }
    // Down the ladder; below level 0 only output nodes are evaluated, and they add up.
    let mut result: Vec<f64> = Vec::new();
    let mut below_zero = vec![0.0; if ladder.finest < 0 { output.len() } else { 0 }];
    for (k, nodes) in plan.nodes.iter().enumerate().rev() {
        let mut y = vec![0.0; if nodes.level >= 0 { nodes.outputs() } else { 0 }];
        let target = if nodes.level >= 0 { &mut y } else { &mut below_zero };
        for (source, g) in sources[k].iter().zip(&profiles) {
            let taps = convolve::taps(ladder, nodes, step, factors.sigma, *g);
            convolve::convolve(nodes, &taps, source, target);
        }
        if nodes.level >= 0 {
            if nodes.level < ladder.top {
                convolve::prolong(&plan.nodes[k + 1], &result, nodes, &mut y);
            }
            result = y;
        }
    }
    let finest = plan.nodes[(-ladder.finest).max(0) as usize];
    convolve::interpolate(&finest, &result, factor, output);
    for (out, y) in output.iter_mut().zip(&below_zero) {
        *out += factor * y;
    }
    if ladder.near_field {
        near::add(&prepared.table, &factors, ladder.radius[0], step, factor, output);
    }
    Ok(())
}
