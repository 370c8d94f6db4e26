@group(0) @binding(3) var<storage, read_write> dtau: array<vec4<f32>>;

fn emit(at: u32, value: vec4<f32>, slope: vec4<f32>) {
    dtau[at] += value;
}
