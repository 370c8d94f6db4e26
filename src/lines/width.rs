//! Pressure broadening of one line by one gas or a mixture.

use super::physical::{EXPONENT, WIDTH};
use crate::constants::T_REF;
use crate::{Error, Result};

/// Lorentz half width and its temperature dependence, with u = ln(T / 296 K):
/// gamma(T, P) = gamma P exp(-exponent u + curvature u^2). Widths that are published have no curvature; mixtures of gases do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Width {
    /// Half width at half maximum at 296 K \[cm-1 bar-1\].
    pub gamma: f64,
    /// Temperature exponent.
    pub exponent: f64,
    /// Second-order term of ln gamma in ln T; 0 for a power law.
    pub curvature: f64,
}

impl Width {
    /// A power law, gamma (296 K / T)^exponent, not checked.
    pub const fn power_law(gamma: f64, exponent: f64) -> Self {
        Self { gamma, exponent, curvature: 0.0 }
    }

    /// Half width at `temperature` \[K\], cm-1 bar-1.
    pub fn at(&self, temperature: f64) -> f64 {
        let u = (temperature / T_REF).ln();
        self.gamma * ((self.curvature * u - self.exponent) * u).exp()
    }

    /// A power law that has been checked.
    ///
    /// # Errors
    /// A `gamma` that is not positive or above 1000 cm-1/bar, or an `exponent` that is not within 5 of 0.
    pub fn new(gamma: f64, exponent: f64) -> Result<Self> {
        if !(gamma > 0.0 && gamma <= WIDTH) {
            return Err(Error::invalid(
                "half width [cm-1/bar]",
                gamma,
                format!("a positive number of at most {WIDTH}"),
            ));
        }
        if exponent.is_nan() || exponent.abs() > EXPONENT {
            return Err(Error::invalid("temperature exponent", exponent, format!("a number within {EXPONENT} of 0")));
        }
        Ok(Self::power_law(gamma, exponent))
    }

    /// The width in a mixture of (width, mole fraction): half widths add, weighted by fraction. A sum of powers of T is no
    /// power of T: the law returned equals the sum at three temperatures, the Chebyshev nodes in ln T of `temperatures` \[K\]
    /// (lowest, highest). For H2 and He with exponents 0.7 and 0.4 it is within 2e-4 between 300 and 3000 K.
    pub fn mixture(parts: &[(Self, f64)], temperatures: (f64, f64)) -> Self {
        if let [(one, fraction)] = parts {
            return Self { gamma: one.gamma * fraction, ..*one };
        }
        let (lo, hi) = ((temperatures.0 / T_REF).ln(), (temperatures.1 / T_REF).ln());
        // A range of one temperature is widened: three nodes must differ.
        let (mid, half) = (0.5 * (lo + hi), (0.5 * (hi - lo)).max(0.05));
        let ln_sum = |u: f64| {
            let each = parts.iter().map(|(w, x)| x * w.gamma * ((w.curvature * u - w.exponent) * u).exp());
            each.sum::<f64>().ln()
        };
        let step = half * 0.75f64.sqrt();
        let (a, b, c) = (ln_sum(mid - step), ln_sum(mid), ln_sum(mid + step));
        let (slope, curvature) = ((c - a) / (2.0 * step), (a - 2.0 * b + c) / (2.0 * step * step));
        // From powers of u - mid to powers of u.
        let at_ref = b - slope * mid + curvature * mid * mid;
        Self { gamma: at_ref.exp(), exponent: -(slope - 2.0 * curvature * mid), curvature }
    }
}

/// Mole fractions must be at least 0 and add up to 1.
pub(crate) fn check_fractions(what: &str, fractions: &[f64]) -> Result<()> {
    let sum: f64 = fractions.iter().sum();
    if fractions.is_empty() || fractions.iter().any(|x| !(0.0..=1.0).contains(x)) || (sum - 1.0).abs() > 1e-6 {
        return Err(Error::invalid(
            format!("{what}: fractions"),
            format!("{fractions:?}"),
            "numbers from 0 to 1 with sum 1",
        ));
    }
    Ok(())
}

/// A wavenumber range \[cm-1\] must be ascending, finite and not negative.
pub(crate) fn check_range(range: Option<(f64, f64)>) -> Result<(f64, f64)> {
    match range {
        None => Ok((0.0, f64::INFINITY)),
        Some((lo, hi)) if lo >= 0.0 && hi > lo && hi.is_finite() => Ok((lo, hi)),
        Some((lo, hi)) => {
            Err(Error::invalid("wavenumber range [cm-1]", format!("{lo} to {hi}"), "0 <= low < high, both finite"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mixtures_are_right_over_the_whole_temperature_range() {
        for (n_a, n_b, range, tolerance) in [
            (0.7, 0.4, (300.0, 3000.0), 2e-4),
            (0.7, 0.3, (100.0, 3000.0), 1.2e-3),
            (0.6, 0.02, (500.0, 2500.0), 5e-4),
            (0.6, 0.5, (296.0, 296.0), 1e-7),
        ] {
            let (a, b) = (Width::new(0.07, n_a).unwrap(), Width::new(0.05, n_b).unwrap());
            let m = Width::mixture(&[(a, 0.85), (b, 0.15)], range);
            for i in 0..=40 {
                let t = range.0 * (range.1 / range.0).powf(f64::from(i) / 40.0);
                let exact = 0.85 * a.gamma * (296.0 / t).powf(n_a) + 0.15 * b.gamma * (296.0 / t).powf(n_b);
                assert!((m.at(t) / exact - 1.0).abs() < tolerance, "{n_a} {n_b} at {t}: {}", m.at(t) / exact - 1.0);
            }
        }
        let one = Width::new(0.07, 0.7).unwrap();
        assert_eq!(Width::mixture(&[(one, 1.0)], (300.0, 3000.0)), one);
    }

    #[test]
    fn bad_input_is_refused() {
        assert!(
            Width::new(0.0, 0.5).is_err() && Width::new(f64::NAN, 0.5).is_err() && Width::new(0.1, f64::NAN).is_err()
        );
        assert!(check_fractions("x", &[0.9, 0.2]).is_err() && check_fractions("x", &[1.2, -0.2]).is_err());
        assert!(check_fractions("x", &[]).is_err() && check_fractions("x", &[f64::NAN]).is_err());
        assert!(check_fractions("x", &[0.85, 0.15]).is_ok());
        for r in [(2.0, 1.0), (f64::NAN, 1.0), (-1.0, 1.0), (1.0, f64::INFINITY), (1.0, 1.0)] {
            assert!(check_range(Some(r)).is_err(), "{r:?}");
        }
    }
}
