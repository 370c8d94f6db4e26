// What transmission needs of every chord for its derivatives; twin: src/transfer/transmission.rs.
//
//   slant[j] = tau_j = sum over k of C[k][j] dtau[k];   moved[j] = sum over k of shift[k][j] dtau[k];   integral = sum over j of w_j (1 - e^(-tau_j))
//
// In:     dtau [layers][segment]; chord [layers][rows] of (C, own, lift, shift), 0 where chord j does not meet layer k; vectors [rows], first w. Rows are padded to a multiple of
//         eight; chords 8g to 8g + 7 cross the first 4g + 4 layers at most.
// Out:    integral [n of the grid], only the segment's; slant, moved [rows][segment].
// Dispatch: one invocation per four wavenumbers, ceil(segment / 256) workgroups; four chords at a time.

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
@group(0) @binding(4) var<storage, read_write> integral: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> slant: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> moved: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    if i >= params.quads { return; }
    let rows = 4u * params.row_quads;
    var sum = vec4(0.0);
    for (var row = 0u; row < rows; row += 4u) {
        let crossed = min(params.layers, row / 2u + 2u);
        var tau = mat4x4<f32>();
        var shift = mat4x4<f32>();
        for (var k = 0u; k < crossed; k++) {
            let depth = dtau[k * params.quads + i];
            for (var j = 0u; j < 4u; j++) {
                let factors = chord[k * rows + row + j];
                tau[j] = fma(vec4(factors.x), depth, tau[j]);
                shift[j] = fma(vec4(factors.w), depth, shift[j]);
            }
        }
        for (var j = 0u; j < 4u; j++) {
            let at = (row + j) * params.quads + i;
            sum = fma(vec4(vectors[row + j].x), transmission_vec4(tau[j]).absorbed, sum);
            slant[at] = tau[j];
            moved[at] = shift[j];
        }
    }
    integral[params.first_quad + i] = sum;
}
