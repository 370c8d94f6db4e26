// Rows of a layer Jacobian: as they stand in a buffer.
@group(0) @binding(3) var<storage, read> given: array<vec4<f32>>;

fn layer_jacobian(at: u32) -> vec4<f32> {
    return given[at];
}
