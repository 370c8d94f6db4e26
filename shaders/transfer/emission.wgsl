// Emission of a batch of isothermal layers, from the top down, without scattering; twin: src/transfer/emission.rs.
//
//   F += sum over mu of 2 mu w sum over layers n of pi B(T_n) t_n (1 - e^(-dtau_n / mu)),   t_(n+1) = t_n e^(-dtau_n / mu)
//   with t_n = e^(-tau_n / mu) computed from tau at the first layer of the batch and at every RESTART-th of the atmosphere,
//   after the last batch with a surface F += sum over mu of 2 mu w pi B(T_s) e^(-tau / mu).
//
// In:     wavenumber [n] cm-1; dtau [layers][n]; temperature [layers of the atmosphere + 1] K, the last the surface's.
// In/out: tau [n], optical depth above the batch; flux [n] erg s-1 cm-2 / cm-1. n is a multiple of 4.
// Dispatch: one invocation per four wavenumbers (loads of 16 bytes, constants shared), ceil(n / 256) workgroups. Up to four
// angles, or eight; unused ones have weight 0. A NaN or infinite dtau affects its own wavenumber only.

struct EmissionParams {
    quads: u32,        // n / 4
    layers: u32,       // of this batch
    first_layer: u32,  // index of the batch's first layer in the atmosphere
    surface: u32,      // index of the surface's temperature, or NO_SURFACE
    angles: u32,
    pad0: u32, pad1: u32, pad2: u32,
    inverse_mu: array<vec4<f32>, 2>,
    weight: array<vec4<f32>, 2>,  // 2 mu w
}
@group(0) @binding(0) var<uniform> params: EmissionParams;
@group(0) @binding(1) var<storage, read> wavenumber: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> dtau: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> temperature: array<f32>;
@group(0) @binding(4) var<storage, read_write> tau: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> flux: array<vec4<f32>>;

const RESTART: u32 = 8u;
const NO_SURFACE: u32 = 0xffffffffu;

// Transmissions of four angles, each at four wavenumbers.
struct Four { a: vec4<f32>, b: vec4<f32>, c: vec4<f32>, d: vec4<f32> }

fn transmissions(depth: vec4<f32>, inverse_mu: vec4<f32>) -> Four {
    return Four(
        exp_vec4(-depth * inverse_mu.x),
        exp_vec4(-depth * inverse_mu.y),
        exp_vec4(-depth * inverse_mu.z),
        exp_vec4(-depth * inverse_mu.w),
    );
}

fn weighted(t: Four, weight: vec4<f32>) -> vec4<f32> {
    return t.a * weight.x + t.b * weight.y + t.c * weight.z + t.d * weight.w;
}

// Carries the transmissions through a layer; the weighted sum of what the layer absorbs of them.
fn absorb(t: ptr<function, Four>, depth: vec4<f32>, inverse_mu: vec4<f32>, weight: vec4<f32>) -> vec4<f32> {
    let a = transmission_vec4(depth * inverse_mu.x);
    var absorbed = weight.x * (*t).a * a.absorbed;
    (*t).a *= a.through;
    let b = transmission_vec4(depth * inverse_mu.y);
    absorbed += weight.y * (*t).b * b.absorbed;
    (*t).b *= b.through;
    let c = transmission_vec4(depth * inverse_mu.z);
    absorbed += weight.z * (*t).c * c.absorbed;
    (*t).c *= c.through;
    let d = transmission_vec4(depth * inverse_mu.w);
    absorbed += weight.w * (*t).d * d.absorbed;
    (*t).d *= d.through;
    return absorbed;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    if i >= params.quads { return; }
    let nu = wavenumber[i];
    let many = params.angles > 4u;
    let inverse_mu = params.inverse_mu[0];
    let inverse_mu_more = params.inverse_mu[1];
    let weight = params.weight[0];
    let weight_more = params.weight[1];
    var above = tau[i];
    var sum = flux[i];
    var t = transmissions(above, inverse_mu);
    var more = Four();
    if many { more = transmissions(above, inverse_mu_more); }
    for (var layer = 0u; layer < params.layers; layer++) {
        if layer > 0u && ((params.first_layer + layer) & (RESTART - 1u)) == 0u {
            t = transmissions(above, inverse_mu);
            if many { more = transmissions(above, inverse_mu_more); }
        }
        let depth = dtau[layer * params.quads + i];
        var absorbed = absorb(&t, depth, inverse_mu, weight);
        if many { absorbed += absorb(&more, depth, inverse_mu_more, weight_more); }
        sum += planck_vec4(nu, temperature[params.first_layer + layer]) * absorbed;
        above += depth;
    }
    if params.surface != NO_SURFACE {
        var seen = weighted(transmissions(above, inverse_mu), weight);
        if many { seen += weighted(transmissions(above, inverse_mu_more), weight_more); }
        sum += planck_vec4(nu, temperature[params.surface]) * seen;
    }
    tau[i] = above;
    flux[i] = sum;
}
