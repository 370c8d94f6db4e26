// Sine and cosine, their argument in turns.

const PI: f32 = 3.14159265358979;

// sin and cos of 2 pi f for |f| <= 1/2, absolute error 4e-7; the built-in functions may be off by 5e-4.
fn sin_cos_turns(f: f32) -> vec2<f32> {
    // fold to |r| <= 1/4 turn: sin keeps its value, cos changes sign
    let folded = abs(f) > 0.25;
    let r = select(f, sign(f) * 0.5 - f, folded);
    let a = 2.0 * PI * r;
    let aa = a * a;
    let sine = a * (1.0 + aa * (-0.16666667 + aa * (8.3333310e-3 + aa * (-1.9840874e-4 + aa * (2.7525562e-6 - aa * 2.3889859e-8)))));
    let cosine = 1.0 + aa * (-0.5 + aa * (4.1666668e-2 + aa * (-1.3888889e-3 + aa * (2.4801587e-5 + aa * (-2.7557319e-7 + aa * 2.0875723e-9)))));
    return vec2(sine, select(cosine, -cosine, folded));
}
