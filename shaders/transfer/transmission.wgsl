// What spherical layers block of the light behind them; twin: src/transfer/transmission.rs.
//
//   integral = sum over j of w_j (1 - e^(-tau_j)),   tau_j = sum over layers k of C[k][j] dtau[k]
//
// In:     dtau [layers][segment]; chord [layers][rows], C, 0 where chord j does not meet layer k; weight [rows], w. Rows are padded with zeros to a multiple of eight;
//         chords 8g to 8g + 7 cross the first 4g + 4 layers at most.
// Out:    integral [n of the grid], only the segment's.
// Dispatch: one invocation per four wavenumbers, ceil(segment / 256) workgroups; eight chords at a time, so that an optical depth is loaded once for all of them. A NaN or
// infinite dtau affects its own wavenumber only.

struct TransmissionParams {
    quads: u32,       // of the segment
    first_quad: u32,  // of the segment in the grid
    layers: u32,
    row_quads: u32,   // padded rows over four
}
@group(0) @binding(0) var<uniform> params: TransmissionParams;
@group(0) @binding(1) var<storage, read> dtau: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> chord: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> weight: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> integral: array<vec4<f32>>;

// Chord by chord, as transmission_rows.wgsl adds them up: both give the same bits.
fn blocked(sum: vec4<f32>, w: vec4<f32>, a: vec4<f32>, b: vec4<f32>, c: vec4<f32>, d: vec4<f32>) -> vec4<f32> {
    let first = fma(vec4(w.x), transmission_vec4(a).absorbed, sum);
    let second = fma(vec4(w.y), transmission_vec4(b).absorbed, first);
    let third = fma(vec4(w.z), transmission_vec4(c).absorbed, second);
    return fma(vec4(w.w), transmission_vec4(d).absorbed, third);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    if i >= params.quads { return; }
    var sum = vec4(0.0);
    for (var group = 0u; group < params.row_quads; group += 2u) {
        let crossed = min(params.layers, 2u * group + 4u);
        var a = vec4(0.0); var b = vec4(0.0); var c = vec4(0.0); var d = vec4(0.0);
        var e = vec4(0.0); var f = vec4(0.0); var g = vec4(0.0); var h = vec4(0.0);
        for (var k = 0u; k < crossed; k++) {
            let depth = dtau[k * params.quads + i];
            let first = chord[k * params.row_quads + group];
            let second = chord[k * params.row_quads + group + 1u];
            a = fma(vec4(first.x), depth, a);
            b = fma(vec4(first.y), depth, b);
            c = fma(vec4(first.z), depth, c);
            d = fma(vec4(first.w), depth, d);
            e = fma(vec4(second.x), depth, e);
            f = fma(vec4(second.y), depth, f);
            g = fma(vec4(second.z), depth, g);
            h = fma(vec4(second.w), depth, h);
        }
        sum = blocked(blocked(sum, weight[group], a, b, c, d), weight[group + 1u], e, f, g, h);
    }
    integral[params.first_quad + i] = sum;
}
