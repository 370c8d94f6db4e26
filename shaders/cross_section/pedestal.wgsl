// The value at the cutoff of what each source node holds: sum over profiles of S V(cutoff / nu), or its derivative by temperature; twin:
// LawMatrix::pedestal in src/cross_section/wing_law.rs.
//
// In:  layers [all layers]; source [row][row_channels][nodes]: channels S, then their derivatives if there are some.
// Out: pedestal [row][nodes].
// Dispatch: one invocation per source node (x) and row (y).

struct PedestalParams {
    nodes: u32, channels: u32, row_channels: u32, first_layer: u32,
    slope: u32,      // 1 for the derivative
    cutoff: f32,     // over the wavenumber of the first source node
    step: f32,       // of the level, in ln nu
    pad0: u32,
}
@group(0) @binding(0) var<uniform> params: PedestalParams;
@group(0) @binding(1) var<storage, read> layers: array<LayerState>;
@group(0) @binding(2) var<storage, read> source: array<f32>;
@group(0) @binding(3) var<storage, read_write> pedestal: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= params.nodes { return; }
    let layer = layers[params.first_layer + id.y];
    let x = params.cutoff * exp_f32(-params.step * f32(id.x)) * layer.inverse_sigma;
    // of the Doppler width: of V and dV/d ln s
    let change = vec4(0.0, 0.5, 0.0, 0.0) * layer.inverse_temperature;
    var sum = 0.0;
    for (var k = 0u; k < params.channels; k++) {
        let g = layer.profile[k / 4u][k % 4u];
        let d = vec4(x * x + g * g);
        let at = (id.y * params.row_channels + k) * params.nodes + id.x;
        let value = voigt_wing(d, g).x;
        if params.slope == 0u {
            sum += source[at] * value;
        } else {
            sum += source[at] * change_wing(d, g, Change(change.x, change.y, change.z)).x
                + source[at + params.channels * params.nodes] * value;
        }
    }
    pedestal[id.y * params.nodes + id.x] = sum;
}
