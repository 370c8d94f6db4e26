//! Convolution on a ladder of grids, f64 twin of `shaders/cross_section/{restrict,taps,convolve,convolve_below,output}.wgsl`.
//!
//! Sources go up the ladder by [`restrict`], results come down by [`prolong`], its transpose; both are 6-point Lagrange
//! rules, which keep moments up to the fifth.

use multiversion::multiversion;

use super::levels::Ladder;
use super::voigt::Shape;
use crate::grid::lagrange::{MIDPOINT, lagrange6};
use crate::grid::level::LevelNodes;

/// Sources of the next coarser level: even nodes are kept, odd ones are spread by the midpoint rule. `fine` and `coarse` are
/// the levels' nodes, `source` is \[nodes\].
pub fn restrict(fine: &LevelNodes, coarse: &LevelNodes, source: &[f64]) -> Vec<f64> {
    let mut result = vec![0.0; (coarse.source.1 - coarse.source.0) as usize];
    // Place in `source` of the fine node under the first coarse one; nodes within `REACH` of it on either side are met.
    let first = 2 * coarse.source.0 - fine.source.0;
    let inner = ((REACH - first).max(0) + 1) / 2;
    let end = ((source.len() as i64 - REACH - first).max(0) + 1) / 2;
    let end = end.min(result.len() as i64);
    let inner = inner.min(end) as usize..end as usize;
    let at = |i: i64| if i >= 0 { source.get(i as usize).copied().unwrap_or(0.0) } else { 0.0 };
    let count = result.len();
    for j in (0..inner.start).chain(inner.end..count) {
        let i = first + 2 * j as i64;
        let odd = |m: usize| MIDPOINT[m] * (at(i - 2 * m as i64 - 1) + at(i + 2 * m as i64 + 1));
        result[j] = at(i) + (0..MIDPOINT.len()).map(odd).sum::<f64>();
    }
    if !inner.is_empty() {
        let start = (first + 2 * inner.start as i64 - REACH) as usize;
        restrict_inner(&source[start..], &mut result[inner]);
    }
    result
}

/// Fine nodes on either side of a coarse one that [`restrict`] meets.
const REACH: i64 = 2 * MIDPOINT.len() as i64 - 1;

/// [`restrict`] where all fine nodes are there: `source` begins [`REACH`] nodes before the first coarse one.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2+fma"))]
fn restrict_inner(source: &[f64], result: &mut [f64]) {
    const MIDDLE: usize = REACH as usize;
    let source = &source[..2 * result.len() - 1 + 2 * MIDDLE];
    for (j, out) in result.iter_mut().enumerate() {
        let window: &[f64; 2 * MIDDLE + 1] = source[2 * j..2 * j + 2 * MIDDLE + 1].try_into().expect("a window");
        let odd = |m: usize| MIDPOINT[m] * (window[MIDDLE - 2 * m - 1] + window[MIDDLE + 2 * m + 1]);
        *out = window[MIDDLE] + (odd(0) + odd(1) + odd(2));
    }
}

/// Taps of one level for `shape`, profile width `g` and Doppler width `s`: entry t is the level's term at x = expm1((reach - t) h_l), the order
/// in which [`convolve`] meets the sources.
pub fn taps(ladder: &Ladder, nodes: &LevelNodes, step: f64, s: f64, g: f64, shape: impl Shape) -> Vec<f64> {
    let i = (nodes.level - ladder.finest) as usize;
    let outer = (nodes.level < ladder.top).then(|| ladder.radius[i + 1]);
    taps_between(ladder.radius[i], outer, nodes, step, s, g, shape)
}

/// [`taps`] of the profile softened inside one radius (0: not softened), less the profile softened inside a larger one.
pub fn taps_between(
    inner: f64,
    outer: Option<f64>,
    nodes: &LevelNodes,
    step: f64,
    s: f64,
    g: f64,
    shape: impl Shape,
) -> Vec<f64> {
    let h = step * 2f64.powi(nodes.level);
    let inner = (inner > 0.0).then(|| shape.softening(inner, s, g));
    let outer = outer.map(|radius| shape.softening(radius, s, g));
    let softened = |x: f64| match &inner {
        Some(soft) if x.abs() < soft.radius() => soft.inside(x),
        _ => shape.profile(x, s, g),
    };
    (-nodes.reach..=nodes.reach)
        .rev()
        .map(|j| {
            let x = (j as f64 * h).exp_m1();
            match &outer {
                Some(soft) if x.abs() < soft.radius() => softened(x) - soft.inside(x),
                Some(_) => 0.0,
                None => softened(x),
            }
        })
        .collect()
}

/// Adds to `output[j]` the sum of `taps` times the sources around node j, for all evaluated nodes of a level.
pub fn convolve(nodes: &LevelNodes, taps: &[f64], source: &[f64], output: &mut [f64]) {
    let source = &source[nodes.offset()..];
    match nodes.stride {
        1 => convolve_dense(taps, source, output),
        stride => convolve_strided(taps, source, stride as usize, output),
    }
}

