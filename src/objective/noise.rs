//! What is known of the noise beyond the errors of the data.

use super::covariance::Covariance;
use super::process::Process;
use crate::Result;
use crate::instrument::{Allowed, Parameters, Setting, Slot};

/// Gaussian, with the variances sigma_j^2 = (`error_scale` e_j)^2 + `jitter`^2, and independent from point to point unless a covariance or a process is given.
#[derive(Clone, Debug, PartialEq)]
pub struct Noise {
    /// Standard deviation of extra noise, in the unit of the data, zero or more.
    pub jitter: Setting,
    /// Factor on the errors, above zero.
    pub error_scale: Setting,
    /// The covariance of all points in place of the squares of the errors; `error_scale`^2 is a factor on it.
    pub covariance: Option<Covariance>,
    /// A Gaussian process on top of that.
    pub process: Option<Process>,
}

impl Default for Noise {
    /// The errors as they are.
    fn default() -> Self {
        Self { jitter: Setting::Fixed(0.0), error_scale: Setting::Fixed(1.0), covariance: None, process: None }
    }
}

/// The same with places among free parameters.
#[derive(Clone, Copy, Debug)]
pub(super) struct NoiseSlots {
    pub jitter: Slot,
    pub error_scale: Slot,
}

impl NoiseSlots {
    pub fn new(noise: &Noise, parameters: &mut Parameters) -> Result<Self> {
        let jitter = parameters.place("jitter", &noise.jitter, &Allowed::NotNegative)?;
        let error_scale = parameters.place("error scale", &noise.error_scale, &Allowed::Positive)?;
        Ok(Self { jitter, error_scale })
    }

    /// Variance of a point with error `e`, at the parameters `x`.
    pub fn variance(&self, e: f64, x: &[f64]) -> f64 {
        (self.error_scale.value(x) * e).powi(2) + self.jitter.value(x).powi(2)
    }

    /// Derivatives of [`variance`](Self::variance) by those parameters that are free, with their places.
    pub fn variance_slopes(&self, e: f64, x: &[f64]) -> impl Iterator<Item = (usize, f64)> + use<> {
        let jitter = self.jitter.index().map(|i| (i, 2.0 * self.jitter.value(x)));
        let scale = self.error_scale.index().map(|i| (i, 2.0 * self.error_scale.value(x) * e * e));
        jitter.into_iter().chain(scale)
    }

    /// Places of the parameters that are free.
    pub fn free(&self) -> impl Iterator<Item = usize> {
        self.jitter.index().into_iter().chain(self.error_scale.index())
    }
}
