// What the dense and the sparse product share: parameters, and where a lane's sum goes.

struct ProductParams {
    rows: u32,        // of the density, in this part
    columns: u32,
    first_node: u32,  // source node of the density's first node (sparse) or of the part's first row (dense)
    nodes: u32,       // source nodes
    channels: u32,
    lanes: u32,       // rows of the batch times channels
    groups: u32,      // of 16 lanes
    first_layer: u32,
    ln_first_wavenumber: f32,  // of source node 0
    step: f32,                 // of the level, in ln nu
    pad0: f32, pad1: f32,
}
@group(0) @binding(0) var<uniform> params: ProductParams;
@group(0) @binding(1) var<storage, read> layers: array<LayerState>;
@group(0) @binding(2) var<storage, read> weights: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> source: array<f32>;

// Source [row][channel][node] of one lane: the sum times stimulated emission and the partition function's ratio; lanes beyond the last
// are padding.
fn store_lane(node: u32, lane: u32, sum: f32) {
    if lane < params.lanes {
        let wavenumber = exp_f32(params.ln_first_wavenumber + f32(node) * params.step);
        let layer = params.first_layer + lane / params.channels;
        let factor = -expm1_f32(-layers[layer].c2_over_t * wavenumber) * layers[layer].strength_factor;
        source[lane * params.nodes + node] = factor * sum;
    }
}

fn store(node: u32, lane: u32, sum: vec4<f32>) {
    store_lane(node, lane, sum.x);
    store_lane(node, lane + 1u, sum.y);
    store_lane(node, lane + 2u, sum.z);
    store_lane(node, lane + 3u, sum.w);
}
