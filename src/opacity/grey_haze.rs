//! A grey haze: the same opacity per gram of gas everywhere.
//!
//! The optical depth of a layer is kappa dP / g with the opacity kappa \[cm2 g-1\], the state's [parameter](State::parameters) `NAME.opacity_cm2_g`.

use super::amount::{ln_mass, parameter};
use super::continuum::{Conditions, Continuum, LnCoefficient};
use crate::Result;
use crate::atmosphere::{PressureGrid, State};
use crate::dual::Dual;

/// A haze as grey as the name says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GreyHaze {
    name: String,
    opacity: String,
}

impl GreyHaze {
    /// A haze whose parameter is `NAME.opacity_cm2_g`.
    pub fn new(name: impl Into<String>) -> Self {
        let name = name.into();
        Self { opacity: format!("{name}.opacity_cm2_g"), name }
    }
}

impl Continuum for GreyHaze {
    fn name(&self) -> &str {
        &self.name
    }

    fn ln_amount(&self, state: &State<Dual>, layers: &PressureGrid) -> Result<Vec<Dual>> {
        let opacity = parameter(state, &self.opacity, "an opacity of 0 or more [cm2 g-1]", |k| k >= 0.0)?;
        Ok(ln_mass(state, layers, opacity))
    }

    fn ln_coefficient(&self, _: &Conditions, _: &[f64], into: &mut LnCoefficient) {
        into.value.fill(0.0);
    }

    fn spacing(&self) -> f64 {
        f64::INFINITY
    }
}