// The first target that the processor has is taken.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2+fma"))]
fn convolve_dense(taps: &[f64], source: &[f64], output: &mut [f64]) {
    // Outputs in blocks held in registers, taps outermost: each tap meets a shifted block of sources.
    const BLOCK: usize = 32;
    let mut blocks = output.chunks_exact_mut(BLOCK);
    let mut start = 0;
    for block in &mut blocks {
        let mut sum = [0.0; BLOCK];
        for (t, tap) in taps.iter().enumerate() {
            let window: &[f64; BLOCK] = source[start + t..start + t + BLOCK].try_into().expect("a block");
            for (sum, s) in sum.iter_mut().zip(window) {
                *sum += tap * s;
            }
        }
        for (out, sum) in block.iter_mut().zip(sum) {
            *out += sum;
        }
        start += BLOCK;
    }
    for (j, out) in blocks.into_remainder().iter_mut().enumerate() {
        *out += taps.iter().zip(&source[start + j..]).map(|(t, s)| t * s).sum::<f64>();
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2+fma"))]
fn convolve_strided(taps: &[f64], source: &[f64], stride: usize, output: &mut [f64]) {
    const LANES: usize = 8;
    for (j, out) in output.iter_mut().enumerate() {
        let window = &source[j * stride..j * stride + taps.len()];
        let mut sum = [0.0; LANES];
        let (t, s) = (taps.chunks_exact(LANES), window.chunks_exact(LANES));
        let rest: f64 = t.remainder().iter().zip(s.remainder()).map(|(t, s)| t * s).sum();
        for (t, s) in t.zip(s) {
            for lane in 0..LANES {
                sum[lane] += t[lane] * s[lane];
            }
        }
        *out += rest + sum.iter().sum::<f64>();
    }
}

/// Adds the result of the next coarser level: even nodes lie on its nodes, odd ones get the midpoint rule.
pub fn prolong(coarse: &LevelNodes, result: &[f64], fine: &LevelNodes, output: &mut [f64]) {
    // Padding of the fine level may meet the end of the coarse one.
    let at = |i: usize| result[i.min(result.len() - 1)];
    for (out, j) in output.iter_mut().zip(fine.output.0..) {
        let c = (j.div_euclid(2) - coarse.output.0) as usize;
        *out += if j.rem_euclid(2) == 0 {
            at(c)
        } else {
            MIDPOINT.iter().enumerate().map(|(m, w)| w * (at(c - m) + at(c + 1 + m))).sum::<f64>()
        };
    }
}

/// Adds the result of a level at or above 0 to the output nodes from `start` on by one 6-point rule:
/// `output[i] += factor y((start + i) / 2^level)`.
pub fn interpolate(nodes: &LevelNodes, result: &[f64], start: usize, factor: f64, output: &mut [f64]) {
    let per = 1usize << nodes.level;
    let first = ((start >> nodes.level) as i64 - nodes.output.0) as usize;
    if nodes.level == 0 {
        for (out, y) in output.iter_mut().zip(&result[first..]) {
            *out += factor * y;
        }
        return;
    }
    // weights[m][r]: of node m - 2 for the r-th output after node 0
    let mut weights = vec![0.0; 6 * per];
    for r in 0..per {
        for (m, w) in lagrange6(r as f64 / per as f64).into_iter().enumerate() {
            weights[m * per + r] = factor * w;
        }
    }
    // The first cell may be begun.
    let begun = start % per;
    let (head, tail) = output.split_at_mut(output.len().min(per - begun));
    for (j, block) in std::iter::once(head).chain(tail.chunks_mut(per)).enumerate() {
        let y: &[f64; 6] = result[first + j - 2..first + j + 4].try_into().expect("six nodes");
        interpolate_block(y, if j == 0 { &weights[begun..] } else { &weights }, per, block);
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2+fma"))]
fn interpolate_block(y: &[f64; 6], weights: &[f64], per: usize, block: &mut [f64]) {
    let n = block.len();
    let row = |m: usize| &weights[m * per..m * per + n];
    let (w0, w1, w2, w3, w4, w5) = (row(0), row(1), row(2), row(3), row(4), row(5));
    for r in 0..n {
        block[r] += y[0] * w0[r] + y[1] * w1[r] + y[2] * w2[r] + y[3] * w3[r] + y[4] * w4[r] + y[5] * w5[r];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(level: i32, output: (i64, i64), source: (i64, i64)) -> LevelNodes {
        LevelNodes { level, output, source, reach: 0, stride: 1 }
    }

    #[test]
    fn prolong_is_the_transpose_of_restrict() {
        let (fine, coarse) = (level(0, (-20, 40), (-20, 40)), level(1, (-20, 40), (-20, 40)));
        let u: Vec<f64> = (0..60).map(|i| ((i * 7919) % 31) as f64 - 15.0).collect();
        let v: Vec<f64> = (0..60).map(|i| ((i * 104729) % 37) as f64 - 18.0).collect();
        let mut up = vec![0.0; 60];
        prolong(&coarse, &v, &fine, &mut up);
        let down = restrict(&fine, &coarse, &u);
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        assert!((dot(&up, &u) - dot(&down, &v)).abs() < 1e-9);
    }

    #[test]
    fn strided_convolution_skips_nodes() {
        let source: Vec<f64> = (0..64).map(|i| (i as f64).sin()).collect();
        let taps: Vec<f64> = (0..19).map(|i| (i as f64).cos()).collect();
        let (mut dense, mut strided) = (vec![0.0; 40], vec![0.0; 10]);
        convolve_dense(&taps, &source, &mut dense);
        convolve_strided(&taps, &source, 4, &mut strided);
        for j in 0..10 {
            assert!((dense[4 * j] - strided[j]).abs() < 1e-12);
        }
    }

    #[test]
    fn interpolation_reproduces_polynomials_of_degree_five() {
        let nodes = level(3, (-8, 30), (0, 0));
        let p = |q: f64| 1.0 + q * (0.3 - q * (0.02 + q * (0.003 - q * (0.0001 + 0.00001 * q))));
        let result: Vec<f64> = (-8..30).map(|j| p(j as f64)).collect();
        for start in [0, 3, 8, 21] {
            let mut out = vec![0.0; 170 - start];
            interpolate(&nodes, &result, start, 2.0, &mut out);
            for (i, v) in out.iter().enumerate() {
                assert!((v / (2.0 * p((start + i) as f64 / 8.0)) - 1.0).abs() < 1e-10);
            }
        }
    }
}
