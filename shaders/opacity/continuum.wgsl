// A smooth opacity from ln of its optical depth at nodes; twin: src/opacity/continuum.rs.
//
//   dtau[layer][nu] += exp((1 - part) ln[layer][node] + part ln[layer][node + 1]),   node and part of nu
//
// In:     ln_depth [layers of the atmosphere][nodes], at least -1000 (nothing); nodes are every stride-th point of the grid.
// In/out: dtau [layers of the batch][segment].
// Dispatch: one invocation per four wavenumbers and layer, (ceil(quads / 64), layers) workgroups.

struct ContinuumParams {
    quads: u32,        // of the segment
    first_quad: u32,   // of the segment in the grid
    first_layer: u32,  // index of the batch's first layer in the atmosphere
    nodes: u32,        // of a row
    stride: u32,       // points from node to node
    pad0: u32, pad1: u32, pad2: u32,
}

@group(0) @binding(0) var<uniform> params: ContinuumParams;
@group(0) @binding(1) var<storage, read> ln_depth: array<f32>;
@group(0) @binding(2) var<storage, read_write> dtau: array<vec4<f32>>;

fn ln_at(row: u32, node: vec4<u32>) -> vec4<f32> {
    let at = vec4(row) + min(node, vec4(params.nodes - 1u));
    return vec4(ln_depth[at.x], ln_depth[at.y], ln_depth[at.z], ln_depth[at.w]);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= params.quads { return; }
    let row = (params.first_layer + id.y) * params.nodes;
    let at = between(params.first_quad + id.x, params.stride);
    let a = ln_at(row, at.node);
    let b = ln_at(row, at.node + 1u);
    dtau[id.y * params.quads + id.x] += exp_vec4(a + at.part * (b - a));
}
