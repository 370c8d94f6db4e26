//! Convolution kernels as weights on integer steps of the grid.

use gauss_quad::GaussLegendre;
use std::num::NonZeroUsize;

use super::interpolation::{FIRST, NODES, cell, slopes, weights};

/// y(i) = sum over k of `weight[k]` F(i + `first` + k).
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Kernel {
    pub first: isize,
    pub weight: Vec<f64>,
}

/// A kernel and its derivatives by free parameters (slot, derivative).
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub value: Kernel,
    pub slopes: Vec<(usize, Kernel)>,
}

impl Kernel {
    /// Leaves a spectrum as it is.
    pub fn identity() -> Self {
        Self { first: 0, weight: vec![1.0] }
    }

    /// No weight yet, room for nodes from `low` to `high` \[steps\].
    pub fn zeros(low: f64, high: f64) -> Self {
        let (first, last) = (cell(low).0 + FIRST, cell(high).0 + FIRST + NODES as isize - 1);
        Self { first, weight: vec![0.0; (last - first + 1) as usize] }
    }

    /// Adds `weight` times the value of F at `position` \[steps\].
    pub fn add(&mut self, position: f64, weight: f64) {
        let (left, t) = cell(position);
        self.add_cell(left, weights(t).map(|w| w * weight));
    }

    /// Adds `weight` times the derivative of F, per step, at `position` \[steps\].
    pub fn add_slope(&mut self, position: f64, weight: f64) {
        let (left, t) = cell(position);
        self.add_cell(left, slopes(t).map(|w| w * weight));
    }

    fn add_cell(&mut self, left: isize, weights: [f64; NODES]) {
        let start = (left + FIRST - self.first) as usize;
        for (sum, w) in self.weight[start..start + NODES].iter_mut().zip(weights) {
            *sum += w;
        }
    }

    /// One kernel after the other.
    pub fn convolve(&self, other: &Self) -> Self {
        // The inner loop runs over the longer one.
        let (long, short) = if self.weight.len() >= other.weight.len() { (self, other) } else { (other, self) };
        let mut weight = vec![0.0; long.weight.len() + short.weight.len() - 1];
        for (i, a) in short.weight.iter().enumerate() {
            for (sum, b) in weight[i..].iter_mut().zip(&long.weight) {
                *sum += a * b;
            }
        }
        Self { first: self.first + other.first, weight }
    }
}

impl Part {
    /// A part without parameters.
    pub fn fixed(value: Kernel) -> Self {
        Self { value, slopes: Vec::new() }
    }

    /// One part after the other; derivatives by the product rule.
    pub fn then(self, next: Self) -> Self {
        let mut derivatives: Vec<_> = self.slopes.iter().map(|(slot, k)| (*slot, k.convolve(&next.value))).collect();
        derivatives.extend(next.slopes.iter().map(|(slot, k)| (*slot, k.convolve(&self.value))));
        Self { value: self.value.convolve(&next.value), slopes: derivatives }
    }
}

/// Nodes and weights of Gauss-Legendre rules with eight points on each of `panels` equal parts of (`low`, `high`).
pub(super) fn panels(low: f64, high: f64, panels: usize) -> Vec<(f64, f64)> {
    let rule = GaussLegendre::new(const { NonZeroUsize::new(POINTS_PER_PANEL).unwrap() });
    let rule: Vec<_> = rule.into_iter().collect();
    let half = 0.5 * (high - low) / panels as f64;
    (0..panels)
        .flat_map(|p| {
            let middle = low + (2 * p + 1) as f64 * half;
            rule.iter().map(move |(x, w)| (middle + half * x, half * w)).collect::<Vec<_>>()
        })
        .collect()
}

/// Points of each rule in [`panels`].
pub(super) const POINTS_PER_PANEL: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn convolution_adds_shifts_and_multiplies_sums() {
        let a = Kernel { first: -1, weight: vec![1.0, 2.0, 3.0] };
        let b = Kernel { first: 4, weight: vec![0.5, -1.0] };
        assert_eq!(a.convolve(&b), Kernel { first: 3, weight: vec![0.5, 0.0, -0.5, -3.0] });
        assert_eq!(b.convolve(&a), a.convolve(&b));
        assert_eq!(a.convolve(&Kernel::identity()), a);
    }

    #[test]
    fn panels_integrate_polynomials_of_degree_15() {
        for n in [1, 3] {
            let integral: f64 = panels(-1.0, 2.0, n).iter().map(|(x, w)| w * x.powi(15)).sum();
            let exact = (2f64.powi(16) - 1.0) / 16.0;
            assert!((integral / exact - 1.0).abs() < 1e-12, "{n}: {integral} {exact}");
        }
    }
}
