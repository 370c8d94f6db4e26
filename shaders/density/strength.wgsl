// Strength of every line times its weight in every profile; twin: LineTable::spread in src/density/lines.rs.
//
// In:  lines [all lines]; layers [all layers].
// Out: channel [row][ceil(channels/4)][line from first_line on], four channels to a vector, those beyond the last 0.
// Dispatch: one invocation per line (x), row (y), four channels (z).

struct StrengthParams { lines: u32, first_layer: u32, channels: u32, first_line: u32 }
@group(0) @binding(0) var<uniform> params: StrengthParams;
@group(0) @binding(1) var<storage, read> lines: array<Line>;
@group(0) @binding(2) var<storage, read> layers: array<LayerState>;
@group(0) @binding(3) var<storage, read_write> channel: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= params.lines { return; }
    let line = lines[params.first_line + id.x];
    let layer = layers[params.first_layer + id.y];
    let t = channel_position(layer, layer.channel_scale, line_ln_gamma(line, layer));
    let weight = channel_weights(t, 4u * id.z, params.channels);
    let groups = (params.channels + 3u) / 4u;
    channel[(id.y * groups + id.z) * params.lines + id.x] = line_strength(line, layer) * weight;
}
