// Derivatives of the channels' weights; twins: ChebyshevAxis::weights_and_slopes in src/grid/chebyshev.rs, src/grid/channels.rs. Needs math.wgsl,
// turns.wgsl, layer.wgsl.

struct WeightsAndSlopes { weight: vec4<f32>, slope: vec4<f32> }

// The weights of four channels with the bits of `channel_weights`, so that optical depths are the same with and without derivatives; and their
// derivatives by t; 0 for channels beyond the last. With e_k = t - u_k, b_k the barycentric weight of node k and R_k the sum of b_j/e_j over the
// other nodes, l_k = b_k/(b_k + e_k R_k) and l_k' = -l_k (R_k + e_k R_k')/(b_k + e_k R_k): nothing large cancels, on the node itself as
// little as far from it.
fn channel_weights_and_slopes(t: f32, channels: vec4<u32>, count: u32) -> WeightsAndSlopes {
    let turn = 0.25 / f32(count);
    var total = 0.0;
    var weight = vec4(0.0);
    var rest = vec4(0.0);
    var rest_slope = vec4(0.0);
    for (var j = 0u; j < count; j += 4u) {
        let index = vec4(j, j + 1u, j + 2u, j + 3u);
        let node = chebyshev_nodes(index, turn, count);
        let distance = t - node.cosine;
        let part = node.sine / select(distance, vec4(1e-20), distance == vec4(0.0));
        total += dot(part, vec4(1.0));
        // so far from 0 that its square's inverse is a number
        let inverse = 1.0 / away_from_zero(distance);
        let each = node.sine * inverse;
        let slope = -each * inverse;
        for (var k = 0u; k < 4u; k++) {
            weight = select(weight, vec4(part[k]), channels == vec4(j + k));
            let other = channels != vec4(j + k);
            rest += select(vec4(0.0), vec4(each[k]), other);
            rest_slope += select(vec4(0.0), vec4(slope[k]), other);
        }
    }
    let own = chebyshev_nodes(channels, turn, count);
    let distance = t - own.cosine;
    let under = own.sine + distance * rest;
    let slope = -own.sine * (rest + distance * rest_slope) / (under * under);
    let exists = channels < vec4(count);
    // a single channel is all there is
    let alone = vec4(count == 1u);
    return WeightsAndSlopes(select(vec4(0.0), select(weight / total, vec4(1.0), alone), exists), select(vec4(0.0), slope, exists & !alone));
}

// Chebyshev nodes (cosine) and their barycentric weights (sine); no weight beyond the last.
fn chebyshev_nodes(index: vec4<u32>, turn: f32, count: u32) -> SinCos {
    let angle = sin_cos_turns(min((2.0 * vec4<f32>(index) + 1.0) * turn, vec4(0.5)));
    let sign = 1.0 - 2.0 * vec4<f32>(index & vec4(1u));
    return SinCos(select(angle.sine * sign, vec4(0.0), index >= vec4(count)), angle.cosine);
}

fn away_from_zero(v: vec4<f32>) -> vec4<f32> {
    return select(v, vec4(1e-15), abs(v) < vec4(1e-15));
}

// Derivative of `channel_position` by ln of the width.
fn channel_position_slope(layer: LayerState, scale: u32, ln_gamma: f32) -> f32 {
    var slope = 1.0;
    if scale == SCALE_LINEAR { slope = exp_f32(ln_gamma); }
    if scale == SCALE_SQRT { slope = 0.5 * exp_f32(0.5 * ln_gamma); }
    return slope * layer.channel_inverse_half;
}
