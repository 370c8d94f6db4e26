// Voigt profile in units of the Doppler standard deviation s: x = (nu/nu_i - 1)/s, g = Lorentz half width / s; the profile is
// s V(x; s, g). Twin: src/cross_section/voigt.rs, which has the derivation. Needs math.wgsl, turns.wgsl.

const WING_START2: f32 = 81.0;      // x^2 + g^2 from which the asymptotic series holds
const SQRT_HALF: f32 = 0.70710678118654752;
const TRAPEZOID_STEP: f32 = 0.5;

// Asymptotic series in 1/d, d = x^2 + g^2 >= WING_START2: g/(pi d) sum_n (2n-1)!! q_n(g^2/d) / d^n.
fn voigt_wing(d: f32, g: f32) -> f32 {
    let t = 1.0 / d;
    let c = 2.0 - 4.0 * g * (g * t);
    let q1 = c + 1.0;
    let q2 = c * q1 - 1.0;
    let q3 = c * q2 - q1;
    let q4 = c * q3 - q2;
    let q5 = c * q4 - q3;
    let sum = 1.0 + t * (q1 + 3.0 * t * (q2 + 5.0 * t * (q3 + 7.0 * t * (q4 + 9.0 * t * q5))));
    return g * (t * (1.0 / PI)) * sum;
}

// exp(-t^2) at the nodes t = n/2 and t = (n + 1/2)/2.
fn trapezoid_weight(n: u32, shifted: bool) -> f32 {
    let t = (f32(n) + select(0.0, 0.5, shifted)) * TRAPEZOID_STEP;
    return exp_f32(-t * t);
}

// Trapezoidal rule with the pole's correction, x^2 + g^2 < WING_START2.
fn voigt_core(x_in: f32, g: f32) -> f32 {
    let x = abs(x_in) * SQRT_HALF;
    let y = g * SQRT_HALF;
    let turns = x / TRAPEZOID_STEP;
    let fraction = turns - round(turns);
    let shifted = abs(fraction) < 0.25;
    let shift = select(0.0, 0.5, shifted);
    let xx = x * x;
    let yy = y * y;
    var sum = 0.0;
    for (var n = 0u; n < 10u; n++) {
        let t = (f32(n) + shift) * TRAPEZOID_STEP;
        let weight = select(2.0, 1.0, n == 0u && !shifted) * trapezoid_weight(n, shifted);
        let lo = x - t;
        let hi = x + t;
        sum += weight * (xx + yy + t * t) / ((lo * lo + yy) * (hi * hi + yy));
    }
    var k = y * (TRAPEZOID_STEP / PI) * sum;
    if y < 2.0 {
        let flip = select(-1.0, 1.0, shifted);
        let growth = exp_f32(2.0 * PI / TRAPEZOID_STEP * y);
        let node = sin_cos_turns(fraction);
        let re = 1.0 + flip * growth * node.y;
        let im = -flip * growth * node.x;
        let phase = x * y / PI;
        let wave = sin_cos_turns(phase - round(phase));
        k += 2.0 * exp_f32(yy - xx) * (wave.y * re - wave.x * im) / (re * re + im * im);
    }
    return k * (SQRT_HALF * 0.56418958354775629);
}

fn voigt(x: f32, g: f32) -> f32 {
    let d = x * x + g * g;
    if d >= WING_START2 { return voigt_wing(d, g); }
    return voigt_core(x, g);
}

// The profile inside a softening radius: Taylor polynomial of degree 4 in x^2 about radius^2, c[m] times powers of
// v = (x^2 - radius^2) inverse.
struct Softening {
    radius2: f32,
    inverse: f32,
    c: vec4<f32>,
    c4: f32,
}

// (1 + v)^-j to fourth degree, times b.
fn binomial_c(j: f32, b: f32) -> vec4<f32> {
    let b1 = -b * j;
    let b2 = -b1 * (j + 1.0) * 0.5;
    let b3 = -b2 * (j + 2.0) * (1.0 / 3.0);
    return vec4(b, b1, b2, b3);
}

fn softening(radius: f32, g: f32) -> Softening {
    let d = radius * radius + g * g;
    let inverse = 1.0 / d;
    let t = inverse;
    let r = g * (g * inverse);
    // Coefficients of r^p in q_n, n = 0..5.
    var q = array<array<f32, 6>, 6>(
        array(1.0, 0.0, 0.0, 0.0, 0.0, 0.0),
        array(3.0, -4.0, 0.0, 0.0, 0.0, 0.0),
        array(5.0, -20.0, 16.0, 0.0, 0.0, 0.0),
        array(7.0, -56.0, 112.0, -64.0, 0.0, 0.0),
        array(9.0, -120.0, 432.0, -576.0, 256.0, 0.0),
        array(11.0, -220.0, 1232.0, -2816.0, 2816.0, -1024.0),
    );
    var c = vec4(0.0);
    var c4 = 0.0;
    var tn = 1.0;
    for (var n = 0u; n < 6u; n++) {
        var rp = tn;
        for (var p = 0u; p <= n; p++) {
            let j = f32(1u + n + p);
            let b = binomial_c(j, q[n][p] * rp);
            c += b;
            c4 -= b.w * (j + 3.0) * 0.25;
            rp *= r;
        }
        tn *= t * (2.0 * f32(n) + 1.0);
    }
    let scale = g * (inverse * (1.0 / PI));
    return Softening(radius * radius, inverse, c * scale, c4 * scale);
}

fn softened_inside(s: Softening, xx: f32) -> f32 {
    let v = (xx - s.radius2) * s.inverse;
    return s.c.x + v * (s.c.y + v * (s.c.z + v * (s.c.w + v * s.c4)));
}
