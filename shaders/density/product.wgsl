// What the dense and the sparse product share: parameters, and where a lane's sum goes.

struct ProductParams {
    rows: u32,        // of the density, in this part
    columns: u32,
    first_node: i32,  // node of the level of the density's first node (sparse) or of the part's first row (dense)
    nodes: u32,       // source nodes
    channels: u32,
    lanes: u32,       // rows of the batch times channels
    groups: u32,      // of 16 lanes
    first_layer: u32,
    ln_first_wavenumber: f32,  // of the level's node 0
    step: f32,                 // of the level, in ln nu
    source_first: i32, // node of the level of source node 0
    first_row: u32,    // of the part, to be multiplied; a multiple of 4 (dense)
    count: u32,        // rows to be multiplied
    pad0: u32, pad1: u32, pad2: u32,
}
@group(0) @binding(0) var<uniform> params: ProductParams;
@group(0) @binding(1) var<storage, read> layers: array<LayerState>;
@group(0) @binding(2) var<storage, read> weights: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> source: array<f32>;

// Source [row][channel][node] of one lane at a node of the level: the sum times stimulated emission and the partition function's ratio.
// Lanes beyond the last are padding, nodes outside the sources of no use.
fn store_lane(node: i32, lane: u32, sum: f32) {
    let at = node - params.source_first;
    if lane < params.lanes && at >= 0 && at < i32(params.nodes) {
        let wavenumber = exp_f32(params.ln_first_wavenumber + f32(node) * params.step);
        let layer = params.first_layer + lane / params.channels;
        let factor = -expm1_f32(-layers[layer].c2_over_t * wavenumber) * layers[layer].strength_factor;
        source[lane * params.nodes + u32(at)] = factor * sum;
    }
}

fn store(node: i32, lane: u32, sum: vec4<f32>) {
    store_lane(node, lane, sum.x);
    store_lane(node, lane + 1u, sum.y);
    store_lane(node, lane + 2u, sum.z);
    store_lane(node, lane + 3u, sum.w);
}
