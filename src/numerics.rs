//! Elementary functions in f64 for inner loops, and the guards of the library with their derivation.
//!
//! The functions here are plain arithmetic without calls or branches, so that the compiler turns a loop over points into
//! vector instructions. They must be inlined into a function compiled for the machine's instruction set
//! ([`multiversion::multiversion`]), which also says whether fused multiply-add is an instruction (`FMA = true`) or would
//! be a slow library call (`FMA = false`).
//!
//! Method: Cody and Waite (1980), "Software Manual for the Elementary Functions", chapter 6. With n the integer nearest
//! to x / ln 2 and r = x - n ln 2 (ln 2 in two parts, the first with 21 trailing zero bits, so that n times it is exact),
//! e^x = 2^n (1 + p), p = expm1(r) = r + r^2 q(r), |r| <= 0.3466. The polynomial q interpolates at ten Chebyshev nodes;
//! its error relative to p is 4.1e-17. Keeping 2^n and p apart gives 1 - e^-x = (1 - 2^n) - 2^n p without cancellation.

#[cfg(test)]
mod device;
pub mod voigt;

/// Above this argument e^-x is taken as zero and e^x (see [`exp`]) as infinite: 2^n stays a normal number for
/// |n| <= 1022, that is |x| < 1022.5 ln 2 = 708.7.
pub const EXP_LIMIT: f64 = 708.0;

/// Adding and subtracting 1.5 x 2^52 rounds to the nearest integer, which then stands in the lowest bits.
const ROUNDER: f64 = 6755399441055744.0;
/// ln 2 with its last 21 bits zero; |n| <= 1024 keeps n times it exact.
const LN2_HIGH: f64 = f64::from_bits(0x3fe6_2e42_fee0_0000);
/// ln 2 less [`LN2_HIGH`].
const LN2_LOW: f64 = f64::from_bits(0x3dea_39ef_3579_3c76);
/// q(r) = (expm1(r) - r) / r^2 on |r| <= ln 2 / 2, lowest power first.
const Q: [f64; 10] = [
    0.5000000000000001,
    0.16666666666666669,
    0.041666666666624164,
    0.008333333333330065,
    0.001388888891719689,
    0.00019841269863040675,
    2.480152132210459e-05,
    2.7557268480106926e-06,
    2.762007600563138e-07,
    2.5100375929185925e-08,
];

/// a b + c, fused where that is an instruction.
#[inline(always)]
pub fn mul_add<const FMA: bool>(a: f64, b: f64, c: f64) -> f64 {
    if FMA { a.mul_add(b, c) } else { a * b + c }
}

/// (2^n, p) with e^x = 2^n (1 + p), for |x| <= [`EXP_LIMIT`].
#[inline(always)]
fn exp_parts<const FMA: bool>(x: f64) -> (f64, f64) {
    let shifted = mul_add::<FMA>(x, std::f64::consts::LOG2_E, ROUNDER);
    let n = shifted - ROUNDER;
    let r = mul_add::<FMA>(n, -LN2_LOW, mul_add::<FMA>(n, -LN2_HIGH, x));
    let scale = f64::from_bits((shifted.to_bits() << 52).wrapping_add(1.0f64.to_bits()));
    (scale, expm1_reduced::<FMA>(r))
}

/// expm1(r) for |r| <= ln 2 / 2.
#[inline(always)]
fn expm1_reduced<const FMA: bool>(r: f64) -> f64 {
    let mut q = Q[9];
    for coefficient in Q[..9].iter().rev() {
        q = mul_add::<FMA>(q, r, *coefficient);
    }
    mul_add::<FMA>(r * r, q, r)
}

/// e^x to 1 ulp. Zero below -[`EXP_LIMIT`] (so never subnormal), infinite above [`EXP_LIMIT`], NaN for NaN.
#[inline(always)]
pub fn exp<const FMA: bool>(x: f64) -> f64 {
    let (scale, p) = exp_parts::<FMA>(x.clamp(-EXP_LIMIT, EXP_LIMIT));
    let value = mul_add::<FMA>(scale, p, scale);
    let value = if x < -EXP_LIMIT { 0.0 } else { value };
    if x > EXP_LIMIT { f64::INFINITY } else { value }
}

/// e^x - 1 to 2 ulp, also for small x. -1 below -[`EXP_LIMIT`], infinite above [`EXP_LIMIT`], NaN for NaN.
#[inline(always)]
pub fn expm1<const FMA: bool>(x: f64) -> f64 {
    let (scale, p) = exp_parts::<FMA>(x.clamp(-EXP_LIMIT, EXP_LIMIT));
    let value = mul_add::<FMA>(scale, p, scale - 1.0);
    if x > EXP_LIMIT { f64::INFINITY } else { value }
}

/// sin(2 pi a) = a (S[0] + S[1] a^2 + ...) for |a| <= 1/8: Taylor's, the first term left out is 1e-17 of the value.
const SIN_TURNS: [f64; 8] = [
    std::f64::consts::TAU,
    -41.341702240399755,
    81.60524927607504,
    -76.70585975306136,
    42.058693944897654,
    -15.094642576822984,
    3.8199525848482803,
    -0.7181223017785001,
];
/// cos(2 pi a) = C[0] + C[1] a^2 + ..., likewise.
const COS_TURNS: [f64; 9] = [
    1.0,
    -19.739208802178716,
    64.9393940226683,
    -85.45681720669373,
    60.24464137187666,
    -26.426256783374388,
    7.903536371318465,
    -1.7143907110886711,
    0.2820059684914706,
];

