//! Fits and posteriors of an [`objective`](crate::objective).
//!
//! - [`levenberg_marquardt()`]: least squares on residuals and Jacobian.
//! - [`lbfgs()`], [`adamw()`]: the most probable parameters from the gradient of a log density.
//! - [`sample`], [`sample_parallel`]: draws from the posterior by NUTS, with checkpoints from which an interrupted run goes on with the
//!   same bits; [`Summary`] and [`diagnostics`] say whether to trust them, [`write_zarr`] keeps them for ArviZ, [`calibration`] tests
//!   a whole pipeline.
//!
//! Every method takes [`Priors`], one per parameter, and moves in the unconstrained coordinates that their supports lead to
//! ([`Bijection`]). The optimisers and the sampler are existing crates (`levenberg-marquardt`, `argmin`, `nuts-rs`); what is here
//! joins them to objectives, priors, errors and disks. `docs/inference.md` says what to use when.
//!
//! An objective's [`Error::Invalid`](crate::Error::Invalid) means parameters outside the model, and values that are not finite count as
//! that: a fit takes its step back, a chain counts a divergence. Any other error ends the run.

mod adamw;
mod bijection;
#[cfg(test)]
mod calibrated_tests;
pub mod calibration;
mod descent;
pub mod diagnostics;
mod evaluation_log;
mod fit;
mod intervals;
mod joint;
mod lbfgs;
mod least_squares;
mod logged_density;
mod nuts;
mod ordered;
mod parts;
mod posterior;
mod prior;
mod prior_term;
mod priors;
mod quantiles;
mod shares;
mod size;
mod summary;
#[cfg(test)]
mod testing;
mod trace;
mod zarr;

pub use adamw::{AdamWSettings, adamw};
pub use bijection::Bijection;
pub use fit::{Fit, Step};
pub use intervals::{Rounded, latex_table, plain_intervals};
pub use lbfgs::{LbfgsSettings, lbfgs};
pub use least_squares::{LeastSquaresSettings, levenberg_marquardt};
pub use nuts::{Checkpoint, NutsSettings, sample, sample_parallel};
pub use posterior::Posterior;
pub use prior::Prior;
pub use priors::Priors;
pub use size::SamplingSize;
pub use summary::{Row, Summary};
pub use trace::{Chain, DrawStatistics, Pointwise, Trace};
pub use zarr::{check_zarr, write_zarr};
