// A level finer than the output grid: only output nodes are evaluated, every stride-th node of the level; twin: convolve in
// src/cross_section/convolve.rs.
//
// In:  taps [row][row_channels][padded]; source [row][row_channels][nodes]; layers [all layers].
// Out: output [first_row + row][first_quad + ..] of rows of row_quads vectors += factor times the sum; nodes beyond the last are padding.
// Dispatch: one invocation per four output nodes (x) and row (y). Vectors of four sources meet vectors of four taps; outputs lie stride/4
// vectors apart, or share vectors at stride 2.

struct BelowParams {
    quads: u32,        // output nodes over 4, rounded up
    nodes: u32,        // source nodes, a multiple of 4
    offset: u32,       // source node that the first tap of the first output node meets, a multiple of 4
    padded: u32,       // taps, a multiple of 4
    channels: u32,
    stride: u32,
    first_layer: u32,
    first_row: u32,    // of the output
    row_quads: u32,    // output: vectors of a row
    first_quad: u32,   // and where in it the segment starts
    row_channels: u32, // of a row of taps and of sources; those convolved are the first of the sources
    first_tap: u32,    // and these of the taps
    level_taps: u32,   // vector of `taps` with which the level's begin
    pad0: u32,
    pad1: u32,
    pad2: u32,
}
@group(0) @binding(0) var<uniform> params: BelowParams;
@group(0) @binding(1) var<storage, read> taps: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> source: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> layers: array<LayerState>;
@group(0) @binding(4) var<storage, read_write> output: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= params.quads { return; }
    let groups = params.padded / 4u;
    var sum = vec4(0.0);
    for (var k = 0u; k < params.channels; k++) {
        let row = id.y * params.row_channels + k;
        let tap_row = params.level_taps + (row + params.first_tap) * groups;
        let start = (row * params.nodes + params.offset) / 4u + id.x * params.stride;
        for (var once = params.stride == 2u; once; once = false) {
            var s0 = source[start];
            var s1 = source[start + 1u];
            for (var t = 0u; t < groups; t++) {
                let tap = taps[tap_row + t];
                let s2 = source[start + 2u + t];
                // output r meets sources 2r + t: even taps by even sources, odd by odd
                let even = vec4(s0.xz, s1.xz);
                let odd = vec4(s0.yw, s1.yw);
                sum += tap.x * even + tap.y * odd + tap.z * vec4(even.yzw, s2.x) + tap.w * vec4(odd.yzw, s2.y);
                s0 = s1;
                s1 = s2;
            }
        }
        for (var once = params.stride > 2u; once; once = false) {
            let apart = params.stride / 4u;
            for (var t = 0u; t < groups; t++) {
                let tap = taps[tap_row + t];
                let at = start + t;
                sum += vec4(dot(tap, source[at]), dot(tap, source[at + apart]), dot(tap, source[at + 2u * apart]), dot(tap, source[at + 3u * apart]));
            }
        }
    }
    output[(params.first_row + id.y) * params.row_quads + params.first_quad + id.x] += layers[params.first_layer + id.y].output_factor * sum;
}
