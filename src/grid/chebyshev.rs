//! Polynomial interpolation on Chebyshev nodes over an interval.

/// Most nodes of an axis.
pub const MAX_NODES: usize = 16;

/// Chebyshev nodes of the first kind on \[mid - half, mid + half\].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChebyshevAxis {
    /// Number of nodes, 1 to [`MAX_NODES`].
    pub count: usize,
    /// Middle of the interval.
    pub mid: f64,
    /// Half its length; not used if `count` is 1.
    pub half: f64,
}

impl ChebyshevAxis {
    /// `count` nodes on \[lo, hi\].
    pub fn spanning(count: usize, lo: f64, hi: f64) -> Self {
        Self { count, mid: 0.5 * (lo + hi), half: 0.5 * (hi - lo) }
    }

    /// Node `k` on \[-1, 1\].
    #[inline]
    fn unit(&self, k: usize) -> f64 {
        if self.count == 1 { 0.0 } else { (std::f64::consts::PI * (k as f64 + 0.5) / self.count as f64).cos() }
    }

    /// Node `k`.
    pub fn node(&self, k: usize) -> f64 {
        self.mid + self.half * self.unit(k)
    }

    /// All nodes, descending.
    pub fn nodes(&self) -> impl Iterator<Item = f64> + use<> {
        let axis = *self;
        (0..self.count).map(move |k| axis.node(k))
    }

    /// Lagrange weights at `v` into `weights[..count]`; they sum to 1.
    #[inline]
    pub fn weights(&self, v: f64, weights: &mut [f64]) {
        if self.count == 1 {
            weights[0] = 1.0;
            return;
        }
        let t = (v - self.mid) / self.half;
        let mut unit = [0.0; MAX_NODES];
        for (k, u) in unit[..self.count].iter_mut().enumerate() {
            *u = self.unit(k);
        }
        for k in 0..self.count {
            weights[k] = (0..self.count).filter(|&j| j != k).map(|j| (t - unit[j]) / (unit[k] - unit[j])).product();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polynomials_are_reproduced() {
        let axis = ChebyshevAxis::spanning(5, -1.0, 3.0);
        let p = |v: f64| 2.0 + v * (1.0 - v * (0.5 + v * (0.1 + 0.2 * v)));
        let mut w = [0.0; MAX_NODES];
        for v in [-1.0, 0.3, 2.9] {
            axis.weights(v, &mut w);
            let sum: f64 = axis.nodes().zip(w).map(|(n, w)| w * p(n)).sum();
            assert!((sum - p(v)).abs() < 1e-12);
        }
    }
}
