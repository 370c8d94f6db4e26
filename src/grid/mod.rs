//! Grids: wavenumbers of the output; energies and widths of the line-shape density.

pub mod broadening;
pub mod chebyshev;
pub mod energy;
pub mod temperature;
pub mod wavenumber;

pub use temperature::TemperatureRange;
pub use wavenumber::Grid;
