// Puts right, line by line, what rounding a wing law has changed; twin: add_corners in src/cross_section/wing_law.rs. The composed kernel has
// `shape_wing`, of the value or of the derivative by temperature.
//
// In:  layers [all layers]; lines; bins, the first line at or after every 16th output node; zones [zones]: distances (from, to) [cm-1] at which
//      there is something to put right; rows [rows] of chi: (distance, ln chi, slope after it, rise of the slope).
// Out: output [first_row + row][first_quad + ..] of rows of row_quads vectors, added to.
// Dispatch: one invocation per four output nodes of the segment (x) and row (y).

struct CornersParams {
    quads: u32,
    first_node: u32,   // output node at which the segment starts
    first_layer: u32,
    first_row: u32,    // of the output
    row_quads: u32,    // output: vectors of a row
    first_quad: u32,   // and where in it the segment starts
    first_bin: i32,    // output node at which bin 0 starts
    bins: u32,
    zones: u32,
    rows: u32,         // of chi; 0: chi is 1
    pedestal: u32,     // 1: the value at the cutoff is taken away
    step: f32,         // h, in ln nu
    start: f32,        // wavenumber at first_node [cm-1]
    cutoff: f32,       // [cm-1]; beyond all distances if there is none
    width: f32,        // half width of the rounding [cm-1]
    moved: f32,        // output nodes by which pressure moves lines at most
}
@group(0) @binding(0) var<uniform> params: CornersParams;
@group(0) @binding(1) var<storage, read> layers: array<LayerState>;
@group(0) @binding(2) var<storage, read> lines: array<Line>;
@group(0) @binding(3) var<storage, read> bins: array<u32>;
@group(0) @binding(4) var<storage, read> zones: array<vec2<f32>>;
@group(0) @binding(5) var<storage, read> rows: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> output: array<vec4<f32>>;

// Step of degree 9 from -1 to 1, |u| <= 1.
fn smooth_step(u: vec4<f32>) -> vec4<f32> {
    let v = u * u;
    return u * (315.0 + v * (-420.0 + v * (378.0 + v * (-180.0 + v * 35.0)))) * (1.0 / 128.0);
}

// What rounding adds to a corner of slope 1, in units of the half width.
fn rounding(u: vec4<f32>) -> vec4<f32> {
    let v = u * u;
    let integral = v * (157.5 + v * (-105.0 + v * (63.0 + v * (-22.5 + v * 3.5)))) * (1.0 / 128.0);
    let value = 0.5 * (u + integral) + 0.5 * (1.0 - 96.5 / 128.0) - max(u, vec4(0.0));
    return select(value, vec4(0.0), abs(u) >= vec4(1.0));
}

// Factors on V that make the rounded law the true one, at distances d.
fn missing(d: vec4<f32>) -> vec4<f32> {
    let inside = select(vec4(1.0), vec4(0.0), d > vec4(params.cutoff));
    let u = clamp((d - params.cutoff) / params.width, vec4(-1.0), vec4(1.0));
    let window = 0.5 * (1.0 - smooth_step(u));
    if params.rows == 0u { return inside - window; }
    var ln_chi = vec4(0.0);
    var rounded = vec4(0.0);
    for (var r = 0u; r < params.rows; r++) {
        let row = rows[r];
        ln_chi = select(ln_chi, row.y + row.z * (d - row.x), d >= vec4(row.x));
        rounded += row.w * params.width * rounding((d - row.x) / params.width);
    }
    // inside - e^rounded window, where both may be close to 1
    return exp_vec4(ln_chi) * (inside - window - expm1_vec4(rounded) * window);
}

// Output nodes from a node to where the wavenumber is 1 + u times its own; |u| beyond 1/2 counts as far away.
fn nodes_to(u: f32) -> f32 {
    if u < -0.5 { return -1e8; }
    if u > 0.5 { return 1e8; }
    let z = u / (2.0 + u);
    let zz = z * z;
    return 2.0 * z * (1.0 + zz * (1.0 / 3.0 + zz * (0.2 + zz * (1.0 / 7.0 + zz / 9.0)))) / params.step;
}

fn bin_at(node: f32) -> i32 {
    return i32(clamp((node - f32(params.first_bin)) * 0.0625, 0.0, f32(params.bins)));
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= params.quads { return; }
    let layer = layers[params.first_layer + id.y];
    let i = i32(params.first_node + 4u * id.x);
    let own = params.start * exp_f32(params.step * 4.0 * f32(id.x));
    var sum = vec4(0.0);
    for (var z = 0u; z < params.zones; z++) {
        let zone = zones[z];
        for (var side = -1.0; side < 1.5; side += 2.0) {
            let a = nodes_to(side * zone.x / own);
            let b = nodes_to(side * zone.y / own);
            let top = i32(params.bins);
            let begin = bins[clamp(bin_at(f32(i) + min(a, b) - params.moved) - 1, 0, top)];
            let last = bins[clamp(bin_at(f32(i) + 4.0 + max(a, b) + params.moved) + 2, 0, top)];
            for (var n = begin; n < last; n++) {
                let line = lines[n];
                let fraction = moved_fraction(line.fraction, line.shift, layer.pressure, layer.inverse_step);
                let q = (f32(i - line.node) + vec4(0.0, 1.0, 2.0, 3.0) - fraction) * params.step;
                let x = expm1_vec4(q);
                let centre = line.wavenumber * (1.0 + clamp(line.shift * layer.pressure, -MOST_SHIFT, MOST_SHIFT));
                let d = centre * abs(x);
                let concerned = (d >= vec4(zone.x)) & (d < vec4(zone.y)) & (q * side < vec4(0.0));
                if any(concerned) {
                    let width = line_width(line, layer);
                    let g = exp_f32(width.ln) * layer.inverse_sigma;
                    let change = line_change(line, layer, width.exponent);
                    let scaled = x * layer.inverse_sigma;
                    var value = shape_wing(scaled * scaled + g * g, g, change);
                    if params.pedestal == 1u {
                        let at = params.cutoff / centre * layer.inverse_sigma;
                        value -= shape_wing(vec4(at * at + g * g), g, change).x;
                    }
                    sum += select(vec4(0.0), line_strength(line, layer) * value * missing(d), concerned);
                }
            }
        }
    }
    let at = (params.first_row + id.y) * params.row_quads + params.first_quad + id.x;
    output[at] += layer.output_factor * sum;
}
