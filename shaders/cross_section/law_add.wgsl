fn before(at: u32) -> f32 {
    return params.keep * result[at];
}
