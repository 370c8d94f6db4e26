//! Grids, pressures, accuracy, device: choices that models and cross sections share.

use std::path::PathBuf;

use photosphere::atmosphere::PressureGrid;
use photosphere::cross_section::Method;
use photosphere::gpu::MemoryPolicy;
use photosphere::grid::{Grid, TemperatureRange};
use photosphere::scenario::config::{GridKeys, GridSampling};
use photosphere::scenario::source::{CacheChoice, CachePlace, DeviceChoice, LineProfile};
use photosphere::scenario::words::Words;
use photosphere::{Settings, settings::ProfileSettings};
use pyo3::prelude::*;

use crate::arrays::array;
use crate::errors::{exception, refused};

/// The wavenumbers of a grid \[cm-1\], from its ends and either its number of points or a least sampling nu / d nu.
#[pyfunction]
#[pyo3(signature = (lo, hi, points=None, sampling=None))]
pub fn wavenumbers(
    py: Python<'_>,
    lo: f64,
    hi: f64,
    points: Option<usize>,
    sampling: Option<f64>,
) -> PyResult<Bound<'_, PyAny>> {
    let points = match (points, sampling) {
        (Some(points), None) => points,
        (None, Some(r)) if r.is_finite() && r > 0.0 && 0.0 < lo && lo < hi && hi.is_finite() => {
            GridKeys { range: (lo, hi), sampling: GridSampling::Resolution(r) }.points()
        }
        (None, Some(r)) if 0.0 < lo && lo < hi && hi.is_finite() => {
            return Err(refused("sampling", r, "a finite number above 0"));
        }
        (None, Some(_)) => 2,
        _ => return Err(refused("points and sampling", "both or neither", "one of them")),
    };
    let grid = Grid::new(lo, hi, points).map_err(|e| exception(py, e))?;
    array(py, grid.wavenumbers(), &[points])
}

/// The pressures at the centres of layers at equal steps of ln P \[bar\], from the top.
#[pyfunction]
pub fn pressures(py: Python<'_>, top: f64, bottom: f64, layers: usize) -> PyResult<Bound<'_, PyAny>> {
    let grid = PressureGrid::logarithmic(top, bottom, layers).map_err(|e| exception(py, e))?;
    array(py, grid.pressure_bar().to_vec(), &[layers])
}

/// What a model is made with besides its opacities; a dictionary in Python.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct Options {
    tolerance: f64,
    temperature_range: (f64, f64),
    method: String,
    evaluations: u32,
    line_margin: Option<f64>,
    natural_width: bool,
    pressure_shift: bool,
    wing_cutoff: Option<f64>,
    subtract_pedestal: bool,
    chi: Option<PathBuf>,
    device: String,
    memory_budget: String,
    /// A folder, or nothing for the system's own.
    cache: Option<PathBuf>,
    cached: bool,
}

impl Options {
    /// Accuracy, temperatures, line profiles.
    pub fn settings(&self, py: Python<'_>) -> PyResult<Settings> {
        let refuse = |e| exception(py, e);
        let (lo, hi) = self.temperature_range;
        let temperature_range = TemperatureRange::new(lo, hi).map_err(refuse)?;
        Ok(Settings {
            tolerance: self.tolerance,
            temperature_range,
            method: self.method()?,
            evaluations: self.evaluations,
            line_margin: self.line_margin.unwrap_or(f64::INFINITY),
            profile: self.profile().read().map_err(refuse)?,
        })
    }

    /// Where lines come from.
    pub fn method(&self) -> PyResult<Method> {
        let words = || Method::ALL.iter().map(|w| w.name).collect::<Vec<_>>().join(", ");
        Method::from_word(&self.method).ok_or_else(|| refused("method", &self.method, format!("one of {}", words())))
    }

    /// What lines' profiles are made of.
    pub fn profile(&self) -> LineProfile {
        let mut settings = ProfileSettings::default();
        settings.natural_width = self.natural_width;
        settings.pressure_shift = self.pressure_shift;
        settings.wings.cutoff = self.wing_cutoff;
        settings.wings.subtract_pedestal = self.subtract_pedestal;
        LineProfile { settings, chi_file: self.chi.clone() }
    }

    /// Relative error aimed at.
    pub fn tolerance(&self) -> f64 {
        self.tolerance
    }

    /// Temperatures to prepare for \[K\].
    pub fn temperature_range(&self) -> (f64, f64) {
        self.temperature_range
    }

    /// Lines this far outside the grid still count \[cm-1\].
    pub fn line_margin(&self) -> f64 {
        self.line_margin.unwrap_or(f64::INFINITY)
    }

    /// Where to compute.
    pub fn device(&self) -> PyResult<DeviceChoice> {
        self.device.parse().map_err(|e: String| refused("device", &self.device, e))
    }

    /// Device memory that may be taken.
    pub fn memory(&self, py: Python<'_>) -> PyResult<MemoryPolicy> {
        self.memory_budget.parse().map_err(|e| exception(py, e))
    }

    /// The cache of line-shape densities, tables and kernels.
    pub fn cache(&self) -> CacheChoice {
        let place = match (&self.cache, self.cached) {
            (_, false) => CachePlace::Off,
            (Some(folder), true) => CachePlace::Folder(folder.clone()),
            (None, true) => CachePlace::Default,
        };
        place.into()
    }
}
