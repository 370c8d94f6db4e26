//! A line of a table: position, strength and width on a grid, at a layer.

use super::layer_factors::LayerFactors;
use super::shift::MOST_SHIFT;
use super::width::Broadening;
use crate::grid::channels::Channels;

/// One line in the form the kernels use.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub struct TableLine {
    /// Position in steps of the output grid, from its first node.
    pub position: f64,
    /// ln of S/nu at the range's highest temperature without stimulated emission, less the table's [`ln_scale`](super::lines::LineTable::ln_scale).
    pub ln_strength: f64,
    /// Lower-state energy above the table's lowest \[cm-1\].
    pub energy: f64,
    /// ln of the relative Lorentz width at 1 bar and `t_mid`.
    pub ln_gamma: f64,
    /// Temperature exponent of the width at `t_mid`: -d ln gamma / d ln T.
    pub exponent: f64,
    /// Second-order term: with v = ln(t_mid/T) the width from collisions is exp(ln_gamma + exponent v + curvature v^2) P.
    pub curvature: f64,
    /// Natural half width, relative; 0 where it is not wanted.
    pub natural: f64,
    /// Pressure shift, relative \[bar-1\]; 0 where it is not wanted.
    pub shift: f64,
    /// Wavenumber without shift \[cm-1\].
    pub wavenumber: f64,
}

impl TableLine {
    /// S(T)/nu in the scale of the table at the layer's temperature, [`LineTable::ln_scale_at`](super::lines::LineTable::ln_scale_at).
    #[inline(always)]
    pub fn strength(&self, layer: &LayerFactors) -> f64 {
        (self.ln_strength - layer.boltzmann * self.energy).exp()
            * -(-layer.c2_over_t * self.wavenumber).exp_m1()
            * layer.partition_ratio
            / (1.0 + self.moved(layer.pressure))
    }

    /// By how much of its wavenumber the line is moved at `pressure` \[bar\]; see [`MOST_SHIFT`].
    #[inline(always)]
    pub fn moved(&self, pressure: f64) -> f64 {
        (self.shift * pressure).clamp(-MOST_SHIFT, MOST_SHIFT)
    }

    /// Position at `pressure` \[bar\] on a grid of step `step` in ln nu.
    #[inline(always)]
    pub fn position_at(&self, pressure: f64, step: f64) -> f64 {
        match self.shift == 0.0 {
            true => self.position,
            false => self.position + self.moved(pressure).ln_1p() / step,
        }
    }

    /// What its Lorentz width follows from, where it is not moved.
    #[inline(always)]
    pub fn broadening(&self) -> Broadening {
        let Self { ln_gamma, exponent, curvature, natural, .. } = *self;
        Broadening { ln_gamma, exponent, curvature, natural }
    }

    /// d ln S / dT \[K-1\], S in cm molecule-1; `common` is [`LineTable::common_slope`](super::lines::LineTable::common_slope).
    #[inline(always)]
    pub fn ln_strength_slope(&self, layer: &LayerFactors, common: f64) -> f64 {
        (common + layer.c2_over_t * self.energy + layer.stimulated_slope(self.wavenumber)) / layer.temperature
    }

    /// Lorentz half width relative to the line centre, natural width included.
    #[inline(always)]
    pub fn gamma(&self, layer: &LayerFactors) -> f64 {
        self.broadening().gamma(layer) / (1.0 + self.moved(layer.pressure))
    }

    /// d ln g / dT \[K-1\] of [`gamma`](Self::gamma).
    #[inline(always)]
    pub fn ln_gamma_slope(&self, layer: &LayerFactors) -> f64 {
        -self.broadening().exponent_at(layer) / layer.temperature
    }

    /// Strength in each channel, into `values[..channels.count()]`. Twin of `shaders/density/strength.wgsl`.
    #[inline]
    pub fn channels(&self, layer: &LayerFactors, channels: &Channels, values: &mut [f64]) {
        channels.weights(self.gamma(layer), values);
        let strength = self.strength(layer);
        values[..channels.count()].iter_mut().for_each(|v| *v *= strength);
    }

    /// [`channels`](Self::channels) and their derivatives by temperature \[K-1\], into `slopes`; `common` is [`LineTable::common_slope`](super::lines::LineTable::common_slope).
    /// Twin of `shaders/density/strength.wgsl` with `lanes_slope.wgsl`.
    #[inline]
    pub fn channels_and_slopes(
        &self,
        layer: &LayerFactors,
        channels: &Channels,
        common: f64,
        values: &mut [f64],
        slopes: &mut [f64],
    ) {
        channels.weights_and_slopes(self.gamma(layer), values, slopes);
        let (strength, of_strength) = (self.strength(layer), self.ln_strength_slope(layer, common));
        let of_width = self.ln_gamma_slope(layer);
        for (value, slope) in values.iter_mut().zip(slopes).take(channels.count()) {
            *slope = strength * (of_strength * *value + of_width * *slope);
            *value *= strength;
        }
    }
}
