// Emission of a batch of isothermal layers, from the top down, without scattering; twin: src/transfer/emission.rs.
//
//   F += sum over mu of 2 mu w sum over layers n of pi B(T_n) t_n (1 - e^(-dtau_n / mu)),   t_(n+1) = t_n e^(-dtau_n / mu)
//   with t_n = e^(-tau_n / mu) computed from tau at the first layer of the batch and at every RESTART-th of the atmosphere,
//   after the last batch with a surface F += sum over mu of 2 mu w pi B(T_s) e^(-tau / mu).
//
// In:     wavenumber [n] cm-1; dtau [layers][4 quads], the segment of n that starts at 4 first_quad; temperature [layers of the atmosphere + 1] K, the last the surface's.
// In/out: tau [n], optical depth above the batch; flux [n] erg s-1 cm-2 / cm-1. n is a multiple of 4.
// Dispatch: one invocation per four wavenumbers of the segment (loads of 16 bytes, constants shared), 64 a workgroup. Angles go
// in groups of four, unused ones with weight 0; each group passes through all layers. A NaN or infinite dtau affects its own
// wavenumber only. What is done sometimes is a loop, not a branch: CPU drivers run the body of a branch in any case.

struct EmissionParams {
    quads: u32,        // wavenumbers of the segment over 4
    layers: u32,       // of this batch
    first_layer: u32,  // index of the batch's first layer in the atmosphere
    groups: u32,       // of four angles
    surfaces: u32,     // 1 if a surface follows this batch, else 0
    surface: u32,      // index of its temperature
    first_quad: u32,   // at which the segment starts
    pad0: u32,
    inverse_mu: array<vec4<f32>, 2>,
    weight: array<vec4<f32>, 2>,  // 2 mu w
}
@group(0) @binding(0) var<uniform> params: EmissionParams;
@group(0) @binding(1) var<storage, read> wavenumber: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> dtau: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> temperature: array<f32>;
@group(0) @binding(4) var<storage, read_write> tau: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> flux: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    if i >= params.quads { return; }
    let at = params.first_quad + i;
    let nu = wavenumber[at];
    let top = tau[at];
    var bottom = top;
    var sum = flux[at];
    for (var group = 0u; group < params.groups; group++) {
        let inverse_mu = params.inverse_mu[group];
        let weight = params.weight[group];
        var above = top;
        var layer = 0u;
        while layer < params.layers {
            // The layers up to the next restart.
            let end = min(params.layers, layer + RESTART - ((params.first_layer + layer) & (RESTART - 1u)));
            var t = transmissions(above, inverse_mu);
            for (; layer < end; layer++) {
                let depth = dtau[layer * params.quads + i];
                let absorbed = absorb(&t, depth, inverse_mu, weight);
                sum += planck_vec4(nu, temperature[params.first_layer + layer]) * absorbed;
                above += depth;
            }
        }
        for (var surface = 0u; surface < params.surfaces; surface++) {
            let seen = weighted(transmissions(above, inverse_mu), weight);
            sum += planck_vec4(nu, temperature[params.surface + surface]) * seen;
        }
        bottom = above;
    }
    tau[at] = bottom;
    flux[at] = sum;
}
