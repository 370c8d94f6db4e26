//! Units in which spectra are written, and nominal sizes of bodies.
//!
//! Inside, spectra are functions of wavenumber in cm-1 (in vacuum) and fluxes are per cm-1, in erg s-1 cm-2 / cm-1.

/// Nominal solar radius \[cm\] (IAU 2015 Resolution B3).
pub const RADIUS_SUN_CM: f64 = 6.957e10;
/// Nominal GM of the Sun \[cm3 s-2\] (IAU 2015 Resolution B3).
#[doc(hidden)]
pub const GM_SUN: f64 = 1.327_124_4e26;
/// Nominal equatorial radius of Jupiter \[cm\] (IAU 2015 Resolution B3).
#[doc(hidden)]
pub const RADIUS_JUPITER_CM: f64 = 7.1492e9;
/// Nominal GM of Jupiter \[cm3 s-2\] (IAU 2015 Resolution B3).
#[doc(hidden)]
pub const GM_JUPITER: f64 = 1.266_865_3e23;
/// Nominal equatorial radius of the Earth \[cm\] (IAU 2015 Resolution B3).
#[doc(hidden)]
pub const RADIUS_EARTH_CM: f64 = 6.3781e8;
/// Nominal GM of the Earth \[cm3 s-2\] (IAU 2015 Resolution B3).
#[doc(hidden)]
pub const GM_EARTH: f64 = 3.986_004e20;
/// Astronomical unit \[cm\] (IAU 2012 Resolution B2).
#[doc(hidden)]
pub const ASTRONOMICAL_UNIT_CM: f64 = 1.495_978_707e13;
/// Parsec \[cm\] (IAU 2015 Resolution B2).
pub const PARSEC_CM: f64 = 3.085_677_581_491_367_3e18;

/// Wavelength in vacuum \[um\] of a wavenumber \[cm-1\], and the other way round.
pub fn vacuum_um(wavenumber: f64) -> f64 {
    1e4 / wavenumber
}

/// Shortest wavelength that is given in air \[um\].
pub(crate) const SHORTEST_IN_AIR_UM: f64 = 0.2;

/// Refractive index of standard air (15 C, 1013.25 hPa, 450 ppm of CO2, dry) at a wavenumber in vacuum \[cm-1\]: Ciddor 1996, Appl. Opt. 35, 1566, eq. 1. Made for 0.23 to
/// 1.7 um; longer wavelengths take its smooth continuation, without the bands of water and carbon dioxide. Not for less than 0.185 um, where air absorbs and the formula has its poles; by
/// custom, wavelengths below 0.2 um are those in vacuum.
pub fn air_index(wavenumber: f64) -> f64 {
    // square of 1 / wavelength in um
    let s2 = (wavenumber * 1e-4).powi(2);
    1.0 + 1e-8 * (5_792_105.0 / (238.0185 - s2) + 167_917.0 / (57.362 - s2))
}

/// Wavelength in standard air \[um\] of a wavenumber in vacuum \[cm-1\].
pub fn air_um(wavenumber: f64) -> f64 {
    vacuum_um(wavenumber) / air_index(wavenumber)
}

/// Wavenumber in vacuum \[cm-1\] of a wavelength in standard air \[um\], the inverse of [`air_um`] to rounding. For 0.2 um or more.
pub fn wavenumber_of_air_um(wavelength: f64) -> f64 {
    // Each pass gains four figures, as the index changes by 1e-4 of a change in wavenumber at most.
    (0..4).fold(vacuum_um(wavelength), |wavenumber, _| vacuum_um(wavelength * air_index(wavenumber)))
}

/// The spectral axis of files and figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SpectralAxis {
    /// Wavenumbers in vacuum \[cm-1\].
    #[default]
    Wavenumber,
    /// Wavelengths in vacuum \[um\].
    VacuumMicrometre,
    /// Wavelengths in standard air \[um\] ([`air_index`]).
    AirMicrometre,
}

impl SpectralAxis {
    /// Where a wavenumber \[cm-1\] lies on it.
    pub fn of(self, wavenumber: f64) -> f64 {
        match self {
            Self::Wavenumber => wavenumber,
            Self::VacuumMicrometre => vacuum_um(wavenumber),
            Self::AirMicrometre => air_um(wavenumber),
        }
    }

    /// The wavenumber \[cm-1\] of a place on it.
    pub fn wavenumber(self, value: f64) -> f64 {
        match self {
            Self::Wavenumber => value,
            Self::VacuumMicrometre => vacuum_um(value),
            Self::AirMicrometre => wavenumber_of_air_um(value),
        }
    }
}

/// Flux per wavelength in vacuum, F_lambda \[W m-2 um-1\], of a flux per wavenumber \[erg s-1 cm-2 / cm-1\] at a wavenumber \[cm-1\]: F_lambda = F_nu nu^2, and 1 erg s-1 cm-2 cm-1 nu^2 is
/// 1e-3 W m-2 cm-1 = 1e-7 W m-2 um-1 times nu^2 in cm-2. Beside wavelengths in air too it is the flux per wavelength in vacuum, which is 0.03 % less than that per wavelength in air.
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
        // Ciddor 1996, table 1: 1e8 (n - 1) of dry air with 450 ppm at 633 nm, 20 C and 100 kPa is 26824.4. From 15 C and 101.325 kPa by p / T and by the compressibilities 0.99959
        // and 0.99963.
        let at_20 = (air_index(1e4 / 0.633) - 1.0) * 100.0 / 101.325 * 288.15 / 293.15 * 0.99959 / 0.99963;
        assert!((at_20 / 2.68244e-4 - 1.0).abs() < 3e-5, "{at_20:e}");
        assert!((air_um(1e4 / 0.65628) - 0.656_099).abs() < 1e-6);
        assert!(air_index(1000.0) > 1.0002 && air_index(1000.0) < 1.0003);
        // d(lambda in vacuum) / d(lambda in air), what fluxes per wavelength in air would be multiplied by.
        let ratio = (vacuum_um(9999.0) - vacuum_um(10_001.0)) / (air_um(9999.0) - air_um(10_001.0));
        assert!((ratio - 1.0 - 2.7e-4).abs() < 2e-5, "{ratio}");
    }

    #[test]
    fn wavelengths_in_air_come_back() {
        for um in [0.2, 0.25, 0.5, 1.0, 2.3, 20.0] {
            assert!((air_um(wavenumber_of_air_um(um)) / um - 1.0).abs() < 1e-15, "{um} um");
            for axis in [SpectralAxis::Wavenumber, SpectralAxis::VacuumMicrometre, SpectralAxis::AirMicrometre] {
                assert!((axis.of(axis.wavenumber(um)) / um - 1.0).abs() < 1e-15, "{um} {axis:?}");
            }
        }
    }

    #[test]
    fn nominal_bodies_have_the_gravities_that_are_known() {
        // cm s-2, from GM / R^2; one solar radius is 0.00465 au, and a parsec 206 265 au.
        for (gm, radius, gravity) in [
            (GM_SUN, RADIUS_SUN_CM, 27_420.0),
            (GM_JUPITER, RADIUS_JUPITER_CM, 2478.6),
            (GM_EARTH, RADIUS_EARTH_CM, 979.8),
        ] {
            assert!((gm / (radius * radius) / gravity - 1.0).abs() < 1e-4);
        }
        assert!((RADIUS_SUN_CM / ASTRONOMICAL_UNIT_CM - 0.004_650_467).abs() < 1e-9);
        assert!((PARSEC_CM / ASTRONOMICAL_UNIT_CM / 206_264.806_247 - 1.0).abs() < 1e-9);
    }
}
