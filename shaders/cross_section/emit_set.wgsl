fn emit(at: u32, value: f32) {
    output[at] = value;
}
