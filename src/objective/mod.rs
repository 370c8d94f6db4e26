//! From spectra to what fits and samplers ask for: values, residuals, Jacobians, gradients.
//!
//! A [`SpectrumModel`] gives a spectrum and its derivatives by the parameters of a retrieval. Objectives stand between it and
//! the data, and look to inference like [`Residuals`] (least squares) or a [`LogDensity`] (optimisers on gradients, NUTS).

mod traits;

pub use traits::{LogDensity, Residuals, SpectrumModel};
