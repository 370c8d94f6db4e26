// What is convolved: the Voigt profile itself. `change` is of no use here. Needs voigt.wgsl.

const NEAR_VECTORS: u32 = 2u;

fn shape_wing(d: vec4<f32>, g: f32, change: vec4<f32>) -> vec4<f32> {
    return voigt_wing(d, g);
}

fn shape_core(x: vec4<f32>, g: f32, change: vec4<f32>) -> vec4<f32> {
    return voigt_core(x, g);
}

fn shape_any(x: vec4<f32>, g: f32, change: vec4<f32>) -> vec4<f32> {
    return voigt(x, g);
}

fn shape_softening(radius: f32, g: f32, change: vec4<f32>) -> Softening {
    return softening(radius, g);
}
