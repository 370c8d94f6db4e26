//! A model opened on a backend: spectra, Jacobians, products with weights and with tangents.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use photosphere::Backend;
use photosphere::atmosphere::{PressureGrid, State};
use photosphere::grid::Grid;
use photosphere::host_memory::require;
use photosphere::memory::Place;
use photosphere::output::Values;
use photosphere::scenario::absorber;
use photosphere::spectrum::{
    Coefficients, DerivativeSettings, Model as SpectrumModel, ModelBuilder, Retrieval, Runner, choose_tier,
};
use photosphere::{Dual, Error, Note, Resources, Result, Settings};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::arrays::{Array, array, array_of};
use crate::atmosphere::{Inputs, Layout, Seeds};
use crate::errors::{exception, refused};
use crate::lists;
use crate::parts::Part;
use crate::progress::Callback;
use crate::settings::Options;
use crate::work::{Told, run_told};

/// What is ready on the backend; nothing once the model is closed.
struct Opened {
    runner: Runner,
    /// Made when derivatives are first asked for.
    derivatives: Option<Retrieval>,
}

/// A model of a spectrum on a backend. Threads may share it: they take turns, each computation uses all cores.
#[pyclass(frozen, module = "photosphere._photosphere")]
pub struct Model {
    model: SpectrumModel,
    backend: Backend,
    layout: Layout,
    notes: Vec<Note>,
    opened: Mutex<Option<Opened>>,
    /// Exceptions of Python opacities.
    told: Arc<Told>,
    /// Time that the library took for the last spectrum or spectra \[ns\].
    last: AtomicU64,
}

