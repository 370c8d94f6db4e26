//! Rayleigh scattering by molecules and atoms.
//!
//! The cross section of a gas of refractive index n at a number density N is
//!
//! sigma = 24 pi^3 nu^4 / N^2 ((n^2 - 1) / (n^2 + 2))^2 F,
//!
//! with nu in cm-1 and the King factor F of its depolarisation (Sneep & Ubachs 2005, JQSRT 92, 293, eq. 1). Each gas has its own published index and King factor, or its own
//! published cross section ([`RayleighGas`]), not one polarizability: dispersion raises hydrogen's by 2.7 % at 0.5 um and by 13.5 % at 0.3 um.

use std::f64::consts::PI;

use super::amount::ln_column;
use super::continuum::{Conditions, Continuum, LnCoefficient};
use super::traits::Extinction;
use crate::atmosphere::{PressureGrid, State};
use crate::dual::Dual;
use crate::{Error, Note, Result};

/// Thomson cross section \[cm2\] (CODATA 2018).
const THOMSON: f64 = 6.652_458_732_1e-25;

/// Rydberg wavenumber of hydrogen, the Lyman limit \[cm-1\].
const LYMAN_LIMIT: f64 = 109_678.772;

/// Number density at 288.15 K and 1013.25 hPa, and at 273.15 K and 1013.25 hPa \[cm-3\].
const N_288: f64 = 2.546_899e19;
const N_273: f64 = 2.686_780_111e19;

/// A gas whose scattering is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RayleighGas {
    /// Molecular hydrogen.
    H2,
    /// Helium.
    He,
    /// Molecular nitrogen.
    N2,
    /// Carbon dioxide.
    CO2,
    /// Water vapour.
    H2O,
    /// Methane.
    CH4,
    /// Carbon monoxide.
    CO,
    /// Molecular oxygen.
    O2,
    /// Atomic hydrogen.
    H,
}

impl RayleighGas {
    /// All gases.
    pub const ALL: [Self; 9] =
        [Self::H2, Self::He, Self::N2, Self::CO2, Self::H2O, Self::CH4, Self::CO, Self::O2, Self::H];

    /// The gas of a formula.
    ///
    /// # Errors
    /// A formula whose scattering is not known: the message lists those that are.
    pub fn from_name(name: &str) -> Result<Self> {
        let all = Self::ALL.map(Self::name).join(", ");
        let found = Self::ALL.into_iter().find(|gas| gas.name() == name);
        found.ok_or_else(|| Error::invalid("gas of Rayleigh scattering", name, format!("one of {all}")))
    }

