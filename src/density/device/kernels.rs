//! Kernels that make sources, and the parameters they are dispatched with.

use crate::gpu::{Kernel, host_struct};
use crate::shader_lib::{LAYER, LAYER_SLOPES, LINES, MATH, kernel};

host_struct! {
    pub(crate) struct StrengthParams { lines: u32, first_layer: u32, lanes: u32, first_line: u32 }
}
host_struct! {
    pub(crate) struct GatherParams {
        lines: u32, channels: u32, first_node: i32, nodes: u32, level: i32, first_bin: i32, bins: u32, skip: u32,
        most: u32, first_line: u32, first_layer: u32, moved: i32,
    }
}
host_struct! {
    pub(crate) struct WeightsParams {
        columns: u32, cells: u32, exponents: u32, first_layer: u32, lanes: u32, rows: u32, groups: u32, pad0: u32,
    }
}
host_struct! {
    pub(crate) struct ProductParams {
        rows: u32, columns: u32, first_node: i32, nodes: u32, channels: u32, lanes: u32, groups: u32, first_layer: u32,
        ln_first_wavenumber: f32, step: f32, source_first: i32, first_row: u32, count: u32, pad0: u32, pad1: u32, pad2: u32,
    }
}

host_struct! {
    pub(crate) struct StimulatedParams {
        nodes: u32, channels: u32, first_layer: u32, source_first: i32, ln_first_wavenumber: f32, step: f32, pad0: f32, pad1: f32,
    }
}

kernel! {
    /// Strengths and channel weights of lines.
    STRENGTH: StrengthParams = "density/strength", [MATH, LAYER, LINES],
        ["density/lanes_value.wgsl", "density/strength.wgsl"]
}
kernel! {
    /// Strengths and channel weights of lines, and their derivatives by temperature.
    STRENGTH_SLOPE: StrengthParams = "density/strength_slope", [MATH, LAYER, LINES, LAYER_SLOPES],
        ["density/lanes_slope.wgsl", "density/strength.wgsl"]
}
kernel! {
    /// Lines onto nodes.
    GATHER: GatherParams = "density/gather", [MATH, LAYER, LINES], ["density/gather_set.wgsl", "density/gather.wgsl"]
}
kernel! {
    /// More lines onto nodes, added.
    GATHER_MORE: GatherParams = "density/gather_more", [MATH, LAYER, LINES],
        ["density/gather_add.wgsl", "density/gather.wgsl"]
}
kernel! {
    /// Weights of the density's columns.
    WEIGHTS: WeightsParams = "density/weights", [MATH, LAYER], ["density/lanes_value.wgsl", "density/weights.wgsl"]
}
kernel! {
    /// Weights of the density's columns, and their derivatives by temperature.
    WEIGHTS_SLOPE: WeightsParams = "density/weights_slope", [MATH, LAYER, LAYER_SLOPES],
        ["density/lanes_slope.wgsl", "density/weights.wgsl"]
}
kernel! {
    /// Stimulated emission's part in the derivatives of sources.
    STIMULATED_SLOPE: StimulatedParams = "density/stimulated_slope", [MATH, LAYER], ["density/stimulated_slope.wgsl"]
}
kernel! {
    /// Sources from a dense density.
    DENSE: ProductParams = "density/dense", [MATH, LAYER], ["density/product.wgsl", "density/dense.wgsl"]
}
kernel! {
    /// Sources from a sparse density.
    SPARSE: ProductParams = "density/sparse", [MATH, LAYER], ["density/product.wgsl", "density/sparse.wgsl"]
}

/// The kernels of this stage.
pub fn kernels() -> Vec<&'static Kernel> {
    vec![
        &STRENGTH,
        &STRENGTH_SLOPE,
        &GATHER,
        &GATHER_MORE,
        &WEIGHTS,
        &WEIGHTS_SLOPE,
        &DENSE,
        &SPARSE,
        &STIMULATED_SLOPE,
    ]
}
