//! The inner loops of [`transmission`](super): one block of neighbouring wavenumbers.
//!
//! A tile of [`ROWS`] chords times [`LANES`] wavenumbers is held in registers while the layers pass, so that an optical depth is loaded once for all of them. Every wavenumber goes through the
//! same arithmetic wherever it lies in a block: the last tile is filled up with zeros.

use super::chords::{ChordSlopes, Chords};
use crate::numerics;

/// Wavenumbers of a tile: two vectors of eight.
pub(super) const LANES: usize = 16;
/// Chords of a tile.
const ROWS: usize = 4;

type Lane = [f64; LANES];

/// Where derivatives go.
pub(super) struct Slopes<'r, 'a> {
    pub slopes: &'r ChordSlopes,
    /// \[layer\].
    pub depth: &'r mut [&'a mut [f64]],
    /// \[layer + 1\].
    pub radii: &'r mut [&'a mut [f64]],
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx2+fma", "x86_64+avx2+fma", "aarch64+neon"))]
pub(super) fn integral_block(chords: &Chords, dtau: &[f64], n: usize, start: usize, integral: &mut [f64]) {
    multiversion::target::match_target! {
        "x86_64+avx2+fma" => values::<true>(chords, dtau, n, start, integral),
        "aarch64+neon" => values::<true>(chords, dtau, n, start, integral),
        _ => values::<false>(chords, dtau, n, start, integral),
    }
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx2+fma", "x86_64+avx2+fma", "aarch64+neon"))]
pub(super) fn sensitivity_block(
    chords: &Chords,
    dtau: &[f64],
    n: usize,
    start: usize,
    integral: &mut [f64],
    rows: Slopes<'_, '_>,
) {
    multiversion::target::match_target! {
        "x86_64+avx2+fma" => derivatives::<true>(chords, dtau, n, start, integral, rows),
        "aarch64+neon" => derivatives::<true>(chords, dtau, n, start, integral, rows),
        _ => derivatives::<false>(chords, dtau, n, start, integral, rows),
    }
}

/// By how much the integral falls without each layer, added to zeros in `parts` \[layer\].
#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx2+fma", "x86_64+avx2+fma", "aarch64+neon"))]
pub(super) fn contribution_block(chords: &Chords, dtau: &[f64], n: usize, start: usize, parts: &mut [&mut [f64]]) {
    multiversion::target::match_target! {
        "x86_64+avx2+fma" => contributions::<true>(chords, dtau, n, start, parts),
        "aarch64+neon" => contributions::<true>(chords, dtau, n, start, parts),
        _ => contributions::<false>(chords, dtau, n, start, parts),
    }
}

/// The optical depths of all layers at the lanes from `first`, zeros beyond the block's `points`.
#[inline(always)]
fn gather(dtau: &[f64], n: usize, layers: usize, first: usize, points: usize, into: &mut Vec<Lane>) {
    into.clear();
    into.resize(layers, [0.0; LANES]);
    for (k, lane) in into.iter_mut().enumerate() {
        lane[..points].copy_from_slice(&dtau[k * n + first..][..points]);
    }
}

/// Sums over layers of `matrix` \[layer\]\[row\] times the optical depths, for a tile of rows from `first`. Each row has its own array, all indices are constants: otherwise the
/// compiler keeps sums in memory, one by one, which takes twenty times as long.
#[inline(always)]
fn tile<const FMA: bool>(matrix: &[f64], rows: usize, first: usize, depths: &[Lane]) -> [Lane; ROWS] {
    let [mut a, mut b, mut c, mut d] = [[0.0; LANES]; ROWS];
    if let Some(count @ 1..ROWS) = rows.checked_sub(first) {
        // The last tile: rows are two to a layer, so that two are left.
        for (k, depth) in depths.iter().enumerate() {
            let row = &matrix[k * rows + first..][..count];
            add_to::<FMA>(&mut a, row[0], depth);
            add_to::<FMA>(&mut b, row[count - 1], depth);
        }
        return [a, b, c, d];
    }
    for (k, depth) in depths.iter().enumerate() {
        let row: &[f64; ROWS] = matrix[k * rows + first..].first_chunk().unwrap_or(&[0.0; ROWS]);
        add_to::<FMA>(&mut a, row[0], depth);
        add_to::<FMA>(&mut b, row[1], depth);
        add_to::<FMA>(&mut c, row[2], depth);
        add_to::<FMA>(&mut d, row[3], depth);
    }
    [a, b, c, d]
}

#[inline(always)]
fn add_to<const FMA: bool>(sum: &mut Lane, factor: f64, depth: &Lane) {
    for l in 0..LANES {
        sum[l] = numerics::mul_add::<FMA>(factor, depth[l], sum[l]);
    }
}

/// Layers that a tile's chords cross.
fn crossed(first: usize, rows: usize) -> usize {
    (first + ROWS - 1).min(rows - 1) / 2 + 1
}

#[inline(always)]
fn values<const FMA: bool>(chords: &Chords, dtau: &[f64], n: usize, start: usize, integral: &mut [f64]) {
    let (layers, rows) = (chords.layers, chords.rows());
    let mut depths = Vec::with_capacity(layers);
    for (i, out) in integral.chunks_mut(LANES).enumerate() {
        gather(dtau, n, layers, start + i * LANES, out.len(), &mut depths);
        let mut sum = [0.0; LANES];
        for first in (0..rows).step_by(ROWS) {
            let tau = tile::<FMA>(&chords.length, rows, first, &depths[..crossed(first, rows)]);
            for (tau, weight) in tau.iter().zip(&chords.weight[first..]) {
                for (s, t) in sum.iter_mut().zip(tau) {
                    *s = numerics::mul_add::<FMA>(*weight, numerics::transmission::<FMA>(*t).1, *s);
                }
            }
        }
        out.copy_from_slice(&sum[..out.len()]);
    }
}

#[inline(always)]
fn derivatives<const FMA: bool>(
    chords: &Chords,
    dtau: &[f64],
    n: usize,
    start: usize,
    integral: &mut [f64],
    into: Slopes<'_, '_>,
) {
    let (layers, rows, slopes) = (chords.layers, chords.rows(), into.slopes);
    let mut depths = Vec::with_capacity(layers);
    // Of each row: 1 - T, w T, the change of tau when layer and chord go up together, and when the layers above some layer do.
    let (mut lost, mut seen) = (vec![[0.0; LANES]; rows], vec![[0.0; LANES]; rows]);
    let (mut shift, mut lift) = (vec![[0.0; LANES]; rows], vec![[0.0; LANES]; rows]);
    for (i, out) in integral.chunks_mut(LANES).enumerate() {
        let (first_point, count) = (i * LANES, out.len());
        gather(dtau, n, layers, start + first_point, count, &mut depths);
        let mut sum = [0.0; LANES];
        for first in (0..rows).step_by(ROWS) {
            let crossed = &depths[..crossed(first, rows)];
            let tau = tile::<FMA>(&chords.length, rows, first, crossed);
            let moved = tile::<FMA>(&slopes.shift, rows, first, crossed);
            for j in first..(first + ROWS).min(rows) {
                let weight = chords.weight[j];
                shift[j] = moved[j - first];
                for l in 0..LANES {
                    let (through, less) = numerics::transmission::<FMA>(tau[j - first][l]);
                    (lost[j][l], seen[j][l]) = (less, weight * through);
                    sum[l] = numerics::mul_add::<FMA>(weight, less, sum[l]);
                }
            }
        }
        out.copy_from_slice(&sum[..count]);
        lift.fill([0.0; LANES]);
        // All rows above the layer, moved together with everything in them.
        let mut above = [0.0; LANES];
        let mut bottom = sum.map(|s| 2.0 * s);
        for (k, &dtau) in depths.iter().enumerate() {
            let (mut by_depth, mut by_own, mut by_lift) = ([0.0; LANES], [0.0; LANES], [0.0; LANES]);
            let at = k * rows;
            // The row of the layer's own middle goes up by half of what the layer grows: it feels half a lift and half a shift of the layers above.
            let middle = 2 * k;
            for l in 0..LANES {
                let own_shift = numerics::mul_add::<FMA>(-slopes.shift[at + middle], dtau[l], shift[middle][l]);
                by_lift[l] = seen[middle][l] * 0.5 * (own_shift - lift[middle][l]);
            }
            let of_layer = at + middle..at + rows;
            let factors =
                chords.length[of_layer.clone()].iter().zip(&slopes.own[of_layer.clone()]).zip(&slopes.lift[of_layer]);
            for (((c, own), up), (seen, lift)) in factors.zip(seen[middle..].iter().zip(&mut lift[middle..])) {
                add_to::<FMA>(&mut by_depth, *c, seen);
                add_to::<FMA>(&mut by_own, *own, seen);
                for l in 0..LANES {
                    by_lift[l] = numerics::mul_add::<FMA>(seen[l], lift[l], by_lift[l]);
                }
                let mut raised = *lift;
                add_to::<FMA>(&mut raised, *up, &dtau);
                *lift = raised;
            }
            let [of_middle, of_lower, of_upper] = slopes.weight_own[k];
            let mut by_thickness = [0.0; LANES];
            for l in 0..LANES {
                let upper = if k > 0 { lost[middle - 1][l] * of_upper } else { 0.0 };
                let weights = lost[middle][l] * of_middle + lost[middle + 1][l] * of_lower + upper;
                by_thickness[l] = numerics::mul_add::<FMA>(by_own[l], dtau[l], by_lift[l]) + above[l] + weights;
                bottom[l] = numerics::mul_add::<FMA>(-chords.thickness[k], by_thickness[l], bottom[l]);
                for j in [middle, middle + 1] {
                    above[l] += seen[j][l] * shift[j][l] + lost[j][l] * slopes.weight_shift[j];
                }
            }
            into.depth[k][first_point..][..count].copy_from_slice(&by_depth[..count]);
            into.radii[k][first_point..][..count].copy_from_slice(&by_thickness[..count]);
        }
        into.radii[layers][first_point..][..count].copy_from_slice(&bottom[..count]);
    }
}

#[inline(always)]
fn contributions<const FMA: bool>(chords: &Chords, dtau: &[f64], n: usize, start: usize, parts: &mut [&mut [f64]]) {
    let (layers, rows, points) = (chords.layers, chords.rows(), parts[0].len());
    let mut depths = Vec::with_capacity(layers);
    // Along a chord, the optical depth below each layer and that of the layer itself: sums of what remains, as differences of large numbers would lose it.
    let (mut below, mut own) = (vec![[0.0; LANES]; layers], vec![[0.0; LANES]; layers]);
    let mut sums = vec![[0.0; LANES]; layers];
    for first in (0..points).step_by(LANES) {
        let count = LANES.min(points - first);
        gather(dtau, n, layers, start + first, count, &mut depths);
        sums.fill([0.0; LANES]);
        for row in 0..rows {
            let mut rest = [0.0; LANES];
            for k in (0..=row / 2).rev() {
                below[k] = rest;
                for l in 0..LANES {
                    own[k][l] = chords.length[k * rows + row] * depths[k][l];
                    rest[l] += own[k][l];
                }
            }
            let mut above = [0.0; LANES];
            for k in 0..=row / 2 {
                for l in 0..LANES {
                    let through = numerics::transmission::<FMA>(above[l] + below[k][l]).0;
                    let lost = numerics::transmission::<FMA>(own[k][l]).1;
                    sums[k][l] = numerics::mul_add::<FMA>(chords.weight[row] * through, lost, sums[k][l]);
                    above[l] += own[k][l];
                }
            }
        }
        for (part, sum) in parts.iter_mut().zip(&sums) {
            part[first..][..count].copy_from_slice(&sum[..count]);
        }
    }
}
