// Taps of one level: its term of the profile at the level's nodes; twin: taps in src/cross_section/convolve.rs.
//
// In:  layers [all layers].
// Out: taps [row][channel][padded], entry t at x = expm1((reach - t) h_l), in units of 1/s; 0 beyond the last.
// Dispatch: one invocation per tap (x), channel (y), row (z).

struct TapsParams {
    first_layer: u32,
    reach: i32,
    padded: u32,
    channels: u32,
    step: f32,          // h_l, in ln nu
    inner_radius: f32,  // softening radius of this level, relative; 0 for none
    outer_radius: f32,  // and of the next coarser one; 0 at the top
    pad0: f32,
}
@group(0) @binding(0) var<uniform> params: TapsParams;
@group(0) @binding(1) var<storage, read> layers: array<LayerState>;
@group(0) @binding(2) var<storage, read_write> taps: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= params.padded { return; }
    let layer = layers[params.first_layer + id.z];
    let g = layer.profile[id.y / 4u][id.y % 4u];
    let j = params.reach - i32(id.x);
    let relative = expm1_f32(f32(j) * params.step);
    let x = relative * layer.inverse_sigma;
    let xx = x * x;
    var value = 0.0;
    if abs(relative) < params.inner_radius {
        value = softened_inside(softening(params.inner_radius * layer.inverse_sigma, g), xx);
    } else {
        value = voigt(x, g);
    }
    if params.outer_radius > 0.0 {
        let outer = softened_inside(softening(params.outer_radius * layer.inverse_sigma, g), xx);
        value = select(0.0, value - outer, abs(relative) < params.outer_radius);
    }
    if j < -params.reach { value = 0.0; }
    taps[(id.z * params.channels + id.y) * params.padded + id.x] = value;
}
