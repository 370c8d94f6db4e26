//! Spectra: from opacities, an atmosphere and a grid to what is observed.
//!
//! A [`Model`] is everything that stays when temperatures and abundances change: grid, pressures, opacities made ready for them, and a geometry.
//! [`Model::open`] makes it ready on a backend, once; [`Runner::spectrum`] then computes a spectrum for
//! a [`State`] without allocating device memory. How layers and the grid are cut is a `Schedule`, one for both backends, for values and derivatives: the whole
//! \[layer\]\[nu\] matrix is never held where it need not be. [`Retrieval`] is a model as a function of parameters, with derivatives.

mod builder;
mod cpu;
mod derivatives;
mod device;
pub(crate) mod finite;
pub(crate) mod model;
mod planner;
mod report;
mod retrieval;
mod retrieval_plan;
mod runner;
pub(crate) mod schedule;
mod tiers;

#[cfg(test)]
mod tests;

pub use crate::atmosphere::State;
pub use crate::dual::Dual;
pub use crate::opacity::Absorber;
pub use builder::ModelBuilder;
pub use derivatives::{ChunkSize, Coefficients, DerivativeSettings, GradientMode, LayerGradient, RowKey};
pub use device::derivative_programs::{GradientPlan, JacobianPlan};
pub use device::program::SpectrumPlan;
pub use model::Model;
pub use report::SpectrumReport;
pub use retrieval::Retrieval;
pub use retrieval_plan::{DerivativeAlternative, RetrievalPlan};
pub use runner::Runner;
pub use tiers::choose_tier;
