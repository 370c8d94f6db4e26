// What the derivative of stimulated emission adds to the derivatives of a density's sources, which depends on the node; twin:
// stimulated_and_slope in src/density/line_shape.rs.
//
// In and out: source [row][channels, then their derivatives by temperature][node]: derivative += value d ln(1 - exp(-c2 nu/T))/dT.
// In:  layers [all layers].
// Dispatch: one invocation per node (x), channel (y), row (z).

struct StimulatedParams {
    nodes: u32,                // source nodes
    channels: u32,
    first_layer: u32,
    source_first: i32,         // node of the level of source node 0
    ln_first_wavenumber: f32,  // of the level's node 0
    step: f32,                 // of the level, in ln nu
    pad0: f32, pad1: f32,
}
@group(0) @binding(0) var<uniform> params: StimulatedParams;
@group(0) @binding(1) var<storage, read> layers: array<LayerState>;
@group(0) @binding(2) var<storage, read_write> source: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= params.nodes { return; }
    let layer = layers[params.first_layer + id.z];
    let wavenumber = exp_f32(params.ln_first_wavenumber + f32(params.source_first + i32(id.x)) * params.step);
    let slope = stimulated_slope(layer, wavenumber) * layer.inverse_temperature;
    let value = (2u * id.z * params.channels + id.y) * params.nodes + id.x;
    source[value + params.channels * params.nodes] += slope * source[value];
}
