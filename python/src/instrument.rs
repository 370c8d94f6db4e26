//! What a spectrograph records of a spectrum, and the transpose.

use photosphere::grid::Grid;
use photosphere::instrument::{Instrument as Operator, Response, ResponseTable, Rotation, Sampling, Setting, Settings};
use pyo3::prelude::*;

use crate::arrays::{Array, array};
use crate::errors::{exception, refused};
use crate::work::run;

/// An instrument between a grid and data points.
#[pyclass(frozen, module = "photosphere._photosphere")]
pub struct Instrument {
    operator: Operator,
}

#[pymethods]
impl Instrument {
    /// From fixed numbers; `at` has the data points [point] cm-1, or with `binned` the ends of their bins [point, 2].
    #[new]
    #[allow(clippy::too_many_arguments)] // they are those of an instrument in Python
    fn new(
        py: Python<'_>,
        grid: (f64, f64, usize),
        at: &Bound<'_, PyAny>,
        resolving_power: Option<f64>,
        response: Option<(Vec<f64>, Vec<f64>)>,
        v_sin_i: Option<f64>,
        u1: f64,
        u2: f64,
        radial_velocity: f64,
        scale: f64,
        offset: f64,
        continuum: Vec<f64>,
    ) -> PyResult<Self> {
        let refuse = |e| exception(py, e);
        let fixed = Setting::Fixed;
        let response = match (resolving_power, response) {
            (None, None) => Response::None,
            (Some(r), None) => Response::Gaussian { resolving_power: fixed(r) },
            (None, Some((velocity, weight))) => {
                Response::Table(ResponseTable::new(&velocity, &weight).map_err(refuse)?)
            }
            (Some(_), Some(_)) => return Err(refused("response", "given besides resolving_power", "one of them")),
        };
        let rotation = |v: f64| Rotation { v_sin_i_km_s: fixed(v), u1: fixed(u1), u2: fixed(u2) };
        let settings = Settings {
            response,
            rotation: v_sin_i.map(rotation),
            radial_velocity_km_s: fixed(radial_velocity),
            scale: fixed(scale),
            offset: fixed(offset),
            continuum: continuum.into_iter().map(fixed).collect(),
        };
        let at = Array::read("at", at)?;
        let sampling = match at.shape[..] {
            [_] => Sampling::Points(at.values),
            [_, 2] => Sampling::Bins(at.values.chunks(2).map(|ends| [ends[0], ends[1]]).collect()),
            _ => {
                let required = "wavenumbers [point], or the ends of bins [point, 2]";
                return Err(refused("at", format!("an array of shape {:?}", at.shape), required));
            }
        };
        let grid = Grid::new(grid.0, grid.1, grid.2).map_err(refuse)?;
        Ok(Self { operator: Operator::new(&settings, grid, &sampling).map_err(refuse)? })
    }

    /// What is recorded [point] of a spectrum [nu].
    fn apply<'py>(&self, py: Python<'py>, spectrum: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let spectrum = Array::row("spectrum", spectrum)?;
        let values = run(py, || self.operator.at(&[])?.apply(&spectrum))?;
        array(py, values, &[self.operator.count()])
    }

    /// The linear part, without the offset, of columns [column, nu]: [point, column].
    fn tangents<'py>(&self, py: Python<'py>, columns: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let columns = Array::read("columns", columns)?;
        let [count, _] = columns.shape[..] else {
            return Err(refused("columns", format!("an array of shape {:?}", columns.shape), "[column, nu]"));
        };
        let values = run(py, || self.operator.at(&[])?.apply_tangents(&columns.values))?;
        array(py, values, &[self.operator.count(), count])
    }

    /// The transpose of the linear part: weights of the data points [point] to weights of the grid points [nu].
    fn transpose<'py>(&self, py: Python<'py>, weights: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let weights = Array::row("weights", weights)?;
        let values = run(py, || self.operator.at(&[])?.transpose(&weights))?;
        array(py, values, &[self.operator.grid().len()])
    }
}
