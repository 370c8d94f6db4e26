//! What all opacities share on a device: segments as kernels take them, and the sum of parts of the optical depth.

use crate::Result;
use crate::gpu::{BufferId, HostLayout, Kernel, ProgramBuilder, host_struct};
use crate::grid::ROW_MULTIPLE;
use crate::grid::Segment;
use std::ops::Range;

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

/// total += part: `shaders/opacity/sum.wgsl`.
pub static SUM: Kernel =
    Kernel::new("opacity/sum", &[include_str!("../../shaders/opacity/sum.wgsl")], &SumParams::LAYOUT);

/// Adds `part` to `total`, both f32 \[layer\]\[segment\].
pub fn add_part(program: &mut ProgramBuilder, part: BufferId, total: BufferId, segment: Segment, layers: u32) {
    let params = SumParams { quads: segment.quads(), pad0: 0, pad1: 0, pad2: 0 };
    program.dispatch(&SUM, &params, &[part, total], [segment.quads().div_ceil(64), layers, 1]);
}

/// A segment with the padding of its last row.
///
/// # Errors
/// What [`Segment::new`] refuses.
pub fn points(segment: &Range<usize>) -> Result<Segment> {
    Segment::new(segment.start as u32, segment.len().next_multiple_of(ROW_MULTIPLE) as u32)
}
