// Voigt profile of four points in units of the Doppler standard deviation s: x = (nu/nu_i - 1)/s, g = Lorentz half width / s; the
// profile is s V(x; s, g). Twin: src/numerics/voigt.rs, which has the derivation. Needs math.wgsl, turns.wgsl.
//
// What is needed seldom stands in a loop of at most one turn: drivers that run on a CPU compute both sides of a branch.

const WING_START2: f32 = 81.0;      // x^2 + g^2 from which the asymptotic series holds
const SQRT_HALF: f32 = 0.70710678118654752;
const TRAPEZOID_STEP: f32 = 0.5;

// q_n(r) = sin((2n+1) t)/sin t at sin^2 t = r, by their recurrence.
struct Series { q1: vec4<f32>, q2: vec4<f32>, q3: vec4<f32>, q4: vec4<f32>, q5: vec4<f32>, q6: vec4<f32> }

fn wing_series(r: vec4<f32>) -> Series {
    let c = 2.0 - 4.0 * r;
    let q1 = c + 1.0;
    let q2 = c * q1 - 1.0;
    let q3 = c * q2 - q1;
    let q4 = c * q3 - q2;
    let q5 = c * q4 - q3;
    return Series(q1, q2, q3, q4, q5, c * q5 - q4);
}

// Asymptotic series in 1/d, d = x^2 + g^2 >= WING_START2: g/(pi d) sum_n (2n-1)!! q_n(g^2/d) / d^n.
fn voigt_wing(d: vec4<f32>, g: f32) -> vec4<f32> {
    let t = 1.0 / d;
    let s = wing_series(g * (g * t));
    let sum = 1.0 + t * (s.q1 + 3.0 * t * (s.q2 + 5.0 * t * (s.q3 + 7.0 * t * (s.q4 + 9.0 * t * s.q5))));
    return (g * (1.0 / PI)) * t * sum;
}

// The profile, its derivative by ln s and that by ln g, times s. Callers use one or more; compilers leave out the rest.
struct Core { value: vec4<f32>, doppler: vec4<f32>, lorentz: vec4<f32> }

fn plus(a: Core, b: Core) -> Core {
    return Core(a.value + b.value, a.doppler + b.doppler, a.lorentz + b.lorentz);
}

// A pair of nodes at t and -t with the weight of both, or the middle one: numerators over ((x - t)^2 + y^2) ((x + t)^2 + y^2).
struct Fraction { over: Core, under: vec4<f32> }

fn node(xx: vec4<f32>, yy: f32, t: vec4<f32>, weight: vec4<f32>) -> Fraction {
    let tt = t * t;
    let s = xx + tt;
    let u = xx - tt;
    let value = weight * (s + yy);
    return Fraction(
        Core(value, value * (2.0 * tt - 1.0), weight * (2.0 * tt) * (u - yy)),
        u * u + (2.0 * yy) * s + yy * yy,
    );
}

// One division serves two pairs.
fn two_nodes(a: Fraction, b: Fraction) -> Core {
    let inverse = 1.0 / (a.under * b.under);
    let of_a = b.under * inverse;
    let of_b = a.under * inverse;
    return Core(
        a.over.value * of_a + b.over.value * of_b,
        a.over.doppler * of_a + b.over.doppler * of_b,
        a.over.lorentz * of_a + b.over.lorentz * of_b,
    );
}

// Trapezoidal rule with the pole's correction, for x^2 + g^2 < WING_START2; elsewhere finite and of no meaning.
fn core_and_slopes(x_in: vec4<f32>, g: f32) -> Core {
    let x = min(abs(x_in), vec4(9.0)) * SQRT_HALF;
    let y = g * SQRT_HALF;
    let turns = x / TRAPEZOID_STEP;
    let fraction = turns - round(turns);
    let shifted = abs(fraction) < vec4(0.25);
    let shift = select(vec4(0.0), vec4(0.5 * TRAPEZOID_STEP), shifted);
    let xx = x * x;
    let yy = y * y;
    var sum = two_nodes(
        node(xx, yy, shift + 0.0, select(vec4(1.000000000), vec4(1.878826126), shifted)),
        node(xx, yy, shift + 0.5, select(vec4(1.557601566), vec4(1.139565649), shifted)),
    );
    sum = plus(sum, two_nodes(
        node(xx, yy, shift + 1.0, select(vec4(7.357588823e-1), vec4(4.192227743e-1), shifted)),
        node(xx, yy, shift + 1.5, select(vec4(2.107984491e-1), vec4(9.354124477e-2), shifted)),
    ));
    sum = plus(sum, two_nodes(
        node(xx, yy, shift + 2.0, select(vec4(3.663127778e-2), vec4(1.265943085e-2), shifted)),
        node(xx, yy, shift + 2.5, select(vec4(3.860908272e-3), vec4(1.039149364e-3), shifted)),
    ));
    sum = plus(sum, two_nodes(
        node(xx, yy, shift + 3.0, select(vec4(2.468196082e-4), vec4(5.173620045e-5), shifted)),
        node(xx, yy, shift + 3.5, select(vec4(9.570234784e-6), vec4(1.562297882e-6), shifted)),
    ));
    sum = plus(sum, two_nodes(
        node(xx, yy, shift + 4.0, select(vec4(2.250703494e-7), vec4(2.861448384e-8), shifted)),
        node(xx, yy, shift + 4.5, select(vec4(3.210456110e-9), vec4(3.178782019e-10), shifted)),
    ));
    let of_sum = y * (TRAPEZOID_STEP / PI);
    var k = Core(of_sum * sum.value, of_sum * sum.doppler, of_sum * sum.lorentz);
    // The pole; nothing is left of it for y > 2.
    for (var once = y < 2.0; once; once = false) {
        let flip = select(vec4(-1.0), vec4(1.0), shifted);
        let growth = exp_f32(2.0 * PI / TRAPEZOID_STEP * y);
        let at_node = sin_cos_turns(fraction);
        let re = 1.0 + flip * growth * at_node.cosine;
        let im = -flip * growth * at_node.sine;
        let phase = x * (y / PI);
        let wave = sin_cos_turns(phase - round(phase));
        let amplitude = 2.0 * exp_vec4(yy - xx) / (re * re + im * im);
        let pole_re = amplitude * (wave.cosine * re - wave.sine * im);
        let pole_im = -amplitude * (wave.sine * re + wave.cosine * im);
        k.value += pole_re;
        k.doppler += (2.0 * (xx - yy) - 1.0) * pole_re - (4.0 * y) * x * pole_im;
        k.lorentz += (2.0 * y) * (x * pole_im + y * pole_re);
    }
    let scale = SQRT_HALF * 0.56418958354775629;
    return Core(k.value * scale, k.doppler * scale, k.lorentz * scale);
}

