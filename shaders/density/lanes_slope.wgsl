// A row of sources has one lane a channel, then one for the derivative of each by temperature.

fn channels_of(lanes: u32) -> u32 {
    return lanes / 2u;
}

// What a strength of 1 puts into four lanes from `first` on: weights w, or (w d ln S/d ln T - n dw/d ln g)/T. Twins: TableLine::channels_and_slopes in
// src/density/lines.rs, Axes::weights_and_slopes in src/density/line_shape.rs.
fn lane_factors(layer: LayerState, ln_gamma: f32, exponent: f32, ln_slope: f32, first: u32, lanes: u32) -> vec4<f32> {
    let channels = channels_of(lanes);
    let lane = first + vec4(0u, 1u, 2u, 3u);
    let is_slope = lane >= vec4(channels);
    let t = channel_position(layer, layer.channel_scale, ln_gamma);
    let both = channel_weights_and_slopes(t, select(lane, lane - channels, is_slope), layer.channels);
    let of_width = exponent * channel_position_slope(layer, layer.channel_scale, ln_gamma);
    let slope = (ln_slope * both.weight - of_width * both.slope) * layer.inverse_temperature;
    return select(both.weight, slope, is_slope);
}
