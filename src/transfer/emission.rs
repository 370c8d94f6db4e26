//! Thermal emission without scattering, f64.
//!
//! Isothermal plane-parallel layers, pure absorption. With tau_n the optical depth above layer n, the flux leaving the top is
//!
//! F = sum over mu of 2 mu w sum over n of pi B(T_n) (e^(-tau_n / mu) - e^(-tau_(n+1) / mu))   (+ surface).
//!
//! The difference is formed as t_n (1 - e^(-dtau_n / mu)) with t_n = e^(-tau_n / mu), which keeps its figures however thin
//! the layer is, and t_(n+1) = t_n e^(-dtau_n / mu) costs nothing more.
//!
//! Layers come in batches, from the top down; [`EmissionState`] holds what one batch hands to the next: two numbers per
//! wavenumber. The transmissions of all angles are recomputed from the optical depth at the first layer of a batch and at
//! every layer whose index is a multiple of `RESTART`. So the flux has the same bits for every batch that is a multiple
//! of `RESTART` layers, and agrees to rounding for any other.
//!
//! Cost: one exponential per layer, wavenumber and angle, one Planck function where the temperature changed.

use crate::Result;
use crate::constants::C2;
use crate::numerics;
use crate::transfer::Quadrature;
use crate::transfer::blocks::{BLOCK, check_length, check_temperature};
use crate::transfer::planck::{planck_from_parts, prefactor};
use rayon::prelude::*;

mod block;
pub mod device;
pub mod geometry;

pub(in crate::transfer) use block::{Batch, absorb, accumulate_block, largest, transmit};
pub use geometry::Emission;

/// What one batch of layers hands to the next.
#[derive(Debug, Clone, PartialEq)]
pub struct EmissionState {
    /// Optical depth above the next layer \[nu\].
    pub tau: Vec<f64>,
    /// Flux gathered so far \[nu\], erg s-1 cm-2 / cm-1.
    pub flux: Vec<f64>,
    /// Layers done.
    layers: usize,
}

impl EmissionState {
    /// The top of the atmosphere, for `n_wavenumbers` points.
    pub fn new(n_wavenumbers: usize) -> Self {
        Self { tau: vec![0.0; n_wavenumbers], flux: vec![0.0; n_wavenumbers], layers: 0 }
    }

    /// Layers done so far.
    pub fn layers(&self) -> usize {
        self.layers
    }

