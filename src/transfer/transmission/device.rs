//! The device side of [`transmission`](super): kernels, parameters, packed chords, dispatch.

use super::chords::{ChordSlopes, Chords};
use crate::gpu::{BufferId, HostLayout, Kernel, ProgramBuilder, host_struct};
use crate::grid::Segment;

host_struct! {
    /// Parameters of one segment.
    pub struct TransmissionParams {
        /// Wavenumbers of the segment over four.
        quads: u32,
        /// Its first wavenumber in the grid over four.
        first_quad: u32,
        /// Layers of the atmosphere.
        layers: u32,
        /// Padded rows over four.
        row_quads: u32,
    }
}

/// A kernel of this folder, after the functions that it needs.
macro_rules! kernel {
    ($name:literal) => {
        Kernel::new(
            concat!("transfer/", $name),
            &[
                include_str!("../../../shaders/lib/math.wgsl"),
                include_str!(concat!("../../../shaders/transfer/", $name, ".wgsl")),
            ],
            &TransmissionParams::LAYOUT,
        )
    };
}

/// The integral: `shaders/transfer/transmission.wgsl`.
pub static TRANSMISSION: Kernel = kernel!("transmission");
/// Optical depth of every chord: `shaders/transfer/transmission_rows.wgsl`.
pub static TRANSMISSION_ROWS: Kernel = kernel!("transmission_rows");
/// Derivatives: `shaders/transfer/transmission_sensitivity.wgsl`.
pub static TRANSMISSION_SENSITIVITY: Kernel = kernel!("transmission_sensitivity");

/// Wavenumbers of a workgroup.
const WORKGROUP: u32 = 256;

/// Rows are padded to a multiple of this.
const ROW_MULTIPLE: usize = 8;

/// Rows of the chords of so many layers, padded.
pub fn padded_rows(layers: usize) -> usize {
    (2 * layers).next_multiple_of(ROW_MULTIPLE)
}

/// C \[layer\]\[padded row\] for [`TransmissionBuffers::chord`].
pub fn chord_values(chords: &Chords) -> Vec<f32> {
    let (rows, padded) = (chords.rows(), padded_rows(chords.layers));
    let mut all = vec![0f32; chords.layers * padded];
    for (to, from) in all.chunks_mut(padded).zip(chords.length.chunks(rows)) {
        to.iter_mut().zip(from).for_each(|(to, c)| *to = *c as f32);
    }
    all
}

/// w \[padded row\] for [`TransmissionBuffers::weight`].
pub fn weight_values(chords: &Chords) -> Vec<f32> {
    let mut all: Vec<f32> = chords.weight.iter().map(|w| *w as f32).collect();
    all.resize(padded_rows(chords.layers), 0.0);
    all
}

/// (C, own, lift, shift) \[layer\]\[padded row\] for [`TransmissionSensitivityBuffers::chord`].
pub fn slope_values(chords: &Chords, slopes: &ChordSlopes) -> Vec<[f32; 4]> {
    let (rows, padded) = (chords.rows(), padded_rows(chords.layers));
    let mut all = vec![[0f32; 4]; chords.layers * padded];
    for k in 0..chords.layers {
        for j in 0..rows {
            let at = k * rows + j;
            let each = [chords.length[at], slopes.own[at], slopes.lift[at], slopes.shift[at]];
            all[k * padded + j] = each.map(|v| v as f32);
        }
    }
    all
}

/// (w, its shift, 0, 0) \[padded row\], then (derivatives of weights; h) \[layer\], for [`TransmissionSensitivityBuffers::vectors`].
pub fn vector_values(chords: &Chords, slopes: &ChordSlopes) -> Vec<[f32; 4]> {
    let rows = chords.weight.iter().zip(&slopes.weight_shift);
    let mut all: Vec<[f32; 4]> = rows.map(|(w, shift)| [*w as f32, *shift as f32, 0.0, 0.0]).collect();
    all.resize(padded_rows(chords.layers), [0.0; 4]);
    let layers = slopes.weight_own.iter().zip(&chords.thickness);
    all.extend(layers.map(|(own, h)| [own[0], own[1], own[2], *h].map(|v| v as f32)));
    all
}

fn params(segment: Segment, layers: u32) -> TransmissionParams {
    let row_quads = padded_rows(layers as usize) as u32 / 4;
    TransmissionParams { quads: segment.quads(), first_quad: segment.first_quad(), layers, row_quads }
}

/// The buffers of the integral, all f32. Rows \[segment\] hold as many points as the segment that is dispatched, without gaps.
#[derive(Debug, Clone, Copy)]
pub struct TransmissionBuffers {
    /// \[layers\]\[segment\], read.
    pub dtau: BufferId,
    /// \[layers\]\[[`padded_rows`]\], read; [`chord_values`].
    pub chord: BufferId,
    /// \[[`padded_rows`]\], read; [`weight_values`].
    pub weight: BufferId,
    /// \[n of the grid\], the segment's points written.
    pub integral: BufferId,
}

impl TransmissionBuffers {
    /// Adds the dispatch for all layers of a segment. Bits do not depend on the segments.
    pub fn dispatch(&self, program: &mut ProgramBuilder, segment: Segment, layers: u32) {
        let bindings = [self.dtau, self.chord, self.weight, self.integral];
        let workgroups = [segment.len().div_ceil(WORKGROUP), 1, 1];
        program.dispatch(&TRANSMISSION, &params(segment, layers), &bindings, workgroups);
    }
}

/// The buffers of integral and derivatives, all f32. Rows \[segment\] hold as many points as the segment that is dispatched, without gaps.
#[derive(Debug, Clone, Copy)]
pub struct TransmissionSensitivityBuffers {
    /// \[layers\]\[segment\], read.
    pub dtau: BufferId,
    /// \[layers\]\[[`padded_rows`]\]\[4\], read; [`slope_values`].
    pub chord: BufferId,
    /// \[[`padded_rows`] + layers\]\[4\], read; [`vector_values`].
    pub vectors: BufferId,
    /// \[n of the grid\], the segment's points written.
    pub integral: BufferId,
    /// Three of \[[`padded_rows`]\]\[segment\], overwritten.
    pub scratch: [BufferId; 3],
    /// dI / d dtau \[layers\]\[segment\], overwritten.
    pub depth: BufferId,
    /// By thicknesses and the lowest radius \[layers + 1\]\[segment\], overwritten.
    pub radii: BufferId,
}

impl TransmissionSensitivityBuffers {
    /// Adds the dispatches for all layers of a segment. Bits do not depend on the segments.
    pub fn dispatch(&self, program: &mut ProgramBuilder, segment: Segment, layers: u32) {
        let (params, workgroups) = (params(segment, layers), [segment.len().div_ceil(WORKGROUP), 1, 1]);
        let [slant, moved, lifted] = self.scratch;
        let bindings = [self.dtau, self.chord, self.vectors, self.integral, slant, moved];
        program.dispatch(&TRANSMISSION_ROWS, &params, &bindings, workgroups);
        // What is bound to be read and written counts as read first.
        program.clear(lifted).clear(self.depth).clear(self.radii);
        let bindings = [self.dtau, self.chord, self.vectors, slant, moved, lifted, self.depth, self.radii];
        program.dispatch(&TRANSMISSION_SENSITIVITY, &params, &bindings, workgroups);
    }
}
