// Collision-induced absorption of one pair of species; twin: src/opacity/cia.rs.
//
//   dtau[layer][nu] += (1 - part) a[node] + part a[node + 1],   node and part of nu,
//   a[node] = exp(ln k + ln_column),   ln k = L[lower] + w · (L[lower + 1] - L[lower], m[lower], m[lower + 1]),   of the layer
//   (L = ln k and m = d ln k / d ln T of the table's rows at the node, w the weights of Hermite's cubic polynomial in ln T),
//   and with the derivative d dtau/dT, a replaced by a (dw/dT · (L[lower + 1] - L[lower], m[lower], m[lower + 1]) - 1 / T)
//
// In:     ln_k [temperature][nodes], ln of the coefficient over its largest value in the table; ln_slope, its derivative by ln T; position [n of the grid], node in the
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
    lower: u32,
    value_rise: f32, value_slope0: f32, value_slope1: f32,  // w
    by_t_rise: f32, by_t_slope0: f32, by_t_slope1: f32,     // dw / dT
    ln_column: f32,
    inverse_temperature: f32,
    pad0: u32, pad1: u32, pad2: u32,
}

@group(0) @binding(0) var<uniform> params: CiaParams;
@group(0) @binding(1) var<storage, read> ln_k: array<f32>;
@group(0) @binding(2) var<storage, read> ln_slope: array<f32>;
@group(0) @binding(3) var<storage, read> position: array<vec4<u32>>;
@group(0) @binding(4) var<storage, read> layer_state: array<CiaLayerState>;

// What a node has between two rows.
struct Rows { start: vec4<f32>, rise: vec4<f32>, slope0: vec4<f32>, slope1: vec4<f32> }

fn at_nodes(at: vec4<u32>) -> vec4<f32> {
    return vec4(ln_k[at.x], ln_k[at.y], ln_k[at.z], ln_k[at.w]);
}

fn slopes_at(at: vec4<u32>) -> vec4<f32> {
    return vec4(ln_slope[at.x], ln_slope[at.y], ln_slope[at.z], ln_slope[at.w]);
}

fn rows_at(lower: vec4<u32>) -> Rows {
    let upper = lower + params.nodes;
    let start = at_nodes(lower);
    return Rows(start, at_nodes(upper) - start, slopes_at(lower), slopes_at(upper));
}

fn value_of(rows: Rows, state: CiaLayerState) -> vec4<f32> {
    let ln_k = rows.start + state.value_rise * rows.rise + state.value_slope0 * rows.slope0 + state.value_slope1 * rows.slope1;
    return exp_vec4(ln_k + state.ln_column);
}

fn ln_slope_of(rows: Rows, state: CiaLayerState) -> vec4<f32> {
    return state.by_t_rise * rows.rise + state.by_t_slope0 * rows.slope0 + state.by_t_slope1 * rows.slope1;
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
    var left: Rows;
    var right: Rows;
    for (var layer = 0u; layer < params.layers; layer++) {
        let state = layer_state[params.first_layer + layer];
        // A loop of at most one round: CPU drivers run the body of a branch in any case.
        while row != state.lower {
            row = state.lower;
            left = rows_at(row * params.nodes + node);
            right = rows_at(row * params.nodes + next);
        }
        let a = value_of(left, state);
        let b = value_of(right, state);
        let value = a + part * (b - a);
        let a_slope = a * ln_slope_of(left, state);
        let slope = a_slope + part * (b * ln_slope_of(right, state) - a_slope);
        emit(layer * params.quads + i, value, slope - value * state.inverse_temperature);
    }
}
