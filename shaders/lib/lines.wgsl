// A line as the device holds it, 48 bytes; host: src/density/device.rs. Needs math.wgsl and layer.wgsl.

struct Line {
    node: i32,          // position on the output grid: whole steps
    fraction: f32,      // and the rest, 0..1
    ln_strength: f32,   // ln of S/nu at t_hi without stimulated emission, scaled
    energy: f32,        // lower-state energy above the list's lowest [cm-1]
    ln_gamma: f32,      // ln of the relative Lorentz width from collisions at 1 bar and t_mid
    exponent: f32,      // of its temperature dependence there
    wavenumber: f32,    // without shift [cm-1]
    natural: f32,       // natural width, relative
    curvature: f32,     // second-order term of the width's temperature dependence
    shift: f32,         // pressure shift, relative [bar-1]
    pad0: f32, pad1: f32,
}

const MOST_SHIFT: f32 = 0.25;

// ln(1 + epsilon), epsilon being the part of its wavenumber by which pressure moves a line; the series' error at 0.25 is 2e-4 of a
// width as large.
fn line_moved(shift: f32, pressure: f32) -> f32 {
    let e = clamp(shift * pressure, -MOST_SHIFT, MOST_SHIFT);
    return e * (1.0 - e * (0.5 - e * (0.33333333 - 0.25 * e)));
}

// The line's `fraction` where pressure has moved it: not in 0..1 any more.
fn moved_fraction(fraction: f32, shift: f32, pressure: f32, inverse_step: f32) -> f32 {
    return fraction + line_moved(shift, pressure) * inverse_step;
}

fn line_width(line: Line, layer: LayerState) -> Width {
    let width = lorentz_width(layer, line.ln_gamma, line.exponent, line.curvature, line.natural);
    return Width(width.ln - line_moved(line.shift, layer.pressure), width.exponent);
}

// S(T)/nu in the table's scale.
fn line_strength(line: Line, layer: LayerState) -> f32 {
    return exp_f32(line.ln_strength - layer.boltzmann * line.energy - line_moved(line.shift, layer.pressure))
        * -expm1_f32(-layer.c2_over_t * line.wavenumber) * layer.strength_factor;
}

// d ln S / d ln T.
fn line_ln_slope(line: Line, layer: LayerState) -> f32 {
    return layer.common_slope + layer.c2_over_t * line.energy + stimulated_slope(layer, line.wavenumber);
}

// What a line's derivative by temperature is made of [K-1], for a strength of 1: factors of V, dV/d ln s and dV/d ln g; `exponent`
// is that of its width.
fn line_change(line: Line, layer: LayerState, exponent: f32) -> vec4<f32> {
    return vec4(line_ln_slope(line, layer), 0.5, -exponent, 0.0) * layer.inverse_temperature;
}
