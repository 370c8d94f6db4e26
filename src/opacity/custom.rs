//! A user's own opacity: a closure of a layer's conditions and wavenumber, run on the host for every spectrum and carried to the device at nodes.
//!
//! The optical depth of a layer is an [`Amount`] times the closure's coefficient. Derivatives come from dual numbers ([`Custom::new`]) or from a closure of their own
//! ([`Custom::with_derivatives`]); both backends, both modes of derivatives, and the memory plan know nothing of what is inside.

use std::fmt;
use std::sync::Arc;

use super::amount::{ln_column, ln_mass};
use super::continuum::{Conditions, Continuum, LN_NOTHING, LnCoefficient, SPACING};
use super::traits::Extinction;
use crate::atmosphere::{PressureGrid, State};
use crate::dual::Dual;
use crate::{Error, Result};

/// What a coefficient is counted by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Amount {
    /// Molecules of a species of the composition: coefficients in cm2 molecule-1.
    Molecules(String),
    /// Mass of all gas: coefficients in cm2 g-1.
    Mass,
}

/// A layer's conditions with dual numbers: what a closure may depend on.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DualConditions {
    /// \[K\].
    pub temperature_k: Dual,
    /// At the layer's centre \[bar\].
    pub pressure_bar: f64,
    /// The opacity's own parameters, in the order in which they were declared.
    pub parameters: Vec<Dual>,
}

type Evaluate = dyn Fn(&Conditions, &[f64], &mut LnCoefficient) + Send + Sync;

/// A user's own opacity.
///
/// ```
/// use photosphere::opacity::{Amount, Custom};
///
/// // An absorption band of Gaussian shape, in cm2 per gram of gas: its strength grows with temperature, its centre is a parameter.
/// let band = Custom::new("band", Amount::Mass, ["band.centre_cm"], |layer, nu| {
///     let from_centre = (-layer.parameters[0].clone() + nu) / 20.0;
///     (from_centre.clone() * from_centre * -0.5).exp() * &layer.temperature_k * 1e-5
/// });
/// # drop(band);
/// ```
#[derive(Clone)]
pub struct Custom {
    name: String,
    amount: Amount,
    parameters: Vec<String>,
    extinction: Extinction,
    spacing: f64,
    evaluate: Arc<Evaluate>,
}

impl fmt::Debug for Custom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Custom").field("name", &self.name).field("amount", &self.amount).finish()
    }
}

impl Custom {
    /// From a coefficient over dual numbers: `coefficient(conditions, wavenumber in cm-1)`, 0 or more, in the unit of the [`Amount`]. `parameters` are names of the state's
    /// [parameters](State::parameters).
    pub fn new<'p>(
        name: impl Into<String>,
        amount: Amount,
        parameters: impl IntoIterator<Item = &'p str>,
        coefficient: impl Fn(&DualConditions, f64) -> Dual + Send + Sync + 'static,
    ) -> Self {
        let parameters: Vec<String> = parameters.into_iter().map(str::to_owned).collect();
        let count = 1 + parameters.len();
        let evaluate = move |at: &Conditions, wavenumber: &[f64], into: &mut LnCoefficient| {
            let variable = |(i, value): (usize, &f64)| Dual::variable(*value, 1 + i, count);
            let conditions = DualConditions {
                temperature_k: Dual::variable(at.temperature_k, 0, count),
                pressure_bar: at.pressure_bar,
                parameters: at.shape.iter().enumerate().map(variable).collect(),
            };
            for (i, nu) in wavenumber.iter().enumerate() {
                let value = coefficient(&conditions, *nu);
                set(into, i, value.value(), |k| value.derivative(k));
            }
        };
        Self::from_parts(name.into(), amount, parameters, Arc::new(evaluate))
    }

    /// From a coefficient and its derivatives by temperature and by each parameter, in this order: `coefficient(conditions, wavenumber) -> (value, derivatives)`.
    pub fn with_derivatives<'p>(
        name: impl Into<String>,
        amount: Amount,
        parameters: impl IntoIterator<Item = &'p str>,
        coefficient: impl Fn(&Conditions, f64) -> (f64, Vec<f64>) + Send + Sync + 'static,
    ) -> Self {
        let evaluate = move |at: &Conditions, wavenumber: &[f64], into: &mut LnCoefficient| {
            for (i, nu) in wavenumber.iter().enumerate() {
                let (value, derivatives) = coefficient(at, *nu);
                set(into, i, value, |k| derivatives.get(k).copied().unwrap_or(f64::NAN));
            }
        };
        let parameters = parameters.into_iter().map(str::to_owned).collect();
        Self::from_parts(name.into(), amount, parameters, Arc::new(evaluate))
    }

    /// From a function that gives ln of the coefficient at many wavenumbers of a layer at once, with its derivatives: `coefficient(conditions, wavenumbers, into)`. It is
    /// called by several threads.
    pub fn at_wavenumbers<'p>(
        name: impl Into<String>,
        amount: Amount,
        parameters: impl IntoIterator<Item = &'p str>,
        coefficient: impl Fn(&Conditions, &[f64], &mut LnCoefficient) + Send + Sync + 'static,
    ) -> Self {
        let parameters = parameters.into_iter().map(str::to_owned).collect();
        Self::from_parts(name.into(), amount, parameters, Arc::new(coefficient))
    }

    fn from_parts(name: String, amount: Amount, parameters: Vec<String>, evaluate: Arc<Evaluate>) -> Self {
        Self { name, amount, parameters, extinction: Extinction::Absorption, spacing: SPACING, evaluate }
    }

    /// Evaluated at every resolution nu / d nu, at least; 500 if nothing is said. A coefficient with structure needs more; a grid's own resolution is the most that is used.
    ///
    /// # Errors
    /// Not positive, or not finite.
    pub fn with_resolution(self, resolution: f64) -> Result<Self> {
        match resolution.is_finite() && resolution > 0.0 {
            true => Ok(Self { spacing: 1.0 / resolution, ..self }),
            false => Err(Error::invalid(format!("resolution of {}", self.name), resolution, "a positive number")),
        }
    }

    /// It scatters.
    #[must_use]
    pub fn scattering(self) -> Self {
        Self { extinction: Extinction::Scattering, ..self }
    }
}

/// One coefficient in ln, with its derivatives: by temperature, then by the parameters.
fn set(into: &mut LnCoefficient, i: usize, value: f64, derivative: impl Fn(usize) -> f64) {
    // Zero absorbs nothing; what is no number spoils its own wavenumbers.
    into.value[i] = if value == 0.0 { LN_NOTHING } else { value.ln() };
    let relative = |k: usize| if value == 0.0 { 0.0 } else { derivative(k) / value };
    into.by_temperature[i] = relative(0);
    into.by_shape.iter_mut().enumerate().for_each(|(k, row)| row[i] = relative(1 + k));
}

impl Continuum for Custom {
    fn name(&self) -> &str {
        &self.name
    }

    fn extinction(&self) -> Extinction {
        self.extinction
    }

    fn shape(&self) -> Vec<String> {
        self.parameters.clone()
    }

    fn ln_amount(&self, state: &State<Dual>, layers: &PressureGrid) -> Result<Vec<Dual>> {
        match &self.amount {
            Amount::Molecules(species) => ln_column(state, layers, species),
            Amount::Mass => Ok(ln_mass(state, layers, &Dual::constant(1.0))),
        }
    }

    fn ln_coefficient(&self, at: &Conditions, wavenumber: &[f64], into: &mut LnCoefficient) {
        (self.evaluate)(at, wavenumber, into);
    }

    fn spacing(&self) -> f64 {
        self.spacing
    }
}