    /// Adds the emission of the next layers.
    ///
    /// * `wavenumber` \[nu\] in cm-1, positive;
    /// * `dtau` \[layer\]\[nu\]: optical depths of the layers, at least zero (NaN spoils its own wavenumber only);
    /// * `temperature_k` \[layer\], positive.
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::Error::Invalid) if the shapes do not agree or a temperature is not positive and finite.
    pub fn accumulate(
        &mut self,
        wavenumber: &[f64],
        dtau: &[f64],
        temperature_k: &[f64],
        quadrature: &Quadrature,
    ) -> Result<()> {
        let batch = Batch::new(wavenumber, dtau, temperature_k, quadrature, self.layers)?;
        check_length("wavenumbers", wavenumber.len(), self.tau.len(), "those of the state")?;
        let tasks = self.tau.par_chunks_mut(BLOCK).zip(self.flux.par_chunks_mut(BLOCK)).enumerate();
        tasks.for_each(|(i, (tau, flux))| accumulate_block(&batch, i * BLOCK, tau, flux, None));
        self.layers += temperature_k.len();
        Ok(())
    }

    /// Adds a black surface below the last layer: sum over mu of 2 mu w pi B(T_s) e^(-tau / mu).
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::Error::Invalid) if the lengths do not agree or the temperature is not positive and finite.
    pub fn add_surface(&mut self, wavenumber: &[f64], temperature_k: f64, quadrature: &Quadrature) -> Result<()> {
        check_length("wavenumbers", wavenumber.len(), self.tau.len(), "those of the state")?;
        check_temperature("surface temperature", temperature_k)?;
        let c2_over_temperature = C2 / temperature_k;
        self.flux.par_iter_mut().zip(&self.tau).zip(wavenumber).for_each(|((flux, tau), nu)| {
            let angles = quadrature.mu().iter().zip(quadrature.flux_weight());
            let seen: f64 = angles.map(|(mu, weight)| weight * numerics::exp::<false>(-tau / mu)).sum();
            *flux += seen * planck_from_parts::<false>(prefactor(*nu), *nu, c2_over_temperature);
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transfer::blocks::RESTART;
    use crate::transfer::planck_flux;
    use rand::{Rng, SeedableRng, rngs::StdRng};

    /// A rough atmosphere: optical depths over twelve decades, temperatures up and down.
    struct Case {
        wavenumber: Vec<f64>,
        dtau: Vec<f64>,
        temperature_k: Vec<f64>,
    }

    impl Case {
        fn random(n: usize, layers: usize, seed: u64) -> Self {
            let mut rng = StdRng::seed_from_u64(seed);
            let wavenumber: Vec<f64> = (0..n).map(|i| 1900.0 + 0.37 * i as f64).collect();
            let column: Vec<f64> = (0..n).map(|_| 10f64.powf(rng.random_range(-9.0..1.5))).collect();
            let dtau = (0..layers * n).map(|k| column[k % n] * 10f64.powf(rng.random_range(-3.0..1.0))).collect();
            let temperature_k = (0..layers).map(|_| rng.random_range(300.0..2500.0)).collect();
            Self { wavenumber, dtau, temperature_k }
        }

        fn flux(&self, batch: usize, quadrature: &Quadrature) -> EmissionState {
            let n = self.wavenumber.len();
            let mut state = EmissionState::new(n);
            for (dtau, temperature) in self.dtau.chunks(batch * n).zip(self.temperature_k.chunks(batch)) {
                state.accumulate(&self.wavenumber, dtau, temperature, quadrature).unwrap();
            }
            state
        }

        /// The formula, term by term, with the standard library's functions and compensated sums.
        fn naive(&self, quadrature: &Quadrature) -> Vec<f64> {
            let n = self.wavenumber.len();
            let point = |i: usize| {
                let mut terms = Vec::new();
                let mut tau = 0.0f64;
                for (layer, &temperature) in self.temperature_k.iter().enumerate() {
                    let dtau = self.dtau[layer * n + i];
                    for (mu, weight) in quadrature.mu().iter().zip(quadrature.flux_weight()) {
                        let seen = (-tau / mu).exp() * -(-dtau / mu).exp_m1();
                        terms.push(weight * planck_flux(self.wavenumber[i], temperature) * seen);
                    }
                    tau += dtau;
                }
                terms.sort_by(f64::total_cmp);
                terms.iter().sum()
            };
            (0..n).map(point).collect()
        }
    }

    fn assert_close(found: &[f64], expected: &[f64], tolerance: f64) {
        assert_eq!(found.len(), expected.len());
        for (i, (a, b)) in found.iter().zip(expected).enumerate() {
            assert!((a / b - 1.0).abs() <= tolerance, "point {i}: {a:e}, expected {b:e}");
        }
    }

    #[test]
    fn equals_the_formula_term_by_term() {
        let quadrature = Quadrature::streams(8).unwrap();
        let case = Case::random(700, 53, 1);
        assert_close(&case.flux(53, &quadrature).flux, &case.naive(&quadrature), 1e-13);
    }

    #[test]
    fn batches_of_any_size_agree_and_multiples_of_the_restart_agree_to_the_bit() {
        let quadrature = Quadrature::streams(8).unwrap();
        let case = Case::random(300, 53, 2);
        let whole = case.flux(53, &quadrature);
        for batch in [1, 2, 3, 7, 13, 52] {
            assert_close(&case.flux(batch, &quadrature).flux, &whole.flux, 1e-13);
        }
        for batch in [RESTART, 2 * RESTART, 5 * RESTART] {
            assert_eq!(case.flux(batch, &quadrature), whole);
        }
    }

    #[test]
    fn isothermal_opaque_atmosphere_is_a_black_body() {
        for streams in [2, 4, 8, 16] {
            let quadrature = Quadrature::streams(streams).unwrap();
            let mut case = Case::random(300, 40, 3);
            case.temperature_k.fill(1234.5);
            case.dtau.iter_mut().for_each(|dtau| *dtau += 2.0);
            let black: Vec<f64> = case.wavenumber.iter().map(|nu| planck_flux(*nu, 1234.5)).collect();
            assert_close(&case.flux(40, &quadrature).flux, &black, 1e-12);
        }
    }

    #[test]
    fn transparent_atmosphere_shows_the_surface() {
        let quadrature = Quadrature::streams(8).unwrap();
        let mut case = Case::random(300, 20, 4);
        case.dtau.fill(0.0);
        let mut state = case.flux(20, &quadrature);
        assert!(state.flux.iter().all(|flux| *flux == 0.0));
        state.add_surface(&case.wavenumber, 1500.0, &quadrature).unwrap();
        let black: Vec<f64> = case.wavenumber.iter().map(|nu| planck_flux(*nu, 1500.0)).collect();
        assert_close(&state.flux, &black, 1e-12);
        // Isothermal with its surface: a black body at any optical depth.
        let mut case = Case::random(300, 20, 5);
        case.temperature_k.fill(900.0);
        let mut state = case.flux(20, &quadrature);
        state.add_surface(&case.wavenumber, 900.0, &quadrature).unwrap();
        let black: Vec<f64> = case.wavenumber.iter().map(|nu| planck_flux(*nu, 900.0)).collect();
        assert_close(&state.flux, &black, 1e-12);
    }

    #[test]
    fn thin_atmosphere_emits_its_optical_depth() {
        // F -> sum over mu of 2 w piB dtau = 2 piB dtau: no figure may be lost in 1 - e^-x.
        let quadrature = Quadrature::streams(8).unwrap();
        let (nu, dtau) = (vec![2000.0; 3], vec![1e-20, 1e-30, 1e-200]);
        let mut state = EmissionState::new(3);
        state.accumulate(&nu, &dtau, &[1000.0], &quadrature).unwrap();
        let expected: Vec<f64> = dtau.iter().map(|dtau| 2.0 * dtau * planck_flux(2000.0, 1000.0)).collect();
        assert_close(&state.flux, &expected, 1e-14);
    }

    #[test]
    fn a_layer_split_in_two_changes_nothing() {
        let quadrature = Quadrature::streams(8).unwrap();
        let case = Case::random(300, 25, 6);
        let n = case.wavenumber.len();
        let split = Case {
            wavenumber: case.wavenumber.clone(),
            dtau: case
                .dtau
                .chunks(n)
                .flat_map(|row| [0.3, 0.7].map(|part| row.iter().map(move |d| part * d)))
                .flatten()
                .collect(),
            temperature_k: case.temperature_k.iter().flat_map(|t| [*t, *t]).collect(),
        };
        let (one, two) = (case.flux(25, &quadrature), split.flux(50, &quadrature));
        assert_close(&two.tau, &one.tau, 1e-14);
        assert_close(&two.flux, &one.flux, 1e-13);
    }

    #[test]
    fn skipping_opaque_blocks_changes_no_bit() {
        // The first half of the points is opaque after a few layers; a thin point in the block forbids the skip.
        let quadrature = Quadrature::streams(8).unwrap();
        let mut case = Case::random(2 * BLOCK, 64, 8);
        let n = case.wavenumber.len();
        for (k, dtau) in case.dtau.iter_mut().enumerate() {
            *dtau = if k % n < BLOCK { 3.0 } else { 1e-3 };
        }
        let skipped = case.flux(64, &quadrature);
        for layer in 0..64 {
            case.dtau[layer * n + 5] = 1e-3;
        }
        let full = case.flux(64, &quadrature);
        for i in (0..n).filter(|i| *i != 5) {
            assert_eq!((skipped.flux[i], skipped.tau[i]), (full.flux[i], full.tau[i]), "point {i}");
        }
    }

    #[test]
    fn poison_stays_where_it_is() {
        let quadrature = Quadrature::streams(8).unwrap();
        let mut case = Case::random(300, 20, 9);
        let clean = case.flux(20, &quadrature);
        case.dtau[5 * 300 + 17] = f64::NAN;
        case.dtau[6 * 300 + 18] = f64::INFINITY;
        let state = case.flux(20, &quadrature);
        assert!(state.flux[17].is_nan());
        assert!(state.flux[18].is_finite() && state.flux[18] > 0.0);
        for i in (0..300).filter(|i| ![17, 18].contains(i)) {
            assert_eq!(state.flux[i], clean.flux[i]);
        }
    }

    #[test]
    fn wrong_shapes_and_temperatures_are_refused() {
        let quadrature = Quadrature::streams(8).unwrap();
        let mut state = EmissionState::new(3);
        let nu = [1.0, 2.0, 3.0];
        let message = |result: Result<()>| result.unwrap_err().to_string();
        let text = message(state.accumulate(&nu, &[0.0; 5], &[500.0, 500.0], &quadrature));
        assert!(text.contains("given 5, required 6"), "{text}");
        let text = message(state.accumulate(&nu[..2], &[0.0; 2], &[500.0], &quadrature));
        assert!(text.contains("given 2, required 3"), "{text}");
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let text = message(state.accumulate(&nu, &[0.0; 6], &[500.0, bad], &quadrature));
            assert!(text.contains("temperature of layer 1"), "{text}");
            assert!(state.add_surface(&nu, bad, &quadrature).is_err());
        }
        assert_eq!(state, EmissionState::new(3));
    }
}
