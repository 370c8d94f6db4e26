//! Kernels of this stage and the parameters they are dispatched with.

use crate::density::device::kernel;
use crate::gpu::{HostLayout, Kernel, host_struct};

host_struct! {
    pub(crate) struct RestrictParams { fine_first: i32, fine_nodes: i32, coarse_first: i32, coarse_nodes: u32 }
}
host_struct! {
    pub(crate) struct TapsParams {
        first_layer: u32, reach: i32, padded: u32, channels: u32, step: f32, inner_radius: f32, outer_radius: f32,
        first_channel: u32,
    }
}
host_struct! {
    pub(crate) struct ConvolveParams {
        outputs: u32, nodes: u32, offset: u32, padded: u32, channels: u32, upper_outputs: u32, result_row: u32, upper_row: u32,
        upper_first: u32, row_channels: u32, first_tap: u32, pad0: u32,
    }
}
host_struct! {
    pub(crate) struct BelowParams {
        quads: u32, nodes: u32, offset: u32, padded: u32, channels: u32, stride: u32, first_layer: u32, first_row: u32,
        row_quads: u32, first_quad: u32, row_channels: u32, first_tap: u32,
    }
}
host_struct! {
    pub(crate) struct OutputParams {
        quads: u32, evaluated: u32, level: u32, first_layer: u32, first_row: u32, lines: u32, first_bin: i32, bins: u32,
        window: i32, radius: f32, step: f32, first_node: u32, first_line: u32, result_row: u32, result_first: u32, row_quads: u32,
        first_quad: u32, pad0: u32, pad1: u32, pad2: u32,
    }
}
host_struct! {
    pub(crate) struct CoreParams {
        first_active: u32, count: u32, first_layer: u32, first_row: u32, lines: u32, first_bin: i32, bins: u32, window: i32,
        step: f32, first_line: u32, row_quads: u32, first_quad: i32,
    }
}
host_struct! {
    pub(crate) struct NearParams { lines: u32, first_layer: u32, radius: f32, first_line: u32 }
}
host_struct! {
    pub(crate) struct FieldParams { nodes: u32, stride: u32, first_layer: u32, result_row: u32 }
}
host_struct! {
    pub(crate) struct LawParams {
        outputs: u32, nodes: u32, offset: u32, width: u32, padded: u32, channels: u32, row_channels: u32, first_tap: u32,
        result_row: u32, first: u32, last: u32, keep: f32,
    }
}
host_struct! {
    pub(crate) struct PedestalParams {
        nodes: u32, channels: u32, row_channels: u32, first_layer: u32, slope: u32, cutoff: f32, step: f32, pad0: u32,
    }
}
host_struct! {
    pub(crate) struct CornersParams {
        quads: u32, first_node: u32, first_layer: u32, first_row: u32, row_quads: u32, first_quad: u32, first_bin: i32, bins: u32,
        zones: u32, rows: u32, pedestal: u32, step: f32, start: f32, cutoff: f32, width: f32, moved: f32,
    }
}
host_struct! {
    pub(crate) struct NotNegativeParams { quads: u32, first_row: u32, row_quads: u32, first_quad: u32 }
}

