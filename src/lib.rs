//! High-resolution molecular spectra of exoplanets and brown dwarfs on any GPU.

#![warn(missing_docs)]

pub mod atmosphere;
pub mod backend;
#[cfg(feature = "cli")]
pub mod cli;
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
pub mod output;
#[cfg(feature = "plot")]
pub mod plot;
pub mod progress;
pub mod spectrum;
pub mod timing;
pub mod transfer;

pub use backend::Backend;
pub use error::{Error, Result};
pub use progress::Progress;
