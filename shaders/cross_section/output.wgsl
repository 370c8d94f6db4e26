// Result of the finest level at or above 0 on the output grid by one 6-point rule, and the near field; twins: interpolate in
// src/cross_section/convolve.rs, src/cross_section/near.rs. The composed kernel has `near_field`, which may be 0, and `emit`, which sets or
// adds.
//
// In:  layers [all layers]; result [row][evaluated nodes], the first 8 before the first output node.
// Out: output [.. + row][4 quads], each times the layer's factor; nodes beyond the last are padding.
// Dispatch: one invocation per four output nodes (x) and row (y).

struct OutputParams {
    quads: u32,        // output nodes over 4, rounded up
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
@group(0) @binding(3) var<storage, read_write> output: array<vec4<f32>>;

// Of nodes i, i + 1, i + 2, i + 3; i is a multiple of 4.
fn interpolated(row: u32, i: u32) -> vec4<f32> {
    // two nodes before the cell of the first
    let start = row * params.evaluated + 6u + (i >> params.level);
    let c = vec4<f32>((vec4(i) + vec4(0u, 1u, 2u, 3u)) & vec4((1u << params.level) - 1u)) / f32(1u << params.level);
    var sum = vec4(0.0);
    for (var once = params.level >= 2u; once; once = false) {
        // all four in one cell
        let a = c + 2.0;
        let b = c + 1.0;
        let d = c - 1.0;
        let e = c - 2.0;
        let f = c - 3.0;
        let ab = a * b;
        let cd = c * d;
        let ef = e * f;
        sum = result[start] * (-b * cd * ef * (1.0 / 120.0))
            + result[start + 1u] * (a * cd * ef * (1.0 / 24.0))
            + result[start + 2u] * (-ab * d * ef * (1.0 / 12.0))
            + result[start + 3u] * (ab * c * ef * (1.0 / 12.0))
            + result[start + 4u] * (-ab * cd * f * (1.0 / 24.0))
            + result[start + 5u] * (ab * cd * e * (1.0 / 120.0));
    }
    for (var once = params.level == 1u; once; once = false) {
        let b = result[start + 1u];
        let g = result[start + 2u];
        let d = result[start + 3u];
        let e = result[start + 4u];
        let f = result[start + 5u];
        sum = vec4(
            g,
            0.5859375 * (g + d) - 0.09765625 * (b + e) + 0.01171875 * (result[start] + f),
            d,
            0.5859375 * (d + e) - 0.09765625 * (g + f) + 0.01171875 * (b + result[start + 6u]),
        );
    }
    for (var once = params.level == 0u; once; once = false) {
        sum = vec4(result[start + 2u], result[start + 3u], result[start + 4u], result[start + 5u]);
    }
    return sum;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= params.quads { return; }
    let value = interpolated(id.y, 4u * id.x) + near_field(id.y, i32(4u * id.x));
    let layer = params.first_layer + id.y;
    emit((params.first_row + id.y) * params.quads + id.x, layers[layer].output_factor * value);
}
