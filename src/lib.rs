//! High-resolution molecular spectra of exoplanets and brown dwarfs on any GPU.

#![warn(missing_docs)]

pub mod atmosphere;
pub mod constants;
pub mod cross_section;
pub mod density;
pub mod error;
pub mod gpu;
pub mod grid;
pub mod kernels;
pub mod lines;
pub mod numerics;
#[cfg(test)]
mod numerics_gpu;
pub mod optical_depth;
pub mod progress;
pub mod transfer;

pub use error::{Error, Result};
pub use progress::Progress;
