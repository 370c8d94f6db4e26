// What a layer's lines share, one record of 48 floats a layer, written by the host for each spectrum; host: src/density/device/kernels.rs.
// Lengths are in units of the layer's Doppler standard deviation s.
// Needs math.wgsl, turns.wgsl.

struct LayerState {
    inverse_sigma: f32,      // 1/s
    boltzmann: f32,          // c2 (1/T - 1/t_hi) [cm], t_hi the highest temperature of the range
    c2_over_t: f32,          // c2/T [cm]
    ln_t_ratio: f32,         // ln(t_mid/T)
    ln_pressure: f32,        // ln of the pressure in bar
    strength_factor: f32,    // Q(t_hi)/Q(T)
    output_factor: f32,      // scale of the result, 1/s included
    channel_mid: f32,        // Chebyshev axis of the profiles' widths, in a function of the relative width
    channel_inverse_half: f32,
    channel_scale: u32,      // which function: SCALE_*
    inverse_temperature: f32, // 1/T [K-1]
    common_slope: f32,       // of ln S by ln T what all lines share: c2/T times the list's lowest energy, less d ln Q/d ln T
    pressure: f32,           // [bar]
    inverse_step: f32,       // 1/h, steps of the output grid per ln nu
    channels: u32,           // profiles that its lines take
    pad0: f32,
    profile: array<vec4<f32>, 8>,  // Lorentz widths of the profiles, in units of s
}

const SCALE_LINEAR: u32 = 0u;
const SCALE_SQRT: u32 = 1u;
const SCALE_LOG: u32 = 2u;

// A Lorentz half width: ln of it relative to the line centre, and -d ln g / d ln T.
struct Width { ln: f32, exponent: f32 }

// From ln of the width from collisions at 1 bar and t_mid, its exponent and second-order term, and the natural width; twin: Broadening in
// src/density/width.rs.
fn lorentz_width(layer: LayerState, ln_gamma: f32, exponent: f32, curvature: f32, natural: f32) -> Width {
    let v = layer.ln_t_ratio;
    let collisions = ln_gamma + (exponent + curvature * v) * v + layer.ln_pressure;
    let sum = 1.0 + natural * exp_f32(-collisions);
    return Width(collisions + log_f32(sum), (exponent + 2.0 * curvature * v) / sum);
}

// Position on the Chebyshev axis of a line with ln of the relative Lorentz width `ln_gamma`; -1..1.
fn channel_position(layer: LayerState, scale: u32, ln_gamma: f32) -> f32 {
    var v = ln_gamma;
    if scale == SCALE_LINEAR { v = exp_f32(ln_gamma); }
    if scale == SCALE_SQRT { v = exp_f32(0.5 * ln_gamma); }
    return (v - layer.channel_mid) * layer.channel_inverse_half;
}

// d ln(1 - exp(-c2 nu/T)) / d ln T of stimulated emission at a wavenumber [cm-1].
fn stimulated_slope(layer: LayerState, wavenumber: f32) -> f32 {
    let x = layer.c2_over_t * wavenumber;
    return -x / expm1_f32(x);
}

// Lagrange weights of the channels `first`..`first + 3` of `count` at t; 0 beyond the last. The barycentric formula on Chebyshev nodes:
// its sum to 1 does not depend on the nodes' rounding, which is large in weights formed as products.
fn channel_weights(t: f32, first: u32, count: u32) -> vec4<f32> {
    if count == 1u { return vec4(select(0.0, 1.0, first == 0u), 0.0, 0.0, 0.0); }
    let turn = 0.25 / f32(count);
    var total = 0.0;
    var weight = vec4(0.0);
    for (var j = 0u; j < count; j += 4u) {
        let index = vec4(j, j + 1u, j + 2u, j + 3u);
        let angle = sin_cos_turns(min((2.0 * vec4<f32>(index) + 1.0) * turn, vec4(0.5)));
        // beyond the last the angle is half a turn, whose sine is not exactly 0
        let sine = select(angle.sine, vec4(0.0), index >= vec4(count)) * vec4(1.0, -1.0, 1.0, -1.0);
        let distance = t - angle.cosine;
        let each = sine / select(distance, vec4(1e-20), distance == vec4(0.0));
        total += dot(each, vec4(1.0));
        weight = select(weight, each, index == vec4(first, first + 1u, first + 2u, first + 3u));
    }
    return weight / total;
}
