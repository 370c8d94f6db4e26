// Taps of one level: its term of the profile, or of the profile's derivative by temperature, at the level's nodes; twin: taps in
// src/cross_section/convolve.rs. The composed kernel has `shape_*`.
//
// In:  layers [all layers].
// Out: taps [row][first_channel + channel][padded] of rows of `channels`, entry t at x = expm1((reach - t) h_l), in units of 1/s; 0 beyond the last.
// Dispatch: one invocation per four taps (x), channel (y), row (z).

struct TapsParams {
    first_layer: u32,
    reach: i32,
    padded: u32,
    channels: u32,
    step: f32,          // h_l, in ln nu
    inner_radius: f32,  // softening radius of this level, relative; 0 for none
    outer_radius: f32,  // and of the next coarser one; 0 at the top
    first_channel: u32,
}
@group(0) @binding(0) var<uniform> params: TapsParams;
@group(0) @binding(1) var<storage, read> layers: array<LayerState>;
@group(0) @binding(2) var<storage, read_write> taps: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if 4u * id.x >= params.padded { return; }
    let inverse_sigma = layers[params.first_layer + id.z].inverse_sigma;
    let g = layers[params.first_layer + id.z].profile[id.y / 4u][id.y % 4u];
    let change = vec4(0.0, 0.5, 0.0, 0.0) * layers[params.first_layer + id.z].inverse_temperature;
    let j = vec4(params.reach - 4 * i32(id.x)) - vec4(0, 1, 2, 3);
    let relative = expm1_vec4(vec4<f32>(j) * params.step);
    let x = relative * inverse_sigma;
    let inside = abs(relative) < vec4(params.inner_radius);
    var value = vec4(0.0);
    for (var once = !all(inside); once; once = false) {
        value = shape_any(x, g, change);
    }
    for (var once = any(inside); once; once = false) {
        value = select(value, softened_inside(shape_softening(params.inner_radius * inverse_sigma, g, change), x * x), inside);
    }
    for (var once = params.outer_radius > 0.0; once; once = false) {
        let outer = softened_inside(shape_softening(params.outer_radius * inverse_sigma, g, change), x * x);
        value = select(vec4(0.0), value - outer, abs(relative) < vec4(params.outer_radius));
    }
    value = select(value, vec4(0.0), j < vec4(-params.reach));
    taps[((id.z * params.channels + params.first_channel + id.y) * params.padded) / 4u + id.x] = value;
}
