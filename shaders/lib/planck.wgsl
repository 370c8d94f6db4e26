// Black-body flux per wavenumber, pi B = 2 pi h c^2 nu^3 e^-x / (1 - e^-x), x = c2 nu / T [erg s-1 cm-2 / cm-1]; nu in cm-1, T in K.
// Zero for x > 87 (pi B is below 1e-28 there). Relative error 3e-7 + 1.5e-7 x: e^-x magnifies the rounding of x. Needs math.wgsl.

const FIRST_RADIATION: f32 = 3.741771790075259e-5;
const C2: f32 = 1.438776877;

fn planck_f32(nu: f32, temperature: f32) -> f32 {
    let t = transmission_f32(nu * (C2 / temperature));
    return FIRST_RADIATION * nu * nu * nu * (t.through / t.absorbed);
}

fn planck_vec4(nu: vec4<f32>, temperature: f32) -> vec4<f32> {
    let t = transmission_vec4(nu * (C2 / temperature));
    return FIRST_RADIATION * nu * nu * nu * (t.through / t.absorbed);
}

// pi B, with the bits of planck_vec4, and its derivative by T [per K], pi B (x / T) / (1 - e^-x): nothing overflows, and the
// relative error is that of pi B.
struct PlanckSlope4 { value: vec4<f32>, slope: vec4<f32> }

fn planck_slope_vec4(nu: vec4<f32>, temperature: f32) -> PlanckSlope4 {
    let x = nu * (C2 / temperature);
    let t = transmission_vec4(x);
    let value = FIRST_RADIATION * nu * nu * nu * (t.through / t.absorbed);
    return PlanckSlope4(value, value * (x / t.absorbed) * (1.0 / temperature));
}