#[pymethods]
impl Model {
    /// Opens lists, tables and the device, and makes all ready.
    #[new]
    #[allow(clippy::too_many_arguments)] // they are those of a model in Python
    fn new(
        py: Python<'_>,
        grid: (f64, f64, usize),
        pressure: (f64, f64, usize),
        transmission: bool,
        streams: Option<usize>,
        surface: bool,
        species: Vec<(String, Bound<'_, PyAny>)>,
        continua: Vec<Bound<'_, PyAny>>,
        options: Options,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let refuse = |e| exception(py, e);
        let told: Arc<Told> = Arc::default();
        let grid = Grid::new(grid.0, grid.1, grid.2).map_err(refuse)?;
        let pressure = PressureGrid::logarithmic(pressure.0, pressure.1, pressure.2).map_err(refuse)?;
        let settings = options.settings(py)?;
        let keys: Vec<_> = species.iter().map(|(name, list)| lists::keys(name, list)).collect::<PyResult<_>>()?;
        let mut parts = continua.iter().map(|part| Part::read(part, &told)).collect::<PyResult<Vec<_>>>()?;
        parts.sort_by_key(Part::rank);
        let (device, memory, cache) = (options.device()?, options.memory(py)?, options.cache());
        let progress = Callback::new(progress, &told);
        let layers = pressure.clone();
        let (model, backend, runner, molar_mass, mut notes) = run_told(py, &told, || {
            let cache = cache.open();
            let backend = device.open(settings.method, &cache, memory, &progress)?;
            let resources = Resources::with_cache(&cache, &progress);
            let (mut absorbers, mut notes) = (Vec::new(), Vec::new());
            for keys in &keys {
                let (absorber, told) = absorber(keys, (grid.lo(), grid.hi()), &settings, &resources)?;
                absorbers.push(absorber);
                notes.extend(told);
            }
            let molar_mass: Vec<_> = absorbers.iter().map(|a| (a.name.clone(), a.molar_mass)).collect();
            let make = |settings: Settings| {
                let builder = match transmission {
                    false => SpectrumModel::emission(grid, layers.clone()).surface(surface),
                    true => SpectrumModel::transmission(grid, layers.clone()).surface(surface),
                };
                let builder = streams.into_iter().fold(builder, ModelBuilder::streams).opacities(&absorbers);
                parts.iter().fold(builder, |builder, part| part.add(builder)).settings(settings).build_with(&resources)
            };
            let model = match &backend {
                Backend::Cpu => make(settings)?,
                Backend::Device(device) => {
                    let (limits, budget) = (device.limits(), device.budget()?);
                    let of = |method| make(Settings { method, ..settings });
                    choose_tier(settings.method, of, |model| model.plan(&limits, budget).map(drop))?
                }
            };
            let runner = model.open(&backend)?;
            Ok((model, backend, runner, molar_mass, notes))
        })?;
        notes.extend(model.notes());
        let layout = Layout { pressure, transmission, molar_mass };
        let opened = Mutex::new(Some(Opened { runner, derivatives: None }));
        Ok(Self { model, backend, layout, notes, opened, told, last: AtomicU64::new(0) })
    }

    /// Spectra of the inputs: [nu], or [spectrum, nu] of many.
    fn spectrum<'py>(&self, py: Python<'py>, inputs: &Inputs) -> PyResult<Bound<'py, PyAny>> {
        let (n, count) = (self.model.grid().len(), inputs.count());
        let values = self.with(py, |opened| {
            if count > 1 {
                let bytes = 8u64.saturating_mul(count as u64).saturating_mul(n as u64);
                require(&format!("{count} spectra of {n} points"), bytes)?;
            }
            let mut state = inputs.state(0, &self.layout)?;
            let start = Instant::now();
            let mut all = opened.runner.spectrum(&state, &())?;
            let mut nanoseconds = start.elapsed().as_nanos() as u64;
            for k in 1..count {
                state = inputs.state(k, &self.layout)?;
                let start = Instant::now();
                let values = opened.runner.spectrum(&state, &())?;
                nanoseconds += start.elapsed().as_nanos() as u64;
                match (&mut all, values) {
                    (Values::F64(all), Values::F64(row)) => all.extend(row),
                    (Values::F32(all), Values::F32(row)) => all.extend(row),
                    _ => return Err(Error::Internal("spectra of two precisions".into())),
                }
            }
            self.last.store(nanoseconds, Ordering::Relaxed);
            Ok(all)
        })?;
        match inputs.is_batch() {
            true => array_of(py, values, &[count, n]),
            false => array_of(py, values, &[n]),
        }
    }

    /// Spectrum [nu] and its derivatives [column, nu] by all numbers of the inputs called `wrt`, or along `tangents` [column, number].
    #[pyo3(signature = (inputs, wrt, tangents=None))]
    fn jacobian<'py>(
        &self,
        py: Python<'py>,
        inputs: &Inputs,
        wrt: Vec<String>,
        tangents: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        let numbers = self.single(inputs, &wrt)?;
        let tangents = tangents.map(|t| rows_of("tangents", t, numbers)).transpose()?;
        let (columns, seeds) = match &tangents {
            Some(rows) => (rows.len() / numbers, Seeds::Tangents(rows)),
            None => (numbers, Seeds::Identity),
        };
        let (values, jacobian) = self.with(py, |opened| {
            let (state, coefficients) = self.linear(inputs, &wrt, columns, &seeds)?;
            self.derivatives(opened)?.jacobian(&state, &coefficients)
        })?;
        let n = self.model.grid().len();
        Ok((array(py, values, &[n])?, array(py, jacobian, &[columns, n])?))
    }

    /// Products [row, number] of weights [row, nu] with the Jacobian by all numbers of the inputs called `wrt`.
    fn product<'py>(
        &self,
        py: Python<'py>,
        inputs: &Inputs,
        wrt: Vec<String>,
        weights: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let columns = self.single(inputs, &wrt)?;
        let weights = rows_of("weights", weights, self.model.grid().len())?;
        let rows = weights.len() / self.model.grid().len();
        let products = self.with(py, |opened| {
            let (state, coefficients) = self.linear(inputs, &wrt, columns, &Seeds::Identity)?;
            let gradients = self.derivatives(opened)?.layer_gradients(&state, &weights)?;
            Ok(gradients.iter().flat_map(|g| coefficients.transpose(g)).collect::<Vec<f64>>())
        })?;
        array(py, products, &[rows, columns])
    }

    /// What a spectrum takes, as JSON: host and device bytes by stage, and on a device the cut and every buffer.
    fn plan(&self, py: Python<'_>) -> PyResult<String> {
        let device = match &self.backend {
            Backend::Cpu => None,
            Backend::Device(device) => Some((device.limits(), device.budget().map_err(|e| exception(py, e))?)),
        };
        // Of a fresh model: what this one holds already would count against the budget.
        let plan =
            device.map(|(limits, _)| self.model.plan(&limits, None)).transpose().map_err(|e| exception(py, e))?;
        let place = plan.as_ref().map_or_else(|| Place::Cpu(self.backend.info().threads.unwrap_or(1)), Place::Device);
        let estimate = self.model.estimate(place);
        let value = serde_json::json!({
            "points": self.model.grid().len(),
            "layers": self.model.layers(),
            "device": self.backend.info(),
            "host_bytes": estimate.host_peak(),
            "device_bytes": estimate.device_peak(),
            "budget": device.and_then(|(_, budget)| budget),
            "stages": estimate.stages,
            "plan": plan,
        });
        Ok(value.to_string())
    }

    /// What was done so far, and how, as JSON; with what the user must be told.
    fn report(&self, py: Python<'_>) -> PyResult<String> {
        let report = self.with(py, |opened| Ok(opened.runner.report()))?;
        let mut value = serde_json::to_value(report).map_err(|e| PyValueError::new_err(e.to_string()))?;
        value["notes"] = serde_json::to_value(&self.notes).map_err(|e| PyValueError::new_err(e.to_string()))?;
        Ok(value.to_string())
    }

    /// The grid [nu] cm-1.
    fn wavenumber<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        array(py, self.model.wavenumber().to_vec(), &[self.model.grid().len()])
    }

    /// Names of what absorbs or scatters, in the order in which optical depths are added up.
    fn opacities(&self) -> Vec<String> {
        self.model.opacities().map(|o| o.name().to_owned()).collect()
    }

    /// Where it runs: name, interface, precision.
    fn device(&self) -> (String, String, &'static str) {
        let info = self.backend.info();
        (info.name, info.api, info.precision)
    }

    /// Bytes that are allocated on its device at present, by all models of it; 0 on the CPU.
    fn device_bytes(&self) -> u64 {
        match &self.backend {
            Backend::Cpu => 0,
            Backend::Device(device) => device.ledger().allocated(),
        }
    }

    /// Seconds that the library took for the last spectrum, or all of the last batch.
    fn last_seconds(&self) -> f64 {
        self.last.load(Ordering::Relaxed) as f64 * 1e-9
    }

    /// Gives back device memory; the model computes no more.
    fn close(&self, py: Python<'_>) {
        py.detach(|| drop(self.opened.lock().unwrap_or_else(PoisonError::into_inner).take()));
    }
}

