//! High-resolution molecular spectra of exoplanets and brown dwarfs on any GPU.

#![warn(missing_docs)]

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
pub mod output;
#[cfg(feature = "plot")]
pub mod plot;
pub mod progress;

pub use error::{Error, Result};
pub use progress::Progress;
