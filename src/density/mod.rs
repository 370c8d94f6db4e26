//! Sources of the convolution: lines one by one, or summed once into a line-shape density.

pub mod gpu;
pub mod line_shape;
pub mod lines;
#[cfg(test)]
mod slopes_tests;
