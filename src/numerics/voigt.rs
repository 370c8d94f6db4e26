//! The Voigt profile, three ways.
//!
//! All lengths are relative to the line centre: x = nu/nu_i - 1, Doppler standard deviation s, Lorentz half width g.
//!
//! - [`exact`]: the real part of the Faddeeva function from a library, f64: the oracle.
//! - [`profile`]: what the kernels compute, any x. Near the centre the trapezoidal rule on the defining integral with its
//!   pole's correction (Chiarella & Reichel 1968; Matta & Reichel 1971, eq. 9), choosing of two interleaved sets of nodes
//!   the one that keeps away from x, so that nothing cancels and float32 suffices. It keeps its *relative* accuracy in the
//!   flanks at any g, where rational fits with an absolute error fail. Further out the [`wing`].
//! - [`wing`]: the asymptotic series of the profile in the moments of the Gaussian,
//!   V = g/(pi D) sum_n (2n-1)!! (s^2/D)^n q_n(g^2/D), D = x^2 + g^2, where q_n are Chebyshev polynomials
//!   sin((2n+1) t)/sin t at sin^2 t = g^2/D. Every term is a polynomial in 1/D, so the Taylor series of V in x^2, which
//!   softens the profile ([`Softening`]), has a closed form that is safe in float32.
//!
//! The convolution and the near field are generic over a [`Shape`]: the profile itself ([`Value`]) or a combination of its derivatives
//! ([`Change`](crate::cross_section::voigt_derivative::Change)).

use std::f64::consts::{FRAC_1_PI, FRAC_1_SQRT_2, PI};

use num_complex::Complex64;

use super::{ROUNDER, exp, sin_cos_turns};

/// Beyond this distance from the centre, in units of s and measured as hypot(x, g)/s, the wing series holds to 1e-6; the
/// Gaussian, which it leaves out, is below 1e-7 of the Lorentzian wing there for g/s above 1e-9.
pub const WING_START: f64 = 9.0;
/// Highest power of (s^2/D) in the wing series.
pub const WING_ORDER: usize = 5;
/// Degree in x^2 of the polynomial inside the softening radius.
pub const SOFTENING_DEGREE: usize = 4;
/// Step of the trapezoidal rule in units of sqrt(2) s; its error is exp(-(pi/step)^2) = 7e-18.
const STEP: f64 = 0.5;
/// Pairs of nodes; the first one left out carries exp(-25).
const PAIRS: usize = 10;

/// exp(-t^2) at the nodes t = n step, the middle one halved, and at t = (n + 1/2) step.
const NODE_WEIGHT: [[f64; PAIRS]; 2] = [
    [
        0.5,
        0.7788007830714049,
        0.36787944117144233,
        0.10539922456186433,
        0.01831563888873418,
        0.0019304541362277093,
        0.00012340980408667956,
        4.785117392129009e-06,
        1.1253517471925912e-07,
        1.6052280551856116e-09,
    ],
    [
        0.9394130628134758,
        0.569782824730923,
        0.2096113871510978,
        0.04677062238395898,
        0.006329715427485747,
        0.0005195746821548384,
        2.586810022265412e-05,
        7.811489408304491e-07,
        1.4307241918567688e-08,
        1.5893910094516368e-10,
    ],
];

/// V(x; s, g) through the Faddeeva function, to f64 rounding.
pub fn exact(x: f64, s: f64, g: f64) -> f64 {
    let a = FRAC_1_SQRT_2 / s;
    errorfunctions::ComplexErrorFunctions::w(Complex64::new(x.abs() * a, g * a)).re * a / PI.sqrt()
}

