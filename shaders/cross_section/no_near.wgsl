fn near_field(row: u32, i: i32) -> f32 {
    return 0.0;
}
