//! Densities of draws: histograms of one quantity, smoothed histograms of two, and the levels that hold a given share.

/// Counts of `values` in `bins` equal bins from `lo` to `hi`; values outside are left out.
pub(super) fn histogram(values: impl Iterator<Item = f64>, (lo, hi): (f64, f64), bins: usize) -> Vec<f64> {
    let mut counts = vec![0.0; bins];
    for v in values {
        let t = (v - lo) / (hi - lo) * bins as f64;
        if (0.0..bins as f64).contains(&t) {
            counts[t as usize] += 1.0;
        }
    }
    counts
}

/// Density on a square of `side` x `side` nodes, row by row (y slow), from pairs given in units of the square (0 to 1).
pub(super) struct Density {
    pub side: usize,
    pub value: Vec<f64>,
}

impl Density {
    /// A histogram smoothed by a Gaussian of Scott's (1992) width along each axis.
    pub fn of(x: &[f64], y: &[f64], side: usize) -> Self {
        let mut value = vec![0.0; side * side];
        let cell = |v: f64| (v * side as f64) as usize;
        for (&x, &y) in x.iter().zip(y) {
            if (0.0..1.0).contains(&x) && (0.0..1.0).contains(&y) {
                value[cell(y) * side + cell(x)] += 1.0;
            }
        }
        let width = |v: &[f64]| side as f64 * spread(v) * (v.len() as f64).powf(-1.0 / 6.0);
        let rows = smooth(&value, side, width(x).max(0.7));
        let columns = smooth(&transpose(&rows, side), side, width(y).max(0.7));
        Self { side, value: transpose(&columns, side) }
    }

    /// The density above which a share `mass` of all lies.
    pub fn level(&self, mass: f64) -> f64 {
        let mut sorted = self.value.clone();
        sorted.sort_by(|a, b| b.total_cmp(a));
        let wanted = mass * sorted.iter().sum::<f64>();
        let mut sum = 0.0;
        let reached = sorted.iter().find(|v| {
            sum += **v;
            sum >= wanted
        });
        reached.copied().unwrap_or(0.0)
    }

    /// Linear interpolation at a place in units of the square.
    pub fn at(&self, x: f64, y: f64) -> f64 {
        let last = self.side - 1;
        let node = |v: f64| (v * self.side as f64 - 0.5).clamp(0.0, last as f64);
        let (x, y) = (node(x), node(y));
        let (i, j) = ((x as usize).min(last - 1), (y as usize).min(last - 1));
        let (u, v) = (x - i as f64, y - j as f64);
        let at = |i: usize, j: usize| self.value[j * self.side + i];
        (at(i, j) * (1.0 - u) + at(i + 1, j) * u) * (1.0 - v) + (at(i, j + 1) * (1.0 - u) + at(i + 1, j + 1) * u) * v
    }
}

/// Standard deviation, or what a normal distribution with this interquartile range has, if that is less (outliers).
fn spread(v: &[f64]) -> f64 {
    let mean = v.iter().sum::<f64>() / v.len() as f64;
    let sd = (v.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / v.len() as f64).sqrt();
    let mut sorted = v.to_vec();
    sorted.sort_by(f64::total_cmp);
    let range = sorted[3 * (v.len() - 1) / 4] - sorted[(v.len() - 1) / 4];
    sd.min(range / 1.349)
}

/// Each row convolved with a Gaussian of standard deviation `width` nodes; what would leave at an end is reflected.
fn smooth(value: &[f64], side: usize, width: f64) -> Vec<f64> {
    let reach = (4.0 * width).ceil() as isize;
    let weights: Vec<f64> = (-reach..=reach).map(|d| (-0.5 * (d as f64 / width).powi(2)).exp()).collect();
    let total: f64 = weights.iter().sum();
    let mut out = vec![0.0; value.len()];
    for (row, out) in value.chunks(side).zip(out.chunks_mut(side)) {
        for (i, v) in row.iter().enumerate().filter(|(_, v)| **v > 0.0) {
            for (d, w) in (-reach..=reach).zip(&weights) {
                let n = side as isize;
                let at = (i as isize + d).rem_euclid(2 * n);
                let at = if at < n { at } else { 2 * n - 1 - at };
                out[at as usize] += v * w / total;
            }
        }
    }
    out
}

fn transpose(value: &[f64], side: usize) -> Vec<f64> {
    (0..side * side).map(|k| value[k % side * side + k / side]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smoothing_keeps_the_sum_and_the_levels_hold_their_share() {
        // Additive recurrence with the plastic number (Roberts 2018) covers the square evenly; squeezed towards the middle.
        let squeeze = |t: f64| 0.5 + 0.4 * (2.0 * t - 1.0).powi(3);
        let x: Vec<f64> = (0..4000).map(|i| squeeze((0.754_877_666 * f64::from(i)).fract())).collect();
        let y: Vec<f64> = (0..4000).map(|i| squeeze((0.569_840_291 * f64::from(i)).fract())).collect();
        let d = Density::of(&x, &y, 64);
        assert!((d.value.iter().sum::<f64>() - 4000.0).abs() < 1e-6);
        for mass in [0.68, 0.95] {
            let inside = x.iter().zip(&y).filter(|(x, y)| d.at(**x, **y) >= d.level(mass)).count();
            assert!((inside as f64 / 4000.0 - mass).abs() < 0.06, "{inside} for {mass}");
        }
        assert!(d.level(0.68) > d.level(0.95));
    }

    #[test]
    fn histograms_count() {
        assert_eq!(histogram([0.0, 0.1, 0.9, 1.0, -1.0, 0.5].into_iter(), (0.0, 1.0), 2), [2.0, 2.0]);
    }
}
