//! Sources of the convolution: lines one by one, or summed once into a line-shape density.

pub mod line_shape;
pub mod lines;
