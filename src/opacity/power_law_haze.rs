//! A haze whose opacity is a power of wavenumber.
//!
//! The optical depth of a layer is kappa_0 (nu / nu_0)^gamma dP / g, with the opacity kappa_0 \[cm2 g-1\] at the reference wavenumber nu_0 and the exponent gamma: 4 is the slope of
//! Rayleigh scattering, 0 is grey. Both are the state's [parameters](State::parameters), `NAME.opacity_cm2_g` and `NAME.exponent`.

use super::amount::{ln_mass, parameter};
use super::continuum::{Conditions, Continuum, LnCoefficient};
use super::traits::Extinction;
use crate::atmosphere::{PressureGrid, State};
use crate::dual::Dual;
use crate::{Error, Result};

/// A haze with a slope.
#[derive(Clone, Debug, PartialEq)]
pub struct PowerLawHaze {
    name: String,
    reference_cm: f64,
}

impl PowerLawHaze {
    /// A haze whose opacity is given at a wavenumber \[cm-1\].
    ///
    /// # Errors
    /// A wavenumber that is not positive and finite.
    pub fn new(name: impl Into<String>, reference_cm: f64) -> Result<Self> {
        let name = name.into();
        match reference_cm.is_finite() && reference_cm > 0.0 {
            true => Ok(Self { name, reference_cm }),
            false => {
                Err(Error::invalid(format!("reference wavenumber of {name} [cm-1]"), reference_cm, "a positive number"))
            }
        }
    }
}

impl Continuum for PowerLawHaze {
    fn name(&self) -> &str {
        &self.name
    }

    fn extinction(&self) -> Extinction {
        Extinction::Scattering
    }

    fn shape(&self) -> Vec<String> {
        vec![format!("{}.exponent", self.name)]
    }

    fn ln_amount(&self, state: &State<Dual>, layers: &PressureGrid) -> Result<Vec<Dual>> {
        let name = format!("{}.opacity_cm2_g", self.name);
        let opacity = parameter(state, &name, "an opacity of 0 or more [cm2 g-1]", |k| k >= 0.0)?;
        Ok(ln_mass(state, layers, opacity))
    }

    fn ln_coefficient(&self, at: &Conditions, wavenumber: &[f64], into: &mut LnCoefficient) {
        for (i, nu) in wavenumber.iter().enumerate() {
            let ln = (nu / self.reference_cm).ln();
            into.value[i] = at.shape[0] * ln;
            into.by_shape[0][i] = ln;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_law_is_a_power_and_bad_references_are_refused() {
        let haze = PowerLawHaze::new("haze", 2e4).unwrap();
        let at = Conditions { temperature_k: 1000.0, pressure_bar: 1.0, shape: vec![4.0] };
        let mut row = LnCoefficient::new(2, 1);
        haze.ln_coefficient(&at, &[2e4, 1e4], &mut row);
        assert!((row.value[1] - (1.0f64 / 16.0).ln()).abs() < 1e-14 && row.value[0] == 0.0);
        assert_eq!(row.by_shape[0], [0.0, 0.5f64.ln()]);
        for bad in [0.0, -1.0, f64::NAN] {
            assert!(PowerLawHaze::new("haze", bad).is_err());
        }
    }
}
