struct ConvolveParams {
    outputs: u32,       // evaluated nodes, a multiple of 16
    nodes: u32,         // source nodes, a multiple of 4
    offset: u32,        // source node that the first tap of the first evaluated node meets, a multiple of 4
    padded: u32,        // taps, a multiple of 4
    channels: u32,
    upper_outputs: u32, // evaluated nodes of the next coarser level
    result_row: u32,    // first row of the result
    upper_row: u32,     // first row of the next coarser level's result
    upper_first: u32,   // its node at which this segment of it starts
    row_channels: u32,  // of a row of taps and of sources; those convolved are the first of the sources
    first_tap: u32,     // and these of the taps
    level_taps: u32,    // vector of `taps` with which the level's begin
}
@group(0) @binding(0) var<uniform> params: ConvolveParams;
@group(0) @binding(1) var<storage, read> taps: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> source: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> result: array<vec4<f32>>;
