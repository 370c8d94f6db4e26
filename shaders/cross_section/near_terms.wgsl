// What the near field needs of every line: strength, width, softened profile; twin: src/cross_section/near.rs.
//
// In:  lines [all lines]; layers [all layers].   Out: near [row][line from first_line on][NEAR_VECTORS] as near.wgsl reads it.
// Dispatch: one invocation per line (x) and row (y).

struct NearParams { lines: u32, first_layer: u32, radius: f32, first_line: u32 }
@group(0) @binding(0) var<uniform> params: NearParams;
@group(0) @binding(1) var<storage, read> lines: array<Line>;
@group(0) @binding(2) var<storage, read> layers: array<LayerState>;
@group(0) @binding(3) var<storage, read_write> near: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= params.lines { return; }
    let line = lines[params.first_line + id.x];
    let layer = layers[params.first_layer + id.y];
    let width = line_width(line, layer);
    let g = exp_f32(width.ln) * layer.inverse_sigma;
    let change = line_change(line, layer, width.exponent);
    let soft = shape_softening(params.radius * layer.inverse_sigma, g, change);
    let at = NEAR_VECTORS * (id.y * params.lines + id.x);
    near[at] = vec4(line_strength(line, layer), g, soft.inverse, soft.c4);
    near[at + 1u] = soft.c;
    if NEAR_VECTORS > 2u { near[at + 2u] = change; }
}
