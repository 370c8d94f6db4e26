//! Parts of the optical depth added up on the device.

use crate::gpu::{BufferId, HostLayout, Kernel, ProgramBuilder, host_struct};
use crate::grid::Segment;

host_struct! {
    /// Parameters of a sum.
    pub struct SumParams {
        /// Wavenumbers of a row over four.
        quads: u32,
        /// Zero.
        pad0: u32,
        /// Zero.
        pad1: u32,
        /// Zero.
        pad2: u32,
    }
}

/// total += part: `shaders/optical_depth/sum.wgsl`.
pub static SUM: Kernel =
    Kernel::new("optical_depth/sum", &[include_str!("../../shaders/optical_depth/sum.wgsl")], &SumParams::LAYOUT);

/// Adds `part` to `total`, both f32 \[layer\]\[segment\].
pub fn add_part(program: &mut ProgramBuilder, part: BufferId, total: BufferId, segment: Segment, layers: u32) {
    let params = SumParams { quads: segment.quads(), pad0: 0, pad1: 0, pad2: 0 };
    program.dispatch(&SUM, &params, &[part, total], [segment.quads().div_ceil(64), layers, 1]);
}