fn voigt_core(x: vec4<f32>, g: f32) -> vec4<f32> {
    return core_and_slopes(x, g).value;
}

fn voigt(x: vec4<f32>, g: f32) -> vec4<f32> {
    let d = x * x + g * g;
    let near = d < vec4(WING_START2);
    var value = voigt_wing(max(d, vec4(WING_START2)), g);
    for (var once = any(near); once; once = false) {
        value = select(value, voigt_core(x, g), near);
    }
    return value;
}

// The profile inside a softening radius: Taylor polynomial of degree 4 in x^2 about radius^2, c[m] times powers of
// v = (x^2 - radius^2) inverse.
struct Softening {
    radius2: f32,
    inverse: f32,
    c: vec4<f32>,
    c4: f32,
}

// Terms of r^p t^n = g^2p / d^(n + p), to be expanded in (1 + v)^-(1 + n + p) to fourth degree.
fn add_term(s: ptr<function, Softening>, j: f32, b: f32) {
    let b1 = -b * j;
    let b2 = -b1 * (j + 1.0) * 0.5;
    let b3 = -b2 * (j + 2.0) * (1.0 / 3.0);
    (*s).c += vec4(b, b1, b2, b3);
    (*s).c4 -= b3 * (j + 3.0) * 0.25;
}

// The series with factors `a` of the q_n, a_n containing (2n-1)!! / d^n.
fn add_series(s: ptr<function, Softening>, r: f32, a: array<f32, 6>) {
    let r2 = r * r;
    let r3 = r2 * r;
    let r4 = r2 * r2;
    let r5 = r4 * r;
    add_term(s, 1.0, a[0]);
    add_term(s, 2.0, 3.0 * a[1]);
    add_term(s, 3.0, -4.0 * r * a[1] + 5.0 * a[2]);
    add_term(s, 4.0, -20.0 * r * a[2] + 7.0 * a[3]);
    add_term(s, 5.0, 16.0 * r2 * a[2] - 56.0 * r * a[3] + 9.0 * a[4]);
    add_term(s, 6.0, 112.0 * r2 * a[3] - 120.0 * r * a[4] + 11.0 * a[5]);
    add_term(s, 7.0, -64.0 * r3 * a[3] + 432.0 * r2 * a[4] - 220.0 * r * a[5]);
    add_term(s, 8.0, -576.0 * r3 * a[4] + 1232.0 * r2 * a[5]);
    add_term(s, 9.0, 256.0 * r4 * a[4] - 2816.0 * r3 * a[5]);
    add_term(s, 10.0, 2816.0 * r4 * a[5]);
    add_term(s, 11.0, -1024.0 * r5 * a[5]);
}

// (2n-1)!! t^n.
fn double_factorials(t: f32) -> array<f32, 6> {
    let t2 = t * t;
    return array(1.0, t, 3.0 * t2, 15.0 * t2 * t, 105.0 * t2 * t2, 945.0 * t2 * t2 * t);
}

// No polynomial yet.
fn unsoftened(radius: f32, g: f32) -> Softening {
    return Softening(radius * radius, 1.0 / (radius * radius + g * g), vec4(0.0), 0.0);
}

fn softening(radius: f32, g: f32) -> Softening {
    var s = unsoftened(radius, g);
    add_series(&s, g * (g * s.inverse), double_factorials(s.inverse));
    let scale = g * (s.inverse * (1.0 / PI));
    s.c *= scale;
    s.c4 *= scale;
    return s;
}

fn softened_inside(s: Softening, xx: vec4<f32>) -> vec4<f32> {
    let v = (xx - s.radius2) * s.inverse;
    return s.c.x + v * (s.c.y + v * (s.c.z + v * (s.c.w + v * s.c4)));
}
