//! Pressure broadening of one line by one gas or a mixture.

use crate::{Error, Result};

/// Lorentz half width and its temperature dependence: gamma(T, P) = gamma P (296 K / T)^exponent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Width {
    /// Half width at half maximum at 296 K \[cm-1 bar-1\].
    pub gamma: f64,
    /// Temperature exponent.
    pub exponent: f64,
}

impl Width {
    /// A width that has been checked.
    ///
    /// # Errors
    /// A `gamma` that is not finite and positive, or an `exponent` that is not finite.
    pub fn new(gamma: f64, exponent: f64) -> Result<Self> {
        if !(gamma.is_finite() && gamma > 0.0) {
            return Err(Error::invalid("half width [cm-1/bar]", gamma, "a finite positive number"));
        }
        if !exponent.is_finite() {
            return Err(Error::invalid("temperature exponent", exponent, "a finite number"));
        }
        Ok(Self { gamma, exponent })
    }

    /// The width in a mixture of (width, mole fraction): half widths add, weighted by fraction. A sum of powers of T is no
    /// power of T; the exponent returned has the sum's logarithmic slope at 296 K, n = sum(x gamma n) / sum(x gamma).
    pub fn mixture(parts: impl IntoIterator<Item = (Self, f64)>) -> Self {
        let (mut gamma, mut slope) = (0.0, 0.0);
        for (w, fraction) in parts {
            gamma += fraction * w.gamma;
            slope += fraction * w.gamma * w.exponent;
        }
        Self { gamma, exponent: slope / gamma }
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
    fn mixture_keeps_the_slope_at_the_reference_temperature() {
        let (a, b) = (Width::new(0.07, 0.7).unwrap(), Width::new(0.05, 0.3).unwrap());
        let m = Width::mixture([(a, 0.85), (b, 0.15)]);
        let exact = |t: f64| {
            let at = |w: Width, x: f64| x * w.gamma * (296.0 / t).powf(w.exponent);
            at(a, 0.85) + at(b, 0.15)
        };
        let h = 1e-3;
        let slope = -((exact(296.0 + h) / exact(296.0 - h)).ln() / ((296.0 + h) / (296.0f64 - h)).ln());
        assert!((m.gamma - exact(296.0)).abs() < 1e-15);
        assert!((m.exponent - slope).abs() < 1e-6, "{} {slope}", m.exponent);
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
