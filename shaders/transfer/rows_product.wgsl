// Rows of a layer Jacobian: dF/d dtau times a derivative of dtau.
@group(0) @binding(3) var<storage, read> depth_sensitivity: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> depth_derivative: array<vec4<f32>>;

fn layer_jacobian(at: u32) -> vec4<f32> {
    return depth_sensitivity[at] * depth_derivative[at];
}
