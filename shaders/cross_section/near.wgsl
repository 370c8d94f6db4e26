// Lines within the softening radius of output nodes, each by its own profile less its own softened one; the profile's core is left
// to core.wgsl. Twin: src/cross_section/near.rs.
//
// In:  lines; bins, the first line at or after every 16th output node; near [row][line from first_line on][NEAR_VECTORS]: (strength, g, 1/(radius^2 + g^2),
//      fourth coefficient), (coefficients 0..3) and, for the derivative by temperature, (factors of V, dV/d ln s, dV/d ln g). The composed kernel
//      has `shape_*`.
@group(0) @binding(4) var<storage, read> lines: array<Line>;
@group(0) @binding(5) var<storage, read> bins: array<u32>;
@group(0) @binding(6) var<storage, read> near: array<vec4<f32>>;

struct Near {
    strength: f32,
    g: f32,
    radius2: f32,
    inverse: f32,
    c: vec4<f32>,
    c4: f32,
    change: vec4<f32>,
}

// One line on four nodes at d = q - q_i.
fn near_line(line: Near, d: vec4<f32>, inverse_sigma: f32) -> vec4<f32> {
    // expm1(d), |d| < 0.06
    let x = d * (1.0 + d * (0.5 + d * (1.0 / 6.0 + d * (1.0 / 24.0 + d * (1.0 / 120.0))))) * inverse_sigma;
    let xx = x * x;
    let inside = xx < vec4(line.radius2);
    var value = vec4(0.0);
    for (var once = any(inside); once; once = false) {
        let v = (xx - line.radius2) * line.inverse;
        let soft = line.c.x + v * (line.c.y + v * (line.c.z + v * (line.c.w + v * line.c4)));
        let d2 = xx + line.g * line.g;
        let wing = select(vec4(0.0), shape_wing(max(d2, vec4(WING_START2)), line.g, line.change), d2 >= vec4(WING_START2));
        value = select(vec4(0.0), line.strength * (wing - soft), inside);
    }
    return value;
}

fn near_field(row: u32, i: i32) -> Sixteen {
    let inverse_sigma = layers[params.first_layer + row].inverse_sigma;
    let pressure = layers[params.first_layer + row].pressure;
    let inverse_step = layers[params.first_layer + row].inverse_step;
    let radius = params.radius * inverse_sigma;
    let radius2 = radius * radius;
    let step = params.step;
    let top = i32(params.bins);
    let base = NEAR_VECTORS * row * params.lines;
    let last = min(bins[clamp(((i + 15 + params.window - params.first_bin) >> 4u) + 1, 0, top)], params.first_line + params.lines);
    var sum = Sixteen(vec4(0.0), vec4(0.0), vec4(0.0), vec4(0.0));
    let begin = max(bins[clamp((i - params.window - params.first_bin) >> 4u, 0, top)], params.first_line);
    for (var n = begin; n < last; n++) {
        let at = base + NEAR_VECTORS * (n - params.first_line);
        let a = near[at];
        var change = vec4(0.0);
        if NEAR_VECTORS > 2u { change = near[at + 2u]; }
        let line = Near(a.x, a.y, radius2, a.z, near[at + 1u], a.w, change);
        let fraction = moved_fraction(lines[n].fraction, lines[n].shift, pressure, inverse_step);
        let d = (f32(i - lines[n].node) + vec4(0.0, 1.0, 2.0, 3.0) - fraction) * step;
        sum.a += near_line(line, d, inverse_sigma);
        sum.b += near_line(line, d + 4.0 * step, inverse_sigma);
        sum.c += near_line(line, d + 8.0 * step, inverse_sigma);
        sum.d += near_line(line, d + 12.0 * step, inverse_sigma);
    }
    return sum;
}
