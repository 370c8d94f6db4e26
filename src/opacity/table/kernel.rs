//! The inner loops of a table: ln of a cross section from six nodes, its exponential, and its derivative by temperature.
//!
//! Cost: six conversions and multiply-adds, six more with the derivative, and one exponential for a layer and a point.

use std::ops::Range;

use super::axis::{MOST_BEYOND, STENCIL};
use crate::numerics;

/// Cross sections below this \[cm2\] are stored as this: no column of gas makes anything of it.
pub const LEAST: f64 = 1e-60;

/// ln of a layer's cross sections at the nodes, each \[point\], with their weights.
#[derive(Clone, Copy, Debug)]
pub struct LayerNodes<'a> {
    /// ln of cross sections \[cm2\].
    pub rows: [&'a [f32]; STENCIL],
    /// Weights.
    pub value: [f64; STENCIL],
    /// Derivatives of the weights by temperature \[K-1\].
    pub by_temperature: [f64; STENCIL],
    /// Indices of the two nodes that the temperature lies between, if values are to be kept near theirs: where a row holds points that have nothing.
    pub bounds: Option<(usize, usize)>,
    /// ln of what cross sections are to be multiplied by.
    pub ln_factor: f64,
}

impl LayerNodes<'_> {
    /// The same at a part of the points.
    pub fn at(&self, points: &Range<usize>) -> Self {
        Self { rows: self.rows.map(|row| &row[points.clone()]), ..*self }
    }

    /// Adds to `values` \[point\].
    pub fn add(&self, values: &mut [f64]) {
        add(self, Wanted::Values, values, &mut []);
    }

    /// Adds to `values`, and the derivatives by temperature \[K-1\] to `slopes`, both \[point\].
    pub fn add_with_slopes(&self, values: &mut [f64], slopes: &mut [f64]) {
        add(self, Wanted::ValuesAndSlopes, values, slopes);
    }

    /// ln of the values \[point\], times the factor.
    pub fn logarithms(&self, points: usize) -> Vec<f64> {
        let mut values = vec![0.0; points];
        add(self, Wanted::Logarithms, &mut values, &mut []);
        values
    }
}

/// Stores ln of cross sections; the second is true if some point has nothing.
pub fn store(xs: &[f64]) -> (Vec<f32>, bool) {
    let least = LEAST.ln();
    // NaN fails the comparison and is kept: it must not look like a value.
    let ln = |x: &f64| if *x <= LEAST { least as f32 } else { x.ln() as f32 };
    (xs.iter().map(ln).collect(), xs.iter().any(|x| *x <= LEAST))
}

/// What a loop computes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Logarithms,
    Values,
    ValuesAndSlopes,
}

/// Adds ln of the values, the values, or values and slopes.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx2+fma", "x86_64+avx2+fma", "aarch64+neon"))]
fn add(nodes: &LayerNodes, wanted: Wanted, values: &mut [f64], slopes: &mut [f64]) {
    multiversion::target::match_target! {
        "x86_64+avx2+fma" => choose::<true>(nodes, wanted, values, slopes),
        "aarch64+neon" => choose::<true>(nodes, wanted, values, slopes),
        _ => choose::<false>(nodes, wanted, values, slopes),
    }
}

/// A loop of its own for every case, so that none has a branch.
#[inline(always)]
fn choose<const FMA: bool>(nodes: &LayerNodes, wanted: Wanted, values: &mut [f64], slopes: &mut [f64]) {
    match (wanted, nodes.bounds) {
        (Wanted::Logarithms, None) => points::<FMA, false, true, false>(nodes, values, slopes),
        (Wanted::Logarithms, _) => points::<FMA, true, true, false>(nodes, values, slopes),
        (Wanted::Values, None) => points::<FMA, false, false, false>(nodes, values, slopes),
        (Wanted::Values, _) => points::<FMA, true, false, false>(nodes, values, slopes),
        (Wanted::ValuesAndSlopes, None) => points::<FMA, false, false, true>(nodes, values, slopes),
        (Wanted::ValuesAndSlopes, _) => points::<FMA, true, false, true>(nodes, values, slopes),
    }
}

/// Written out: what iterates over arrays is not made part of a function for another instruction set, and would be called for every point.
#[inline(always)]
fn dot<const FMA: bool>(w: &[f64; STENCIL], y: &[f64; STENCIL]) -> f64 {
    let add = numerics::mul_add::<FMA>;
    add(w[5], y[5], add(w[4], y[4], add(w[3], y[3], add(w[2], y[2], add(w[1], y[1], w[0] * y[0])))))
}

#[inline(always)]
fn points<const FMA: bool, const BOUNDED: bool, const LOGARITHMS: bool, const SLOPES: bool>(
    nodes: &LayerNodes,
    values: &mut [f64],
    slopes: &mut [f64],
) {
    let n = values.len();
    let slopes = &mut slopes[..if SLOPES { n } else { 0 }];
    let [y0, y1, y2, y3, y4, y5] = nodes.rows;
    let (a, b) = nodes.bounds.unwrap_or_default();
    let near = (&nodes.rows[a][..n], &nodes.rows[b][..n]);
    let LayerNodes { value, by_temperature, ln_factor, .. } = *nodes;
    let each = each_point::<FMA, BOUNDED, LOGARITHMS, SLOPES>;
    let weights = (value, by_temperature, ln_factor);
    each(&y0[..n], &y1[..n], &y2[..n], &y3[..n], &y4[..n], &y5[..n], near.0, near.1, weights, values, slopes);
}