kernel!(
    LAW_SET,
    "What a wing law leaves of the softened profile.",
    "cross_section/law_set",
    LawParams,
    ["cross_section/no_pedestal.wgsl", "cross_section/law_set.wgsl", "cross_section/law.wgsl"]
);
kernel!(
    LAW_ADD,
    "What a wing law leaves of the softened profile, added.",
    "cross_section/law_add",
    LawParams,
    ["cross_section/no_pedestal.wgsl", "cross_section/law_add.wgsl", "cross_section/law.wgsl"]
);
kernel!(
    LAW_PEDESTAL_SET,
    "What a cutoff leaves of the softened profile less its value there.",
    "cross_section/law_pedestal_set",
    LawParams,
    ["cross_section/with_pedestal.wgsl", "cross_section/law_set.wgsl", "cross_section/law.wgsl"]
);
kernel!(
    LAW_PEDESTAL_ADD,
    "What a cutoff leaves of the softened profile less its value there, added.",
    "cross_section/law_pedestal_add",
    LawParams,
    ["cross_section/with_pedestal.wgsl", "cross_section/law_add.wgsl", "cross_section/law.wgsl"]
);
kernel!(
    PEDESTAL,
    "Values of profiles at the cutoff.",
    "cross_section/pedestal",
    PedestalParams,
    [
        "lib/math.wgsl",
        "lib/turns.wgsl",
        "lib/voigt.wgsl",
        "lib/voigt_derivative.wgsl",
        "lib/layer.wgsl",
        "cross_section/pedestal.wgsl",
    ]
);
kernel!(
    CORNERS,
    "What rounding a wing law has changed.",
    "cross_section/corners",
    CornersParams,
    [
        "lib/math.wgsl",
        "lib/turns.wgsl",
        "lib/voigt.wgsl",
        "lib/shape_value.wgsl",
        "lib/layer.wgsl",
        "lib/lines.wgsl",
        "cross_section/corners.wgsl",
    ]
);
kernel!(
    CORNERS_SLOPE,
    "Derivatives of what rounding a wing law has changed.",
    "cross_section/corners_slope",
    CornersParams,
    [
        "lib/math.wgsl",
        "lib/turns.wgsl",
        "lib/voigt.wgsl",
        "lib/voigt_derivative.wgsl",
        "lib/shape_slope.wgsl",
        "lib/layer.wgsl",
        "lib/lines.wgsl",
        "cross_section/corners.wgsl",
    ]
);
kernel!(
    NOT_NEGATIVE,
    "Values below 0 become 0.",
    "cross_section/not_negative",
    NotNegativeParams,
    ["cross_section/not_negative.wgsl"]
);
kernel!(
    RESTRICT,
    "Sources of the next coarser level.",
    "cross_section/restrict",
    RestrictParams,
    ["cross_section/restrict.wgsl"]
);
kernel!(
    TAPS,
    "Taps of one level.",
    "cross_section/taps",
    TapsParams,
    [
        "lib/math.wgsl",
        "lib/turns.wgsl",
        "lib/voigt.wgsl",
        "lib/shape_value.wgsl",
        "lib/layer.wgsl",
        "cross_section/taps.wgsl",
    ]
);
kernel!(
    TAPS_SLOPE,
    "Derivatives of the taps of one level by temperature.",
    "cross_section/taps_slope",
    TapsParams,
    [
        "lib/math.wgsl",
        "lib/turns.wgsl",
        "lib/voigt.wgsl",
        "lib/voigt_derivative.wgsl",
        "lib/shape_slope.wgsl",
        "lib/layer.wgsl",
        "cross_section/taps.wgsl",
    ]
);
kernel!(
    CONVOLVE_TOP,
    "The coarsest level.",
    "cross_section/convolve_top",
    ConvolveParams,
    ["cross_section/convolve_params.wgsl", "cross_section/top.wgsl", "cross_section/convolve.wgsl",]
);
kernel!(
    CONVOLVE,
    "A level and all coarser ones.",
    "cross_section/convolve",
    ConvolveParams,
    ["cross_section/convolve_params.wgsl", "cross_section/prolong.wgsl", "cross_section/convolve.wgsl",]
);
kernel!(
    ADD_FIELD,
    "What lines far outside the grid add to a level.",
    "cross_section/add_field",
    FieldParams,
    ["cross_section/add_field.wgsl"]
);
kernel!(
    CONVOLVE_BELOW,
    "A level finer than the output.",
    "cross_section/convolve_below",
    BelowParams,
    ["lib/math.wgsl", "lib/turns.wgsl", "lib/layer.wgsl", "cross_section/convolve_below.wgsl",]
);
kernel!(
    NEAR_TERMS,
    "What the near field needs of every line.",
    "cross_section/near_terms",
    NearParams,
    [
        "lib/math.wgsl",
        "lib/turns.wgsl",
        "lib/voigt.wgsl",
        "lib/shape_value.wgsl",
        "lib/layer.wgsl",
        "lib/lines.wgsl",
        "cross_section/near_terms.wgsl",
    ]
);
kernel!(
    NEAR_TERMS_SLOPE,
    "What the derivative of the near field needs of every line.",
    "cross_section/near_terms_slope",
    NearParams,
    [
        "lib/math.wgsl",
        "lib/turns.wgsl",
        "lib/voigt.wgsl",
        "lib/voigt_derivative.wgsl",
        "lib/shape_slope.wgsl",
        "lib/layer.wgsl",
        "lib/lines.wgsl",
        "cross_section/near_terms.wgsl",
    ]
);
kernel!(
    OUTPUT_SET,
    "To the output grid.",
    "cross_section/output_set",
    OutputParams,
    [
        "lib/math.wgsl",
        "lib/turns.wgsl",
        "lib/layer.wgsl",
        "cross_section/no_near.wgsl",
        "cross_section/emit_set.wgsl",
        "cross_section/output.wgsl",
    ]
);
kernel!(
    OUTPUT_ADD,
    "To the output grid, added.",
    "cross_section/output_add",
    OutputParams,
    [
        "lib/math.wgsl",
        "lib/turns.wgsl",
        "lib/layer.wgsl",
        "cross_section/no_near.wgsl",
        "cross_section/emit_add.wgsl",
        "cross_section/output.wgsl",
    ]
);
kernel!(
    OUTPUT_NEAR_SET,
    "To the output grid, with the near field.",
    "cross_section/output_near_set",
    OutputParams,
    [
        "lib/math.wgsl",
        "lib/turns.wgsl",
        "lib/voigt.wgsl",
        "lib/shape_value.wgsl",
        "lib/layer.wgsl",
        "lib/lines.wgsl",
        "cross_section/near.wgsl",
        "cross_section/emit_set.wgsl",
        "cross_section/output.wgsl",
    ]
);
kernel!(
    OUTPUT_NEAR_SLOPE_SET,
    "Derivatives to the output grid, with those of the near field.",
    "cross_section/output_near_slope_set",
    OutputParams,
    [
        "lib/math.wgsl",
        "lib/turns.wgsl",
        "lib/voigt.wgsl",
        "lib/voigt_derivative.wgsl",
        "lib/shape_slope.wgsl",
        "lib/layer.wgsl",
        "lib/lines.wgsl",
        "cross_section/near.wgsl",
        "cross_section/emit_set.wgsl",
        "cross_section/output.wgsl",
    ]
);
kernel!(
    OUTPUT_NEAR_ADD,
    "To the output grid, with the near field, added.",
    "cross_section/output_near_add",
    OutputParams,
    [
        "lib/math.wgsl",
        "lib/turns.wgsl",
        "lib/voigt.wgsl",
        "lib/shape_value.wgsl",
        "lib/layer.wgsl",
        "lib/lines.wgsl",
        "cross_section/near.wgsl",
        "cross_section/emit_add.wgsl",
        "cross_section/output.wgsl",
    ]
);
kernel!(
    OUTPUT_NEAR_SLOPE_ADD,
    "Derivatives to the output grid, with those of the near field, added.",
    "cross_section/output_near_slope_add",
    OutputParams,
    [
        "lib/math.wgsl",
        "lib/turns.wgsl",
        "lib/voigt.wgsl",
        "lib/voigt_derivative.wgsl",
        "lib/shape_slope.wgsl",
        "lib/layer.wgsl",
        "lib/lines.wgsl",
        "cross_section/near.wgsl",
        "cross_section/emit_add.wgsl",
        "cross_section/output.wgsl",
    ]
);

