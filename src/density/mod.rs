//! Sources of the convolution: lines one by one, or summed once into a line-shape density.

pub mod build;
pub mod device;
pub mod distant;
pub mod grid_lines;
pub mod line_shape;
pub mod lines;
pub mod shift;
#[cfg(test)]
mod slopes_tests;
pub mod storage;
pub mod summary;
pub mod width;
