// What a wing law leaves of the softened profile on its level: a sum over sources with factors of their own for every node; twin:
// LawMatrix::convolve in src/cross_section/wing_law.rs. The composed kernel has `pedestal_sum`, which may be 0, and `before`, which sets or
// adds.
//
// In:  factors [outputs][width]; taps [row][row_channels][padded]; source [row][row_channels][nodes].
// Out: result [result_row + row][outputs], set to the sum over taps first..last, or to that plus `keep` times what it was.
// Dispatch: one invocation per node (x) and row (y).

struct LawParams {
    outputs: u32,
    nodes: u32,        // source nodes
    offset: u32,       // source node that the first tap of the first evaluated node meets
    width: u32,        // taps
    padded: u32,       // of a row of taps
    channels: u32,
    row_channels: u32, // of a row of taps and of sources; those convolved are the first of the sources
    first_tap: u32,    // and these of the taps
    result_row: u32,
    first: u32,
    last: u32,
    keep: f32,
    level_taps: u32,   // vector of four of `taps` with which the level's begin
    pad0: u32,
    pad1: u32,
    pad2: u32,
}
@group(0) @binding(0) var<uniform> params: LawParams;
@group(0) @binding(1) var<storage, read> factors: array<f32>;
@group(0) @binding(2) var<storage, read> taps: array<f32>;
@group(0) @binding(3) var<storage, read> source: array<f32>;
@group(0) @binding(4) var<storage, read_write> result: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= params.outputs { return; }
    var sum = 0.0;
    for (var k = 0u; k < params.channels; k++) {
        let row = id.y * params.row_channels + k;
        let tap = 4u * params.level_taps + (row + params.first_tap) * params.padded;
        let start = row * params.nodes + id.x + params.offset;
        let factor = id.x * params.width;
        for (var t = params.first; t < params.last; t++) {
            sum += factors[factor + t] * taps[tap + t] * source[start + t];
        }
    }
    sum -= pedestal_sum(id.y, id.x);
    let at = (params.result_row + id.y) * params.outputs + id.x;
    result[at] = before(at) + sum;
}
