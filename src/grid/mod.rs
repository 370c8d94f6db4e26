//! Grids: wavenumbers of the output, levels of the ladder, widths of the profiles, energies and widths of the line-shape density;
//! and the interpolation rules on them.

#[doc(hidden)]
pub mod channels;
#[doc(hidden)]
pub mod chebyshev;
#[doc(hidden)]
pub mod energy;
#[doc(hidden)]
pub mod lagrange;
#[doc(hidden)]
pub mod level;
#[doc(hidden)]
pub mod segment;
#[doc(hidden)]
pub mod temperature;
#[doc(hidden)]
pub mod wavenumber;

#[doc(hidden)]
pub use segment::{ROW_MULTIPLE, Segment};
pub use temperature::TemperatureRange;
pub use wavenumber::Grid;
