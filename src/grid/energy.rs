//! The lower-state energy axis of the line-shape density.
//!
//! A line's Boltzmann factor relative to the middle temperature, exp(-c2 E (1/T - 1/t_mid)), is interpolated in E by the 6-point
//! Lagrange rule on equal steps. With beta half the range of 1/T its error at the middle between nodes is
//! 225/46080 (c2 beta dE)^6 at most, so dE = (tolerance / 4.9e-3)^(1/6) / (c2 beta).

use crate::constants::C2;
use crate::density::lines::TemperatureRange;

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
}

impl EnergyAxis {
    /// The widest spacing that keeps `tolerance` for energies `lo` to `hi` \[cm-1\] over a temperature range.
    pub fn new(lo: f64, hi: f64, range: &TemperatureRange, tolerance: f64) -> Self {
        let beta = 0.5 * (1.0 / range.lo - 1.0 / range.hi);
        if beta == 0.0 || C2 * beta * (hi - lo) < tolerance {
            // one temperature, or one energy: the factor is the same for all lines
            return Self { first: 0.5 * (lo + hi), spacing: 1.0, count: 1, error: 0.5 * C2 * beta * (hi - lo) };
        }
        let spacing = (tolerance / 4.9e-3).powf(1.0 / 6.0) / (C2 * beta);
        let first = (lo / spacing).floor() - 2.0;
        let count = ((hi / spacing).floor() + 3.0 - first) as usize + 1;
        Self { first: first * spacing, spacing, count, error: tolerance }
    }

    /// Index of the first of the nodes that `energy` is spread to, and the position past the third one.
    #[inline]
    pub fn locate(&self, energy: f64) -> (usize, f64) {
        let t = (energy - self.first) / self.spacing;
        let j = t.floor();
        (j as usize - 2, t - j)
    }

    /// Energy of node `e` \[cm-1\].
    pub fn node(&self, e: usize) -> f64 {
        self.first + self.spacing * e as f64
    }
}
