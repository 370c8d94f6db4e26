// Emergent flux and its derivatives by the optical depth and the Planck function of every layer; twin: src/transfer/sensitivity.rs.
//
//   flux as in emission.wgsl;   with t_n = e^(-tau_n / mu), W = 2 mu w, B_N the surface's (0 without one),
//   depth[n]  = dF / d dtau_n = sum over k > n of s_k,   s_k = (B_(k-1) - B_k) sum over mu of (W / mu) t_k
//   source[n] = dF / dT_n at fixed optical depths = dB_n/dT sum over mu of W t_n (1 - e^(-dtau_n / mu))
//   source[N] = dB_N/dT sum over mu of W t_N   (with a surface)
//
// The way down stores s_(n+1) in depth[n], the way up turns them into their suffix sums.
//
// In:     wavenumber [n of the grid] cm-1; dtau [layers][segment]; temperature [layers + 1] K, the last the surface's (without
//         one anything positive).
// Out:    flux [n of the grid] erg s-1 cm-2 / cm-1, only the segment's; depth [layers][segment]; source [layers (+ 1 with a
//         surface)][segment], per K.
// Dispatch: one invocation per four wavenumbers, ceil(segment / 256) workgroups; angles in groups of four, each group passes
// through all layers. A NaN or infinite dtau affects its own wavenumber only.

struct SensitivityParams {
    quads: u32,       // of the segment
    first_quad: u32,  // of the segment in the grid
    layers: u32,      // of the atmosphere
    groups: u32,      // of four angles
    surfaces: u32,    // 1 with a surface, else 0
    pad0: u32, pad1: u32, pad2: u32,
    inverse_mu: array<vec4<f32>, 2>,
    weight: array<vec4<f32>, 2>,  // W
}
@group(0) @binding(0) var<uniform> params: SensitivityParams;
@group(0) @binding(1) var<storage, read> wavenumber: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> dtau: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> temperature: array<f32>;
@group(0) @binding(4) var<storage, read_write> flux: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> depth_sensitivity: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> source_sensitivity: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    if i >= params.quads { return; }
    let nu = wavenumber[params.first_quad + i];
    let end_layer = params.layers;
    let surface_factor = f32(params.surfaces);
    var sum = vec4(0.0);
    for (var group = 0u; group < params.groups; group++) {
        let inverse_mu = params.inverse_mu[group];
        let weight = params.weight[group];
        let slant_weight = weight * inverse_mu;
        var above = vec4(0.0);
        var here = planck_slope_vec4(nu, temperature[0]);
        var layer = 0u;
        while layer < end_layer {
            // The layers up to the next restart.
            let end = min(end_layer, layer + RESTART);
            var t = transmissions(above, inverse_mu);
            for (; layer < end; layer++) {
                let at = layer * params.quads + i;
                let depth = dtau[at];
                let absorbed = absorb(&t, depth, inverse_mu, weight);
                sum += here.value * absorbed;
                above += depth;
                var below = planck_slope_vec4(nu, temperature[layer + 1u]);
                below.value *= select(1.0, surface_factor, layer + 1u == end_layer);
                var by_depth = (here.value - below.value) * weighted(t, slant_weight);
                var by_source = here.slope * absorbed;
                // Later groups add to the first.
                for (var once = group > 0u; once; once = false) {
                    by_depth += depth_sensitivity[at];
                    by_source += source_sensitivity[at];
                }
                depth_sensitivity[at] = by_depth;
                source_sensitivity[at] = by_source;
                here = below;
            }
        }
        for (var surface = 0u; surface < params.surfaces; surface++) {
            let at = end_layer * params.quads + i;
            let seen = weighted(transmissions(above, inverse_mu), weight);
            sum += here.value * seen;
            var by_source = here.slope * seen;
            for (var once = group > 0u; once; once = false) {
                by_source += source_sensitivity[at];
            }
            source_sensitivity[at] = by_source;
        }
    }
    flux[params.first_quad + i] = sum;
    var below = vec4(0.0);
    for (var layer = end_layer; layer > 0u; layer--) {
        let at = (layer - 1u) * params.quads + i;
        below += depth_sensitivity[at];
        depth_sensitivity[at] = below;
    }
}
