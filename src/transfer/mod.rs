//! Radiative transfer: from layer optical depths and temperatures to the emergent flux.
//!
//! [`EmissionState`] is carried down the atmosphere in batches of layers, so that the optical depths of the whole
//! atmosphere never stand in memory at once.

pub mod contribution;
pub mod emission;
mod emission_block;
pub mod emission_gpu;
pub mod planck;
pub mod quadrature;

pub use contribution::contribution_function;
pub use emission::EmissionState;
pub use emission_gpu::{EMISSION, EmissionBuffers};
pub use planck::planck_flux;
pub use quadrature::Quadrature;
