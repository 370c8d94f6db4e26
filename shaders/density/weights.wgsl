// Weight of every column of the density in every channel of every layer of a batch; twin: Axes::weights in
// src/density/line_shape.rs. The composed kernel has `lane_factors`, with or without derivatives by temperature.
//
// In:  axes: energies [energies], then (ln gamma, exponent, curvature, natural width) of each cell; layers [all layers].
// Out: weights [column][group][16] as vectors of 4; lane = row * lanes of a row + lane of the row, lanes beyond the last 0.
// Dispatch: one invocation per column (x) and four lanes (y).

struct WeightsParams {
    columns: u32, cells: u32, exponents: u32, first_layer: u32, lanes: u32, rows: u32, groups: u32, pad0: u32,
}
@group(0) @binding(0) var<uniform> params: WeightsParams;
@group(0) @binding(1) var<storage, read> axes: array<f32>;
@group(0) @binding(2) var<storage, read> layers: array<LayerState>;
@group(0) @binding(3) var<storage, read_write> weights: array<vec4<f32>>;

fn weight(column: u32, lane: u32) -> f32 {
    if lane >= params.rows * params.lanes { return 0.0; }
    let layer = layers[params.first_layer + lane / params.lanes];
    let of_row = lane % params.lanes;
    let energies = params.columns / params.cells;
    let cell = energies + 4u * (column % params.cells);
    let width = lorentz_width(layer, axes[cell], axes[cell + 1u], axes[cell + 2u], axes[cell + 3u]);
    let energy = axes[column / params.cells];
    // stimulated emission depends on the node; stimulated_slope.wgsl
    let ln_slope = layer.common_slope + layer.c2_over_t * energy;
    let of_cell = lane_factors(layer, width.ln, width.exponent, ln_slope, of_row & ~3u, params.lanes)[of_row & 3u];
    return exp_f32(-layer.boltzmann * energy) * of_cell;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= params.columns { return; }
    let lane = 4u * id.y;
    weights[id.x * 4u * params.groups + id.y] =
        vec4(weight(id.x, lane), weight(id.x, lane + 1u), weight(id.x, lane + 2u), weight(id.x, lane + 3u));
}
