//! What changes of the Voigt profile with its widths.
//!
//! At fixed distance x from the line centre, with s the Doppler standard deviation and g the Lorentz half width, a layer's
//! temperature acts through d ln s/d ln T = 1/2 and d ln g/d ln T, -n where g comes from collisions alone. A [`Change`] is any combination of V, dV/d ln s and dV/d ln g,
//! evaluated at little more than the cost of V itself:
//!
//! - V obeys the equation of heat in x and s^2, s dV/ds = s^2 d2V/dx2, and Laplace's in x and g, d2V/dg2 = -d2V/dx2. Neither is
//!   used by differences: near the centre the derivative is that of the Gaussian under the convolution integral
//!   ([`voigt`](super::voigt)), in the wings that of the asymptotic series term by term.
//! - Wing, with the series' terms (2n-1)!! (s^2/D)^n q_n and q_{n+1} - q_n = 2 cos((2n+2) t): the n-th term gives 2n times itself for
//!   d/d ln s, and (2n+1) (q_{n+1} - q_n)/2 in place of q_n for d/d ln g. These are exactly the derivatives of the series that
//!   [`voigt::wing`](super::voigt::wing) sums, which lacks a term that is 1e-6 of V where it starts.
//! - Softening is linear in the profile at a fixed radius, so the softened change is the change's own Taylor polynomial.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

use num_complex::Complex64;

use crate::density::layer_factors::LayerFactors;
use crate::density::table_line::TableLine;

use crate::numerics::voigt::{Core, SERIES, Shape, Shapes, Softening, Value, WING_ORDER, WING_START, chebyshev, core};

/// value V + doppler dV/d ln s + lorentz dV/d ln g.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// Factor of V.
    pub value: f64,
    /// Factor of dV/d ln s.
    pub doppler: f64,
    /// Factor of dV/d ln g.
    pub lorentz: f64,
}

