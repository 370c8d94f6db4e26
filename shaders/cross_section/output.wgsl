// Result of the finest level at or above 0 on the output grid by one 6-point rule, and the near field; twins: interpolate in
// src/cross_section/convolve.rs, src/cross_section/near.rs. The composed kernel has `near_field`, which may be 0, and `emit`, which sets or
// adds.
//
// In:  layers [all layers]; result [result_row + row][evaluated nodes], the first 8 before node result_first of the level.
// Out: output [first_row + row][first_quad + ..] of rows of row_quads vectors, each times the layer's factor; nodes beyond the last are padding.
// Dispatch: one invocation per 16 output nodes (x) of the segment and row (y).

struct OutputParams {
    quads: u32,        // output nodes of the segment over 4; nodes are padded to a multiple of 16
    evaluated: u32,    // nodes of the level
    level: u32,
    first_layer: u32,
    first_row: u32,    // of the output
    lines: u32,        // near field: number of lines in `near`
    first_bin: i32,    // output node at which bin 0 starts
    bins: u32,
    window: i32,       // output nodes within the near-field radius, and by which pressure moves lines
    radius: f32,       // near-field radius, relative
    step: f32,         // h, in ln nu
    first_node: u32,   // output node at which the segment starts
    first_line: u32,   // near field: first line in `near`
    result_row: u32,   // first row of the result
    result_first: u32, // node of the level that lies 8 after the result's first
    row_quads: u32,    // output: vectors of a row
    first_quad: u32,   // and where in it the segment starts
    pad0: u32, pad1: u32, pad2: u32,
}
@group(0) @binding(0) var<uniform> params: OutputParams;
@group(0) @binding(1) var<storage, read> layers: array<LayerState>;
@group(0) @binding(2) var<storage, read> result: array<f32>;
@group(0) @binding(3) var<storage, read_write> output: array<vec4<f32>>;

// Where the six values about output node i start: two nodes before its cell.
fn result_start(row: u32, i: u32) -> u32 {
    return (params.result_row + row) * params.evaluated + 6u + (i >> params.level) - params.result_first;
}

// Of nodes i, i + 1, i + 2, i + 3 at a level below 4; i is a multiple of 4.
fn interpolated(row: u32, i: u32, level: u32) -> vec4<f32> {
    let start = result_start(row, i);
    var sum = vec4(0.0);
    for (var once = level >= 2u; once; once = false) {
        let y = array(result[start], result[start + 1u], result[start + 2u], result[start + 3u], result[start + 4u], result[start + 5u]);
        sum = rule(y, (f32(i & ((1u << level) - 1u)) + vec4(0.0, 1.0, 2.0, 3.0)) / f32(1u << level));
    }
    for (var once = level == 1u; once; once = false) {
        let b = result[start + 1u];
        let c = result[start + 2u];
        let d = result[start + 3u];
        let e = result[start + 4u];
        let f = result[start + 5u];
        sum = vec4(
            c,
            0.5859375 * (c + d) - 0.09765625 * (b + e) + 0.01171875 * (result[start] + f),
            d,
            0.5859375 * (d + e) - 0.09765625 * (c + f) + 0.01171875 * (b + result[start + 6u]),
        );
    }
    for (var once = level == 0u; once; once = false) {
        sum = vec4(result[start + 2u], result[start + 3u], result[start + 4u], result[start + 5u]);
    }
    return sum;
}

// Nodes i..i + 15, i a multiple of 16, four to a vector.
struct Sixteen { a: vec4<f32>, b: vec4<f32>, c: vec4<f32>, d: vec4<f32> }

// The 6-point rule at c past the third of six values.
fn rule(y: array<f32, 6>, c: vec4<f32>) -> vec4<f32> {
    let a = c + 2.0;
    let b = c + 1.0;
    let d = c - 1.0;
    let e = c - 2.0;
    let f = c - 3.0;
    let ab = a * b;
    let cd = c * d;
    let ef = e * f;
    return cd * ef * (a * (y[1] * (1.0 / 24.0)) - b * (y[0] * (1.0 / 120.0)))
        + ab * ef * (c * (y[3] * (1.0 / 12.0)) - d * (y[2] * (1.0 / 12.0)))
        + ab * cd * (e * (y[5] * (1.0 / 120.0)) - f * (y[4] * (1.0 / 24.0)));
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if 4u * id.x >= params.quads { return; }
    let i = params.first_node + 16u * id.x;
    let level = params.level;
    var sum = near_field(id.y, i32(i));
    for (var once = level >= 4u; once; once = false) {
        // all sixteen lie in one cell: six values serve them
        let start = result_start(id.y, i);
        let y = array(result[start], result[start + 1u], result[start + 2u], result[start + 3u], result[start + 4u], result[start + 5u]);
        let h = 1.0 / f32(1u << level);
        let c = (f32(i & ((1u << level) - 1u)) + vec4(0.0, 1.0, 2.0, 3.0)) * h;
        sum.a += rule(y, c);
        sum.b += rule(y, c + 4.0 * h);
        sum.c += rule(y, c + 8.0 * h);
        sum.d += rule(y, c + 12.0 * h);
    }
    for (var once = level < 4u; once; once = false) {
        sum.a += interpolated(id.y, i, level);
        sum.b += interpolated(id.y, i + 4u, level);
        sum.c += interpolated(id.y, i + 8u, level);
        sum.d += interpolated(id.y, i + 12u, level);
    }
    let factor = layers[params.first_layer + id.y].output_factor;
    let at = (params.first_row + id.y) * params.row_quads + params.first_quad + 4u * id.x;
    emit(at, factor * sum.a);
    emit(at + 1u, factor * sum.b);
    emit(at + 2u, factor * sum.c);
    emit(at + 3u, factor * sum.d);
}
