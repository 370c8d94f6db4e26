//! What inference needs of an objective, and an objective of a model.

use crate::Result;

/// A spectrum as a function of the parameters of a retrieval, with exact derivatives.
pub trait SpectrumModel {
    /// Wavenumbers of the spectrum \[cm-1\], ascending.
    fn wavenumber(&self) -> &[f64];

    /// Names of the parameters, in the order of every `x`.
    fn names(&self) -> &[String];

    /// Spectrum \[nu\] at the parameters `x`.
    ///
    /// # Errors
    /// Parameters that lead outside the model (a temperature outside the declared range), device failures.
    fn spectrum(&mut self, x: &[f64]) -> Result<Vec<f64>>;

    /// Spectrum \[nu\] and its Jacobian \[parameter\]\[nu\] (forward mode; columns may be computed in chunks).
    ///
    /// # Errors
    /// As [`spectrum`](Self::spectrum).
    fn spectrum_and_jacobian(&mut self, x: &[f64]) -> Result<(Vec<f64>, Vec<f64>)>;

    /// A scalar of the spectrum and its gradient \[parameter\] (reverse mode). `scalar` gets the spectrum \[nu\] and gives the value and its
    /// derivative by each point \[nu\].
    ///
    /// # Errors
    /// As [`spectrum`](Self::spectrum), and those of `scalar`.
    #[allow(clippy::type_complexity)] // a name for the closure would hide its shapes
    fn value_and_gradient(
        &mut self,
        x: &[f64],
        scalar: &mut dyn FnMut(&[f64]) -> Result<(f64, Vec<f64>)>,
    ) -> Result<(f64, Vec<f64>)>;
}

impl<M: SpectrumModel + ?Sized> SpectrumModel for Box<M> {
    fn wavenumber(&self) -> &[f64] {
        (**self).wavenumber()
    }

    fn names(&self) -> &[String] {
        (**self).names()
    }

    fn spectrum(&mut self, x: &[f64]) -> Result<Vec<f64>> {
        (**self).spectrum(x)
    }

    fn spectrum_and_jacobian(&mut self, x: &[f64]) -> Result<(Vec<f64>, Vec<f64>)> {
        (**self).spectrum_and_jacobian(x)
    }

    fn value_and_gradient(
        &mut self,
        x: &[f64],
        scalar: &mut dyn FnMut(&[f64]) -> Result<(f64, Vec<f64>)>,
    ) -> Result<(f64, Vec<f64>)> {
        (**self).value_and_gradient(x, scalar)
    }
}

/// Residuals with their Jacobian: what least-squares fits need.
pub trait Residuals {
    /// Names of the parameters, in the order of every `x`.
    fn names(&self) -> &[String];

    /// Number of residuals.
    fn count(&self) -> usize;

    /// Residuals \[count\] at `x`, in units of their standard deviations.
    ///
    /// # Errors
    /// Parameters outside the model, device failures.
    fn residuals(&mut self, x: &[f64]) -> Result<Vec<f64>>;

    /// Residuals \[count\] and their Jacobian \[count\]\[parameter\].
    ///
    /// # Errors
    /// As [`residuals`](Self::residuals).
    fn residuals_and_jacobian(&mut self, x: &[f64]) -> Result<(Vec<f64>, Vec<f64>)>;
}

/// A logarithm of a density (likelihood or posterior, up to a constant) with its gradient: what gradient-based optimisers and samplers
/// need.
pub trait LogDensity {
    /// Names of the parameters, in the order of every `x`.
    fn names(&self) -> &[String];

    /// ln p at `x`; its gradient goes to `gradient` \[parameter\].
    ///
    /// # Errors
    /// Parameters outside the model, device failures.
    fn value_and_gradient(&mut self, x: &[f64], gradient: &mut [f64]) -> Result<f64>;
}

impl<T: LogDensity + ?Sized> LogDensity for &mut T {
    fn names(&self) -> &[String] {
        (**self).names()
    }

    fn value_and_gradient(&mut self, x: &[f64], gradient: &mut [f64]) -> Result<f64> {
        (**self).value_and_gradient(x, gradient)
    }
}
