//! Radiative transfer: from layer optical depths and temperatures to the emergent flux.
//!
//! [`EmissionState`] is carried down the atmosphere in batches of layers, so that the optical depths of the whole
//! atmosphere never stand in memory at once.
//!
//! Derivatives hold all layers of a segment of wavenumbers: [`EmissionSensitivity`] gives those by optical depth and source
//! function, [`LayerJacobian`] makes of them, with the derivatives of the optical depths, products with matrices over layers
//! (forward mode) and sums over wavenumber (reverse mode).

mod blocks;
#[doc(hidden)]
pub mod contribution;
#[cfg(test)]
mod derivatives_gpu_tests;
#[doc(hidden)]
pub mod emission;
#[doc(hidden)]
pub mod geometry;
#[doc(hidden)]
pub mod jacobian;
#[doc(hidden)]
pub mod planck;
#[doc(hidden)]
pub mod quadrature;
#[doc(hidden)]
pub mod sensitivity;
#[cfg(test)]
mod test_case;
#[doc(hidden)]
pub mod transmission;

pub use contribution::contribution_function;
pub use emission::device::{EMISSION, EmissionBuffers};
pub use emission::{Emission, EmissionState};
pub use geometry::{
    CpuTransfer, DeviceTransfer, Geometry, Order, OwnRows, Sensitivity, SensitivityRows, TransferInputs,
};
pub use jacobian::LayerJacobian;
pub use jacobian::device::{LayerJacobianBuffers, ProjectBuffers, Projection, ReduceBuffers};
pub use planck::planck_flux;
pub use quadrature::Quadrature;
pub use sensitivity::EmissionSensitivity;
pub use sensitivity::device::{SENSITIVITY, SensitivityBuffers};
pub use transmission::Transmission;
