// Lines within the softening radius of an output node, each by its own profile less its own softened one; twin:
// src/cross_section/near.rs.
//
// In:  lines; bins, the first line at or after every 16th output node; near [row][line][2]: (strength, g, 1/(radius^2 + g^2),
//      fourth coefficient), (coefficients 0..3).
@group(0) @binding(4) var<storage, read> lines: array<Line>;
@group(0) @binding(5) var<storage, read> bins: array<u32>;
@group(0) @binding(6) var<storage, read> near: array<vec4<f32>>;

fn near_field(row: u32, i: i32) -> f32 {
    let inverse_sigma = layers[params.first_layer + row].inverse_sigma;
    let radius = params.radius * inverse_sigma;
    let top = i32(params.bins);
    let last = bins[clamp(((i + params.window - params.first_bin) >> 4u) + 1, 0, top)];
    var sum = 0.0;
    for (var n = bins[clamp((i - params.window - params.first_bin) >> 4u, 0, top)]; n < last; n++) {
        let line = lines[n];
        let d = (f32(i - line.node) - line.fraction) * params.step;
        // expm1(d), |d| < 0.06
        let x = d * (1.0 + d * (0.5 + d * (1.0 / 6.0 + d * (1.0 / 24.0 + d * (1.0 / 120.0))))) * inverse_sigma;
        if abs(x) < radius {
            let at = 2u * (row * params.lines + n);
            let a = near[at];
            let c = near[at + 1u];
            let v = (x * x - radius * radius) * a.z;
            let soft = c.x + v * (c.y + v * (c.z + v * (c.w + v * a.w)));
            sum += a.x * (voigt(x, a.y) - soft);
        }
    }
    return sum;
}
