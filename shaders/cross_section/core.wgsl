// Cores of lines, where the wing series does not hold: added to the few output nodes that lie within one; twin: src/cross_section/near.rs.
// Apart from near.wgsl, so that the many nodes without a core do not wait for those with one.
//
// In:  layers [all layers]; lines; bins, the first line at or after every 16th output node; near [row][line from first_line on][NEAR_VECTORS] (near.wgsl);
//      active, those output nodes over 4 that lie in the core of a line at the highest temperature.
// Out: output [first_row + row][first_quad + ..] of rows of row_quads vectors, each core times the layer's factor added.
// Dispatch: one invocation per active four nodes of the segment (x) and row (y).

struct CoreParams {
    first_active: u32, // of the segment
    count: u32,        // active ones
    first_layer: u32,
    first_row: u32,    // of the output
    lines: u32,        // in `near`
    first_bin: i32,    // output node at which bin 0 starts
    bins: u32,
    window: i32,       // output nodes within a core, and by which pressure moves lines
    step: f32,         // h, in ln nu
    first_line: u32,   // in `near`
    row_quads: u32,    // output: vectors of a row
    first_quad: i32,   // what is added to a node over 4 to find its place in a row
}
@group(0) @binding(0) var<uniform> params: CoreParams;
@group(0) @binding(1) var<storage, read> layers: array<LayerState>;
@group(0) @binding(2) var<storage, read> lines: array<Line>;
@group(0) @binding(3) var<storage, read> bins: array<u32>;
@group(0) @binding(4) var<storage, read> near: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> active_quads: array<u32>;
@group(0) @binding(6) var<storage, read_write> output: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= params.count { return; }
    let quad = active_quads[params.first_active + id.x];
    let i = 4 * i32(quad);
    let inverse_sigma = layers[params.first_layer + id.y].inverse_sigma;
    let pressure = layers[params.first_layer + id.y].pressure;
    let inverse_step = layers[params.first_layer + id.y].inverse_step;
    let top = i32(params.bins);
    let base = NEAR_VECTORS * id.y * params.lines;
    let last = min(bins[clamp(((i + 3 + params.window - params.first_bin) >> 4u) + 1, 0, top)], params.first_line + params.lines);
    var sum = vec4(0.0);
    let begin = max(bins[clamp((i - params.window - params.first_bin) >> 4u, 0, top)], params.first_line);
    for (var n = begin; n < last; n++) {
        let at = base + NEAR_VECTORS * (n - params.first_line);
        let a = near[at];
        let fraction = moved_fraction(lines[n].fraction, lines[n].shift, pressure, inverse_step);
        let d = (f32(i - lines[n].node) + vec4(0.0, 1.0, 2.0, 3.0) - fraction) * params.step;
        let x = d * (1.0 + d * (0.5 + d * (1.0 / 6.0 + d * (1.0 / 24.0 + d * (1.0 / 120.0))))) * inverse_sigma;
        let inside = x * x + a.y * a.y < vec4(WING_START2);
        for (var once = any(inside); once; once = false) {
            var change = vec4(0.0);
            if NEAR_VECTORS > 2u { change = near[at + 2u]; }
            sum += select(vec4(0.0), a.x * shape_core(x, a.y, change), inside);
        }
    }
    let at = (params.first_row + id.y) * params.row_quads + u32(i32(quad) + params.first_quad);
    output[at] += layers[params.first_layer + id.y].output_factor * sum;
}