/// A profile to convolve with: V or what changes of it.
pub trait Shape: Copy + Send + Sync {
    /// At any x, for the Doppler standard deviation `s` and the Lorentz half width `g`.
    fn profile(self, x: f64, s: f64, g: f64) -> f64;
    /// The same for hypot(x, g) < [`WING_START`] s, without a branch: in a loop it becomes vectors.
    fn core(self, x: f64, s: f64, g: f64) -> f64;
    /// At D = x^2 + g^2, for hypot(x, g) >= [`WING_START`] s.
    fn wing(self, d: f64, s: f64, g: f64) -> f64;
    /// Its Taylor polynomial in x^2 about `radius`^2; requires what [`Softening::new`] does.
    fn softening(self, radius: f64, s: f64, g: f64) -> Softening;
}

/// V itself.
#[derive(Clone, Copy, Debug)]
pub struct Value;

impl Shape for Value {
    #[inline(always)]
    fn profile(self, x: f64, s: f64, g: f64) -> f64 {
        profile(x, s, g)
    }

    #[inline(always)]
    fn core(self, x: f64, s: f64, g: f64) -> f64 {
        core(x, s, g).value
    }

    #[inline(always)]
    fn wing(self, d: f64, s: f64, g: f64) -> f64 {
        wing(d, s, g)
    }

    #[inline(always)]
    fn softening(self, radius: f64, s: f64, g: f64) -> Softening {
        Softening::new(radius, s, g)
    }
}

/// Shapes evaluated together: what they share is computed once.
pub trait Shapes<const K: usize>: Copy {
    /// As [`Shape::core`].
    fn cores(self, x: f64, s: f64, g: f64) -> [f64; K];
    /// As [`Shape::wing`].
    fn wings(self, d: f64, s: f64, g: f64) -> [f64; K];
    /// As [`Shape::softening`].
    fn softenings(self, radius: f64, s: f64, g: f64) -> [Softening; K];
}

impl<S: Shape> Shapes<1> for S {
    #[inline(always)]
    fn cores(self, x: f64, s: f64, g: f64) -> [f64; 1] {
        [self.core(x, s, g)]
    }

    #[inline(always)]
    fn wings(self, d: f64, s: f64, g: f64) -> [f64; 1] {
        [self.wing(d, s, g)]
    }

    #[inline(always)]
    fn softenings(self, radius: f64, s: f64, g: f64) -> [Softening; 1] {
        [self.softening(radius, s, g)]
    }
}

/// V(x; s, g) by the kernels' formula; relative error below 2e-6 (the wing series at its start), 1e-8 within.
#[inline]
pub fn profile(x: f64, s: f64, g: f64) -> f64 {
    let d = x * x + g * g;
    if d >= WING_START * WING_START * s * s { wing(d, s, g) } else { core(x, s, g).value }
}

/// The asymptotic series at D = x^2 + g^2, for hypot(x, g) >= [`WING_START`] s.
#[inline(always)]
pub fn wing(d: f64, s: f64, g: f64) -> f64 {
    let inv = 1.0 / d;
    let (t, r) = (s * s * inv, g * g * inv);
    // Horner over n; the double factorials' ratios are 1, 3, 5, 7, 9.
    let [q1, q2, q3, q4, q5] = chebyshev(r);
    g / PI * inv * (1.0 + t * (q1 + 3.0 * t * (q2 + 5.0 * t * (q3 + 7.0 * t * (q4 + 9.0 * t * q5)))))
}

/// q_1..q_5 at r = sin^2: q_n = 2 (1 - 2r) q_{n-1} - q_{n-2}, q_0 = 1, q_{-1} = -1.
#[inline(always)]
pub(crate) fn chebyshev(r: f64) -> [f64; WING_ORDER] {
    let c = 2.0 - 4.0 * r;
    let q1 = c + 1.0;
    let q2 = c * q1 - 1.0;
    let q3 = c * q2 - q1;
    let q4 = c * q3 - q2;
    [q1, q2, q3, q4, c * q4 - q3]
}

/// The profile and its derivatives.
pub(crate) struct Core {
    /// V.
    pub value: f64,
    /// dV/d ln s.
    pub doppler: f64,
    /// dV/d ln g.
    pub lorentz: f64,
}

