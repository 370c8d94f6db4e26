//! Kernels that make sources, the parameters they are dispatched with, and what their buffers hold.

use crate::gpu::{HostLayout, Kernel, Layout, host_struct};
use crate::grid::channels::MAX_CHANNELS;

host_struct! {
    /// A layer as shaders/lib/layer.wgsl reads it.
    pub(crate) struct LayerState {
        inverse_sigma: f32, boltzmann: f32, c2_over_t: f32, ln_t_ratio: f32, ln_pressure: f32, strength_factor: f32,
        output_factor: f32, channel_mid: f32, channel_inverse_half: f32, channel_scale: u32,
        inverse_temperature: f32, common_slope: f32, pressure: f32, inverse_step: f32, pad0: f32, pad1: f32,
        profile: [[f32; 4]; MAX_CHANNELS / 4],
    }
}

host_struct! {
    /// A line as shaders/lib/lines.wgsl reads it.
    pub(crate) struct Line {
        node: i32, fraction: f32, ln_strength: f32, energy: f32, ln_gamma: f32, exponent: f32, wavenumber: f32, natural: f32,
        curvature: f32, shift: f32, pad0: f32, pad1: f32,
    }
}
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

/// What storage buffers of this stage and of the convolution hold.
pub(crate) const STRUCTS: &[&Layout] = &[&Line::LAYOUT, &LayerState::LAYOUT];

macro_rules! kernel {
    ($name:ident, $doc:literal, $path:literal, $params:ty, [$($file:literal),+ $(,)?]) => {
        #[doc = $doc]
        pub static $name: Kernel =
            Kernel::new($path, &[$(include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/shaders/", $file))),+], &<$params>::LAYOUT)
                .with_structs($crate::density::device::STRUCTS);
    };
}
pub(crate) use kernel;

kernel!(
    STRENGTH,
    "Strengths and channel weights of lines.",
    "density/strength",
    StrengthParams,
    [
        "lib/math.wgsl",
        "lib/turns.wgsl",
        "lib/layer.wgsl",
        "lib/lines.wgsl",
        "density/lanes_value.wgsl",
        "density/strength.wgsl",
    ]
);
kernel!(
    STRENGTH_SLOPE,
    "Strengths and channel weights of lines, and their derivatives by temperature.",
    "density/strength_slope",
    StrengthParams,
    [
        "lib/math.wgsl",
        "lib/turns.wgsl",
        "lib/layer.wgsl",
        "lib/lines.wgsl",
        "lib/layer_slopes.wgsl",
        "density/lanes_slope.wgsl",
        "density/strength.wgsl",
    ]
);
kernel!(
    GATHER,
    "Lines onto nodes.",
    "density/gather",
    GatherParams,
    [
        "lib/math.wgsl",
        "lib/turns.wgsl",
        "lib/layer.wgsl",
        "lib/lines.wgsl",
        "density/gather_set.wgsl",
        "density/gather.wgsl",
    ]
);
kernel!(
    GATHER_MORE,
    "More lines onto nodes, added.",
    "density/gather_more",
    GatherParams,
    [
        "lib/math.wgsl",
        "lib/turns.wgsl",
        "lib/layer.wgsl",
        "lib/lines.wgsl",
        "density/gather_add.wgsl",
        "density/gather.wgsl",
    ]
);
kernel!(
    WEIGHTS,
    "Weights of the density's columns.",
    "density/weights",
    WeightsParams,
    ["lib/math.wgsl", "lib/turns.wgsl", "lib/layer.wgsl", "density/lanes_value.wgsl", "density/weights.wgsl",]
);
kernel!(
    WEIGHTS_SLOPE,
    "Weights of the density's columns, and their derivatives by temperature.",
    "density/weights_slope",
    WeightsParams,
    [
        "lib/math.wgsl",
        "lib/turns.wgsl",
        "lib/layer.wgsl",
        "lib/layer_slopes.wgsl",
        "density/lanes_slope.wgsl",
        "density/weights.wgsl",
    ]
);
kernel!(
    STIMULATED_SLOPE,
    "Stimulated emission's part in the derivatives of sources.",
    "density/stimulated_slope",
    StimulatedParams,
    ["lib/math.wgsl", "lib/turns.wgsl", "lib/layer.wgsl", "density/stimulated_slope.wgsl"]
);
kernel!(
    DENSE,
    "Sources from a dense density.",
    "density/dense",
    ProductParams,
    ["lib/math.wgsl", "lib/turns.wgsl", "lib/layer.wgsl", "density/product.wgsl", "density/dense.wgsl",]
);
kernel!(
    SPARSE,
    "Sources from a sparse density.",
    "density/sparse",
    ProductParams,
    ["lib/math.wgsl", "lib/turns.wgsl", "lib/layer.wgsl", "density/product.wgsl", "density/sparse.wgsl",]
);

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
