//! Rayleigh scattering by molecules and atoms.
//!
//! The cross section of a gas of refractive index n at a number density N is
//!
//! sigma = 24 pi^3 nu^4 / N^2 ((n^2 - 1) / (n^2 + 2))^2 F,
//!
//! with nu in cm-1 and the King factor F of its depolarisation (Sneep & Ubachs 2005, JQSRT 92, 293, eq. 1). Each gas has its own published index and King factor, or its own
//! published cross section ([`RayleighGas`]), not one polarizability: dispersion raises hydrogen's by 2.7 % at 0.5 um and by 13.5 % at 0.3 um.
//!
//! Formulae in pieces are joined where their pieces cross, so that spectra have no steps. Dry air made of N2, O2, Ar and CO2 is within 0.2 % of the cross sections of Bodhaine et
//! al. 1999 (J. Atmos. Oceanic Technol. 16, 1854) from 0.26 to 1 um.

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

/// Where the two fits to the index of nitrogen cross \[cm-1\].
const N2_JOIN: f64 = 22_966.208_65;

/// Lowest wavenumber of the measurements of carbon dioxide \[cm-1\]: 1.69 um.
const CO2_LOWEST: f64 = 5917.0;

/// Oxygen's index, 1e8 (n - 1) = a + b / (40.9 - s^2) at 0 C, by ascending wavenumber, and where neighbours cross \[cm-1\]: within 0.1 % of the paper's 0.546, 0.288 and 0.221 um.
const O2_INDEX: [(f64, f64); 4] =
    [(21_351.1, 218_567.0), (20_564.8, 248_089.9), (22_120.4, 203_187.6), (23_796.7, 168_988.4)];
const O2_JOINS: [f64; 3] = [18_312.261_72, 34_691.584_61, 45_275.160_12];

/// A gas whose scattering is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RayleighGas {
    /// Molecular hydrogen: the series that is used throughout the field. It is computed at the equilibrium distance of the nuclei, and 5 % below what the measured index (Peck & Huang
    /// 1977, J. Opt. Soc. Am. 67, 1550) gives from 0.3 um on; its three terms lose another 1 % at 0.22 um and 3 % at 0.19 um.
    H2,
    /// Helium.
    He,
    /// Molecular nitrogen.
    N2,
    /// Carbon dioxide. The resonance at 4.1 um lowers it by 0.2 % at 0.5 um and by 2.3 % at 1.69 um, where the index ends; beyond, where absorption counts, the law of nu^4 goes on.
    CO2,
    /// Water vapour. The formulation of the index by Harvey et al. 1998 (J. Phys. Chem. Ref. Data 27, 761) gives cross sections 3 % larger in the visible.
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
            Self::N2 | Self::CO => "Sneep & Ubachs 2005, JQSRT 92, 293",
            Self::CO2 => {
                "Bideau-Mehu et al. 1973, Opt. Commun. 9, 432 (index), Sneep & Ubachs 2005, JQSRT 92, 293 (King factor)"
            }
            Self::CH4 => "He et al. 2021, Atmos. Chem. Phys. 21, 14927",
            Self::O2 => "Bates 1984, Planet. Space Sci. 32, 785",
            Self::H2O => {
                "Ciddor 1996, Appl. Opt. 35, 1566 (index), Murphy 1977, J. Chem. Phys. 67, 5897 (depolarisation)"
            }
            Self::H => "Lee & Kim 2004, MNRAS 347, 802",
        }
    }

    /// Wavenumbers for which the formula was made \[cm-1\], the lowest 0 where it goes over into the law of nu^4 by itself.
    pub fn range_cm(self) -> (f64, f64) {
        let lowest = if self == Self::CO2 { CO2_LOWEST } else { 0.0 };
        let highest = match self {
            Self::H2 | Self::He => 52_600.0,
            Self::N2 => 39_370.0,
            Self::CO2 => 55_249.0,
            Self::H2O => 28_571.0,
            Self::CH4 => 32_500.0,
            Self::CO | Self::O2 => 50_000.0,
            Self::H => 0.6 * LYMAN_LIMIT,
        };
        (lowest, highest)
    }

    /// Scattering cross section \[cm2\] at a wavenumber \[cm-1\]. Outside [`range_cm`](Self::range_cm) the value at its end goes on as nu^4.
    pub fn cross_section(self, wavenumber: f64) -> f64 {
        let (lowest, highest) = self.range_cm();
        let nu = wavenumber.clamp(lowest, highest);
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
                    let dispersion = (2.44e5 + 5.94e10 * w2 / (1.0 - 2.90e5 * w2)) * w2;
                    5.484e-14 * w2 * w2 * (1.0 + dispersion).powi(2)
                }
                Self::N2 => {
                    // The paper goes from one to the other at 21 360 cm-1, where their cross sections differ by 3e-4.
                    let (a, b) = if nu > N2_JOIN { (5677.465, 318.818_74e12) } else { (6498.2, 307.433_05e12) };
                    of_index((a + b / (14.4e9 - nu2)) * 1e-8, N_288, 1.034 + 3.17e-12 * nu2, nu)
                }
                Self::CO2 => {
                    // In the units of Sneep & Ubachs at 15 C. They print 1e-4 of the last term, the resonance at 4.1 um, by mistake: it is 1.46847e-6 um-2 at 0 C.
                    let terms = [
                        (5799.25, 128_908.9),
                        (120.05, 89_223.8),
                        (5.3334, 75_037.5),
                        (4.3244, 67_837.7),
                        (0.121_82, 2418.136),
                    ];
                    let sum: f64 = terms.iter().map(|(a, at)| a / (at * at - nu2)).sum();
                    of_index(1.1427e3 * sum, N_288, 1.1364 + 25.3e-12 * nu2, nu)
                }
                Self::CH4 => of_index((3603.09 + 4.403_62e14 / (1.1741e10 - nu2)) * 1e-8, N_288, 1.0, nu),
                Self::CO => of_index((22_851.0 + 0.456e14 / (71_427.0f64.powi(2) - nu2)) * 1e-8, N_288, 1.016, nu),
                Self::O2 => {
                    // s = 1 / wavelength in um
                    let s2 = nu2 * 1e-8;
                    let piece = O2_JOINS.iter().filter(|join| nu > **join).count();
                    let (a, b) = O2_INDEX[piece];
                    let king = 1.096 + s2 * (1.385e-3 + s2 * 1.448e-4);
                    of_index((a + b / (40.9 - s2)) * 1e-8, N_273, king, nu)
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
        let (_, highest) = self.gas.range_cm();
        let text = format!("known up to {highest} cm-1 ({}), taken on as nu^4 beyond", self.gas.source());
        if hi > highest { vec![Note::new(&self.name, text, None)] } else { Vec::new() }
    }
}

#[cfg(test)]
mod tests;
