//! Sources of the convolution: lines one by one, or summed once into a line-shape density.

pub mod build;
pub mod gpu;
pub mod grid_lines;
pub mod line_shape;
pub mod lines;
pub mod storage;
pub mod summary;
