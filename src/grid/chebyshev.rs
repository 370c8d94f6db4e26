//! Polynomial interpolation on Chebyshev nodes over an interval, by the barycentric formula (Berrut & Trefethen 2004, eq. 5.3):
//! k operations for k weights, which sum to 1 to rounding however inexact the nodes are.

/// Most nodes of an axis: Lorentz widths over two decades at a tolerance of 1e-5 take 24.
pub const MAX_NODES: usize = 32;

/// Chebyshev nodes of the first kind on \[mid - half, mid + half\].
#[derive(Clone, Copy, PartialEq)]
pub struct ChebyshevAxis {
    /// Number of nodes, 1 to [`MAX_NODES`].
    pub count: usize,
    /// Middle of the interval.
    pub mid: f64,
    /// Half its length; not used if `count` is 1.
    pub half: f64,
    /// Nodes on \[-1, 1\], descending: cos(pi (k + 1/2) / count).
    unit: [f64; MAX_NODES],
    /// Their barycentric weights, (-1)^k sin(pi (k + 1/2) / count).
    barycentric: [f64; MAX_NODES],
}

impl std::fmt::Debug for ChebyshevAxis {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} nodes on {:e} +- {:e}", self.count, self.mid, self.half)
    }
}

impl ChebyshevAxis {
    /// `count` nodes on \[lo, hi\].
    pub fn spanning(count: usize, lo: f64, hi: f64) -> Self {
        let (mut unit, mut barycentric) = ([0.0; MAX_NODES], [0.0; MAX_NODES]);
        for k in 0..count {
            let (sin, cos) = (std::f64::consts::PI * (k as f64 + 0.5) / count as f64).sin_cos();
            unit[k] = if count == 1 { 0.0 } else { cos };
            barycentric[k] = if k % 2 == 0 { sin } else { -sin };
        }
        Self { count, mid: 0.5 * (lo + hi), half: 0.5 * (hi - lo), unit, barycentric }
    }

    /// Node `k`.
    pub fn node(&self, k: usize) -> f64 {
        self.mid + self.half * self.unit[k]
    }

    /// All nodes, descending.
    pub fn nodes(&self) -> impl Iterator<Item = f64> + use<> {
        let axis = *self;
        (0..self.count).map(move |k| axis.node(k))
    }

    /// Lagrange weights at `v` into `weights[..count]`; they sum to 1.
    #[inline]
    pub fn weights(&self, v: f64, weights: &mut [f64]) {
        let weights = &mut weights[..self.count];
        if self.count == 1 {
            weights[0] = 1.0;
            return;
        }
        let t = (v - self.mid) / self.half;
        let mut sum = 0.0;
        for (w, (u, b)) in weights.iter_mut().zip(self.unit.iter().zip(&self.barycentric)) {
            let distance = t - u;
            // On a node: so large that nothing else is left, and still finite.
            *w = b / if distance == 0.0 { 1e-100 } else { distance };
            sum += *w;
        }
        weights.iter_mut().for_each(|w| *w /= sum);
    }

    /// [`weights`](Self::weights) and their derivatives by `v` into `slopes[..count]`; these sum to 0.
    ///
    /// From l_k' = l_k (sum_j l_j/(t - u_j) - 1/(t - u_k)), the derivative of the barycentric formula; for the node next to t, where that is a
    /// difference of large numbers, from the sum of the others.
    #[inline]
    pub fn weights_and_slopes(&self, v: f64, weights: &mut [f64], slopes: &mut [f64]) {
        self.weights(v, weights);
        let slopes = &mut slopes[..self.count];
        if self.count == 1 {
            slopes[0] = 0.0;
            return;
        }
        let t = (v - self.mid) / self.half;
        let mut pole = 0.0;
        let (mut nearest, mut least) = (0, f64::INFINITY);
        for (k, slope) in slopes.iter_mut().enumerate() {
            let distance = t - self.unit[k];
            if distance.abs() < least {
                (nearest, least) = (k, distance.abs());
            }
            *slope = 1.0 / if distance == 0.0 { 1e-100 } else { distance };
            pole += weights[k] * *slope;
        }
        let mut others = 0.0;
        for (k, slope) in slopes.iter_mut().enumerate().filter(|(k, _)| *k != nearest) {
            *slope = weights[k] * (pole - *slope) / self.half;
            others += *slope;
        }
        slopes[nearest] = -others;
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
        for v in [-1.0, 0.3, 2.9, axis.node(0), axis.node(2), axis.node(4)] {
            axis.weights(v, &mut w);
            let sum: f64 = axis.nodes().zip(w).map(|(n, w)| w * p(n)).sum();
            assert!((sum - p(v)).abs() < 1e-12);
        }
    }

    #[test]
    fn slopes_are_stable_on_and_near_nodes() {
        let axis = ChebyshevAxis::spanning(5, -1.0, 3.0);
        let p = |v: f64| 2.0 + v * (1.0 - v * (0.5 + v * (0.1 + 0.2 * v)));
        let slope = |v: f64| 1.0 - v * (1.0 + v * (0.3 + 0.8 * v));
        let (mut w, mut d) = ([0.0; MAX_NODES], [0.0; MAX_NODES]);
        let beside = [0.0, 1e-300, 1e-16, 1e-12, -1e-8, 1e-4].map(|e| axis.node(1) + e);
        for v in [-1.0, 0.3, 2.9, 3.0, axis.node(0), axis.node(2)].into_iter().chain(beside) {
            axis.weights_and_slopes(v, &mut w, &mut d);
            let sum: f64 = axis.nodes().zip(d).map(|(n, d)| d * p(n)).sum();
            assert!((sum - slope(v)).abs() < 1e-11, "{v}: {sum} {}", slope(v));
        }
        let one = ChebyshevAxis::spanning(1, 0.5, 2.0);
        one.weights_and_slopes(1.0, &mut w, &mut d);
        assert_eq!((w[0], d[0]), (1.0, 0.0));
    }
}
