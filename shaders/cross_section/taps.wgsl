// Taps of levels: their terms of the profile, or of the profile's derivative by temperature, at the levels' nodes; twin: taps in
// src/cross_section/convolve.rs. The composed kernel has `shape_*`.
//
// In:  layers [all layers].
// Out: for each level taps [row][first_channel + channel][padded] of rows of `channels`, entry t at x = expm1((reach - t) h_l), in units of 1/s; 0 beyond
//      the last.
// Dispatch: one invocation per four taps of all levels (x), channel (y), row (z).

struct TapsParams {
    first_layer: u32,
    channels: u32,
    first_channel: u32,
    levels: u32,
    // By level: h_l, in ln nu; its softening radius, relative, 0 for none; that of the next coarser level, 0 at the top; nothing.
    shape: array<vec4<f32>, 32>,
    // By level: invocations of this and the earlier levels; first vector of its taps; its padded taps; reach.
    place: array<vec4<u32>, 32>,
}
@group(0) @binding(0) var<uniform> params: TapsParams;
@group(0) @binding(1) var<storage, read> layers: array<LayerState>;
@group(0) @binding(2) var<storage, read_write> taps: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= params.place[params.levels - 1u].x { return; }
    var level = 0u;
    while id.x >= params.place[level].x { level++; }
    var first = 0u;
    for (var once = level > 0u; once; once = false) { first = params.place[level - 1u].x; }
    let quad = id.x - first;
    let place = params.place[level];
    let reach = i32(place.w);
    let step = params.shape[level].x;
    let inner_radius = params.shape[level].y;
    let outer_radius = params.shape[level].z;
    let inverse_sigma = layers[params.first_layer + id.z].inverse_sigma;
    let g = layers[params.first_layer + id.z].profile[id.y / 4u][id.y % 4u];
    let change = vec4(0.0, 0.5, 0.0, 0.0) * layers[params.first_layer + id.z].inverse_temperature;
    let j = vec4(reach - 4 * i32(quad)) - vec4(0, 1, 2, 3);
    let relative = expm1_vec4(vec4<f32>(j) * step);
    let x = relative * inverse_sigma;
    let inside = abs(relative) < vec4(inner_radius);
    var value = vec4(0.0);
    for (var once = !all(inside); once; once = false) {
        value = shape_any(x, g, change);
    }
    for (var once = any(inside); once; once = false) {
        value = select(value, softened_inside(shape_softening(inner_radius * inverse_sigma, g, change), x * x), inside);
    }
    for (var once = outer_radius > 0.0; once; once = false) {
        let outer = softened_inside(shape_softening(outer_radius * inverse_sigma, g, change), x * x);
        value = select(vec4(0.0), value - outer, abs(relative) < vec4(outer_radius));
    }
    value = select(value, vec4(0.0), j < vec4(-reach));
    taps[place.y + (id.z * params.channels + params.first_channel + id.y) * (place.z / 4u) + quad] = value;
}
