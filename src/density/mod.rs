//! Sources of the convolution: lines one by one, or summed once into a line-shape density.

pub mod broadening;
pub mod build;
pub mod by_temperature;
pub mod conversion;
pub mod device;
pub mod distant;
pub mod grid_lines;
mod kept;
pub mod layer_factors;
pub mod line_shape;
pub mod lines;
pub mod shift;
#[cfg(test)]
mod slopes_tests;
pub mod span;
pub mod storage;
mod stored;
pub mod summary;
pub mod table_line;
pub mod width;
