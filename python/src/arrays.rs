//! Numbers and arrays from Python, and back.

use numpy::{IntoPyArray, PyArrayDyn, PyArrayMethods, PyUntypedArray, PyUntypedArrayMethods};
use photosphere::output::Values;
use pyo3::prelude::*;
use pyo3::types::{PyFloat, PyInt};

use crate::errors::refused;

/// An array as it was given: a copy in double precision, last axis fastest.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Empty for a single number.
    pub shape: Vec<usize>,
    /// All numbers.
    pub values: Vec<f64>,
}

impl Array {
    /// Reads a number, an array, or what NumPy makes one of; `name` is the argument's. Any layout, read-only or not; real numbers of any type.
    ///
    /// # Errors
    /// ValueError for what is none: text, complex numbers, objects, rows of different lengths.
    pub fn read(name: &str, value: &Bound<'_, PyAny>) -> PyResult<Self> {
        if let Ok(number) = value.cast::<PyFloat>() {
            return Ok(Self { shape: Vec::new(), values: vec![number.value()] });
        }
        if let Ok(array) = value.cast::<PyArrayDyn<f64>>() {
            return Ok(Self::of(array));
        }
        if value.is_instance_of::<PyInt>() && !value.is_instance_of::<pyo3::types::PyBool>() {
            return Ok(Self { shape: Vec::new(), values: vec![value.extract()?] });
        }
        let numpy = value.py().import("numpy")?;
        let required = "a real number or an array of real numbers";
        let given = || value.get_type().name().map_or_else(|_| "an object".to_owned(), |n| n.to_string());
        let array = numpy.call_method1("asarray", (value,)).map_err(|_| refused(name, given(), required))?;
        let kind: String = array.getattr("dtype")?.getattr("kind")?.extract()?;
        if !["f", "i", "u"].contains(&kind.as_str()) {
            let dtype = array.cast::<PyUntypedArray>()?.dtype();
            return Err(refused(name, format!("an array of type {dtype}"), required));
        }
        Ok(Self::of(array.call_method1("astype", ("float64",))?.cast::<PyArrayDyn<f64>>()?))
    }

    fn of(array: &Bound<'_, PyArrayDyn<f64>>) -> Self {
        let reading = array.readonly();
        let values = match reading.as_slice() {
            Ok(values) => values.to_vec(),
            Err(_) => reading.as_array().iter().copied().collect(),
        };
        Self { shape: array.shape().to_vec(), values }
    }

    /// The only row, or one number.
    ///
    /// # Errors
    /// ValueError for more than one axis.
    pub fn row(name: &str, value: &Bound<'_, PyAny>) -> PyResult<Vec<f64>> {
        let array = Self::read(name, value)?;
        match array.shape.len() {
            0 | 1 => Ok(array.values),
            n => Err(refused(name, format!("an array of {n} axes, shape {:?}", array.shape), "one axis")),
        }
    }
}

/// An array for Python that takes over the numbers.
pub fn array<'py>(py: Python<'py>, values: Vec<f64>, shape: &[usize]) -> PyResult<Bound<'py, PyAny>> {
    Ok(values.into_pyarray(py).reshape(shape)?.into_any())
}

/// An array for Python in the precision of the computation.
pub fn array_of<'py>(py: Python<'py>, values: Values, shape: &[usize]) -> PyResult<Bound<'py, PyAny>> {
    match values {
        Values::F64(values) => array(py, values, shape),
        Values::F32(values) => Ok(values.into_pyarray(py).reshape(shape)?.into_any()),
    }
}
