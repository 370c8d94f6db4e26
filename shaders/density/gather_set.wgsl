fn put(at: u32, value: f32) {
    source[at] = value;
}