/// (sin, cos) of an angle in turns, |turns| < 2^48, to 1e-15.
#[inline(always)]
pub fn sin_cos_turns<const FMA: bool>(turns: f64) -> (f64, f64) {
    let shifted = mul_add::<FMA>(turns, 4.0, ROUNDER);
    let quadrant = shifted.to_bits();
    let a = mul_add::<FMA>(shifted - ROUNDER, -0.25, turns);
    let aa = a * a;
    let (mut sin, mut cos) = (SIN_TURNS[7], COS_TURNS[8]);
    for k in (0..7).rev() {
        sin = mul_add::<FMA>(sin, aa, SIN_TURNS[k]);
    }
    for k in (0..8).rev() {
        cos = mul_add::<FMA>(cos, aa, COS_TURNS[k]);
    }
    sin *= a;
    let (s, c) = if quadrant & 1 == 0 { (sin, cos) } else { (cos, sin) };
    // Quarter turns from the first: sin, cos; cos, -sin; -sin, -cos; -cos, sin.
    let s = if quadrant & 2 == 0 { s } else { -s };
    let c = if (quadrant ^ (quadrant >> 1)) & 1 == 0 { c } else { -c };
    (s, c)
}

/// Transmission and absorption of a slant optical depth x >= 0: (e^-x, 1 - e^-x), each to 2 ulp.
/// The transmission is zero above [`EXP_LIMIT`]; both are NaN for NaN.
#[inline(always)]
pub fn transmission<const FMA: bool>(x: f64) -> (f64, f64) {
    // This comparison, unlike f64::min, keeps NaN and is one instruction.
    let bounded = if x > EXP_LIMIT { EXP_LIMIT } else { x };
    let (scale, p) = exp_parts::<FMA>(-bounded);
    let through = mul_add::<FMA>(scale, p, scale);
    let absorbed = mul_add::<FMA>(-scale, p, 1.0 - scale);
    (if x > EXP_LIMIT { 0.0 } else { through }, absorbed)
}

/// Largest argument of [`transmission_thin`]: below ln 2 / 2 by more than any rounding.
pub const THIN_LIMIT: f64 = 0.346;

/// [`transmission`] for |x| <= [`THIN_LIMIT`], with the same bits for half the work (n = 0 there).
#[inline(always)]
pub fn transmission_thin<const FMA: bool>(x: f64) -> (f64, f64) {
    let p = expm1_reduced::<FMA>(-x);
    (1.0 + p, -p)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(exact: f64, found: f64, tolerance: f64, what: &str) {
        assert!((found / exact - 1.0).abs() <= tolerance, "{what}: {found:e}, exact {exact:e}");
    }

    #[test]
    fn sines_and_cosines_of_turns() {
        let mut worst = 0.0f64;
        for i in -40_000..40_000 {
            let turns = f64::from(i) * 1.7e-4 + 1e-9 * f64::from(i % 7);
            for (sin, cos) in [sin_cos_turns::<true>(turns), sin_cos_turns::<false>(turns)] {
                // the library's own reduction of turns that are more than one costs it figures
                let (s, c) = (std::f64::consts::TAU * (turns - turns.round())).sin_cos();
                worst = worst.max((sin - s).abs()).max((cos - c).abs());
            }
        }
        assert!(worst < 2e-15, "{worst:e}");
        assert_eq!(sin_cos_turns::<false>(0.0), (0.0, 1.0));
    }

    fn sweep<const FMA: bool>() {
        // Arguments over the whole range, dense where the reduction switches n, and down to 1e-300.
        let linear = (0..400_000).map(|i| -707.9 + 1415.8 * f64::from(i) / 399_999.0);
        let small =
            (0..60_000).map(|i| 10f64.powf(-300.0 + 303.0 * f64::from(i) / 60_000.0) * [1.0, -1.0][i as usize % 2]);
        let switches = (-20..20).flat_map(|n| {
            (-3..=3).map(move |k| (f64::from(n) + 0.5) * std::f64::consts::LN_2 * (1.0 + 1e-15 * f64::from(k)))
        });
        for x in linear.chain(small).chain(switches).filter(|x| x.abs() < EXP_LIMIT) {
            check(x.exp(), exp::<FMA>(x), 4.5e-16, &format!("exp({x:e})"));
            check(x.exp_m1(), expm1::<FMA>(x), 9e-16, &format!("expm1({x:e})"));
            if x > 0.0 {
                let (through, absorbed) = transmission::<FMA>(x);
                check((-x).exp(), through, 4.5e-16, &format!("transmission({x:e})"));
                check(-(-x).exp_m1(), absorbed, 9e-16, &format!("absorption({x:e})"));
                if x <= THIN_LIMIT {
                    assert_eq!(transmission_thin::<FMA>(x), (through, absorbed), "thin({x:e})");
                }
            }
        }
    }

    #[test]
    fn exp_and_expm1_are_accurate_with_fused_multiply_add() {
        sweep::<true>();
    }

    #[test]
    fn exp_and_expm1_are_accurate_without_fused_multiply_add() {
        sweep::<false>();
    }

    #[test]
    fn extremes_are_defined() {
        assert_eq!(exp::<false>(0.0), 1.0);
        assert_eq!(expm1::<false>(0.0), 0.0);
        assert_eq!(transmission::<false>(0.0), (1.0, 0.0));
        for x in [708.1, 1e4, 1e300, f64::INFINITY] {
            assert_eq!(exp::<false>(-x), 0.0);
            assert_eq!(expm1::<false>(-x), -1.0);
            assert_eq!(transmission::<false>(x), (0.0, 1.0));
            assert_eq!(exp::<false>(x), f64::INFINITY);
            assert_eq!(expm1::<false>(x), f64::INFINITY);
        }
        let (through, absorbed) = transmission::<true>(f64::NAN);
        assert!(through.is_nan() && absorbed.is_nan());
        assert!(exp::<true>(f64::NAN).is_nan() && expm1::<true>(f64::NAN).is_nan());
    }
}