/// Trapezoidal rule with pole correction, for hypot(x, g) < [`WING_START`] s. Callers use one or more of the results; what is not used
/// is not computed.
///
/// In units of sqrt(2) s, with w = K + iL = i/pi times the integral of e^(-t^2)/(z - t), z = x + iy, derivatives act on the Gaussian: s dK/ds at
/// fixed x and y in cm-1 is w''/2, the same integral with (2t^2 - 1) e^(-t^2), so no large terms cancel. g dK/dg follows from
/// V + x V_x + g V_g + s V_s = 0.
#[inline(always)]
pub(crate) fn core(x: f64, s: f64, g: f64) -> Core {
    let a = FRAC_1_SQRT_2 / s;
    let (x, y) = (x.abs() * a, g * a);
    // The nodes t = (n + shift) step that are furthest from x.
    let turns = x / STEP;
    let fraction = turns - (turns + ROUNDER - ROUNDER);
    let shifted = fraction.abs() < 0.25;
    let shift = if shifted { 0.5 } else { 0.0 };
    let (xx, yy) = (x * x, y * y);
    let mut sum = Core { value: 0.0, doppler: 0.0, lorentz: 0.0 };
    for (n, (whole, half)) in NODE_WEIGHT[0].iter().zip(&NODE_WEIGHT[1]).enumerate() {
        let weight = if shifted { half } else { whole };
        let t = (n as f64 + shift) * STEP;
        let (tt, lo, hi) = (t * t, x - t, x + t);
        let part = weight * 2.0 / ((lo * lo + yy) * (hi * hi + yy));
        sum.value += part * (xx + yy + tt);
        sum.doppler += part * (xx + yy + tt) * (2.0 * tt - 1.0);
        sum.lorentz += part * 2.0 * tt * (lo * hi - yy);
    }
    let scale = y * STEP / PI;
    let mut k = Core { value: scale * sum.value, doppler: scale * sum.doppler, lorentz: scale * sum.lorentz };
    // Pole: 2 exp(-z^2) / (1 -+ exp(-2 pi i z/step)); nothing is left of it for y > 2.
    if y < 2.0 {
        let sign = if shifted { 1.0 } else { -1.0 };
        let growth = exp::<false>(2.0 * PI / STEP * y);
        let (sin, cos) = sin_cos_turns::<false>(fraction);
        let (re, im) = (1.0 + sign * growth * cos, -sign * growth * sin);
        let (sin, cos) = sin_cos_turns::<false>(x * y * FRAC_1_PI);
        // (cos - i sin) / (re + i im)
        let amplitude = 2.0 * exp::<false>(yy - xx) / (re * re + im * im);
        let (pole_re, pole_im) = (amplitude * (cos * re - sin * im), -amplitude * (sin * re + cos * im));
        k.value += pole_re;
        // times 2z^2 - 1, and times 2y/i z
        k.doppler += (2.0 * (xx - yy) - 1.0) * pole_re - 4.0 * x * y * pole_im;
        k.lorentz += 2.0 * y * (x * pole_im + y * pole_re);
    }
    let scale = a / PI.sqrt();
    Core { value: scale * k.value, doppler: scale * k.doppler, lorentz: scale * k.lorentz }
}

