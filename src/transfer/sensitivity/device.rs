//! The device side of [`sensitivity`](super): kernel, parameters, dispatch.

use crate::gpu::{BufferId, HostLayout, Kernel, ProgramBuilder, host_struct};
use crate::grid::Segment;
use crate::transfer::Quadrature;
use crate::transfer::emission::device::groups_of_angles;

host_struct! {
    /// Parameters of one segment.
    pub struct SensitivityParams {
        /// Wavenumbers of the segment over four.
        quads: u32,
        /// Its first wavenumber in the grid over four.
        first_quad: u32,
        /// Layers of the atmosphere.
        layers: u32,
        /// Groups of four angles, 1 or 2.
        groups: u32,
        /// 1 with a surface, else 0.
        surfaces: u32,
        /// Zero.
        pad0: u32,
        /// Zero.
        pad1: u32,
        /// Zero.
        pad2: u32,
        /// 1 / mu of each angle, 0 where there is none.
        inverse_mu: [[f32; 4]; 2],
        /// 2 mu w of each angle, 0 where there is none.
        weight: [[f32; 4]; 2],
    }
}

/// Flux and its derivatives by the layers: `shaders/transfer/sensitivity.wgsl`.
pub static SENSITIVITY: Kernel = Kernel::new(
    "transfer/sensitivity",
    &[
        include_str!("../../../shaders/lib/math.wgsl"),
        include_str!("../../../shaders/lib/planck.wgsl"),
        include_str!("../../../shaders/lib/slant.wgsl"),
        include_str!("../../../shaders/transfer/sensitivity.wgsl"),
    ],
    &SensitivityParams::LAYOUT,
);

/// Wavenumbers of a workgroup.
const WORKGROUP: u32 = 256;

/// The buffers of the kernel, all f32. Rows \[segment\] hold as many points as the segment that is dispatched, without gaps.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct SensitivityBuffers {
    /// \[n of the grid\] cm-1, read.
    pub wavenumber: BufferId,
    /// \[layers\]\[segment\], read.
    pub dtau: BufferId,
    /// \[layers + 1\] K, the last that of the surface (anything positive if there is none), read.
    pub temperature: BufferId,
    /// \[n of the grid\] erg s-1 cm-2 / cm-1, the segment's points written.
    pub flux: BufferId,
    /// dF / d dtau \[layers\]\[segment\], overwritten.
    pub depth: BufferId,
    /// dF / dT at fixed optical depths \[layers\]\[segment\], with a surface \[layers + 1\]\[segment\]; overwritten.
    pub source: BufferId,
}

impl SensitivityBuffers {
    /// Adds the dispatch for all layers of a segment. Bits do not depend on the segments.
    pub fn dispatch(
        &self,
        program: &mut ProgramBuilder,
        segment: Segment,
        layers: u32,
        surface: bool,
        quadrature: &Quadrature,
    ) {
        let (inverse_mu, weight) = groups_of_angles(quadrature);
        let params = SensitivityParams {
            quads: segment.quads(),
            first_quad: segment.first_quad(),
            layers,
            groups: quadrature.angles().div_ceil(4) as u32,
            surfaces: u32::from(surface),
            pad0: 0,
            pad1: 0,
            pad2: 0,
            inverse_mu,
            weight,
        };
        let bindings = [self.wavenumber, self.dtau, self.temperature, self.flux, self.depth, self.source];
        // The way up reads what the way down wrote, which a plan cannot tell from reading what nobody wrote.
        program.clear(self.depth).clear(self.source);
        program.dispatch(&SENSITIVITY, &params, &bindings, [segment.len().div_ceil(WORKGROUP), 1, 1]);
    }
}
