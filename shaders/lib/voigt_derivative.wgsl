// What changes of the Voigt profile with its widths, for four points in units of s: value V + doppler dV/d ln s + lorentz dV/d ln g, times s,
// at fixed distance from the line's centre. Twin: src/cross_section/voigt_derivative.rs, which has the derivation. Needs voigt.wgsl.

struct Change { value: f32, doppler: f32, lorentz: f32 }

// One term of the wing series: n, q_n, q_{n+1}.
fn wing_term(change: Change, n: f32, q: vec4<f32>, next: vec4<f32>) -> vec4<f32> {
    return (change.value + 2.0 * n * change.doppler) * q + (change.lorentz * (n + 0.5)) * (next - q);
}

// At d = x^2 + g^2 >= WING_START2.
fn change_wing(d: vec4<f32>, g: f32, change: Change) -> vec4<f32> {
    let t = 1.0 / d;
    let s = wing_series(g * (g * t));
    let e0 = wing_term(change, 0.0, vec4(1.0), s.q1);
    let e1 = wing_term(change, 1.0, s.q1, s.q2);
    let e2 = wing_term(change, 2.0, s.q2, s.q3);
    let e3 = wing_term(change, 3.0, s.q3, s.q4);
    let e4 = wing_term(change, 4.0, s.q4, s.q5);
    let e5 = wing_term(change, 5.0, s.q5, s.q6);
    return (g * (1.0 / PI)) * t * (e0 + t * (e1 + 3.0 * t * (e2 + 5.0 * t * (e3 + 7.0 * t * (e4 + 9.0 * t * e5)))));
}

// For x^2 + g^2 < WING_START2.
fn change_core(x: vec4<f32>, g: f32, change: Change) -> vec4<f32> {
    let core = core_and_slopes(x, g);
    return change.value * core.value + change.doppler * core.doppler + change.lorentz * core.lorentz;
}

fn change_of_voigt(x: vec4<f32>, g: f32, change: Change) -> vec4<f32> {
    let d = x * x + g * g;
    let near = d < vec4(WING_START2);
    var value = change_wing(max(d, vec4(WING_START2)), g, change);
    for (var once = any(near); once; once = false) {
        value = select(value, change_core(x, g, change), near);
    }
    return value;
}

// The change of the softened profile: its own Taylor polynomial, for `softened_inside`.
fn change_of_softening(radius: f32, g: f32, change: Change) -> Softening {
    var s = unsoftened(radius, g);
    let r = g * (g * s.inverse);
    let a = double_factorials(s.inverse);
    let v = change.value;
    let d = 2.0 * change.doppler;
    add_series(&s, r, array(v * a[0], (v + d) * a[1], (v + 2.0 * d) * a[2], (v + 3.0 * d) * a[3], (v + 4.0 * d) * a[4], (v + 5.0 * d) * a[5]));
    // (2n + 1) cos((2n+2) t) in powers of r = sin^2 t in place of q_n
    for (var once = change.lorentz != 0.0; once; once = false) {
        let a0 = change.lorentz;
        let a1 = change.lorentz * a[1];
        let a2 = change.lorentz * a[2];
        let a3 = change.lorentz * a[3];
        let a4 = change.lorentz * a[4];
        let a5 = change.lorentz * a[5];
        let r2 = r * r;
        let r3 = r2 * r;
        let r4 = r2 * r2;
        let r5 = r4 * r;
        add_term(&s, 1.0, a0);
        add_term(&s, 2.0, -2.0 * r * a0 + 3.0 * a1);
        add_term(&s, 3.0, -24.0 * r * a1 + 5.0 * a2);
        add_term(&s, 4.0, 24.0 * r2 * a1 - 90.0 * r * a2 + 7.0 * a3);
        add_term(&s, 5.0, 240.0 * r2 * a2 - 224.0 * r * a3 + 9.0 * a4);
        add_term(&s, 6.0, -160.0 * r3 * a2 + 1120.0 * r2 * a3 - 450.0 * r * a4 + 11.0 * a5);
        add_term(&s, 7.0, -1792.0 * r3 * a3 + 3600.0 * r2 * a4 - 792.0 * r * a5);
        add_term(&s, 8.0, 896.0 * r4 * a3 - 10080.0 * r3 * a4 + 9240.0 * r2 * a5);
        add_term(&s, 9.0, 11520.0 * r4 * a4 - 39424.0 * r3 * a5);
        add_term(&s, 10.0, -4608.0 * r5 * a4 + 76032.0 * r4 * a5);
        add_term(&s, 11.0, -67584.0 * r5 * a5);
        add_term(&s, 12.0, 22528.0 * r5 * r * a5);
    }
    let scale = g * (s.inverse * (1.0 / PI));
    s.c *= scale;
    s.c4 *= scale;
    return s;
}
