fn near_field(row: u32, i: i32) -> Sixteen {
    return Sixteen(vec4(0.0), vec4(0.0), vec4(0.0), vec4(0.0));
}