kernel!(
    CORE,
    "Cores of lines.",
    "cross_section/core",
    CoreParams,
    [
        "lib/math.wgsl",
        "lib/turns.wgsl",
        "lib/voigt.wgsl",
        "lib/shape_value.wgsl",
        "lib/layer.wgsl",
        "lib/lines.wgsl",
        "cross_section/core.wgsl",
    ]
);
kernel!(
    CORE_SLOPE,
    "Derivatives of the cores of lines.",
    "cross_section/core_slope",
    CoreParams,
    [
        "lib/math.wgsl",
        "lib/turns.wgsl",
        "lib/voigt.wgsl",
        "lib/voigt_derivative.wgsl",
        "lib/shape_slope.wgsl",
        "lib/layer.wgsl",
        "lib/lines.wgsl",
        "cross_section/core.wgsl",
    ]
);

/// The kernels of this stage.
pub fn kernels() -> Vec<&'static Kernel> {
    vec![
        &RESTRICT,
        &TAPS,
        &TAPS_SLOPE,
        &CONVOLVE_TOP,
        &CONVOLVE,
        &ADD_FIELD,
        &LAW_SET,
        &LAW_ADD,
        &LAW_PEDESTAL_SET,
        &LAW_PEDESTAL_ADD,
        &PEDESTAL,
        &CORNERS,
        &CORNERS_SLOPE,
        &NOT_NEGATIVE,
        &CONVOLVE_BELOW,
        &NEAR_TERMS,
        &NEAR_TERMS_SLOPE,
        &OUTPUT_SET,
        &OUTPUT_ADD,
        &OUTPUT_NEAR_SET,
        &OUTPUT_NEAR_ADD,
        &OUTPUT_NEAR_SLOPE_SET,
        &OUTPUT_NEAR_SLOPE_ADD,
        &CORE,
        &CORE_SLOPE,
    ]
}
