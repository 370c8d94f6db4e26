//! Kernels of this stage and the parameters they are dispatched with.

use crate::gpu::{Kernel, host_struct};
use crate::shader_lib::{LAYER, LINES, MATH, SHAPE_SLOPE, SHAPE_VALUE, VOIGT, kernel};

host_struct! {
    pub(crate) struct RestrictParams { fine_first: i32, fine_nodes: i32, coarse_first: i32, coarse_nodes: u32 }
}
/// Most levels whose taps one dispatch makes.
pub(crate) const TAPS_LEVELS: usize = 32;

host_struct! {
    pub(crate) struct TapsParams {
        first_layer: u32, channels: u32, first_channel: u32, levels: u32, shape: [[f32; 4]; TAPS_LEVELS],
        place: [[u32; 4]; TAPS_LEVELS],
    }
}
host_struct! {
    pub(crate) struct ConvolveParams {
        outputs: u32, nodes: u32, offset: u32, padded: u32, channels: u32, upper_outputs: u32, result_row: u32, upper_row: u32,
        upper_first: u32, row_channels: u32, first_tap: u32, level_taps: u32,
    }
}
host_struct! {
    pub(crate) struct BelowParams {
        quads: u32, nodes: u32, offset: u32, padded: u32, channels: u32, stride: u32, first_layer: u32, first_row: u32,
        row_quads: u32, first_quad: u32, row_channels: u32, first_tap: u32, level_taps: u32, pad0: u32, pad1: u32, pad2: u32,
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
        result_row: u32, first: u32, last: u32, keep: f32, level_taps: u32, pad0: u32, pad1: u32, pad2: u32,
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

kernel! {
    /// What a wing law leaves of the softened profile.
    LAW_SET: LawParams = "cross_section/law_set", [],
        ["cross_section/no_pedestal.wgsl", "cross_section/law_set.wgsl", "cross_section/law.wgsl"]
}
kernel! {
    /// What a wing law leaves of the softened profile, added.
    LAW_ADD: LawParams = "cross_section/law_add", [],
        ["cross_section/no_pedestal.wgsl", "cross_section/law_add.wgsl", "cross_section/law.wgsl"]
}
kernel! {
    /// What a cutoff leaves of the softened profile less its value there.
    LAW_PEDESTAL_SET: LawParams = "cross_section/law_pedestal_set", [],
        ["cross_section/with_pedestal.wgsl", "cross_section/law_set.wgsl", "cross_section/law.wgsl"]
}
kernel! {
    /// What a cutoff leaves of the softened profile less its value there, added.
    LAW_PEDESTAL_ADD: LawParams = "cross_section/law_pedestal_add", [],
        ["cross_section/with_pedestal.wgsl", "cross_section/law_add.wgsl", "cross_section/law.wgsl"]
}
kernel! {
    /// Values of profiles at the cutoff.
    PEDESTAL: PedestalParams = "cross_section/pedestal", [MATH, VOIGT, LAYER], ["cross_section/pedestal.wgsl"]
}
kernel! {
    /// What rounding a wing law has changed.
    CORNERS: CornersParams = "cross_section/corners", [MATH, SHAPE_VALUE, LAYER, LINES], ["cross_section/corners.wgsl"]
}
kernel! {
    /// Derivatives of what rounding a wing law has changed.
    CORNERS_SLOPE: CornersParams = "cross_section/corners_slope", [MATH, SHAPE_SLOPE, LAYER, LINES],
        ["cross_section/corners.wgsl"]
}
kernel! {
    /// Values below 0 become 0.
    NOT_NEGATIVE: NotNegativeParams = "cross_section/not_negative", [], ["cross_section/not_negative.wgsl"]
}
kernel! {
    /// Sources of the next coarser level.
    RESTRICT: RestrictParams = "cross_section/restrict", [], ["cross_section/restrict.wgsl"]
}
kernel! {
    /// Taps of one level.
    TAPS: TapsParams = "cross_section/taps", [MATH, SHAPE_VALUE, LAYER], ["cross_section/taps.wgsl"]
}
kernel! {
    /// Derivatives of the taps by temperature.
    TAPS_SLOPE: TapsParams = "cross_section/taps_slope", [MATH, SHAPE_SLOPE, LAYER], ["cross_section/taps.wgsl"]
}
kernel! {
    /// The coarsest level.
    CONVOLVE_TOP: ConvolveParams = "cross_section/convolve_top", [],
        ["cross_section/convolve_params.wgsl", "cross_section/top.wgsl", "cross_section/convolve.wgsl"]
}
kernel! {
    /// A level and all coarser ones.
    CONVOLVE: ConvolveParams = "cross_section/convolve", [],
        ["cross_section/convolve_params.wgsl", "cross_section/prolong.wgsl", "cross_section/convolve.wgsl"]
}
kernel! {
    /// What lines far outside the grid add to a level.
    ADD_FIELD: FieldParams = "cross_section/add_field", [], ["cross_section/add_field.wgsl"]
}
kernel! {
    /// A level finer than the output.
    CONVOLVE_BELOW: BelowParams = "cross_section/convolve_below", [MATH, LAYER], ["cross_section/convolve_below.wgsl"]
}
kernel! {
    /// What the near field needs of every line.
    NEAR_TERMS: NearParams = "cross_section/near_terms", [MATH, SHAPE_VALUE, LAYER, LINES],
        ["cross_section/near_terms.wgsl"]
}
kernel! {
    /// What the derivative of the near field needs of every line.
    NEAR_TERMS_SLOPE: NearParams = "cross_section/near_terms_slope", [MATH, SHAPE_SLOPE, LAYER, LINES],
        ["cross_section/near_terms.wgsl"]
}
kernel! {
    /// To the output grid.
    OUTPUT_SET: OutputParams = "cross_section/output_set", [MATH, LAYER],
        ["cross_section/no_near.wgsl", "cross_section/emit_set.wgsl", "cross_section/output.wgsl"]
}
kernel! {
    /// To the output grid, added.
    OUTPUT_ADD: OutputParams = "cross_section/output_add", [MATH, LAYER],
        ["cross_section/no_near.wgsl", "cross_section/emit_add.wgsl", "cross_section/output.wgsl"]
}
kernel! {
    /// To the output grid, with the near field.
    OUTPUT_NEAR_SET: OutputParams = "cross_section/output_near_set", [MATH, SHAPE_VALUE, LAYER, LINES],
        ["cross_section/near.wgsl", "cross_section/emit_set.wgsl", "cross_section/output.wgsl"]
}
kernel! {
    /// Derivatives to the output grid, with those of the near field.
    OUTPUT_NEAR_SLOPE_SET: OutputParams = "cross_section/output_near_slope_set", [MATH, SHAPE_SLOPE, LAYER, LINES],
        ["cross_section/near.wgsl", "cross_section/emit_set.wgsl", "cross_section/output.wgsl"]
}
kernel! {
    /// To the output grid, with the near field, added.
    OUTPUT_NEAR_ADD: OutputParams = "cross_section/output_near_add", [MATH, SHAPE_VALUE, LAYER, LINES],
        ["cross_section/near.wgsl", "cross_section/emit_add.wgsl", "cross_section/output.wgsl"]
}
kernel! {
    /// Derivatives to the output grid, with those of the near field, added.
    OUTPUT_NEAR_SLOPE_ADD: OutputParams = "cross_section/output_near_slope_add", [MATH, SHAPE_SLOPE, LAYER, LINES],
        ["cross_section/near.wgsl", "cross_section/emit_add.wgsl", "cross_section/output.wgsl"]
}

kernel! {
    /// Cores of lines.
    CORE: CoreParams = "cross_section/core", [MATH, SHAPE_VALUE, LAYER, LINES], ["cross_section/core.wgsl"]
}
kernel! {
    /// Derivatives of the cores of lines.
    CORE_SLOPE: CoreParams = "cross_section/core_slope", [MATH, SHAPE_SLOPE, LAYER, LINES], ["cross_section/core.wgsl"]
}

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