    /// Its formula.
    pub fn name(self) -> &'static str {
        match self {
            Self::H2 => "H2",
            Self::He => "He",
            Self::N2 => "N2",
            Self::CO2 => "CO2",
            Self::H2O => "H2O",
            Self::CH4 => "CH4",
            Self::CO => "CO",
            Self::O2 => "O2",
            Self::H => "H",
        }
    }

    /// Where its formula was published.
    pub fn source(self) -> &'static str {
        match self {
            Self::H2 => "Dalgarno & Williams 1962, ApJ 136, 690",
            Self::He => "Chan & Dalgarno 1965, Proc. Phys. Soc. 85, 227",
            Self::N2 | Self::CO2 | Self::CO => "Sneep & Ubachs 2005, JQSRT 92, 293",
            Self::CH4 => "He et al. 2021, Atmos. Chem. Phys. 21, 14927",
            Self::O2 => {
                "Thalman et al. 2014, JQSRT 147, 171 (index), Bates 1984, Planet. Space Sci. 32, 785 (King factor)"
            }
            Self::H2O => {
                "Ciddor 1996, Appl. Opt. 35, 1566 (index), Murphy 1977, J. Chem. Phys. 67, 5897 (depolarisation)"
            }
            Self::H => "Lee & Kim 2004, MNRAS 347, 802",
        }
    }

    /// Highest wavenumber for which the formula was made \[cm-1\]; below, all go over into the law of nu^4.
    pub fn highest_cm(self) -> f64 {
        match self {
            Self::H2 => 52_600.0,
            Self::He => 52_600.0,
            Self::N2 => 39_370.0,
            Self::CO2 => 55_249.0,
            Self::H2O => 28_571.0,
            Self::CH4 => 32_500.0,
            Self::CO => 50_000.0,
            Self::O2 => 34_722.0,
            Self::H => 0.6 * LYMAN_LIMIT,
        }
    }

    /// Scattering cross section \[cm2\] at a wavenumber \[cm-1\]. Beyond [`highest_cm`](Self::highest_cm) the value there goes on as nu^4.
    pub fn cross_section(self, wavenumber: f64) -> f64 {
        let nu = wavenumber.min(self.highest_cm());
        let beyond = (wavenumber / nu).powi(4);
        let nu2 = nu * nu;
        beyond
            * match self {
                Self::H2 => {
                    // wavelength in Angstrom
                    let w2 = nu2 * 1e-16;
                    w2 * w2 * (8.14e-13 + w2 * (1.28e-6 + w2 * 1.61))
                }
                Self::He => {
                    let w2 = nu2 * 1e-16;
                    5.484e-14 * w2 * w2 * (1.0 + 2.44e5 * w2).powi(2)
                }
                Self::N2 => {
                    // Two fits meet at 21 360 cm-1, where their cross sections differ by 2e-4.
                    let (a, b) = if nu > 21_360.0 { (5677.465, 318.818_74e12) } else { (6498.2, 307.433_05e12) };
                    of_index((a + b / (14.4e9 - nu2)) * 1e-8, N_288, 1.034 + 3.17e-12 * nu2, nu)
                }
                Self::CO2 => {
                    let terms = [(5799.25, 128_908.9), (120.05, 89_223.8), (5.3334, 75_037.5), (4.3244, 67_837.7)];
                    // The paper's fifth term, of the band at 4.1 um, is below 1e-9 of the sum except in the band itself, where absorption counts.
                    let sum: f64 = terms.iter().map(|(a, at)| a / (at * at - nu2)).sum();
                    of_index(1.1427e3 * sum, N_288, 1.1364 + 25.3e-12 * nu2, nu)
                }
                Self::CH4 => of_index((3603.09 + 4.403_62e14 / (1.1741e10 - nu2)) * 1e-8, N_288, 1.0, nu),
                Self::CO => of_index((22_851.0 + 0.456e14 / (71_427.0f64.powi(2) - nu2)) * 1e-8, N_288, 1.016, nu),
                Self::O2 => {
                    let index = (20_564.8 + 2.480_899e13 / (4.09e9 - nu2)) * 1e-8;
                    of_index(index, N_273, 1.09 + 1.385e-11 * nu2 + 1.448e-20 * nu2 * nu2, nu)
                }
                Self::H2O => {
                    // Vapour at 20 C and 1333 Pa; s = 1 / wavelength in um.
                    let s2 = nu2 * 1e-8;
                    let index = 1.022e-8 * (295.235 + s2 * (2.6422 + s2 * (-0.032_380 + s2 * 0.004_028)));
                    let density = 1333.0 / (1.380_649e-23 * 293.15) * 1e-6;
                    // depolarisation 0.0003 of natural light: F = (6 + 3 rho) / (6 - 7 rho)
                    of_index(index, density, (6.0 + 3.0 * 0.0003) / (6.0 - 7.0 * 0.0003), nu)
                }
                Self::H => {
                    const C: [f64; 10] =
                        [1.26537, 3.73766, 8.8127, 19.1515, 39.919, 81.1018, 161.896, 319.001, 622.229, 1203.82];
                    let x2 = nu2 / (LYMAN_LIMIT * LYMAN_LIMIT);
                    THOMSON * x2 * x2 * C.iter().rev().fold(0.0, |sum, c| sum * x2 + c)
                }
            }
    }
}

/// Cross section from the refractivity n - 1 at a number density \[cm-3\].
fn of_index(refractivity: f64, density: f64, king: f64, wavenumber: f64) -> f64 {
    let n2 = (1.0 + refractivity).powi(2);
    24.0 * PI.powi(3) * wavenumber.powi(4) / (density * density) * ((n2 - 1.0) / (n2 + 2.0)).powi(2) * king
}

/// Rayleigh scattering of one gas, by its name in the composition.
///
/// ```
/// use photosphere::opacity::{Rayleigh, RayleighGas};
///
/// let hydrogen = Rayleigh::new(RayleighGas::H2);
/// // Dalgarno & Williams at 0.5 um
/// assert!((hydrogen.gas().cross_section(2e4) / 1.38844e-27 - 1.0).abs() < 1e-5);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rayleigh {
    gas: RayleighGas,
    name: String,
}

impl Rayleigh {
    /// Of a gas.
    pub fn new(gas: RayleighGas) -> Self {
        Self { gas, name: format!("Rayleigh {}", gas.name()) }
    }

    /// The gas.
    pub fn gas(&self) -> RayleighGas {
        self.gas
    }
}

impl Continuum for Rayleigh {
    fn name(&self) -> &str {
        &self.name
    }

    fn extinction(&self) -> Extinction {
        Extinction::Scattering
    }

    fn ln_amount(&self, state: &State<Dual>, layers: &PressureGrid) -> Result<Vec<Dual>> {
        ln_column(state, layers, self.gas.name())
    }