/// (2n + 1) cos((2n+2) t) in powers of r = sin^2 t: what stands for q_n in dV/d ln g.
const LORENTZ_SERIES: [[f64; WING_ORDER + 2]; WING_ORDER + 1] = [
    [1.0, -2.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    [3.0, -24.0, 24.0, 0.0, 0.0, 0.0, 0.0],
    [5.0, -90.0, 240.0, -160.0, 0.0, 0.0, 0.0],
    [7.0, -224.0, 1120.0, -1792.0, 896.0, 0.0, 0.0],
    [9.0, -450.0, 3600.0, -10080.0, 11520.0, -4608.0, 0.0],
    [11.0, -792.0, 9240.0, -39424.0, 76032.0, -67584.0, 22528.0],
];

impl Change {
    /// What a line's temperature derivative is made of \[K-1\], for a strength of 1: ds/dT = s/(2T),
    /// d ln g/dT = [`TableLine::ln_gamma_slope`]; `common` is [`LineTable::common_slope`](crate::density::lines::LineTable::common_slope).
    #[inline(always)]
    pub fn by_temperature(line: &TableLine, layer: &LayerFactors, common: f64) -> Self {
        Self {
            value: line.ln_strength_slope(layer, common),
            lorentz: line.ln_gamma_slope(layer),
            ..Self::of_doppler(layer)
        }
    }

    /// The same of a profile whose strength and Lorentz width do not change.
    #[inline(always)]
    pub fn of_doppler(layer: &LayerFactors) -> Self {
        Self { value: 0.0, doppler: 0.5 / layer.temperature, lorentz: 0.0 }
    }

    #[inline(always)]
    fn of(self, core: &Core) -> f64 {
        self.value * core.value + self.doppler * core.doppler + self.lorentz * core.lorentz
    }
}

impl Shape for Change {
    /// Error below 5e-6 of V plus the magnitudes of its two derivatives, 2e-7 of them where hypot(x, g) < [`WING_START`] s.
    #[inline(always)]
    fn profile(self, x: f64, s: f64, g: f64) -> f64 {
        let d = x * x + g * g;
        if d >= WING_START * WING_START * s * s { self.wing(d, s, g) } else { self.core(x, s, g) }
    }

    #[inline(always)]
    fn core(self, x: f64, s: f64, g: f64) -> f64 {
        self.of(&core(x, s, g))
    }

    #[inline(always)]
    fn wing(self, d: f64, s: f64, g: f64) -> f64 {
        let inv = 1.0 / d;
        let (t, r) = (s * s * inv, g * g * inv);
        let [q1, q2, q3, q4, q5] = chebyshev(r);
        let q6 = (2.0 - 4.0 * r) * q5 - q4;
        let term = |n: f64, q: f64, next: f64| {
            (self.value + 2.0 * n * self.doppler) * q + self.lorentz * (n + 0.5) * (next - q)
        };
        let (e0, e1, e2) = (term(0.0, 1.0, q1), term(1.0, q1, q2), term(2.0, q2, q3));
        let (e3, e4, e5) = (term(3.0, q3, q4), term(4.0, q4, q5), term(5.0, q5, q6));
        g / PI * inv * (e0 + t * (e1 + 3.0 * t * (e2 + 5.0 * t * (e3 + 7.0 * t * (e4 + 9.0 * t * e5)))))
    }

    fn softening(self, radius: f64, s: f64, g: f64) -> Softening {
        Softening::of(radius, s, g, |n, p| {
            (self.value + 2.0 * n as f64 * self.doppler) * SERIES[n][p] + self.lorentz * LORENTZ_SERIES[n][p]
        })
    }
}

/// V, then a change of it.
#[derive(Clone, Copy, Debug)]
pub struct WithValue(pub Change);

impl Shapes<2> for WithValue {
    #[inline(always)]
    fn cores(self, x: f64, s: f64, g: f64) -> [f64; 2] {
        let core = core(x, s, g);
        [core.value, self.0.of(&core)]
    }

    #[inline(always)]
    fn wings(self, d: f64, s: f64, g: f64) -> [f64; 2] {
        [Value.wing(d, s, g), self.0.wing(d, s, g)]
    }

    fn softenings(self, radius: f64, s: f64, g: f64) -> [Softening; 2] {
        [Value.softening(radius, s, g), self.0.softening(radius, s, g)]
    }
}

/// (dV/d ln s, dV/d ln g) from the Faddeeva function w and w' = -2 z w + 2i/sqrt(pi), z = (x + ig)/(sqrt(2) s). Large terms cancel: the error is 1e-16 (1 + |z|^2) of
/// V.
pub fn exact(x: f64, s: f64, g: f64) -> (f64, f64) {
    let a = FRAC_1_SQRT_2 / s;
    let z = Complex64::new(x.abs() * a, g * a);
    let w = errorfunctions::ComplexErrorFunctions::w(z);
    let first = -2.0 * z * w + Complex64::new(0.0, 2.0 / PI.sqrt());
    let scale = a / PI.sqrt();
    // V = scale Re w; s^2 d2/dx2 is half the second derivative by z, and g d/dg is i Im(z) d/dz.
    (-scale * (w + z * first).re, -scale * z.im * first.im)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cross_section::voigt;

    const DOPPLER: Change = Change { value: 0.0, doppler: 1.0, lorentz: 0.0 };
    const LORENTZ: Change = Change { value: 0.0, doppler: 0.0, lorentz: 1.0 };

    /// Richardson's extrapolation of a central difference in ln a.
    fn difference(f: impl Fn(f64) -> f64) -> f64 {
        let d = |h: f64| (f(h.exp()) - f((-h).exp())) / (2.0 * h);
        (4.0 * d(5e-4) - d(1e-3)) / 3.0
    }

    #[test]
    fn the_exact_derivatives_are_those_of_the_exact_profile() {
        let s = 1.7e-6;
        for g in [1e-4 * s, 0.3 * s, 2.0 * s, 40.0 * s] {
            for x in [0.0, 0.5 * s, s, 3.0 * s, 5.0 * s, 30.0 * s] {
                let v = voigt::exact(x, s, g);
                let (doppler, lorentz) = exact(x, s, g);
                let by_s = difference(|f| voigt::exact(x, f * s, g));
                let by_g = difference(|f| voigt::exact(x, s, f * g));
                // the extrapolated difference in a Gaussian flank is off by (x/s)^10 h^4
                let tolerance = 1e-9 * (v + doppler.abs());
                assert!((doppler - by_s).abs() < tolerance, "{x:e} {g:e}: {doppler:e} {by_s:e} {v:e}");
                assert!((lorentz - by_g).abs() < tolerance, "{x:e} {g:e}: {lorentz:e} {by_g:e} {v:e}");
            }
        }
    }

    #[test]
    fn the_kernels_derivatives_agree_with_faddeeva() {
        let s = 1.7e-6;
        let (mut core, mut wing) = (0.0f64, 0.0f64);
        for e in -16..=8 {
            let g = s * 10f64.powf(f64::from(e) / 2.0);
            for i in 0..3000 {
                let x = s * 1e-3 * 1.005f64.powi(i);
                let (doppler, lorentz) = exact(x, s, g);
                let v = voigt::exact(x, s, g);
                let scale = v + doppler.abs() + lorentz.abs();
                let off = (DOPPLER.profile(x, s, g) - doppler).abs().max((LORENTZ.profile(x, s, g) - lorentz).abs());
                // what the oracle itself loses
                let off = off / scale - 1e-14 * (x * x + g * g) / (s * s);
                let worst = if x.hypot(g) < WING_START * s { &mut core } else { &mut wing };
                *worst = worst.max(off);
            }
        }
        assert!(core < 2e-7 && wing < 5e-6, "core {core:e}, wing {wing:e}");
    }

    #[test]
    fn a_combination_is_one() {
        let change = Change { value: 0.7, doppler: 0.5, lorentz: -0.6 };
        let s = 1.3;
        for (x, g) in [(0.2, 1e-3), (1.0, 2.0), (7.0, 0.1), (13.0, 1.0), (0.0, 30.0), (400.0, 3.0)] {
            let sum = |f: &dyn Fn(Change) -> f64, v: f64| 0.7 * v + 0.5 * f(DOPPLER) - 0.6 * f(LORENTZ);
            let close = |a: f64, b: f64| (a - b).abs() < 1e-13 * voigt::profile(x, s, g);
            assert!(close(change.profile(x, s, g), sum(&|c| c.profile(x, s, g), voigt::profile(x, s, g))), "{x} {g}");
            let radius = 12.0 * s;
            let inside = |c: Change| c.softening(radius, s, g).inside(x.min(radius));
            let value = Value.softening(radius, s, g).inside(x.min(radius));
            assert!(close(inside(change), sum(&inside, value)), "softened {x} {g}");
        }
    }

    /// The wing series and its softening are differentiated exactly, so that they agree with their own differences.
    #[test]
    fn wing_and_softening_are_the_derivatives_of_the_values() {
        for (radius, s, g) in [(9.0, 1.0, 1e-4), (20.0, 1.0, 3.0), (5.0, 0.5, 9.0), (30.0, 1.0, 30.0)] {
            for x in [0.0, 0.4 * radius, 0.99 * radius] {
                let v = Value.softening(radius, s, g).inside(x);
                let by_s = difference(|f| Value.softening(radius, f * s, g).inside(x));
                let by_g = difference(|f| Value.softening(radius, s, f * g).inside(x));
                let (doppler, lorentz) =
                    (DOPPLER.softening(radius, s, g).inside(x), LORENTZ.softening(radius, s, g).inside(x));
                assert!((doppler - by_s).abs() < 1e-9 * v, "{doppler:e} {by_s:e} of {v:e}");
                assert!((lorentz - by_g).abs() < 1e-9 * v, "{lorentz:e} {by_g:e} of {v:e}");
            }
            for x in [radius, 2.0 * radius] {
                let v = |s: f64, g: f64| voigt::wing(x * x + g * g, s, g);
                let d = x * x + g * g;
                assert!((DOPPLER.wing(d, s, g) - difference(|f| v(f * s, g))).abs() < 1e-9 * v(s, g));
                assert!((LORENTZ.wing(d, s, g) - difference(|f| v(s, f * g))).abs() < 1e-9 * v(s, g));
            }
        }
    }
}
