// Nothing lies above the coarsest level.
fn from_above(row: u32, first: u32) -> vec4<f32> {
    return vec4(0.0);
}
