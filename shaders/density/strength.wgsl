// Strength of every line times its weight in every profile; twin: TableLine::channels in src/density/lines.rs. The composed kernel has
// `lane_factors`, with or without derivatives by temperature.
//
// In:  lines [all lines]; layers [all layers].
// Out: channel [row][ceil(lanes/4)][line from first_line on], four lanes to a vector, those beyond the last 0.
// Dispatch: one invocation per line (x), row (y), four lanes (z).

struct StrengthParams { lines: u32, first_layer: u32, lanes: u32, first_line: u32 }
@group(0) @binding(0) var<uniform> params: StrengthParams;
@group(0) @binding(1) var<storage, read> lines: array<Line>;
@group(0) @binding(2) var<storage, read> layers: array<LayerState>;
@group(0) @binding(3) var<storage, read_write> channel: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= params.lines { return; }
    let line = lines[params.first_line + id.x];
    let layer = layers[params.first_layer + id.y];
    let ln_slope = line_ln_slope(line, layer);
    let width = line_width(line, layer);
    let factors = lane_factors(layer, width.ln, width.exponent, ln_slope, 4u * id.z, params.lanes);
    let groups = (params.lanes + 3u) / 4u;
    channel[(id.y * groups + id.z) * params.lines + id.x] = line_strength(line, layer) * factors;
}
