//! Means over bins of wavenumber.
//!
//! The mean of s over nu_1..nu_2 is (1 / N) ∫ s e^q dq with N = ∫ e^q dq, here in steps: q = h x. With B(x, i) = ∫^x phi(y - i) e^(h y) dy, phi the
//! interpolation, the weight of node i is [B(x_2, i) - B(x_1, i)] / N. Away from x_1 and x_2 it grows by e^h from node to node, so that
//! D B(i) = B(i) - e^h B(i - 1) lives on seven nodes about each edge.

use super::interpolation::{FIRST, NODES, cell, weights};
use super::kernel::panels;
use super::row::Stencil;

/// What the means over all bins of one grid have in common.
#[derive(Clone, Debug)]
pub(super) struct BinRule {
    step: f64,
    /// e^h.
    ratio: f64,
    /// Nodes and weights of a quadrature on (0, 1).
    rule: Vec<(f64, f64)>,
    /// For each node of a cell, the integral of phi(y) e^(h y) over all cells before it, with e^(h y) relative to the cell's left node.
    before: [f64; NODES],
    /// Integral of phi(y) e^(h y) over all y.
    total: f64,
}

impl BinRule {
    pub fn new(step: f64) -> Self {
        let ratio = step.exp();
        let mut this = Self { step, ratio, rule: panels(0.0, 1.0, 1), before: [0.0; NODES], total: 0.0 };
        // The cell n steps before this one sees node k as its node k + n.
        let full = this.partial(1.0);
        this.before = std::array::from_fn(|k| (k + 1..NODES).map(|m| ratio.powi(k as i32 - m as i32) * full[m]).sum());
        this.total = (0..NODES).map(|k| ratio.powi(-(FIRST as i32 + k as i32)) * full[k]).sum();
        this
    }

    /// Integrals of the six weights times e^(h s) over s from 0 to `t`.
    fn partial(&self, t: f64) -> [f64; NODES] {
        let mut sums = [0.0; NODES];
        for (s, w) in &self.rule {
            let factor = w * t * (self.step * s * t).exp();
            for (sum, weight) in sums.iter_mut().zip(weights(s * t)) {
                *sum += factor * weight;
            }
        }
        sums
    }

    /// D B of an edge at `x` \[steps\], with e^(h y) relative to `origin`.
    fn edge(&self, x: f64, origin: f64) -> [(isize, f64); NODES + 1] {
        let (left, t) = cell(x);
        let (scale, partial) = ((self.step * (left as f64 - origin)).exp(), self.partial(t));
        let b = std::array::from_fn(|k| scale * (partial[k] + self.before[k]));
        self.differences(left, scale * self.total * self.ratio.powi(FIRST as i32 - 1), b)
    }

    /// D of the derivative of B by the position of the edge.
    fn edge_slope(&self, x: f64, origin: f64) -> [(isize, f64); NODES + 1] {
        let (left, t) = cell(x);
        let scale = (self.step * (x - origin)).exp();
        self.differences(left, 0.0, weights(t).map(|w| w * scale))
    }

    /// b(i) - e^h b(i - 1) of the six nodes of a cell, of which the node before has the value `before`, and of the next, which has zero.
    fn differences(&self, left: isize, before: f64, b: [f64; NODES]) -> [(isize, f64); NODES + 1] {
        std::array::from_fn(|k| {
            let previous = if k == 0 { before } else { b[k - 1] };
            let here = if k < NODES { b[k] } else { 0.0 };
            (left + FIRST + k as isize, here - self.ratio * previous)
        })
    }

    /// The mean between positions `low` and `high` \[steps\].
    pub fn value(&self, low: f64, high: f64) -> Stencil {
        self.stencil(low, high, self.edge(low, low), self.edge(high, low))
    }

    /// The derivative of the mean when both edges move, per step.
    pub fn slope(&self, low: f64, high: f64) -> Stencil {
        let mut slope = self.stencil(low, high, self.edge_slope(low, low), self.edge_slope(high, low));
        // N grows by e^h per step.
        slope.taps.extend(self.value(low, high).taps.into_iter().map(|(node, tap)| (node, -self.step * tap)));
        slope
    }

    fn stencil(&self, low: f64, high: f64, from: [(isize, f64); NODES + 1], to: [(isize, f64); NODES + 1]) -> Stencil {
        let norm = (self.step * (high - low)).exp_m1() / self.step;
        let from = from.into_iter().map(|(node, tap)| (node, -tap / norm));
        let taps = from.chain(to.into_iter().map(|(node, tap)| (node, tap / norm))).collect();
        Stencil { taps, ratio: self.ratio }
    }
}
