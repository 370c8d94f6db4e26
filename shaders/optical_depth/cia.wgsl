// Collision-induced absorption of one pair of species; twin: src/optical_depth/cia.rs.
//
//   dtau[layer][nu] += exp(ln k[lower] + fraction (ln k[lower + 1] - ln k[lower]) + ln_column[layer])
//
// In:     ln_k [temperature][n], ln of the coefficient over its largest value in the table; layer_state [layers of the
//         atmosphere], whose ln_column holds the logarithm of that largest value too (k and its factor, 1e-46 and 1e46, do not fit f32).
// In/out: dtau [layers of the batch][4 quads], the segment of n that starts at 4 first_quad. n is a multiple of 4.
// Dispatch: one invocation per four wavenumbers, ceil(n / 256) workgroups; the two rows of the table stay in registers while
// neighbouring layers lie between the same temperatures.

struct CiaParams {
    quads: u32,        // wavenumbers of the segment over 4
    layers: u32,       // of this batch
    first_layer: u32,  // index of the batch's first layer in the atmosphere
    first_quad: u32,   // at which the segment starts
    table_quads: u32,  // n / 4
    pad0: u32, pad1: u32, pad2: u32,
}
struct CiaLayerState { lower: u32, fraction: f32, ln_column: f32, pad0: u32 }

@group(0) @binding(0) var<uniform> params: CiaParams;
@group(0) @binding(1) var<storage, read> ln_k: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> layer_state: array<CiaLayerState>;
@group(0) @binding(3) var<storage, read_write> dtau: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    if i >= params.quads { return; }
    var row = 0xffffffffu;
    var low = vec4(0.0);
    var rise = vec4(0.0);
    for (var layer = 0u; layer < params.layers; layer++) {
        let state = layer_state[params.first_layer + layer];
        // A loop of at most one round: CPU drivers run the body of a branch in any case.
        while row != state.lower {
            row = state.lower;
            low = ln_k[row * params.table_quads + params.first_quad + i];
            rise = ln_k[(row + 1u) * params.table_quads + params.first_quad + i] - low;
        }
        dtau[layer * params.quads + i] += exp_vec4(low + state.fraction * rise + state.ln_column);
    }
}
