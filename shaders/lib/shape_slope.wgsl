// What is convolved: the derivative of the Voigt profile by temperature, `change` having the factors of V, dV/d ln s and dV/d ln g. Needs
// voigt.wgsl, voigt_derivative.wgsl.

const NEAR_VECTORS: u32 = 3u;

fn shape_wing(d: vec4<f32>, g: f32, change: vec4<f32>) -> vec4<f32> {
    return change_wing(d, g, Change(change.x, change.y, change.z));
}

fn shape_core(x: vec4<f32>, g: f32, change: vec4<f32>) -> vec4<f32> {
    return change_core(x, g, Change(change.x, change.y, change.z));
}

fn shape_any(x: vec4<f32>, g: f32, change: vec4<f32>) -> vec4<f32> {
    return change_of_voigt(x, g, Change(change.x, change.y, change.z));
}

fn shape_softening(radius: f32, g: f32, change: vec4<f32>) -> Softening {
    return change_of_softening(radius, g, Change(change.x, change.y, change.z));
}
