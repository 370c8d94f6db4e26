//! Derivatives of the emergent flux by everything in the layers, f64.
//!
//! With t_n = e^(-tau_n / mu), tau_n the optical depth above layer n, W = 2 mu w and B = pi B(T), summation by parts of the
//! flux of [`emission`](super::emission) gives
//!
//! F = sum over mu of W (sum over n of B_n (t_n - t_(n+1)) + B_N t_N),   B_N the surface's, 0 without one;
//! s_k = dF/dtau_k = (B_(k-1) - B_k) sum over mu of (W / mu) t_k;   K_n = dF/d dtau_n = sum over k > n of s_k;
//! E_n = dF/dT_n at fixed optical depths = dB_n/dT sum over mu of W t_n (1 - e^(-dtau_n / mu)),   E_N = dB_N/dT sum of W t_N.
//!
//! All that depends on a layer through its optical depth follows by the chain rule, pointwise: with A_n = d dtau_n/dT, dF/dT_n =
//! K_n A_n + E_n; with D_n an absorber's part of dtau_n, dF/d ln(mixing ratio) = K_n D_n; dF/d ln(gravity) = -K_n dtau_n
//! ([`LayerJacobian`](super::LayerJacobian)). K_n is negative where temperature falls upwards and zero in an isothermal
//! atmosphere over a surface of its temperature, a black body whatever its optical depth.
//!
//! Going down stores s_k, going up sums it: no optical depth is formed by subtraction. Cost: the exponentials of the flux, and two
//! rows stored per layer.

use crate::Result;
use crate::transfer::Quadrature;
use crate::transfer::blocks::{BLOCK, check_length, check_temperature, split};
use rayon::prelude::*;

mod block;
pub mod device;

use block::{Atmosphere, Rows, sensitivity_block};

/// Flux and derivatives of one set of neighbouring wavenumbers, all layers at once. Keeps its memory between evaluations.
#[doc(hidden)]
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EmissionSensitivity {
    /// Flux \[nu\], erg s-1 cm-2 / cm-1.
    pub flux: Vec<f64>,
    /// K, dF / d dtau \[layer\]\[nu\].
    pub depth: Vec<f64>,
    /// E, dF / dT at fixed optical depths \[layer (and the surface, if there is one)\]\[nu\], per K.
    pub source: Vec<f64>,
}

impl EmissionSensitivity {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Evaluates flux and derivatives.
    ///
    /// * `wavenumber` \[nu\] in cm-1, positive;
    /// * `dtau` \[layer\]\[nu\], at least zero (NaN spoils its own wavenumber only);
    /// * `temperature_k` \[layer\], and that of a black surface below, if there is one.
    ///
    /// Bits do not depend on which wavenumbers are evaluated together.
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::Error::Invalid) if the shapes do not agree or a temperature is not positive and finite.
    pub fn evaluate(
        &mut self,
        wavenumber: &[f64],
        dtau: &[f64],
        temperature_k: &[f64],
        surface_temperature_k: Option<f64>,
        quadrature: &Quadrature,
    ) -> Result<()> {
        let (n, layers) = (wavenumber.len(), temperature_k.len());
        check_length("optical depths", dtau.len(), n.saturating_mul(layers), "layers times wavenumbers")?;
        for (layer, temperature) in temperature_k.iter().enumerate() {
            check_temperature(&format!("temperature of layer {layer}"), *temperature)?;
        }
        if let Some(temperature) = surface_temperature_k {
            check_temperature("surface temperature", temperature)?;
        }
        let atmosphere = Atmosphere { wavenumber, dtau, temperature_k, surface_temperature_k, quadrature };
        self.flux.resize(n, 0.0);
        self.depth.resize(layers * n, 0.0);
        self.source.resize((layers + usize::from(surface_temperature_k.is_some())) * n, 0.0);
        if n == 0 || layers == 0 && surface_temperature_k.is_none() {
            self.flux.fill(0.0);
            return Ok(());
        }
        // Without a layer there is no row of K: every block then has an empty list.
        let mut depth = split(self.depth.chunks_mut(n), BLOCK);
        depth.resize_with(n.div_ceil(BLOCK), Vec::new);
        let tasks = self.flux.par_chunks_mut(BLOCK).zip(depth).zip(split(self.source.chunks_mut(n), BLOCK));
        tasks.enumerate().for_each(|(i, ((flux, mut depth), mut source))| {
            sensitivity_block(&atmosphere, i * BLOCK, flux, Rows { depth: &mut depth, source: &mut source });
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests;