/// Rows as arguments of their own, so that the compiler knows that what is written is none of them.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
fn each_point<const FMA: bool, const BOUNDED: bool, const LOGARITHMS: bool, const SLOPES: bool>(
    y0: &[f32],
    y1: &[f32],
    y2: &[f32],
    y3: &[f32],
    y4: &[f32],
    y5: &[f32],
    below: &[f32],
    above: &[f32],
    (value, by_temperature, ln_factor): ([f64; STENCIL], [f64; STENCIL], f64),
    values: &mut [f64],
    slopes: &mut [f64],
) {
    for i in 0..values.len() {
        let y = [
            f64::from(y0[i]),
            f64::from(y1[i]),
            f64::from(y2[i]),
            f64::from(y3[i]),
            f64::from(y4[i]),
            f64::from(y5[i]),
        ];
        let mut ln = dot::<FMA>(&value, &y);
        let mut inside = true;
        if BOUNDED {
            let (a, b) = (f64::from(below[i]), f64::from(above[i]));
            let (lo, hi) = (if a < b { a } else { b } - MOST_BEYOND, if a < b { b } else { a } + MOST_BEYOND);
            inside = !(ln < lo || ln > hi);
            ln = if ln < lo { lo } else { ln };
            ln = if ln > hi { hi } else { ln };
        }
        if LOGARITHMS {
            values[i] += ln + ln_factor;
        } else {
            let xs = numerics::exp::<FMA>(ln + ln_factor);
            values[i] += xs;
            if SLOPES {
                let slope = xs * dot::<FMA>(&by_temperature, &y);
                slopes[i] += if BOUNDED && !inside { 0.0 } else { slope };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(nothing: bool) -> Vec<Vec<f32>> {
        let at = |k: usize, i: usize| match (nothing, k < 3, i % 7) {
            (true, true, 0) => LEAST.ln() as f32,
            _ => -50.0 - 0.3 * k as f32 + 0.01 * i as f32,
        };
        (0..STENCIL).map(|k| (0..100).map(|i| at(k, i)).collect()).collect()
    }

    fn nodes(rows: &[Vec<f32>], bounds: Option<(usize, usize)>) -> LayerNodes<'_> {
        LayerNodes {
            rows: std::array::from_fn(|k| &rows[k][..]),
            value: [0.02, -0.1, 0.6, 0.55, -0.09, 0.02],
            by_temperature: [1e-3, -4e-3, 2e-3, 3e-3, -1e-3, -1e-3],
            bounds,
            ln_factor: 45.0,
        }
    }

    #[test]
    fn values_are_those_of_the_formula() {
        let rows = rows(false);
        let nodes = nodes(&rows, None);
        let (mut values, mut slopes, mut alone) = (vec![1.0; 100], vec![2.0; 100], vec![1.0; 100]);
        nodes.add_with_slopes(&mut values, &mut slopes);
        nodes.add(&mut alone);
        assert_eq!(values, alone);
        for i in 0..100 {
            let dot = |w: &[f64; STENCIL]| (0..STENCIL).map(|k| w[k] * f64::from(rows[k][i])).sum::<f64>();
            let value = (dot(&nodes.value) + 45.0).exp();
            assert!((values[i] - 1.0 - value).abs() < 1e-13 * (1.0 + value), "{i}");
            assert!((slopes[i] - 2.0 - value * dot(&nodes.by_temperature)).abs() < 1e-13, "{i}");
        }
    }

    /// Nothing at some nodes, much at their neighbours: the value stays within a factor e of the nearest two, and where it is cut off it does not change.
    #[test]
    fn jumps_do_not_overshoot() {
        let rows = rows(true);
        let (mut values, mut slopes) = (vec![0.0; 100], vec![0.0; 100]);
        nodes(&rows, Some((2, 3))).add_with_slopes(&mut values, &mut slopes);
        let (mut free, mut unbounded) = (nodes(&rows, None), vec![0.0; 100]);
        free.value = [0.0, -0.1, -0.2, 1.2, 0.05, 0.05];
        free.add(&mut unbounded);
        let mut bounded = vec![0.0; 100];
        LayerNodes { bounds: Some((2, 3)), ..free }.add(&mut bounded);
        for i in (0..100).step_by(7) {
            let most = (f64::from(rows[3][i]) + 1.0 + 45.0).exp();
            assert!(values[i] <= most * (1.0 + 1e-12) && bounded[i] <= most * (1.0 + 1e-12), "{i}");
        }
        assert!(unbounded.iter().zip(&bounded).any(|(u, b)| *u > 10.0 * b));
    }

    #[test]
    fn what_is_stored_is_finite_or_nan() {
        let (ln, nothing) = store(&[1e-20, 0.0, -1e-30, 1e-300]);
        assert!(nothing && ln.iter().all(|v| v.is_finite()) && ln[1] == ln[2] && ln[1] == ln[3]);
        let (ln, nothing) = store(&[1e-20, f64::NAN]);
        assert!(!nothing && ln[1].is_nan());
    }

    #[test]
    fn an_absent_species_adds_nothing() {
        let rows = rows(false);
        let (mut values, mut slopes) = (vec![0.0; 100], vec![0.0; 100]);
        LayerNodes { ln_factor: f64::NEG_INFINITY, ..nodes(&rows, None) }.add_with_slopes(&mut values, &mut slopes);
        assert!(values.iter().chain(&slopes).all(|v| *v == 0.0));
    }
}
