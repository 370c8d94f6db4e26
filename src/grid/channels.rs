//! The profile axis: nodes in a function of the Lorentz width, whose profiles stand for those of all widths.

use super::chebyshev::{ChebyshevAxis, MAX_NODES};

/// Most profiles a layer may need; beyond it the range of widths is refused.
pub const MAX_CHANNELS: usize = MAX_NODES;

/// In which function of the width the profiles are interpolated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum WidthScale {
    /// g itself: exact at low pressure, where the wings are proportional to g.
    Linear = 0,
    /// sqrt g.
    Sqrt = 1,
    /// ln g: best for wide ranges of Lorentz-dominated widths.
    Log = 2,
}

impl WidthScale {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Linear, Self::Sqrt, Self::Log];

    fn apply(self, g: f64) -> f64 {
        match self {
            Self::Linear => g,
            Self::Sqrt => g.sqrt(),
            Self::Log => g.ln(),
        }
    }

    /// Derivative of [`apply`](Self::apply) by ln g.
    fn ln_slope(self, g: f64) -> f64 {
        match self {
            Self::Linear => g,
            Self::Sqrt => 0.5 * g.sqrt(),
            Self::Log => 1.0,
        }
    }

    fn invert(self, v: f64) -> f64 {
        match self {
            Self::Linear => v,
            Self::Sqrt => v * v,
            Self::Log => v.exp(),
        }
    }
}

/// The profiles of a layer: Chebyshev nodes in a function of the relative Lorentz width.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Channels {
    /// Function of the width in which the nodes are Chebyshev's.
    pub scale: WidthScale,
    /// The nodes in that function.
    pub axis: ChebyshevAxis,
    /// Largest relative error of any profile found when choosing.
    pub error: f64,
}

impl Channels {
    /// `count` nodes for widths from `lo` to `hi`.
    pub fn spanning(scale: WidthScale, count: usize, lo: f64, hi: f64) -> Self {
        Self { scale, axis: ChebyshevAxis::spanning(count, scale.apply(lo), scale.apply(hi)), error: 0.0 }
    }

    /// Number of profiles.
    pub fn count(&self) -> usize {
        self.axis.count
    }

    /// The widths of the profiles.
    pub fn nodes(&self) -> Vec<f64> {
        self.axis.nodes().map(|v| self.scale.invert(v)).collect()
    }

    /// Weight of each profile for a line of width `g`: Lagrange polynomials, summing to 1.
    #[inline]
    pub fn weights(&self, g: f64, weights: &mut [f64]) {
        self.axis.weights(self.scale.apply(g), weights);
    }

    /// [`weights`](Self::weights) and their derivatives by ln g; these sum to 0.
    #[inline]
    pub fn weights_and_slopes(&self, g: f64, weights: &mut [f64], slopes: &mut [f64]) {
        self.axis.weights_and_slopes(self.scale.apply(g), weights, slopes);
        let per_ln = self.scale.ln_slope(g);
        slopes[..self.count()].iter_mut().for_each(|s| *s *= per_ln);
    }
}
