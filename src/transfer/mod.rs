//! Radiative transfer: from layer optical depths and temperatures to the emergent flux.
//!
//! [`EmissionState`] is carried down the atmosphere in batches of layers, so that the optical depths of the whole
//! atmosphere never stand in memory at once.
//!
//! Derivatives hold all layers of a segment of wavenumbers: [`EmissionSensitivity`] gives those by optical depth and source
//! function, [`LayerJacobian`] makes of them, with the derivatives of the optical depths, products with matrices over layers
//! (forward mode) and sums over wavenumber (reverse mode).

mod blocks;
pub mod contribution;
#[cfg(test)]
mod derivatives_gpu_tests;
pub mod emission;
mod emission_block;
pub mod emission_gpu;
pub mod jacobian;
pub mod jacobian_gpu;
pub mod planck;
pub mod quadrature;
pub mod sensitivity;
mod sensitivity_block;
pub mod sensitivity_gpu;
#[cfg(test)]
mod test_case;

pub use contribution::contribution_function;
pub use emission::EmissionState;
pub use emission_gpu::{EMISSION, EmissionBuffers};
pub use jacobian::LayerJacobian;
pub use jacobian_gpu::{LayerJacobianBuffers, ProjectBuffers, Projection, ReduceBuffers};
pub use planck::planck_flux;
pub use quadrature::Quadrature;
pub use sensitivity::EmissionSensitivity;
pub use sensitivity_gpu::{SENSITIVITY, SensitivityBuffers};
