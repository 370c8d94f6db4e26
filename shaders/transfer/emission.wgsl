// Emission of a batch of isothermal layers, from the top down, without scattering; twin: src/transfer/emission.rs.
//
//   F += sum over mu of 2 mu w sum over layers n of pi B(T_n) t_n (1 - e^(-dtau_n / mu)),   t_(n+1) = t_n e^(-dtau_n / mu)
//   with t_n = e^(-tau_n / mu) computed from tau at the first layer of the batch and at every RESTART-th of the atmosphere,
//   after the last batch with a surface F += sum over mu of 2 mu w pi B(T_s) e^(-tau / mu).
//
// In:     wavenumber [n] cm-1; dtau [layers][n]; temperature [layers of the atmosphere + 1] K, the last the surface's.
// In/out: tau [n], optical depth above the batch; flux [n] erg s-1 cm-2 / cm-1.
// Dispatch: one invocation per wavenumber, ceil(n / 64) workgroups. Angles are the components of two vec4; unused ones have
// weight 0. A NaN or infinite dtau affects its own wavenumber only.

struct EmissionParams {
    n: u32,
    layers: u32,       // of this batch
    first_layer: u32,  // index of the batch's first layer in the atmosphere
    surface: u32,      // index of the surface's temperature, or NO_SURFACE
    angles: u32,
    pad0: u32, pad1: u32, pad2: u32,
    inverse_mu: array<vec4<f32>, 2>,
    weight: array<vec4<f32>, 2>,  // 2 mu w
}
@group(0) @binding(0) var<uniform> params: EmissionParams;
@group(0) @binding(1) var<storage, read> wavenumber: array<f32>;
@group(0) @binding(2) var<storage, read> dtau: array<f32>;
@group(0) @binding(3) var<storage, read> temperature: array<f32>;
@group(0) @binding(4) var<storage, read_write> tau: array<f32>;
@group(0) @binding(5) var<storage, read_write> flux: array<f32>;

const RESTART: u32 = 8u;
const NO_SURFACE: u32 = 0xffffffffu;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    if i >= params.n { return; }
    let nu = wavenumber[i];
    let many = params.angles > 4u;
    var above = tau[i];
    var sum = flux[i];
    var t0 = exp_vec4(-above * params.inverse_mu[0]);
    var t1 = exp_vec4(-above * params.inverse_mu[1]);
    for (var layer = 0u; layer < params.layers; layer++) {
        if (params.first_layer + layer) % RESTART == 0u {
            t0 = exp_vec4(-above * params.inverse_mu[0]);
            if many { t1 = exp_vec4(-above * params.inverse_mu[1]); }
        }
        let depth = dtau[layer * params.n + i];
        let slant0 = transmission_vec4(depth * params.inverse_mu[0]);
        var absorbed = dot(params.weight[0] * t0, slant0.absorbed);
        t0 *= slant0.through;
        if many {
            let slant1 = transmission_vec4(depth * params.inverse_mu[1]);
            absorbed += dot(params.weight[1] * t1, slant1.absorbed);
            t1 *= slant1.through;
        }
        sum += planck_f32(nu, temperature[params.first_layer + layer]) * absorbed;
        above += depth;
    }
    if params.surface != NO_SURFACE {
        t0 = exp_vec4(-above * params.inverse_mu[0]);
        t1 = exp_vec4(-above * params.inverse_mu[1]);
        let seen = dot(params.weight[0], t0) + dot(params.weight[1], t1);
        sum += planck_f32(nu, temperature[params.surface]) * seen;
    }
    tau[i] = above;
    flux[i] = sum;
}
