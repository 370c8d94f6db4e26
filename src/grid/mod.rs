//! Grids: wavenumbers of the output.

pub mod wavenumber;

pub use wavenumber::Grid;
