// Result of the finest level at or above 0 on the output grid by one 6-point rule, and the near field; twins: interpolate in
// src/cross_section/convolve.rs, src/cross_section/near.rs. The composed kernel has `near_field`, which may be 0, and `emit`, which sets or
// adds.
//
// In:  layers [all layers]; result [row][evaluated nodes], the first 8 before the first output node.
// Out: output [.. + row][outputs], each times the layer's factor.
// Dispatch: one invocation per output node (x, 256 a workgroup) and row (y).

struct OutputParams {
    outputs: u32,
    evaluated: u32,    // nodes of the level
    level: u32,
    first_layer: u32,
    first_row: u32,    // of the output
    lines: u32,        // near field: number of lines
    first_bin: i32,    // output node at which bin 0 starts
    bins: u32,
    window: i32,       // output nodes within the near-field radius
    radius: f32,       // near-field radius, relative
    step: f32,         // h, in ln nu
    pad0: f32,
}
@group(0) @binding(0) var<uniform> params: OutputParams;
@group(0) @binding(1) var<storage, read> layers: array<LayerState>;
@group(0) @binding(2) var<storage, read> result: array<f32>;
@group(0) @binding(3) var<storage, read_write> output: array<f32>;

fn interpolated(row: u32, i: u32) -> f32 {
    let start = row * params.evaluated + 6u + (i >> params.level);  // two nodes before the cell
    if params.level == 0u { return result[start + 2u]; }
    let per = 1u << params.level;
    let c = f32(i & (per - 1u)) / f32(per);
    let a = c + 2.0;
    let b = c + 1.0;
    let d = c - 1.0;
    let e = c - 2.0;
    let f = c - 3.0;
    let ab = a * b;
    let cd = c * d;
    let ef = e * f;
    return result[start] * (-b * cd * ef * (1.0 / 120.0))
        + result[start + 1u] * (a * cd * ef * (1.0 / 24.0))
        + result[start + 2u] * (-ab * d * ef * (1.0 / 12.0))
        + result[start + 3u] * (ab * c * ef * (1.0 / 12.0))
        + result[start + 4u] * (-ab * cd * f * (1.0 / 24.0))
        + result[start + 5u] * (ab * cd * e * (1.0 / 120.0));
}

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= params.outputs { return; }
    let value = interpolated(id.y, id.x) + near_field(id.y, i32(id.x));
    let layer = params.first_layer + id.y;
    emit((params.first_row + id.y) * params.outputs + id.x, layers[layer].output_factor * value);
}
