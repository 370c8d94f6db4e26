//! Cross sections of a list at temperatures and pressures.

use photosphere::scenario::{CrossSectionJob, cross_section};
use pyo3::prelude::*;

use crate::arrays::array_of;
use crate::lists;
use crate::progress::Callback;
use crate::settings::Options;
use crate::work::run_told;

/// Cross sections \[pair, nu\] in cm2 molecule-1 at pairs of temperature \[K\] and pressure \[bar\], and the report as JSON.
#[pyfunction]
pub fn cross_sections<'py>(
    py: Python<'py>,
    grid: (f64, f64, usize),
    name: &str,
    list: &Bound<'py, PyAny>,
    at: Vec<(f64, f64)>,
    options: Options,
    progress: Option<Py<PyAny>>,
) -> PyResult<(Bound<'py, PyAny>, String)> {
    let job = CrossSectionJob {
        source: lists::keys(name, list)?,
        range: (grid.0, grid.1),
        points: grid.2,
        at,
        temperature_range: options.temperature_range(),
        tolerance: options.tolerance(),
        method: options.method()?,
        line_margin: options.line_margin(),
        profile: options.profile(),
        device: options.device()?,
        memory_budget: options.memory(py)?,
        cache: options.cache(),
    };
    let told = std::sync::Arc::default();
    let progress = Callback::new(progress, &told);
    let result = run_told(py, &told, || cross_section(&job, &progress))?;
    Ok((array_of(py, result.values, &[job.at.len(), job.points])?, result.report.to_string()))
}
