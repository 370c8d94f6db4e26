fn emit(at: u32, value: vec4<f32>) {
    output[at] = value;
}