/// q_n in powers of r: coefficient of r^p.
pub(crate) const SERIES: [[f64; WING_ORDER + 2]; WING_ORDER + 1] = [
    [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    [3.0, -4.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    [5.0, -20.0, 16.0, 0.0, 0.0, 0.0, 0.0],
    [7.0, -56.0, 112.0, -64.0, 0.0, 0.0, 0.0],
    [9.0, -120.0, 432.0, -576.0, 256.0, 0.0, 0.0],
    [11.0, -220.0, 1232.0, -2816.0, 2816.0, -1024.0, 0.0],
];

/// A profile made smooth inside a radius: equal to V for |x| >= radius, inside it the Taylor polynomial of V in x^2 about
/// radius^2, so that value and four derivatives are continuous there.
#[derive(Clone, Copy, Debug)]
pub struct Softening {
    radius: f64,
    inverse: f64,
    coefficient: [f64; SOFTENING_DEGREE + 1],
}

impl Softening {
    /// Requires hypot(radius, g) >= [`WING_START`] s, which the ladder guarantees.
    pub fn new(radius: f64, s: f64, g: f64) -> Self {
        Self::of(radius, s, g, |n, p| SERIES[n][p])
    }

    /// The Taylor polynomial of g/(pi D) sum_n (2n-1)!! (s^2/D)^n sum_p `term(n, p)` (g^2/D)^p, p up to n + 1.
    #[inline(always)]
    pub(crate) fn of(radius: f64, s: f64, g: f64, term: impl Fn(usize, usize) -> f64) -> Self {
        let d = radius * radius + g * g;
        let inverse = 1.0 / d;
        let (t, r) = (s * s * inverse, g * g * inverse);
        let mut coefficient = [0.0; SOFTENING_DEGREE + 1];
        let mut t_n = 1.0;
        for n in 0..=WING_ORDER {
            let mut r_p = t_n;
            for p in 0..=n + 1 {
                // (1 + v)^-j = sum_m binomial(-j, m) v^m with v = (x^2 - radius^2)/D
                let (j, mut b) = ((1 + n + p) as f64, term(n, p) * r_p);
                for (m, c) in coefficient.iter_mut().enumerate() {
                    *c += b;
                    b *= -(j + m as f64) / (m as f64 + 1.0);
                }
                r_p *= r;
            }
            t_n *= t * (2.0 * n as f64 + 1.0);
        }
        let scale = g / PI * inverse;
        Self { radius, inverse, coefficient: coefficient.map(|c| c * scale) }
    }

    /// The polynomial; meaningful for |x| < radius.
    #[inline(always)]
    pub fn inside(&self, x: f64) -> f64 {
        let v = (x * x - self.radius * self.radius) * self.inverse;
        self.coefficient.iter().rev().fold(0.0, |sum, c| sum * v + c)
    }

    /// Radius inside which the profile is replaced.
    pub fn radius(&self) -> f64 {
        self.radius
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_profile_agrees_with_faddeeva() {
        let s = 1.7e-6;
        let mut worst = 0.0f64;
        for e in -16..=12 {
            let g = s * 10f64.powf(e as f64 / 2.0);
            for i in 0..4000 {
                let x = s * 1e-3 * 1.005f64.powi(i);
                let (v, e) = (profile(x, s, g), exact(x, s, g));
                worst = worst.max((v / e - 1.0).abs());
            }
        }
        assert!(worst < 3e-6, "{worst:e}");
    }

    #[test]
    fn the_core_keeps_its_relative_accuracy_in_the_flanks() {
        let (s, mut worst) = (1.0, 0.0f64);
        for e in -20..=3 {
            let g = 10f64.powf(e as f64 / 2.0);
            for i in 0..900 {
                let x = 0.01 * i as f64;
                if x * x + g * g < WING_START * WING_START {
                    worst = worst.max((core(x, s, g).value / exact(x, s, g) - 1.0).abs());
                }
            }
        }
        assert!(worst < 3e-8, "{worst:e}");
    }

    #[test]
    fn softening_joins_smoothly_and_stays_positive() {
        for (radius, s, g) in [(9.0, 1.0, 1e-4), (20.0, 1.0, 3.0), (3.0, 0.5, 9.0), (30.0, 1.0, 30.0)] {
            let soft = Softening::new(radius, s, g);
            for k in 0..8 {
                let x = radius * (1.0 - 10f64.powi(-k) * 0.05);
                let jump = (soft.inside(x) / exact(x, s, g) - 1.0).abs();
                // the first term left out is of fifth order
                assert!(jump < 20.0 * (0.1 * 10f64.powi(-k)).powi(5) + 3e-6, "{radius} {s} {g} at {x}: {jump:e}");
            }
            assert!((0..100).all(|i| soft.inside(radius * 0.01 * i as f64) > 0.0));
        }
    }
}
