//! The Planck function per wavenumber.
//!
//! pi B(nu, T) = 2 pi h c^2 nu^3 / (exp(c2 nu / T) - 1) in erg s-1 cm-2 / cm-1, the flux of a black body.
//! It is evaluated as 2 pi h c^2 nu^3 e^-x / (1 - e^-x), x = c2 nu / T, which neither overflows for large x (it goes to
//! zero at x = 708) nor loses figures for small x.

use crate::constants::{C2, FIRST_RADIATION};
use crate::numerics;

/// Black-body flux pi B \[erg s-1 cm-2 / cm-1\] at a wavenumber \[cm-1\] and temperature \[K\], both positive.
/// Zero where c2 nu / T exceeds 708, and for a temperature of zero.
pub fn planck_flux(wavenumber: f64, temperature_k: f64) -> f64 {
    planck_from_parts::<false>(prefactor(wavenumber), wavenumber, C2 / temperature_k)
}

/// 2 pi h c^2 nu^3.
#[inline(always)]
pub(crate) fn prefactor(wavenumber: f64) -> f64 {
    FIRST_RADIATION * wavenumber * wavenumber * wavenumber
}

/// pi B from [`prefactor`], the wavenumber and c2 / T; for inner loops.
#[inline(always)]
pub(crate) fn planck_from_parts<const FMA: bool>(prefactor: f64, wavenumber: f64, c2_over_temperature: f64) -> f64 {
    let (through, absorbed) = numerics::transmission::<FMA>(wavenumber * c2_over_temperature);
    prefactor * through / absorbed
}

/// pi B, with the bits of [`planck_from_parts`], and its derivative by T, pi B (x / T) / (1 - e^-x), x = c2 nu / T.
#[inline(always)]
pub(crate) fn planck_slope_from_parts<const FMA: bool>(
    prefactor: f64,
    wavenumber: f64,
    c2_over_temperature: f64,
    inverse_temperature: f64,
) -> (f64, f64) {
    let x = wavenumber * c2_over_temperature;
    let (through, absorbed) = numerics::transmission::<FMA>(x);
    let value = prefactor * through / absorbed;
    (value, value * (x / absorbed) * inverse_temperature)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_formula() {
        for wavenumber in [1e-3, 1.0, 500.0, 2100.0, 4300.0, 3e4] {
            for temperature in [50.0, 296.0, 1000.0, 6000.0] {
                let x: f64 = C2 * wavenumber / temperature;
                if x < 700.0 {
                    let exact = FIRST_RADIATION * f64::powi(wavenumber, 3) / x.exp_m1();
                    let found = planck_flux(wavenumber, temperature);
                    // The rounding of x itself moves e^x by x times the machine epsilon.
                    let tolerance = 2e-15 + x * f64::EPSILON;
                    assert!(
                        (found / exact - 1.0).abs() < tolerance,
                        "nu {wavenumber} T {temperature}: {found} {exact}"
                    );
                }
            }
        }
    }

    #[test]
    fn slope_is_the_derivative() {
        for wavenumber in [1e-3, 1.0, 500.0, 2100.0, 4300.0, 3e4] {
            for temperature in [50.0, 296.0, 1000.0, 6000.0] {
                let at = |t: f64| planck_slope_from_parts::<false>(prefactor(wavenumber), wavenumber, C2 / t, 1.0 / t);
                let (value, slope) = at(temperature);
                assert_eq!(value, planck_flux(wavenumber, temperature));
                let x = C2 * wavenumber / temperature;
                // Central differences: the step's error is (x h)^2 / 6, that of rounding 1e-16 x / h.
                let h = 1e-5 / (1.0 + x);
                let difference =
                    (at(temperature * (1.0 + h)).0 - at(temperature * (1.0 - h)).0) / (2.0 * h * temperature);
                if x < 690.0 {
                    assert!((slope / difference - 1.0).abs() < 1e-8, "nu {wavenumber} T {temperature}: {slope:e}");
                } else {
                    assert!(slope.is_finite());
                }
            }
        }
    }

    #[test]
    fn limits_are_finite() {
        assert_eq!(planck_flux(3e4, 1.0), 0.0);
        assert_eq!(planck_flux(1e3, 0.0), 0.0);
        assert_eq!(planck_flux(1e3, 1e-300), 0.0);
        // Rayleigh-Jeans: pi B = 2 pi c k T nu^2 = FIRST_RADIATION / C2 T nu^2.
        let rayleigh_jeans = FIRST_RADIATION / C2 * 1e9 * 1e-2;
        assert!((planck_flux(0.1, 1e9) / rayleigh_jeans - 1.0).abs() < 1e-9);
    }

    #[test]
    fn integrates_to_the_stefan_boltzmann_law() {
        // The midpoint rule in ln nu converges geometrically here.
        let (temperature, n) = (1000.0f64, 4000);
        let (low, high) = (1e-2f64.ln(), 1e5f64.ln());
        let step = (high - low) / f64::from(n);
        let total: f64 = (0..n)
            .map(|i| (low + (f64::from(i) + 0.5) * step).exp())
            .map(|nu| planck_flux(nu, temperature) * nu * step)
            .sum();
        let sigma = FIRST_RADIATION * std::f64::consts::PI.powi(4) / (15.0 * C2.powi(4));
        assert!((sigma / 5.670374419e-5 - 1.0).abs() < 2e-8);
        let stefan_boltzmann = sigma * temperature.powi(4);
        assert!((total / stefan_boltzmann - 1.0).abs() < 1e-12, "{total} {stefan_boltzmann}");
    }
}
