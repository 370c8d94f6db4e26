fn near_field(row: u32, i: i32) -> vec4<f32> {
    return vec4(0.0);
}