impl Model {
    /// Runs work on what is opened, without the interpreter's lock. The model's own lock is taken after that is let go: a Python opacity needs it.
    fn with<T: Send>(&self, py: Python<'_>, work: impl FnOnce(&mut Opened) -> Result<T> + Send) -> PyResult<T> {
        let told = Arc::default();
        run_told(py, &told, || {
            let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
            let closed = || Error::invalid("model", "closed", "one that is open: it gave its memory back");
            let result = work(opened.as_mut().ok_or_else(closed)?);
            // Exceptions of opacities are of the call during which they were raised.
            self.told.hand_over(&told);
            result
        })
    }

    /// Derivatives on the backend, made ready when they are first wanted.
    fn derivatives<'a>(&self, opened: &'a mut Opened) -> Result<&'a mut Retrieval> {
        if opened.derivatives.is_none() {
            let none = |_: &[Dual], _: &PressureGrid| Err(Error::Internal("states come from elsewhere".into()));
            let names = vec!["state".to_owned()];
            let made = Retrieval::new(self.model.clone(), &self.backend, names, none, DerivativeSettings::default())?;
            opened.derivatives = Some(made);
        }
        opened.derivatives.as_mut().ok_or_else(|| Error::Internal("no derivatives".into()))
    }

    /// A state, and how its layers change with the columns.
    fn linear(
        &self,
        inputs: &Inputs,
        wrt: &[String],
        columns: usize,
        seeds: &Seeds<'_>,
    ) -> Result<(State, Coefficients)> {
        let state = inputs.dual_state(wrt, columns, seeds, &self.layout)?;
        let values = state.values();
        self.model.check(&values)?;
        Ok((values, Coefficients::new(&self.model, &state, columns)?))
    }

    /// Numbers that derivatives are by, of a single spectrum.
    fn single(&self, inputs: &Inputs, wrt: &[String]) -> PyResult<usize> {
        match inputs.is_batch() {
            true => Err(refused("inputs", "many spectra", "one: derivatives are of a single spectrum")),
            false => inputs.columns(wrt),
        }
    }
}

/// Rows of `width` numbers, from one row or from [row, number].
fn rows_of(name: &str, given: &Bound<'_, PyAny>, width: usize) -> PyResult<Vec<f64>> {
    let array = Array::read(name, given)?;
    match array.shape[..] {
        [n] | [_, n] if n == width && !array.values.is_empty() => {}
        _ => {
            let required = format!("[{width}], or [row, {width}] with one row or more");
            return Err(refused(name, format!("an array of shape {:?}", array.shape), required));
        }
    }
    match array.values.iter().position(|v| !v.is_finite()) {
        Some(i) => Err(refused(&format!("{name}, number {i}"), array.values[i], "a finite number")),
        None => Ok(array.values),
    }
}
