// Derivatives of transmission by optical depths and by the thicknesses of layers; twin: src/transfer/transmission.rs.
//
//   with T_j = e^(-slant[j]), g_j = w_j T_j, and the chords j of layer k and below (2k, 2k + 1 its own middle and lower boundary):
//   depth[k] = sum over j of g_j C[k][j]
//   radii[k] = sum over j of g_j (own[k][j] dtau[k] + lifted_j) + what rows above feel of k's growth as a whole, and the change of the weights
//   radii[N] = 2 sum over j of w_j (1 - T_j) - sum over k of h_k radii[k]
//
//   lifted_j is the sum over the layers k' above k of lift[k'][j] dtau[k']; in the row of a layer's own middle, which goes up by half, half of that and half of the layers' common shift.
//
// In:     dtau [layers][segment]; chord [layers][rows] of (C, own, lift, shift); vectors [rows] of (w, shift of w, 0, 0), then [layers] of (derivatives of the weights of middle,
//         lower and upper boundary; h); slant, moved [rows][segment] from transmission_rows.wgsl; lifted [rows][segment], zeros at first, changed.
// Out:    depth [layers][segment]; radii [layers + 1][segment].
// Dispatch: one invocation per four wavenumbers, ceil(segment / 256) workgroups; four layers at a time pass over the chords.

struct TransmissionParams {
    quads: u32,       // of the segment
    first_quad: u32,  // of the segment in the grid
    layers: u32,
    row_quads: u32,   // padded rows over four
}
@group(0) @binding(0) var<uniform> params: TransmissionParams;
@group(0) @binding(1) var<storage, read> dtau: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> chord: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> vectors: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> slant: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> moved: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> lifted: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read_write> depth_sensitivity: array<vec4<f32>>;
@group(0) @binding(8) var<storage, read_write> radius_sensitivity: array<vec4<f32>>;

const LAYERS: u32 = 4u;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    if i >= params.quads { return; }
    let rows = 4u * params.row_quads;
    let chords = 2u * params.layers;
    var above = vec4(0.0);
    var bottom = vec4(0.0);
    for (var first = 0u; first < params.layers; first += LAYERS) {
        let count = min(LAYERS, params.layers - first);
        var depth = mat4x4<f32>();
        var by_depth = mat4x4<f32>();
        var by_own = mat4x4<f32>();
        var by_lift = mat4x4<f32>();
        for (var k = 0u; k < count; k++) { depth[k] = dtau[(first + k) * params.quads + i]; }
        for (var j = 2u * first; j < chords; j++) {
            let at = j * params.quads + i;
            let seen = vectors[j].x * transmission_vec4(slant[at]).through;
            let together = moved[at];
            var lift = lifted[at];
            for (var k = 0u; k < count; k++) {
                let factors = chord[(first + k) * rows + j];
                let middle = 2u * (first + k);
                let half = 0.5 * (lift + together - factors.w * depth[k]);
                let felt = select(select(lift, half, j == middle), vec4(0.0), j < middle);
                by_depth[k] = fma(seen, vec4(factors.x), by_depth[k]);
                by_own[k] = fma(seen, vec4(factors.y), by_own[k]);
                by_lift[k] = fma(seen, felt, by_lift[k]);
                lift = fma(vec4(factors.z), depth[k], lift);
            }
            lifted[at] = lift;
        }
        for (var k = 0u; k < count; k++) {
            let layer = first + k;
            let middle = 2u * layer;
            let own = vectors[rows + layer];
            let of_middle = transmission_vec4(slant[middle * params.quads + i]).absorbed;
            let of_lower = transmission_vec4(slant[(middle + 1u) * params.quads + i]).absorbed;
            // The top has nothing above it, and its factor is zero.
            let of_upper = transmission_vec4(slant[(max(middle, 1u) - 1u) * params.quads + i]).absorbed;
            let weights = own.x * of_middle + own.y * of_lower + own.z * of_upper;
            let by_thickness = fma(by_own[k], depth[k], by_lift[k]) + above + weights;
            depth_sensitivity[layer * params.quads + i] = by_depth[k];
            radius_sensitivity[layer * params.quads + i] = by_thickness;
            bottom -= own.w * by_thickness;
            for (var j = middle; j < middle + 2u; j++) {
                let at = j * params.quads + i;
                let row = vectors[j];
                let t = transmission_vec4(slant[at]);
                above += row.x * t.through * moved[at] + t.absorbed * row.y;
                bottom += 2.0 * row.x * t.absorbed;
            }
        }
    }
    radius_sensitivity[params.layers * params.quads + i] = bottom;
}
