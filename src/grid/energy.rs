//! The lower-state energy axis of the line-shape density.
//!
//! A line's Boltzmann factor relative to the middle of the range in 1/T, exp(-c2 E (1/T - 1/t_mid)), is interpolated in E by the
//! 6-point Lagrange rule on equal steps; strengths are held at the highest temperature, which [`EnergyAxis::weights`] makes up for. With beta half the range of 1/T its error at the middle between nodes is
//! 225/46080 (c2 beta dE)^6 at most, so dE = (tolerance / 4.9e-3)^(1/6) / (c2 beta).

use crate::constants::C2;
use crate::grid::TemperatureRange;
use crate::grid::lagrange::lagrange6;

/// Equidistant energies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EnergyAxis {
    /// First energy \[cm-1\].
    pub first: f64,
    /// Spacing \[cm-1\]; not used if `count` is 1.
    pub spacing: f64,
    /// Number of energies.
    pub count: usize,
    /// Largest relative error of the interpolation.
    pub error: f64,
    /// c2 times half the range of 1/T \[cm\]: c2 (1/t_mid - 1/t_hi).
    lever: f64,
}

impl EnergyAxis {
    /// The widest spacing that keeps `tolerance` for energies `lo` to `hi` \[cm-1\] over a temperature range.
    pub fn new(lo: f64, hi: f64, range: &TemperatureRange, tolerance: f64) -> Self {
        let beta = 0.5 * (1.0 / range.lo - 1.0 / range.hi);
        if beta == 0.0 || C2 * beta * (hi - lo) < tolerance {
            // one temperature, or one energy: the factor is the same for all lines
            return Self {
                first: 0.5 * (lo + hi),
                spacing: 1.0,
                count: 1,
                error: 0.5 * C2 * beta * (hi - lo),
                lever: C2 * beta,
            };
        }
        let spacing = (tolerance / 4.9e-3).powf(1.0 / 6.0) / (C2 * beta);
        let first = (lo / spacing).floor() - 2.0;
        let count = ((hi / spacing).floor() + 3.0 - first) as usize + 1;
        Self { first: first * spacing, spacing, count, error: tolerance, lever: C2 * beta }
    }

    /// Index of the first of the nodes that a line of lower-state energy `energy` is spread to, and the weights of six: its strength at
    /// t_hi times weight e stands at node e, S(T) = S(t_hi) sum_e weight_e exp(-c2 E_e (1/T - 1/t_hi)).
    #[inline]
    pub fn weights(&self, energy: f64) -> (usize, [f64; 6]) {
        let t = (energy - self.first) / self.spacing;
        let j = t.floor();
        let (first, mut weights) = (j as usize - 2, lagrange6(t - j));
        weights.iter_mut().enumerate().for_each(|(e, w)| *w *= self.to_node(first + e, energy));
        (first, weights)
    }

    /// Boltzmann factor between t_mid and t_hi of the energy from `energy` to node `e`.
    #[inline]
    pub fn to_node(&self, e: usize, energy: f64) -> f64 {
        (self.lever * (self.node(e) - energy)).exp()
    }

    /// Energy of node `e` \[cm-1\].
    pub fn node(&self, e: usize) -> f64 {
        self.first + self.spacing * e as f64
    }
}
