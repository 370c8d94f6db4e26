//! A rough atmosphere for the tests of derivatives, in f32 values so that device and twin see the same.

use super::{EmissionSensitivity, Quadrature};
use rand::{Rng, SeedableRng, rngs::StdRng};

/// Optical depths over many decades, temperatures up and down, derivatives of optical depth, coefficients, weights.
pub(super) struct Case {
    /// \[nu\]
    pub wavenumber: Vec<f32>,
    /// \[layer\]\[nu\]
    pub dtau: Vec<f32>,
    /// Of the layers, then of the surface.
    pub temperature: Vec<f32>,
    /// d dtau / dT \[layer\]\[nu\], of either sign.
    pub slope: Vec<f32>,
    /// \[layer\]\[column\]
    pub coefficient: Vec<f32>,
    /// \[nu\]
    pub weight: Vec<f32>,
    pub columns: usize,
}

impl Case {
    pub fn random(n: usize, layers: usize, columns: usize, seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let column: Vec<f32> = (0..n).map(|_| 10f32.powf(rng.random_range(-8.0..1.0))).collect();
        let mut dtau: Vec<f32> =
            (0..layers * n).map(|k| column[k % n] * 10f32.powf(rng.random_range(-3.0..1.0))).collect();
        dtau.iter_mut().step_by(97).for_each(|dtau| *dtau = 0.0);
        Self {
            wavenumber: (0..n).map(|i| 500.0 + 5000.0 * i as f32 / n as f32).collect(),
            slope: dtau.iter().map(|dtau| dtau * rng.random_range(-3e-3..5e-3)).collect(),
            dtau,
            temperature: (0..=layers).map(|_| rng.random_range(300.0..2500.0)).collect(),
            coefficient: (0..layers * columns).map(|_| rng.random_range(-1.0..1.0)).collect(),
            weight: (0..n).map(|_| rng.random_range(-1.0..1.0)).collect(),
            columns,
        }
    }

    pub fn layers(&self) -> usize {
        self.temperature.len() - 1
    }

    /// Flux and sensitivities in f64.
    pub fn twin(&self, surface: bool, quadrature: &Quadrature) -> EmissionSensitivity {
        let temperature = f64s(&self.temperature);
        let surface = surface.then(|| temperature[self.layers()]);
        let mut found = EmissionSensitivity::new();
        let (nu, dtau) = (f64s(&self.wavenumber), f64s(&self.dtau));
        found.evaluate(&nu, &dtau, &temperature[..self.layers()], surface, quadrature).unwrap();
        found
    }
}

pub(super) fn f64s(values: &[f32]) -> Vec<f64> {
    values.iter().map(|v| f64::from(*v)).collect()
}

/// The largest error over its tolerance; NaN if there is one.
pub(super) fn worst(found: &[f32], expected: &[f64], tolerance: impl Fn(usize) -> f64) -> f64 {
    assert_eq!(found.len(), expected.len());
    let errors =
        found.iter().zip(expected).enumerate().map(|(i, (a, b))| (f64::from(*a) - b).abs() / (tolerance(i) + 1e-30));
    errors.fold(0.0, |a, b| if b > a || b.is_nan() { b } else { a })
}
