//! The near field of the exact tier, f64 twin of `shaders/cross_section/near.wgsl`.
//!
//! Within the softening radius of the finest level each line adds V(x; s, g_i) less its own softened profile, which the levels
//! have already given. Position and width are the line's own: neither spreading nor profiles interpolated in width
//! touch the core.

use multiversion::multiversion;

use super::voigt::{Shape, Softening, Value, WING_START};
use super::voigt_derivative::Change;
use crate::density::lines::{LayerFactors, LineTable, TableLine};

/// expm1 for |d| < 0.06 to 1e-12: 1 + d/2 (1 + d/3 (...)).
#[inline(always)]
fn expm1_small(d: f64) -> f64 {
    d * (1.0 + d * (1.0 / 2.0 + d * (1.0 / 6.0 + d * (1.0 / 24.0 + d * (1.0 / 120.0 + d / 720.0)))))
}

/// Adds the near field of all lines to `output`, the nodes from `start` on, times `factor`.
pub fn add(
    table: &LineTable,
    layer: &LayerFactors,
    radius: f64,
    step: f64,
    factor: f64,
    start: usize,
    output: &mut [f64],
) {
    add_shapes(table, layer, radius, step, factor, start, output, |_| Value);
}

/// Adds the derivative of the near field by temperature \[K-1\] to `output`, the nodes from `start` on, times `factor`: that of each line's strength, and of its
/// profile by both widths, the radius being fixed. Twin of `shaders/cross_section/near_slope.wgsl`.
pub fn add_slope(
    table: &LineTable,
    layer: &LayerFactors,
    radius: f64,
    step: f64,
    factor: f64,
    start: usize,
    output: &mut [f64],
) {
    let common = table.common_slope(layer);
    add_shapes(table, layer, radius, step, factor, start, output, |line| Change::by_temperature(line, layer, common));
}

#[allow(clippy::too_many_arguments)] // the lines, the layer, and where it is evaluated
fn add_shapes<S: Shape>(
    table: &LineTable,
    layer: &LayerFactors,
    radius: f64,
    step: f64,
    factor: f64,
    start: usize,
    output: &mut [f64],
    shape_of: impl Fn(&TableLine) -> S,
) {
    // x = expm1(d) reaches the radius a little later on the negative side
    let window = -(-radius).ln_1p() / step;
    let (begin, end) = (start as f64, (start + output.len()) as f64 - 1.0);
    let before = |node: f64| table.lines.partition_point(|l| l.position < node);
    for line in &table.lines[before(begin - window)..before(end + window + 1.0)] {
        let first = (line.position - window).ceil().max(begin);
        let last = (line.position + window).floor().min(end);
        if first > last {
            continue;
        }
        let amplitude = factor * line.strength(layer);
        let g = line.gamma(layer);
        let shape = shape_of(line);
        let soft = shape.softening(radius, layer.sigma, g);
        let output = &mut output[first as usize - start..=last as usize - start];
        wings(output, (first - line.position) * step, step, amplitude, layer.sigma, g, &soft, shape);
        // The core replaces what the wing formula left out.
        let core = WING_START * layer.sigma;
        let core = (core * core - g * g).max(0.0).sqrt();
        if core > 0.0 {
            let reach = -(-core).ln_1p() / step;
            let lo = ((line.position - reach).ceil() - first).max(0.0) as usize;
            let hi = (line.position + reach).floor() - first;
            for (i, out) in output.iter_mut().enumerate().take((hi + 1.0).max(0.0) as usize).skip(lo) {
                let x = expm1_small((first + i as f64 - line.position) * step);
                if x.abs() < core {
                    *out += amplitude * shape.profile(x, layer.sigma, g);
                }
            }
        }
    }
}

/// V - softened where the wing series holds, - softened within the core, 0 outside the radius.
#[multiversion(targets("x86_64+avx2+fma", "x86_64+avx512f+avx512vl"))]
#[allow(clippy::too_many_arguments)] // the profile and where it is evaluated
fn wings<S: Shape>(output: &mut [f64], d0: f64, step: f64, amplitude: f64, s: f64, g: f64, soft: &Softening, shape: S) {
    let radius2 = soft.radius() * soft.radius();
    let core2 = (WING_START * WING_START * s * s - g * g).max(0.0);
    for (i, out) in output.iter_mut().enumerate() {
        let x = expm1_small(d0 + i as f64 * step);
        let xx = x * x;
        let v = if xx < core2 { 0.0 } else { shape.wing(xx + g * g, s, g) };
        let near = if xx < radius2 { v - soft.inside(x) } else { 0.0 };
        *out += amplitude * near;
    }
}
