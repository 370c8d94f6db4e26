// The derivative of a smooth opacity by a quantity of its layer; twin: src/opacity/continuum.rs.
//
//   target[layer][nu] += exp(ln) d,   ln and d = d ln(dtau) / d(quantity) linear between nodes, as in continuum.wgsl
//
// In:     ln_depth, factor [layers of the atmosphere][nodes]; nodes are every stride-th point of the grid.
// In/out: target [layers of the batch][segment].
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
@group(0) @binding(2) var<storage, read> factor: array<f32>;
@group(0) @binding(3) var<storage, read_write> derivative: array<vec4<f32>>;

fn ln_at(at: vec4<u32>) -> vec4<f32> {
    return vec4(ln_depth[at.x], ln_depth[at.y], ln_depth[at.z], ln_depth[at.w]);
}

fn factor_at(at: vec4<u32>) -> vec4<f32> {
    return vec4(factor[at.x], factor[at.y], factor[at.z], factor[at.w]);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= params.quads { return; }
    let row = vec4((params.first_layer + id.y) * params.nodes);
    let at = between(params.first_quad + id.x, params.stride);
    let last = vec4(params.nodes - 1u);
    let lower = row + min(at.node, last);
    let upper = row + min(at.node + 1u, last);
    let a = ln_at(lower);
    let f = factor_at(lower);
    let value = exp_vec4(a + at.part * (ln_at(upper) - a)) * (f + at.part * (factor_at(upper) - f));
    derivative[id.y * params.quads + id.x] += value;
}
