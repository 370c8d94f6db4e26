// Elementary functions in f32 with known errors on every device; the built-in ones may be off by 64 ulp (exp) or lose all
// figures (log near 1). None needs or makes infinities, NaN or subnormal numbers. Errors are the largest found on lavapipe
// and SwiftShader by a sweep against f64 (src/numerics/device.rs).
//
// Method: Cody and Waite, as in src/numerics.rs. x = n ln 2 + r, |r| <= 0.3466; e^x = 2^n (1 + p), p = expm1(r) =
// r + r^2 q(r), q of degree 4 (error of p: 2.4e-8). ln 2 is split so that n times its first part is exact; the min()
// between the two steps changes nothing but keeps compilers from merging the parts (lavapipe would: 68 ulp).

const EXP_LOWEST: f32 = -87.0;  // e^-87 = 1.6e-38 is a normal number, e^-87.34 is not
const EXP_HIGHEST: f32 = 88.0;  // e^88 = 1.7e38
const LOG2_E: f32 = 1.44269504;
const LN2_HIGH: f32 = 0.693359375;
const LN2_LOW: f32 = -2.12194440e-4;

struct ExpParts { scale: f32, tail: f32 }
struct ExpParts4 { scale: vec4<f32>, tail: vec4<f32> }

// 2^n for whole n, -126 to 127. Adding 1.5 x 2^23 leaves n in the lowest bits, with fewer steps than a conversion (which
// clamps). The bits above the lowest nine are shifted out; 0x3f800000 is the exponent bias.
fn exp2_int(n: f32) -> f32 {
    return bitcast<f32>((bitcast<u32>(n + 12582912.0) << 23u) + 0x3f800000u);
}

fn exp2_int4(n: vec4<f32>) -> vec4<f32> {
    return bitcast<vec4<f32>>((bitcast<vec4<u32>>(n + 12582912.0) << vec4(23u)) + 0x3f800000u);
}

// 2^n and expm1(x - n ln 2), for EXP_LOWEST <= x <= EXP_HIGHEST.
fn exp_parts(x: f32) -> ExpParts {
    let n = round(x * LOG2_E);
    let r = fma(n, -LN2_LOW, min(fma(n, -LN2_HIGH, x), 1.0));
    var q = fma(r, 1.3926176e-3, 8.363173e-3);
    q = fma(r, q, 4.1666556e-2);
    q = fma(r, q, 0.16666578);
    q = fma(r, q, 0.5);
    return ExpParts(exp2_int(n), fma(r * r, q, r));
}

fn exp_parts4(x: vec4<f32>) -> ExpParts4 {
    let n = round(x * LOG2_E);
    let r = fma(n, vec4(-LN2_LOW), min(fma(n, vec4(-LN2_HIGH), x), vec4(1.0)));
    var q = fma(r, vec4(1.3926176e-3), vec4(8.363173e-3));
    q = fma(r, q, vec4(4.1666556e-2));
    q = fma(r, q, vec4(0.16666578));
    q = fma(r, q, vec4(0.5));
    return ExpParts4(exp2_int4(n), fma(r * r, q, r));
}

// e^x, 1.8 ulp. 0 below -87; held at e^88 above 88.
fn exp_f32(x: f32) -> f32 {
    let parts = exp_parts(clamp(x, EXP_LOWEST, EXP_HIGHEST));
    return select(parts.scale * (1.0 + parts.tail), 0.0, x < EXP_LOWEST);
}

fn exp_vec4(x: vec4<f32>) -> vec4<f32> {
    let parts = exp_parts4(clamp(x, vec4(EXP_LOWEST), vec4(EXP_HIGHEST)));
    return select(parts.scale * (1.0 + parts.tail), vec4(0.0), x < vec4(EXP_LOWEST));
}

// e^x - 1, 1.7 ulp, also for small x. Held at e^88 above 88.
fn expm1_f32(x: f32) -> f32 {
    let parts = exp_parts(clamp(x, EXP_LOWEST, EXP_HIGHEST));
    return fma(parts.scale, parts.tail, parts.scale - 1.0);
}

fn expm1_vec4(x: vec4<f32>) -> vec4<f32> {
    let parts = exp_parts4(clamp(x, vec4(EXP_LOWEST), vec4(EXP_HIGHEST)));
    return fma(parts.scale, parts.tail, parts.scale - 1.0);
}

// Transmission e^-x (1.3 ulp) and absorption 1 - e^-x (1.1 ulp) of a slant optical depth x >= 0, from one reduction.
struct Transmission { through: f32, absorbed: f32 }
struct Transmission4 { through: vec4<f32>, absorbed: vec4<f32> }

fn transmission_f32(x: f32) -> Transmission {
    let parts = exp_parts(max(-x, EXP_LOWEST));
    let through = select(parts.scale * (1.0 + parts.tail), 0.0, -x < EXP_LOWEST);
    return Transmission(through, fma(-parts.scale, parts.tail, 1.0 - parts.scale));
}

fn transmission_vec4(x: vec4<f32>) -> Transmission4 {
    let parts = exp_parts4(max(-x, vec4(EXP_LOWEST)));
    let through = select(parts.scale * (1.0 + parts.tail), vec4(0.0), -x < vec4(EXP_LOWEST));
    return Transmission4(through, fma(-parts.scale, parts.tail, 1.0 - parts.scale));
}

// ln x, 0.9 ulp. x below the smallest normal number (0 and negative ones too) is taken as that number: -87.3365.
// x = 2^n m, sqrt(1/2) <= m < sqrt(2), z = m - 1: ln m = z - z^2/2 + z^3 c(z), c of degree 8 (error of ln m: 3.4e-9).
fn log_f32(x: f32) -> f32 {
    let bits = bitcast<i32>(max(x, 1.17549435e-38));
    // 0x3f3504f3 is sqrt(1/2): the exponent of x / sqrt(1/2), rounded down.
    let exponent = (bits - 0x3f3504f3) >> 23u;
    let n = f32(exponent);
    let z = bitcast<f32>(bits - (exponent << 23u)) - 1.0;
    var c = fma(z, 6.971611827611923e-2, -0.11479733884334564);
    c = fma(z, c, 0.11685419827699661);
    c = fma(z, c, -0.12425687164068222);
    c = fma(z, c, 0.14249058067798615);
    c = fma(z, c, -0.1666780263185501);
    c = fma(z, c, 0.20000715553760529);
    c = fma(z, c, -0.2499999701976776);
    c = fma(z, c, 0.3333333134651184);
    let square = z * z;
    let small = fma(n, LN2_LOW, fma(square * z, c, -0.5 * square));
    return fma(n, LN2_HIGH, z + small);
}