    fn ln_coefficient(&self, _: &Conditions, wavenumber: &[f64], into: &mut LnCoefficient) {
        let each = into.value.iter_mut().zip(wavenumber);
        each.for_each(|(ln, nu)| *ln = self.gas.cross_section(*nu).ln());
    }

    fn notes(&self, (_, hi): (f64, f64), _: &[f64]) -> Vec<Note> {
        let highest = self.gas.highest_cm();
        let text = format!("known up to {highest} cm-1 ({}), taken on as nu^4 beyond", self.gas.source());
        if hi > highest { vec![Note::new(&self.name, text, None)] } else { Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_um(gas: RayleighGas, um: f64) -> f64 {
        gas.cross_section(1e4 / um)
    }

    #[test]
    fn hydrogen_is_dalgarno_and_williams() {
        // Their series at five wavelengths, worked out by hand: 8.14e-13 / A^4 + 1.28e-6 / A^6 + 1.61 / A^8.
        let cases = [
            (0.3, 1.005e-26 + 1.7558e-27 + 2.4539e-28),
            (0.5, 1.3024e-27 + 8.192e-29 + 4.1216e-30),
            (0.7, 3.39026e-28 + 1.0880e-29 + 2.7928e-31),
            (1.0, 8.14e-29 + 1.28e-30 + 1.61e-32),
            (2.0, 5.0875e-30 + 2.0e-32 + 6.3e-35),
        ];
        for (um, expected) in cases {
            assert!(
                (at_um(RayleighGas::H2, um) / expected - 1.0).abs() < 1e-3,
                "{um}: {:e}",
                at_um(RayleighGas::H2, um)
            );
        }
        assert!((at_um(RayleighGas::H2, 0.5) / 1.38844e-27 - 1.0).abs() < 1e-5);
    }

    #[test]
    fn cross_sections_measured_at_532_nm_are_met() {
        // Sneep & Ubachs 2005: measured at 532.2 nm, in 1e-27 cm2, with uncertainties of 1 to 7 %; of CO they find 10 % less than the index gives, of CH4 9 % more.
        for (gas, measured, off) in [
            (RayleighGas::N2, 5.10, 0.05),
            (RayleighGas::CO, 6.19, 0.11),
            (RayleighGas::CO2, 12.4, 0.08),
            (RayleighGas::CH4, 12.47, 0.1),
        ] {
            let found = at_um(gas, 0.5322) * 1e27;
            assert!((found / measured - 1.0).abs() < off, "{gas:?}: {found}");
        }
    }

    #[test]
    fn long_wavelengths_have_the_static_polarizabilities() {
        // sigma = 128 pi^5 / 3 alpha^2 nu^4 F with alpha in A^3 (CRC Handbook): H2 0.804, He 0.2050, N2 1.740, CO2 2.911, H2O 1.45, CH4 2.593, CO 1.95, O2 1.581,
        // H 0.6668. CO2 and H2O lose vibrational parts in the visible.
        for (gas, alpha, king, off) in [
            (RayleighGas::H2, 0.804, 1.02, 0.06),
            (RayleighGas::He, 0.2050, 1.0, 0.02),
            (RayleighGas::N2, 1.740, 1.034, 0.02),
            (RayleighGas::CO2, 2.62, 1.136, 0.03),
            (RayleighGas::H2O, 1.45, 1.0, 0.05),
            (RayleighGas::CH4, 2.593, 1.0, 0.02),
            (RayleighGas::CO, 1.95, 1.016, 0.04),
            (RayleighGas::O2, 1.581, 1.09, 0.03),
            (RayleighGas::H, 0.6668, 1.0, 0.01),
        ] {
            let nu = 2000.0f64;
            let expected = 128.0 * PI.powi(5) / 3.0 * (alpha * 1e-24f64).powi(2) * nu.powi(4) * king;
            let found = gas.cross_section(nu);
            assert!((found / expected - 1.0).abs() < off, "{gas:?}: {found:e}, {expected:e}");
        }
    }

    #[test]
    fn all_are_smooth_positive_and_rise() {
        for gas in RayleighGas::ALL {
            let mut last = 0.0;
            for i in 0..2000 {
                let nu = 50.0 * 1000f64.powf(f64::from(i) / 1999.0);
                let found = gas.cross_section(nu);
                assert!(found.is_finite() && found > last, "{gas:?} at {nu}");
                let slope = (gas.cross_section(nu * 1.0005) / gas.cross_section(nu * 0.9995)).ln() / 0.001;
                assert!((3.7..9.0).contains(&slope), "{gas:?} at {nu}: {slope}");
                last = found;
            }
            assert_eq!(RayleighGas::from_name(gas.name()).unwrap(), gas);
        }
        assert!(RayleighGas::from_name("Ar").unwrap_err().to_string().contains("H2, He, N2"));
    }
}
