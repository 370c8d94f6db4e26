//! A configuration's likelihood and priors; fits and samples.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use photosphere::inference::{Checkpoint, Summary, check_zarr, sample, write_zarr};
use photosphere::objective::LogDensity;
use photosphere::output::prepare_folder;
use photosphere::scenario::source::DeviceChoice;
use photosphere::scenario::{Config, Derivative, RetrievalSetup, retrieval};
use photosphere::{Error, Result};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::arrays::{Array, array};
use crate::errors::{exception, refused};
use crate::progress::Callback;
use crate::work::{Told, run_told};

/// A retrieval of a configuration file.
#[pyclass(frozen, module = "photosphere._photosphere")]
pub struct Retrieval {
    config: Config,
    setup: Mutex<RetrievalSetup>,
    names: Vec<String>,
    start: Vec<f64>,
    priors: photosphere::inference::Priors,
}

#[pymethods]
impl Retrieval {
    /// From a file, with overrides: keys with dots and values as TOML text.
    #[new]
    fn new(
        py: Python<'_>,
        path: PathBuf,
        overrides: Vec<(String, String)>,
        device: &str,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let device: DeviceChoice = device.parse().map_err(|e: String| refused("device", device, e))?;
        let config = Config::load_with(&path, &overrides).map_err(|e| exception(py, e))?;
        let told: Arc<Told> = Arc::default();
        let progress = Callback::new(progress, &told);
        let setup = run_told(py, &told, || retrieval(&config, &device, &progress))?;
        let (names, start) = (setup.objective.names().to_vec(), setup.start());
        let priors = setup.priors.clone();
        Ok(Self { config, setup: Mutex::new(setup), names, start, priors })
    }

    /// Names of the parameters.
    #[getter]
    fn names(&self) -> Vec<String> {
        self.names.clone()
    }

    /// The same as people read them.
    #[getter]
    fn labels(&self) -> Vec<String> {
        self.priors.labels().to_vec()
    }

