//! An opacity whose coefficient a Python function gives.
//!
//! The function gets wavenumbers \[nu\] cm-1, a temperature \[K\], a pressure \[bar\] and its parameters by name, and gives coefficients \[nu\]; or a pair, the coefficients and
//! a dictionary of their derivatives \[nu\] by `"temperature"` and by parameters. Derivatives that it does not give are central differences.

use std::sync::Arc;

use photosphere::opacity::{Amount, Conditions, Custom, LnCoefficient};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::arrays::{Array, array};
use crate::errors::{exception, refused};
use crate::work::Told;

/// Steps of differences, relative to the value (to 1 where that is 0). Smaller than is best where a coefficient changes over the value itself: parameters such as the centre
/// of a band work over far less than their value.
const STEP: f64 = 1e-6;

/// ln of nothing, as the library has it.
const LN_NOTHING: f64 = -1000.0;

/// The Python function of an opacity.
struct Function {
    name: String,
    function: Py<PyAny>,
    parameters: Vec<String>,
}

/// What the function gave: coefficients, and derivatives by temperature and by the parameters, as far as it gives them.
struct Given {
    value: Vec<f64>,
    slopes: Vec<Option<Vec<f64>>>,
}

/// Reads `Opacity(name, function, per=..., parameters=...)`. Exceptions of the function go to `told`.
pub fn read(given: &Bound<'_, PyAny>, told: &Arc<Told>) -> PyResult<Custom> {
    let (name, function) = (given.getattr("name")?.extract::<String>()?, given.getattr("function")?);
    if !function.is_callable() {
        return Err(refused(
            &format!("function of {name}"),
            function,
            "a function of (wavenumber, temperature, pressure, **parameters)",
        ));
    }
    let amount = match given.getattr("per")?.extract::<Option<String>>()? {
        None => Amount::Mass,
        Some(species) => Amount::Molecules(species),
    };
    let own: Vec<String> = given.getattr("parameters")?.extract()?;
    let full: Vec<String> = own.iter().map(|p| format!("{name}.{p}")).collect();
    let function = Function { name: name.clone(), function: function.unbind(), parameters: own };
    let told = Arc::clone(told);
    let evaluate = move |at: &Conditions, wavenumber: &[f64], into: &mut LnCoefficient| {
        // What is no number becomes an error of the spectrum; the exception is raised in its place.
        let failed = told.failed()
            || Python::attach(|py| function.fill(py, at, wavenumber, into).map_err(|e| told.fail(e)).is_err());
        if failed {
            into.value.fill(f64::NAN);
        }
    };
    let custom = Custom::at_wavenumbers(name, amount, full.iter().map(String::as_str), evaluate);
    let custom = match given.getattr("resolution")?.extract::<Option<f64>>()? {
        Some(resolution) => custom.with_resolution(resolution).map_err(|e| exception(given.py(), e))?,
        None => custom,
    };
    Ok(if given.getattr("scattering")?.extract()? { custom.scattering() } else { custom })
}

impl Function {
    /// ln of the coefficient and its derivatives.
    fn fill(&self, py: Python<'_>, at: &Conditions, wavenumber: &[f64], into: &mut LnCoefficient) -> PyResult<()> {
        let given = self.call(py, at, wavenumber, &at.shape, at.temperature_k)?;
        if let Some(bad) = given.value.iter().position(|v| !(v.is_finite() && *v >= 0.0)) {
            let what = format!("opacity {} at {} cm-1", self.name, wavenumber[bad]);
            return Err(refused(&what, given.value[bad], "a finite number of 0 or more"));
        }
        for (k, slope) in given.slopes.iter().enumerate() {
            let slope = match slope {
                Some(slope) => slope,
                None => &self.difference(py, at, wavenumber, k)?,
            };
            let row = if k == 0 { &mut into.by_temperature } else { &mut into.by_shape[k - 1] };
            let relative = slope.iter().zip(&given.value).map(|(s, v)| if *v == 0.0 { 0.0 } else { s / v });
            row.iter_mut().zip(relative).for_each(|(row, r)| *row = r);
        }
        let ln = |v: &f64| if *v == 0.0 { LN_NOTHING } else { v.ln() };
        into.value.iter_mut().zip(&given.value).for_each(|(row, v)| *row = ln(v));
        Ok(())
    }

    /// Derivative by the temperature (0) or a parameter (1 and more), by central differences.
    fn difference(&self, py: Python<'_>, at: &Conditions, wavenumber: &[f64], k: usize) -> PyResult<Vec<f64>> {
        let centre = if k == 0 { at.temperature_k } else { at.shape[k - 1] };
        let step = STEP * if centre == 0.0 { 1.0 } else { centre.abs() };
        let beside = |x: f64| {
            let (mut shape, mut temperature) = (at.shape.clone(), at.temperature_k);
            *if k == 0 { &mut temperature } else { &mut shape[k - 1] } = x;
            self.call(py, at, wavenumber, &shape, temperature)
        };
        let (low, high) = (beside(centre - step)?.value, beside(centre + step)?.value);
        Ok(low.iter().zip(&high).map(|(low, high)| (high - low) / (2.0 * step)).collect())
    }

    fn call(
        &self,
        py: Python<'_>,
        at: &Conditions,
        wavenumber: &[f64],
        shape: &[f64],
        temperature: f64,
    ) -> PyResult<Given> {
        let named = PyDict::new(py);
        for (name, value) in self.parameters.iter().zip(shape) {
            named.set_item(name, value)?;
        }
        let nu = array(py, wavenumber.to_vec(), &[wavenumber.len()])?;
        let result = self.function.bind(py).call((nu, temperature, at.pressure_bar), Some(&named))?;
        let row = |what: &str, value: &Bound<'_, PyAny>| {
            let what = format!("{what} of opacity {}", self.name);
            let mut row = Array::row(&what, value)?;
            if row.len() == 1 {
                row = vec![row[0]; wavenumber.len()];
            }
            match row.len() == wavenumber.len() {
                true => Ok(row),
                false => Err(refused(
                    &what,
                    format!("{} numbers", row.len()),
                    format!("{}, one for each wavenumber", wavenumber.len()),
                )),
            }
        };
        let mut slopes: Vec<Option<Vec<f64>>> = vec![None; 1 + self.parameters.len()];
        let Ok(pair) = result.cast::<PyTuple>() else { return Ok(Given { value: row("values", &result)?, slopes }) };
        let (value, by) = pair.extract::<(Bound<'_, PyAny>, Bound<'_, PyDict>)>().map_err(|_| {
            refused(
                &format!("result of opacity {}", self.name),
                pair,
                "values, or values and a dictionary of derivatives",
            )
        })?;
        for (key, slope) in by.iter() {
            let key: String = key.extract()?;
            let names = std::iter::once("temperature").chain(self.parameters.iter().map(String::as_str));
            let Some(place) = names.clone().position(|name| name == key) else {
                let known = names.collect::<Vec<_>>().join(", ");
                return Err(refused(&format!("derivative of opacity {}", self.name), key, format!("one of {known}")));
            };
            slopes[place] = Some(row(&format!("derivative by {key}"), &slope)?);
        }
        Ok(Given { value: row("values", &value)?, slopes })
    }
}
