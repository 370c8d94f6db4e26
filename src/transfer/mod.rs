//! Radiative transfer: from layer optical depths and temperatures to the emergent flux.
//!
//! [`EmissionState`] is carried down the atmosphere in batches of layers, so that the optical depths of the whole
//! atmosphere never stand in memory at once.

pub mod emission;
mod emission_block;
pub mod emission_gpu;
pub mod planck;
pub mod quadrature;

pub use emission::{EmissionState, contribution_function};
pub use planck::planck_flux;
pub use quadrature::Quadrature;
