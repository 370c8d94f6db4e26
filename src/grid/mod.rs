//! Grids: wavenumbers of the output, levels of the ladder, widths of the profiles, energies and widths of the line-shape density;
//! and the interpolation rules on them.

pub mod channels;
pub mod chebyshev;
pub mod energy;
pub mod lagrange;
pub mod level;
pub mod segment;
pub mod temperature;
pub mod wavenumber;

pub use segment::{ROW_MULTIPLE, Segment};
pub use temperature::TemperatureRange;
pub use wavenumber::Grid;
