// A line as the device holds it, 32 bytes; host: src/density/gpu.rs. Needs math.wgsl and layer.wgsl.

struct Line {
    node: i32,          // position on the output grid: whole steps
    fraction: f32,      // and the rest, 0..1
    ln_strength: f32,   // ln of S/nu at t_hi without stimulated emission, scaled
    energy: f32,        // lower-state energy above the list's lowest [cm-1]
    ln_gamma: f32,      // ln of the relative Lorentz width at 1 bar and t_mid
    exponent: f32,      // of its temperature dependence
    wavenumber: f32,    // [cm-1]
    pad: f32,
}

// S(T)/nu in the table's scale.
fn line_strength(line: Line, layer: LayerState) -> f32 {
    return exp_f32(line.ln_strength - layer.boltzmann * line.energy)
        * -expm1_f32(-layer.c2_over_t * line.wavenumber) * layer.strength_factor;
}

// d ln S / d ln T.
fn line_ln_slope(line: Line, layer: LayerState) -> f32 {
    return layer.common_slope + layer.c2_over_t * line.energy + stimulated_slope(layer, line.wavenumber);
}

// What a line's derivative by temperature is made of [K-1], for a strength of 1: factors of V, dV/d ln s and dV/d ln g.
fn line_change(line: Line, layer: LayerState) -> vec4<f32> {
    return vec4(line_ln_slope(line, layer), 0.5, -line.exponent, 0.0) * layer.inverse_temperature;
}

// ln of the relative Lorentz width.
fn line_ln_gamma(line: Line, layer: LayerState) -> f32 {
    return line.ln_gamma + line.exponent * layer.ln_t_ratio + layer.ln_pressure;
}
