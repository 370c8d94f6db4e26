//! Pictures of spectra, cross sections, contribution functions, fits, posteriors and device memory, as SVG and PNG.
//!
//! Every figure is drawn by one function onto a small drawing surface with two implementations, so both files show the
//! same picture. Dense curves are reduced to the lowest and highest value per pixel column first: 150 000 points draw in
//! milliseconds, no peak is lost, and the SVG stays small.
//!
//! Colours are safe for colour-blind readers (Okabe and Ito 2008 for curves; magma, which is monotonic in lightness, for
//! maps and ordered curves). Text in the PNG is set in Ubuntu Light (Ubuntu Font Licence 1.0), which is built in, so
//! no font needs to be installed.

mod atmosphere;
mod axis;
mod colour;
mod contour;
mod contribution;
mod corner;
mod cross_sections;
mod density;
mod envelope;
mod figure;
mod fit;
mod legend;
mod memory_plan;
mod panel;
mod quantity;
mod raster;
mod spectral;
mod spectrum;
mod surface;
mod svg;
mod text;
mod timeline;
mod traces;

pub use atmosphere::{AtmosphereProfile, atmosphere};
pub use contribution::{ContributionMap, contribution};
pub use corner::corner;
pub use cross_sections::{CrossSectionCurve, cross_sections};
pub use figure::Formats;
pub use fit::{FittedData, fit};
pub use memory_plan::memory_plan;
pub use quantity::Quantity;
pub use spectrum::{Series, SpectrumOptions, Zoom, spectrum};
pub use timeline::memory_history;
pub use traces::traces;