    /// Where fits and chains start.
    #[getter]
    fn start<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        array(py, self.start.clone(), &[self.start.len()])
    }

    /// ln L.
    fn log_likelihood(&self, py: Python<'_>, x: &Bound<'_, PyAny>) -> PyResult<f64> {
        let x = self.parameters("x", x)?;
        self.with(py, &Arc::default(), |setup| setup.objective.log_likelihood(&x))
    }

    /// ln L and its gradient [parameter].
    fn log_likelihood_and_gradient<'py>(
        &self,
        py: Python<'py>,
        x: &Bound<'py, PyAny>,
    ) -> PyResult<(f64, Bound<'py, PyAny>)> {
        let x = self.parameters("x", x)?;
        let (value, gradient) = self.with(py, &Arc::default(), |setup| {
            let mut gradient = vec![0.0; x.len()];
            Ok((setup.objective.value_and_gradient(&x, &mut gradient)?, gradient))
        })?;
        Ok((value, array(py, gradient, &[self.names.len()])?))
    }

    /// ln of the prior density, and its gradient [parameter]; minus infinity outside the support.
    fn log_prior<'py>(&self, py: Python<'py>, x: &Bound<'py, PyAny>) -> PyResult<(f64, Bound<'py, PyAny>)> {
        let x = self.parameters("x", x)?;
        let mut slopes = vec![0.0; x.len()];
        let value = self.priors.ln_pdf(&x, &mut slopes);
        Ok((value, array(py, slopes, &[self.names.len()])?))
    }

    /// Parameters whose prior probabilities are `u` [parameter], each from 0 to 1.
    fn prior_transform<'py>(&self, py: Python<'py>, u: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let u = self.parameters("u", u)?;
        if let Some((u, name)) = u.iter().zip(&self.names).find(|(u, _)| !(0.0..=1.0).contains(*u)) {
            return Err(refused(&format!("u of {name}"), u, "a number from 0 to 1"));
        }
        let x = self.priors.quantiles(&u);
        if let Some(i) = x.iter().position(|x| x.is_nan()) {
            let what = format!("prior of {}", self.names[i]);
            return Err(refused(&what, self.priors.priors()[i], "one that can be drawn from"));
        }
        array(py, x, &[self.names.len()])
    }

    /// What the instruments record: `(name, wavenumber, data, model, sigma)` of each data set.
    fn predict<'py>(&self, py: Python<'py>, x: &Bound<'py, PyAny>) -> PyResult<Vec<Predicted<'py>>> {
        let x = self.parameters("x", x)?;
        let sets = self.with(py, &Arc::default(), |setup| {
            let predictions = setup.objective.predict(&x)?;
            let sets = setup.objective.data_sets().zip(predictions);
            let each =
                sets.map(|(s, p)| (s.name().to_owned(), s.wavenumber().to_vec(), s.value().to_vec(), p.value, p.sigma));
            Ok(each.collect::<Vec<_>>())
        })?;
        let row = |values: Vec<f64>| {
            let n = values.len();
            array(py, values, &[n])
        };
        sets.into_iter()
            .map(|(name, nu, data, model, sigma)| Ok((name, row(nu)?, row(data)?, row(model)?, row(sigma)?)))
            .collect()
    }

    /// The best parameters, as JSON.
    fn fit(&self, py: Python<'_>, progress: Option<Py<PyAny>>) -> PyResult<String> {
        let told: Arc<Told> = Arc::default();
        let progress = Callback::new(progress, &told);
        let fit = self.with(py, &told, |setup| {
            let method = setup.fit_method(&self.config)?;
            let fit = setup.fit(method, &progress)?;
            let value = serde_json::to_value(&fit).map_err(|e| Error::Internal(e.to_string()))?;
            Ok(serde_json::json!({ "fit": value, "text": fit.to_string(), "device": setup.device }).to_string())
        })?;
        Ok(fit)
    }

    /// Draws from the posterior: `(draws [chain, draw, parameter], statistics and summary as JSON)`. With a folder, chains are kept there while they run, and the
    /// trace is written to `trace.zarr` in it.
    #[pyo3(signature = (chains, warmup, draws, seed, folder, resume, progress))]
    #[allow(clippy::too_many_arguments)] // they are those of a sampling in Python
    fn sample<'py>(
        &self,
        py: Python<'py>,
        chains: Option<usize>,
        warmup: Option<usize>,
        draws: Option<usize>,
        seed: Option<u64>,
        folder: Option<PathBuf>,
        resume: bool,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<(Bound<'py, PyAny>, String)> {
        let mut settings = self.config.retrieval.sampler;
        settings.chains = chains.unwrap_or(settings.chains);
        settings.warmup = warmup.unwrap_or(settings.warmup);
        settings.draws = draws.unwrap_or(settings.draws);
        settings.seed = seed.unwrap_or(settings.seed);
        let told: Arc<Told> = Arc::default();
        let progress = Callback::new(progress, &told);
        let trace = self.with(py, &told, |setup| {
            setup.check_memory(Derivative::Gradient)?;
            let checkpoint = folder.as_ref().map(|folder| {
                prepare_folder(folder)?;
                check_zarr(&folder.join("trace.zarr"))?;
                let kept = self.config.retrieval.checkpoint.clone().unwrap_or_else(|| folder.join("checkpoint"));
                Ok::<_, Error>(Checkpoint { folder: kept, run: setup.run.clone(), resume })
            });
            let checkpoint = checkpoint.transpose()?;
            let start = setup.start();
            let priors = setup.priors.clone();
            let trace = sample(&mut setup.objective, &priors, &[start], &settings, checkpoint.as_ref(), &progress)?;
            if let Some(folder) = &folder {
                write_zarr(&trace, &folder.join("trace.zarr"))?;
            }
            Ok(trace)
        })?;
        let summary = Summary::of(&trace);
        let value = serde_json::json!({
            "names": trace.names,
            "statistics": trace.chains.iter().map(|c| &c.statistics).collect::<Vec<_>>(),
            "evaluations": trace.chains.iter().map(|c| c.evaluations).collect::<Vec<_>>(),
            "summary": summary,
            "warnings": summary.warnings(),
            "text": summary.to_string(),
        });
        let shape = [trace.chains.len(), trace.draws(), trace.names.len()];
        let all = trace.chains.iter().flat_map(|c| c.draws.iter().copied()).collect();
        Ok((array(py, all, &shape)?, value.to_string()))
    }

    /// What the user must be told, as JSON.
    fn notes(&self, py: Python<'_>) -> PyResult<String> {
        let notes = self.with(py, &Arc::default(), |setup| Ok(setup.notes.clone()))?;
        serde_json::to_string(&notes).map_err(|e| PyValueError::new_err(e.to_string()))
    }
}

/// A data set, and what a model makes of it.
type Predicted<'py> = (String, Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyAny>);

impl Retrieval {
    fn with<T: Send>(
        &self,
        py: Python<'_>,
        told: &Arc<Told>,
        work: impl FnOnce(&mut RetrievalSetup) -> Result<T> + Send,
    ) -> PyResult<T> {
        run_told(py, told, || work(&mut self.setup.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    /// As many numbers as there are parameters.
    fn parameters(&self, name: &str, given: &Bound<'_, PyAny>) -> PyResult<Vec<f64>> {
        let x = Array::row(name, given)?;
        if x.len() != self.names.len() {
            let required = format!("{}: {}", self.names.len(), self.names.join(", "));
            return Err(refused(&format!("number of parameters in {name}"), x.len(), required));
        }
        match x.iter().position(|v| !v.is_finite()) {
            Some(i) => Err(refused(&format!("{name} of {}", self.names[i]), x[i], "a finite number")),
            None => Ok(x),
        }
    }
}
