//! Units in which spectra are written, and nominal sizes of bodies.
//!
//! Inside, spectra are functions of wavenumber in cm-1 (in vacuum) and fluxes are per cm-1, in erg s-1 cm-2 / cm-1.

/// Nominal solar radius \[cm\] (IAU 2015 Resolution B3).
pub const RADIUS_SUN_CM: f64 = 6.957e10;
/// Parsec \[cm\] (IAU 2015 Resolution B2).
pub const PARSEC_CM: f64 = 3.085_677_581_491_367_3e18;

/// Wavelength in vacuum \[um\] of a wavenumber \[cm-1\], and the other way round.
pub fn vacuum_um(wavenumber: f64) -> f64 {
    1e4 / wavenumber
}

/// Refractive index of standard air (15 C, 1013.25 hPa, 450 ppm of CO2, dry) at a wavenumber in vacuum \[cm-1\]: Ciddor 1996, Appl. Opt. 35, 1566, eq. 1. Made for 0.23 to
/// 1.7 um; its poles lie in the far ultraviolet, so that longer wavelengths are met as well.
pub fn air_index(wavenumber: f64) -> f64 {
    // square of 1 / wavelength in um
    let s2 = (wavenumber * 1e-4).powi(2);
    1.0 + 1e-8 * (5_792_105.0 / (238.0185 - s2) + 167_917.0 / (57.362 - s2))
}

/// Wavelength in standard air \[um\] of a wavenumber in vacuum \[cm-1\].
pub fn air_um(wavenumber: f64) -> f64 {
    vacuum_um(wavenumber) / air_index(wavenumber)
}

/// Flux per wavelength in vacuum, F_lambda \[W m-2 um-1\], of a flux per wavenumber \[erg s-1 cm-2 / cm-1\] at a wavenumber \[cm-1\]: F_lambda = F_nu nu^2, and 1 erg s-1 cm-2 cm-1 nu^2 is
/// 1e-3 W m-2 cm-1 = 1e-7 W m-2 um-1 times nu^2 in cm-2.
pub fn flux_per_um(flux: f64, wavenumber: f64) -> f64 {
    flux * wavenumber * wavenumber * 1e-7
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transfer::planck_flux;

    #[test]
    fn fluxes_per_wavelength_hold_the_same_energy() {
        // pi B of 5772 K summed over wavelength is sigma T^4 = 6.294e7 W m-2.
        let (n, lo, hi) = (20_000, 50.0f64, 1e5f64);
        let step = (hi / lo).ln() / f64::from(n);
        let energy: f64 = (0..=n)
            .map(|i| {
                let nu = lo * (step * f64::from(i)).exp();
                flux_per_um(planck_flux(nu, 5772.0), nu) * vacuum_um(nu) * step
            })
            .sum();
        assert!((energy / (5.670_374e-8 * 5772f64.powi(4)) - 1.0).abs() < 1e-4, "{energy:e}");
    }

    #[test]
    fn air_is_as_published() {
        // Ciddor 1996: n - 1 of dry air at 633 nm, 15 C and 101 325 Pa with 450 ppm is 2.7653e-4.
        assert!((air_index(1e4 / 0.633) - 1.0 - 2.7653e-4).abs() < 2e-8, "{:e}", air_index(1e4 / 0.633) - 1.0);
        assert!((air_um(1e4 / 0.65628) - 0.656_099).abs() < 1e-6);
        assert!(air_index(1000.0) > 1.0002 && air_index(1000.0) < 1.0003);
    }
}
