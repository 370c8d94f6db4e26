// One level of the ladder: sources convolved with taps, summed over channels, for 16 neighbouring nodes an invocation; twin: convolve in
// src/cross_section/convolve.rs. The composed kernel adds `from_above`, which is 0 at the top and else the 6-point prolongation.
//
// In:  taps [row][row_channels][padded] as vectors of 4; source [row][row_channels][nodes], aligned so that the first tap of the first
//      evaluated node meets a multiple of 4.
// Out: result [result_row + row][outputs], outputs a multiple of 16.
// Dispatch: one invocation per 16 nodes (x) and row (y). Blocks of 4 slide over the source: per 4 taps one load of each, 16 vector
// multiply-adds.

@compute @workgroup_size(32)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let first = 16u * id.x;
    if first >= params.outputs { return; }
    let groups = params.padded / 4u;
    var r0 = vec4(0.0);
    var r1 = vec4(0.0);
    var r2 = vec4(0.0);
    var r3 = vec4(0.0);
    for (var k = 0u; k < params.channels; k++) {
        let row = id.y * params.row_channels + k;
        let tap_row = params.level_taps + (row + params.first_tap) * groups;
        let start = (row * params.nodes + first + params.offset) / 4u;
        var s0 = source[start];
        var s1 = source[start + 1u];
        var s2 = source[start + 2u];
        var s3 = source[start + 3u];
        for (var t = 0u; t < groups; t++) {
            let s4 = source[start + 4u + t];
            let tap = taps[tap_row + t];
            r0 += tap.x * s0 + tap.y * vec4(s0.yzw, s1.x) + tap.z * vec4(s0.zw, s1.xy) + tap.w * vec4(s0.w, s1.xyz);
            r1 += tap.x * s1 + tap.y * vec4(s1.yzw, s2.x) + tap.z * vec4(s1.zw, s2.xy) + tap.w * vec4(s1.w, s2.xyz);
            r2 += tap.x * s2 + tap.y * vec4(s2.yzw, s3.x) + tap.z * vec4(s2.zw, s3.xy) + tap.w * vec4(s2.w, s3.xyz);
            r3 += tap.x * s3 + tap.y * vec4(s3.yzw, s4.x) + tap.z * vec4(s3.zw, s4.xy) + tap.w * vec4(s3.w, s4.xyz);
            s0 = s1;
            s1 = s2;
            s2 = s3;
            s3 = s4;
        }
    }
    let out = ((params.result_row + id.y) * params.outputs + first) / 4u;
    result[out] = r0 + from_above(id.y, first);
    result[out + 1u] = r1 + from_above(id.y, first + 4u);
    result[out + 2u] = r2 + from_above(id.y, first + 8u);
    result[out + 3u] = r3 + from_above(id.y, first + 12u);
}
