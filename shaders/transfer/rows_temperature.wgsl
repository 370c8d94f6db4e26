// Rows of a layer Jacobian: by temperature, through the optical depth and through the Planck function.
@group(0) @binding(3) var<storage, read> depth_sensitivity: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> depth_derivative: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> source_sensitivity: array<vec4<f32>>;

fn layer_jacobian(at: u32) -> vec4<f32> {
    return fma(depth_sensitivity[at], depth_derivative[at], source_sensitivity[at]);
}
