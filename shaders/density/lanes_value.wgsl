// A row of sources has one lane a channel; of these a layer's lines may take the first alone.

fn channels_of(lanes: u32) -> u32 {
    return lanes;
}

// What a strength of 1 puts into four lanes from `first` on. `ln_slope` is of no use here.
fn lane_factors(layer: LayerState, ln_gamma: f32, exponent: f32, ln_slope: f32, first: u32, lanes: u32) -> vec4<f32> {
    return channel_weights(channel_position(layer, layer.channel_scale, ln_gamma), first, layer.channels);
}
