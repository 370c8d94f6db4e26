// Collision-induced absorption of one pair of species; twin: src/optical_depth/cia.rs.
//
//   dtau[layer][nu] += (1 - part) a[node] + part a[node + 1],   node and part of nu,
//   a[node] = exp(ln k[lower][node] + fraction (ln k[lower + 1][node] - ln k[lower][node]) + ln_column),   of the layer
//   and with the derivative d dtau/dT, a replaced by a ((ln k[lower + 1] - ln k[lower]) / (T[lower + 1] - T[lower]) - 1 / T)
//
// In:     ln_k [temperature][nodes], ln of the coefficient over its largest value in the table; position [n of the grid], node in the
//         upper 16 bits, part in the lower; layer_state [layers of the atmosphere], whose ln_column holds the logarithm of
//         that largest value too (k and its factor, 1e-46 and 1e46, do not fit f32).
// In/out: dtau, and dtau_dt per K, [layers of the batch][segment] (cia_add*.wgsl).
// Dispatch: one invocation per four wavenumbers, ceil(segment / 256) workgroups; the table's values stay in registers while
// neighbouring layers lie between the same temperatures.

struct CiaParams {
    quads: u32,        // of the segment
    first_quad: u32,   // of the segment in the grid
    layers: u32,       // of this batch
    first_layer: u32,  // index of the batch's first layer in the atmosphere
    nodes: u32,        // of a row of the table
    pad0: u32, pad1: u32, pad2: u32,
}
struct CiaLayerState {
    lower: u32, fraction: f32, ln_column: f32,
    inverse_step: f32,         // 1 / (T[lower + 1] - T[lower])
    inverse_temperature: f32,
    pad0: u32, pad1: u32, pad2: u32,
}

@group(0) @binding(0) var<uniform> params: CiaParams;
@group(0) @binding(1) var<storage, read> ln_k: array<f32>;
@group(0) @binding(2) var<storage, read> position: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read> layer_state: array<CiaLayerState>;

fn at_nodes(at: vec4<u32>) -> vec4<f32> {
    return vec4(ln_k[at.x], ln_k[at.y], ln_k[at.z], ln_k[at.w]);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    if i >= params.quads { return; }
    let packed = position[params.first_quad + i];
    let node = packed >> vec4(16u);
    // The last node has no next.
    let next = min(node + 1u, vec4(params.nodes - 1u));
    let part = vec4<f32>(packed & vec4(0xffffu)) * (1.0 / 65536.0);
    var row = 0xffffffffu;
    var left = vec4(0.0);
    var left_rise = vec4(0.0);
    var right = vec4(0.0);
    var right_rise = vec4(0.0);
    for (var layer = 0u; layer < params.layers; layer++) {
        let state = layer_state[params.first_layer + layer];
        // A loop of at most one round: CPU drivers run the body of a branch in any case.
        while row != state.lower {
            row = state.lower;
            let lower = row * params.nodes;
            let upper = lower + params.nodes;
            left = at_nodes(lower + node);
            left_rise = at_nodes(upper + node) - left;
            right = at_nodes(lower + next);
            right_rise = at_nodes(upper + next) - right;
        }
        let a = exp_vec4(left + state.fraction * left_rise + state.ln_column);
        let b = exp_vec4(right + state.fraction * right_rise + state.ln_column);
        let value = a + part * (b - a);
        let a_slope = a * left_rise;
        let slope = a_slope + part * (b * right_rise - a_slope);
        emit(layer * params.quads + i, value, slope * state.inverse_step - value * state.inverse_temperature);
    }
}
