//! Physical constants, CODATA 2018 (exact where the SI of 2019 makes them so), in the units of this library.

/// Second radiation constant hc/k_B \[cm K\].
pub const C2: f64 = 1.438776877;
/// First radiation constant for pi B per wavenumber, 2 pi h c^2 \[erg cm2 s-1\]: `pi B = FIRST_RADIATION nu^3 / (exp(C2 nu / T) - 1)`.
pub const FIRST_RADIATION: f64 = 3.741771790075259e-5;
/// Boltzmann constant \[J K-1\].
pub const BOLTZMANN: f64 = 1.380649e-23;
/// Boltzmann constant \[erg K-1\].
pub const BOLTZMANN_CGS: f64 = 1.380649e-16;
/// Atomic mass constant \[kg\].
pub const ATOMIC_MASS: f64 = 1.66053906660e-27;
/// Atomic mass constant \[g\].
pub const ATOMIC_MASS_CGS: f64 = 1.66053906660e-24;
/// Speed of light \[m s-1\].
pub const SPEED_OF_LIGHT: f64 = 2.99792458e8;
/// One standard atmosphere \[bar\].
pub const ATM_IN_BAR: f64 = 1.01325;
/// Reference temperature of line strengths and widths \[K\] (HITRAN).
pub const T_REF: f64 = 296.0;
