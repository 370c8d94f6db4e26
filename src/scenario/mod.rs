//! From a configuration file to a model, a state and an objective, feature `scenario`.
//!
//! [`Config`] is what a file says, [`Scene`] the same made ready: lists and tables opened, a backend chosen. Models, states and objectives
//! are made from a scene. [`spectrum`](fn@spectrum), [`jacobian`], [`retrieval`](fn@retrieval) and [`plan`](fn@plan) go all the way from a
//! configuration to a result; [`cross_section`](fn@cross_section) does so from a [`CrossSectionJob`], which has no file. The command line
//! is a user of this module, and whatever else reads configurations can be another: nothing is printed, no file is written but the
//! cache's.
//!
//! ```
//! use photosphere::scenario::{Config, source::DeviceChoice, spectrum};
//!
//! let text = std::fs::read_to_string("examples/emission.toml").unwrap().replace("points = 150000", "points = 200");
//! let mut config = Config::parse("examples/emission.toml".as_ref(), &text)?;
//! config.atmosphere.layers = 10;
//! let result = spectrum(&config, &DeviceChoice::Cpu, &())?;
//! assert_eq!(result.values.len(), result.wavenumber.len()); // erg s-1 cm-2 / cm-1, cm-1
//! # Ok::<(), photosphere::Error>(())
//! ```

mod absorber;
#[doc(hidden)]
pub mod broadening;
#[doc(hidden)]
pub mod config;
mod continua;
mod cross_section;
mod derived;
mod fit;
#[doc(hidden)]
pub mod limits;
mod lists;
mod memory;
mod micrometres;
mod names;
mod plan;
mod predictive;
mod profiles;
#[doc(hidden)]
pub mod quantities;
mod retrieval;
mod scene;
mod simulate;
#[doc(hidden)]
pub mod source;
mod spectrum;
mod star;
mod state;
#[doc(hidden)]
pub mod words;

use serde_json::{Value, json};

pub use absorber::{AnyAbsorber, absorber};
pub use config::Config;
pub use cross_section::{CrossSectionJob, CrossSectionResult, cross_section};
pub use derived::{Derived, spectrum_unit};
pub use memory::{Derivative, DeviceBytes, budget_hint};
pub use plan::{Planned, PlannedModel, PlannedRetrieval, plan};
pub use predictive::{Band, FRACTIONS, Predictive};
pub use retrieval::{EVALUATIONS_OF_FIT, EVALUATIONS_OF_SAMPLING, JacobianResult, RetrievalSetup, jacobian, retrieval};
pub use scene::Scene;
pub use simulate::{Simulated, simulate};
pub use spectrum::{Component, Layers, Observed, SpectrumResult, figure_labels, spectrum};

use crate::backend::BackendInfo;
use crate::cross_section::report::ListReport;
use crate::lines::LoadReport;
use crate::memory::MemoryReport;
use crate::timing::Stages;
use crate::{Error, Note, Result};

/// Where a computation ran, what it used and what it took.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct RunSummary {
    /// Where it ran.
    pub device: String,
    /// Lines used, per species.
    pub lines: Vec<(String, u64)>,
    /// Bound on the relative error of cross sections, per species; none where they are exact.
    pub errors: Vec<(String, f64)>,
    /// Highest number of bytes allocated on the device; `None` on the CPU.
    pub device_bytes: Option<u64>,
    /// Time by stage.
    pub seconds: Stages,
    /// Memory by stage, estimated and measured, where it was watched.
    pub memory: Option<MemoryReport>,
    /// What the user must be told.
    pub notes: Vec<Note>,
}

/// `cpu, 2 threads, float64`, or adapter, interface and precision.
fn describe(info: &BackendInfo) -> String {
    match info.threads {
        Some(n) => format!("{}, {n} threads, {}", info.name, info.precision),
        None => format!("{}, {}, {}", info.name, info.api, info.precision),
    }
}

/// Sum of the error budget of each list; the exact sum has none.
fn error_bounds(lists: &[ListReport]) -> Vec<(String, f64)> {
    let bounds = lists.iter().map(|l| (l.species.clone(), l.error_budget.total()));
    bounds.filter(|b| b.1 > 0.0).collect()
}

/// A report as JSON.
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
