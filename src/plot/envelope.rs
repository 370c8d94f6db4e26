//! Reducing a dense curve to what a screen can show.

use std::ops::Range;

/// At most this many points are kept per column: first, lowest, highest, last.
const PER_COLUMN: usize = 4;

/// The points of a curve between `lo` and `hi` (x ascending), with one neighbour on either side.
pub(super) fn visible(x: &[f64], lo: f64, hi: f64) -> Range<usize> {
    let a = x.partition_point(|v| *v < lo).saturating_sub(1);
    let b = (x.partition_point(|v| *v <= hi) + 1).min(x.len());
    a..b.max(a)
}

/// Indices of the points to draw so that the picture on `columns` equal columns over `lo..hi` is that of all points:
/// the first, lowest, highest and last of each column, in order. Points with a NaN are left out.
pub(super) fn envelope(x: &[f64], y: &[f64], lo: f64, hi: f64, columns: usize) -> Vec<usize> {
    let range = visible(x, lo, hi);
    let usable = |i: &usize| !y[*i].is_nan() && !x[*i].is_nan();
    if range.len() <= PER_COLUMN * columns {
        return range.filter(usable).collect();
    }
    let column = |i: usize| ((x[i] - lo) / (hi - lo) * columns as f64).floor() as i64;
    let mut kept = Vec::with_capacity(PER_COLUMN * (columns + 2));
    let mut points = range.filter(usable).peekable();
    while let Some(first) = points.next() {
        let (mut low, mut high, mut last) = (first, first, first);
        while let Some(i) = points.next_if(|i| column(*i) == column(first)) {
            low = if y[i] < y[low] { i } else { low };
            high = if y[i] > y[high] { i } else { high };
            last = i;
        }
        let mut four = [first, low, high, last];
        four.sort_unstable();
        for i in four {
            if kept.last() != Some(&i) {
                kept.push(i);
            }
        }
    }
    kept
}

/// Lowest and highest finite value among the points between `lo` and `hi`.
pub(super) fn extent(x: &[f64], y: &[f64], lo: f64, hi: f64) -> Option<(f64, f64)> {
    let range = visible(x, lo, hi);
    let inside = range.filter(|i| (lo..=hi).contains(&x[*i])).map(|i| y[i]).filter(|v| v.is_finite());
    inside.fold(None, |e, v| Some(e.map_or((v, v), |(a, b): (f64, f64)| (a.min(v), b.max(v)))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_spike_among_many_points_survives() {
        let n = 150_000;
        let x: Vec<f64> = (0..n).map(|i| i as f64).collect();
        let mut y = vec![1.0; n];
        y[77_777] = 9.0;
        y[33_333] = f64::NAN;
        y[44_444] = -5.0;
        let kept = envelope(&x, &y, 0.0, (n - 1) as f64, 1000);
        assert!(kept.len() <= 4004, "{}", kept.len());
        assert!(kept.contains(&77_777) && kept.contains(&44_444) && !kept.contains(&33_333));
        assert_eq!((kept[0], *kept.last().unwrap()), (0, n - 1));
        assert!(kept.windows(2).all(|w| w[0] < w[1]));
        assert_eq!(extent(&x, &y, 0.0, 1e9), Some((-5.0, 9.0)));
        assert_eq!(extent(&x, &y, 10.0, 20.0), Some((1.0, 1.0)));
    }

    #[test]
    fn few_points_are_all_kept_with_one_neighbour_each_side() {
        let x = [1.0, 2.0, 3.0, 4.0, 5.0];
        assert_eq!(envelope(&x, &[0.0; 5], 2.5, 3.5, 100), [1, 2, 3]);
        assert_eq!(visible(&x, 9.0, 10.0), 4..5);
        assert!(envelope(&[], &[], 0.0, 1.0, 10).is_empty());
    }
}
