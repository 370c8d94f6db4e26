// A level finer than the output grid: only output nodes are evaluated, every stride-th node of the level; twin: convolve in
// src/cross_section/convolve.rs.
//
// In:  taps [row][channel][padded]; source [row][channel][nodes]; layers [all layers].
// Out: output [.. + row][outputs] += factor times the sum.
// Dispatch: one invocation per output node (x, 256 a workgroup) and row (y).

struct BelowParams {
    outputs: u32,
    nodes: u32,
    offset: u32,       // source node that the first tap of the first output node meets
    padded: u32,
    channels: u32,
    stride: u32,
    first_layer: u32,
    first_row: u32,    // of the output
}
@group(0) @binding(0) var<uniform> params: BelowParams;
@group(0) @binding(1) var<storage, read> taps: array<f32>;
@group(0) @binding(2) var<storage, read> source: array<f32>;
@group(0) @binding(3) var<storage, read> layers: array<LayerState>;
@group(0) @binding(4) var<storage, read_write> output: array<f32>;

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= params.outputs { return; }
    var sum = 0.0;
    for (var k = 0u; k < params.channels; k++) {
        let row = id.y * params.channels + k;
        let start = row * params.nodes + params.offset + id.x * params.stride;
        for (var t = 0u; t < params.padded; t++) {
            sum += taps[row * params.padded + t] * source[start + t];
        }
    }
    let at = (params.first_row + id.y) * params.outputs + id.x;
    output[at] += layers[params.first_layer + id.y].output_factor * sum;
}
