//! Lorentz widths of lines and of broadening cells at a layer, and their ranges.
//!
//! g(T, P) = exp(ln_gamma + n v + c v^2) P + natural, v = ln(t_mid/T): the width from collisions, which is proportional to pressure, and
//! the natural width, which lifetimes give and nothing changes. Both are half widths of Lorentzians, whose convolution is the Lorentzian of
//! the sum.

use super::layer_factors::LayerFactors;
use super::span::Span;
use crate::grid::TemperatureRange;

/// What a Lorentz width follows from; widths are relative to the line centre.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Broadening {
    /// ln of the width from collisions at 1 bar and `t_mid`.
    pub ln_gamma: f64,
    /// Its temperature exponent there.
    pub exponent: f64,
    /// And second-order term.
    pub curvature: f64,
    /// Natural width.
    pub natural: f64,
}

impl Broadening {
    /// ln of the width from collisions at 1 bar, at v = ln(t_mid/T).
    #[inline(always)]
    fn ln_at(&self, v: f64) -> f64 {
        self.ln_gamma + (self.exponent + self.curvature * v) * v
    }

    /// The width at a layer.
    #[inline(always)]
    pub fn gamma(&self, layer: &LayerFactors) -> f64 {
        self.ln_at(layer.ln_t_ratio).exp() * layer.pressure + self.natural
    }

    /// -d ln g / d ln T at a layer: the exponent at its temperature, times the part of the width that collisions make.
    #[inline(always)]
    pub fn exponent_at(&self, layer: &LayerFactors) -> f64 {
        let exponent = self.exponent + 2.0 * self.curvature * layer.ln_t_ratio;
        if self.natural == 0.0 {
            return exponent;
        }
        let collisions = self.ln_at(layer.ln_t_ratio).exp() * layer.pressure;
        exponent * (collisions / (collisions + self.natural))
    }
}

/// Narrowest and widest relative Lorentz width from collisions at 1 bar over a set of lines and a temperature range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WidthRange {
    /// Narrowest.
    pub min: f64,
    /// Widest.
    pub max: f64,
}

impl WidthRange {
    /// The range that includes nothing.
    pub const EMPTY: Self = Self { min: f64::INFINITY, max: 0.0 };

    /// Includes the widths that a broadening takes over a temperature range.
    pub fn include(&mut self, broadening: &Broadening, range: &TemperatureRange) {
        let mid = range.mid();
        let (first, last) = ((mid / range.lo).ln(), (mid / range.hi).ln());
        // A law with curvature may turn within the range.
        let turn = -broadening.exponent / (2.0 * broadening.curvature);
        let turn = Some(turn).filter(|v| (last..first).contains(v));
        for v in [first, last].into_iter().chain(turn) {
            let g = broadening.ln_at(v).exp();
            self.min = self.min.min(g);
            self.max = self.max.max(g);
        }
    }

    /// Narrowest and widest width at `pressure` \[bar\] with natural widths in `natural`.
    pub fn at(&self, pressure: f64, natural: Span) -> (f64, f64) {
        (self.min * pressure + natural.lo, self.max * pressure + natural.hi)
    }
}
