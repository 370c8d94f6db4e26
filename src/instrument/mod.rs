//! From a model spectrum to what a spectrograph records: broadening, Doppler shift, sampling, calibration.
//!
//! # Theory
//!
//! On a grid of equal steps h in q = ln nu every velocity is a shift, so that rotation, response and Doppler shift are convolutions:
//!
//! ```text
//! s(q) = ∫ K(u) F(q + u) du,   K = K_response * K_rotation * delta(u - artanh(v/c))
//! y_j  = scale P(nu_j) s(q_j) + offset,   or the mean of s over bin j in place of s(q_j)
//! ```
//!
//! F between nodes is the piecewise quintic that is twice continuously differentiable (the `interpolation` module), and each K is a quadrature
//! rule whose nodes move with its parameter while its weights and their number stay: u_k = sigma t_k for the Gaussian, u_k = (v sin i / c) x_k for
//! rotation. Spread over the nodes of the grid by the interpolation, a rule becomes a short list of weights on integer steps. Three things follow:
//!
//! - every weight is a smooth function of every parameter, so that the derivatives are exact, not those of a finer continuum;
//! - the limits R -> infinity and v sin i -> 0 are the identity, without a switch, and the weights always sum to one;
//! - the weights of one data point are the product of short kernels and its interpolation, a row of a banded matrix, formed when needed and never
//!   stored. A row is used for all columns of a Jacobian at once, and its transpose is exact.
//!
//! Truncation: the Gaussian ends where the neglected weight is 1e-9 of the whole ([`gaussian::TRUNCATION`]); rotation and tables are finite.
//! Interpolation: at most 0.0047 h^5 |F'''''|; before averaging over a kernel, 1e-4 of a Gaussian line with sigma = 3 steps, 3e-7 with 10 steps.
//!
//! # Practice
//!
//! [`Settings`] says what stands between spectrum and data; each number in it is a [`Setting`], fixed or free in a range. [`Instrument::new`] checks
//! once that the grid holds all that the data need for every value in those ranges. [`Instrument::at`] gives the [`Operator`] for given values of the
//! free parameters: a few microseconds to milliseconds, kernels only. Its cost is (data points) x (kernel length) x (6 + columns) multiply-adds,
//! and up to ten times that for means over narrow bins (figures: `docs/retrieval.md`).
//!
//! References: D. F. Gray, "The Observation and Analysis of Stellar Photospheres", 3rd ed. (2005), eq. 18.14 (rotation).

mod bins;
#[doc(hidden)]
pub mod gaussian;
mod interpolation;
mod kernel;
mod operator;
mod response;
mod rotation;
mod row;
mod setting;
mod settings;

#[cfg(test)]
mod tests;

pub use operator::Operator;
pub use response::ResponseTable;
pub use setting::{FreeParameter, Setting};
pub use settings::{Instrument, Response, Rotation, Sampling, Settings};

pub(crate) use setting::{Allowed, Parameters, Slot};

/// Speed of light \[km s-1\].
const LIGHT_KM_S: f64 = crate::constants::SPEED_OF_LIGHT * 1e-3;
