//! The library as the commands' engine: from what a user wrote to the library's own types, and its results back.

mod cross_section;
mod devices;
mod line_profile;
mod lists;
mod micrometres;
mod names;
mod plan;
mod profiles;
mod retrieval;
mod scene;
mod spectrum;
mod state;

use serde_json::{Value, json};

use super::config::Config;
use super::engine::{
    CrossSectionJob, CrossSectionResult, DeviceInfo, Engine, JacobianResult, Planned, RetrievalSetup, SpectrumResult,
};
use super::source::{DeviceChoice, Method};
use crate::backend::{Backend, BackendInfo};
use crate::gpu::{Limits, MemoryPolicy};
use crate::lines::LoadReport;
use crate::{Cache, Error, Progress, Result, cross_section as stage};

/// Computes with this library.
#[derive(Clone, Copy, Debug, Default)]
pub struct Library;

impl Engine for Library {
    fn devices(&self) -> Result<Vec<DeviceInfo>> {
        Ok(devices::all())
    }

    fn cross_section(&self, job: &CrossSectionJob, progress: &dyn Progress) -> Result<CrossSectionResult> {
        cross_section::compute(job, progress)
    }

    fn spectrum(&self, config: &Config, device: &DeviceChoice, progress: &dyn Progress) -> Result<SpectrumResult> {
        spectrum::compute(config, device, progress)
    }

    fn plan(&self, config: &Config, limits: &Limits, progress: &dyn Progress) -> Result<Planned> {
        plan::plan(config, limits, progress)
    }

    fn jacobian(
        &self,
        config: &Config,
        device: &DeviceChoice,
        weights: Option<&[f64]>,
        progress: &dyn Progress,
    ) -> Result<JacobianResult> {
        retrieval::jacobian(config, device, weights, progress)
    }

    fn retrieval(&self, config: &Config, device: &DeviceChoice, progress: &dyn Progress) -> Result<RetrievalSetup> {
        retrieval::setup(config, device, progress)
    }
}

/// Opens what `--device` names, with a memory budget. The exact sum runs on the CPU, whatever there is besides.
fn backend(choice: &DeviceChoice, method: Method, cache: &Cache, memory: MemoryPolicy) -> Result<Backend> {
    let backend = match choice {
        DeviceChoice::Auto if method == Method::DirectSum => Ok(Backend::Cpu),
        DeviceChoice::Auto => Backend::select_with("auto", cache),
        DeviceChoice::Cpu => Ok(Backend::Cpu),
        DeviceChoice::Named(name) => Backend::select_with(name, cache),
    }?;
    backend.set_memory_policy(memory)?;
    Ok(backend)
}

impl From<Method> for stage::Method {
    fn from(method: Method) -> Self {
        match method {
            Method::Auto => Self::Auto,
            Method::Lines => Self::Lines,
            Method::Density => Self::Density,
            Method::DirectSum => Self::DirectSum,
        }
    }
}

/// `cpu, 2 threads, float64`, or adapter, interface and precision.
fn describe(info: &BackendInfo) -> String {
    match info.threads {
        Some(n) => format!("{}, {n} threads, {}", info.name, info.precision),
        None => format!("{}, {}, {}", info.name, info.api, info.precision),
    }
}

/// Sum of the error budget of each list; the exact sum has none.
fn error_bounds(lists: &[stage::job::ListReport]) -> Vec<(String, f64)> {
    let bounds = lists.iter().map(|l| (l.species.clone(), l.error_budget.total()));
    bounds.filter(|b| b.1 > 0.0).collect()
}

/// An engine's report as JSON.
fn json(report: &impl serde::Serialize) -> Result<Value> {
    serde_json::to_value(report).map_err(|e| Error::invalid("report", e, "a form that JSON can hold"))
}

/// What became of the records of every list, with the species and the isotopologue that it is of.
fn records<'r>(lists: impl Iterator<Item = (&'r str, &'r str, Option<&'r LoadReport>)>) -> Result<Value> {
    let each = lists.map(|(species, isotopologue, record)| {
        let mut value = json!({ "species": species, "isotopologue": isotopologue });
        if let (Value::Object(all), Value::Object(counts)) = (&mut value, json(&record)?) {
            all.extend(counts);
        }
        Ok(value)
    });
    each.collect::<Result<Vec<_>>>().map(Value::Array)
}

/// An argument that came from the configuration: its key goes with the message. Errors of files name their files.
fn in_config(config: &Config, key: &str, error: Error) -> Error {
    match error {
        Error::Invalid { .. } => {
            Error::Config { path: config.path.clone(), key: key.to_owned(), message: error.to_string() }
        }
        other => other,
    }
}
