//! The near field of the exact tier, f64 twin of `shaders/cross_section/near.wgsl`.
//!
//! Within the softening radius of the finest level each line adds V(x; s, g_i) less its own softened profile, which the levels
//! have already given. Position and width are the line's own: neither spreading nor profiles interpolated in width
//! touch the core.

use multiversion::multiversion;

use super::voigt::{Shapes, Softening, Value, WING_START};
use super::voigt_derivative::{Change, WithValue};
use crate::density::layer_factors::LayerFactors;
use crate::density::lines::LineTable;
use crate::density::table_line::TableLine;

/// expm1 for |d| < 0.06 to 1e-12: 1 + d/2 (1 + d/3 (...)).
#[inline(always)]
fn expm1_small(d: f64) -> f64 {
    d * (1.0 + d * (1.0 / 2.0 + d * (1.0 / 6.0 + d * (1.0 / 24.0 + d * (1.0 / 120.0 + d / 720.0)))))
}

/// Adds the near field of all lines to the first of `outputs`, the nodes from `start` on, times `factor`; to the second, if there is one, its
/// derivative by temperature \[K-1\]: that of each line's strength, and of its profile by both widths, the radius being fixed (twin of
/// `shaders/cross_section/near.wgsl` with `shaders/lib/shape_slope.wgsl`).
pub fn add(
    table: &LineTable,
    layer: &LayerFactors,
    radius: f64,
    step: f64,
    factor: f64,
    start: usize,
    outputs: &mut [&mut [f64]],
) {
    let field = Field { table, layer, radius, step, factor, start };
    match outputs {
        [value, slope, ..] => {
            let common = table.common_slope(layer);
            field.add([value, slope], |line| WithValue(Change::by_temperature(line, layer, common)));
        }
        [value] => field.add([value], |_| Value),
        [] => (),
    }
}

/// All that lines are evaluated with.
struct Field<'a> {
    table: &'a LineTable,
    layer: &'a LayerFactors,
    radius: f64,
    step: f64,
    factor: f64,
    start: usize,
}

impl Field<'_> {
    /// Adds to each output, all of one length, one of the shapes of each line.
    fn add<S: Shapes<K>, const K: usize>(&self, mut outputs: [&mut [f64]; K], shapes_of: impl Fn(&TableLine) -> S) {
        let &Self { table, layer, radius, step, factor, start } = self;
        // x = expm1(d) reaches the radius a little later on the negative side
        let window = -(-radius).ln_1p() / step;
        let (begin, end) = (start as f64, (start + outputs[0].len()) as f64 - 1.0);
        // Lines are in the order of their positions without shift.
        let moved = table.summary.shift.near_steps(layer.pressure, step);
        let before = |node: f64| table.lines.partition_point(|l| l.position < node);
        for line in &table.lines[before(begin - window - moved)..before(end + window + 1.0 + moved)] {
            let position = line.position_at(layer.pressure, step);
            let first = (position - window).ceil().max(begin);
            let last = (position + window).floor().min(end);
            if first > last {
                continue;
            }
            let amplitude = factor * line.strength(layer);
            let (s, g) = (layer.sigma, line.gamma(layer));
            let shapes = shapes_of(line);
            let softened = shapes.softenings(radius, s, g);
            let nodes = first as usize - start..last as usize - start + 1;
            let mut outputs = outputs.each_mut().map(|output| &mut output[nodes.clone()]);
            wings(&mut outputs, (first - position) * step, step, amplitude, s, g, &softened, shapes);
            // The core replaces what the wing formula left out.
            let core = WING_START * s;
            let core = (core * core - g * g).max(0.0).sqrt();
            if core > 0.0 {
                let reach = -(-core).ln_1p() / step;
                let lo = ((position - reach).ceil() - first).max(0.0) as usize;
                let hi = (position + reach).floor() - first;
                let nodes = lo..((hi + 1.0).max(0.0) as usize).min(nodes.len());
                if !nodes.is_empty() {
                    let mut outputs = outputs.each_mut().map(|output| &mut output[nodes.clone()]);
                    cores(&mut outputs, (first + lo as f64 - position) * step, step, amplitude, core, s, g, shapes);
                }
            }
        }
    }
}

/// V - softened where the wing series holds, - softened within the core, 0 outside the radius.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2+fma"))]
// The profile and where it is evaluated; one index for all outputs.
#[allow(clippy::too_many_arguments, clippy::needless_range_loop)]
fn wings<S: Shapes<K>, const K: usize>(
    outputs: &mut [&mut [f64]; K],
    d0: f64,
    step: f64,
    amplitude: f64,
    s: f64,
    g: f64,
    softened: &[Softening; K],
    shapes: S,
) {
    let radius2 = softened[0].radius() * softened[0].radius();
    let core2 = (WING_START * WING_START * s * s - g * g).max(0.0);
    let points = outputs[0].len();
    // All of one known length: no index is checked.
    let outputs = outputs.each_mut().map(|output| &mut output[..points]);
    for i in 0..points {
        let x = expm1_small(d0 + i as f64 * step);
        let xx = x * x;
        let wings = shapes.wings(xx + g * g, s, g);
        // Nothing is written before all is computed, or the loop does not become vectors.
        let mut near = [0.0; K];
        for k in 0..K {
            let v = if xx < core2 { 0.0 } else { wings[k] };
            near[k] = if xx < radius2 { v - softened[k].inside(x) } else { 0.0 };
        }
        for k in 0..K {
            outputs[k][i] += amplitude * near[k];
        }
    }
}

/// V less than `core` from the line's centre.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq", "x86_64+avx2+fma"))]
#[allow(clippy::too_many_arguments, clippy::needless_range_loop)] // as for `wings`
fn cores<S: Shapes<K>, const K: usize>(
    outputs: &mut [&mut [f64]; K],
    d0: f64,
    step: f64,
    amplitude: f64,
    core: f64,
    s: f64,
    g: f64,
    shapes: S,
) {
    let points = outputs[0].len();
    let outputs = outputs.each_mut().map(|output| &mut output[..points]);
    for i in 0..points {
        let x = expm1_small(d0 + i as f64 * step);
        let cores = shapes.cores(x, s, g);
        for k in 0..K {
            outputs[k][i] += if x.abs() < core { amplitude * cores[k] } else { 0.0 };
        }
    }
}
