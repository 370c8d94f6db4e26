//! Fits and posteriors.

mod adamw;
mod bijection;
mod descent;
mod fit;
mod lbfgs;
mod least_squares;
mod posterior;
mod prior;
mod priors;
#[cfg(test)]
mod testing;

pub use adamw::{AdamWSettings, adamw};
pub use bijection::Bijection;
pub use fit::{Fit, Step};
pub use lbfgs::{LbfgsSettings, lbfgs};
pub use least_squares::{LeastSquaresSettings, levenberg_marquardt};
pub use posterior::Posterior;
pub use prior::Prior;
pub use priors::Priors;
