//! From spectra to what fits and samplers ask for: values, residuals, Jacobians, gradients.
//!
//! A [`SpectrumModel`] gives a spectrum and its derivatives by the parameters of a retrieval. Objectives stand between it and
//! the data, and look to inference like [`Residuals`] (least squares) or a [`LogDensity`] (optimisers on gradients, NUTS).
//!
//! [`SpectrumObjective`] is the objective of one or several [`Observation`]s, each a [`DataSet`] with the
//! [settings](crate::instrument::Settings) of its instrument and its [`Noise`]. Its parameters are those of the model, then the free ones of instruments and
//! noise in the order of the data sets. With y the recorded model, d the data, e their errors:
//!
//! ```text
//! sigma_j^2 = (error_scale e_j)^2 + jitter^2
//! r_j = (y_j - d_j) / sigma_j,   J = dr/dx
//! ln L = -1/2 sum over j of [r_j^2 + ln(2 pi sigma_j^2)]
//! ```
//!
//! Noise may be correlated from point to point: by a covariance from a file, or a Gaussian process with its own length and amplitude ([`Noise`]). Residuals are then
//! whitened by the Cholesky factor of the covariance, so that all methods go on as before.
//!
//! The gradient of ln L is -J^T r for all parameters but those of the noise. Least squares has no term that keeps a free sigma from growing, so free noise
//! parameters are refused there ([`SpectrumObjective::check_least_squares`]) and allowed in the log density.

mod blocks;
mod correlated;
mod covariance;
mod data;
mod file;
mod noise;
mod observable;
mod observation;
mod process;
mod spectrum;
mod summary;
mod text;
mod traits;
mod writing;

#[cfg(test)]
mod correlated_tests;
#[cfg(test)]
mod tests;

pub use blocks::{Mode, Needs};
pub use covariance::{Covariance, MOST_POINTS};
pub use data::{DataSet, SpectralUnit};
pub use file::ReadOptions;
pub use noise::Noise;
pub use observable::Observable;
pub use observation::Observation;
pub use process::{CovarianceShape, Distance, Process};
pub use spectrum::{Prediction, SpectrumObjective};
pub use summary::{BlockSummary, Summary};
pub use text::Column;
pub use traits::{LogDensity, Residuals, SpectrumModel};
