//! What the commands ask of the numerical library, and nothing more.
//!
//! Everything a command does besides computing (reading options, checking outputs, writing files, drawing) is written
//! against this trait, and is tested with an engine that computes nothing.

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::config::{Config, Parameter};
use super::memory::DeviceBytes;
use super::source::{CacheChoice, DeviceChoice, LineProfile, LineSource, Method};
use crate::backend::Backend;
use crate::gpu::{Limits, MemoryPolicy};
use crate::inference::{Priors, SamplingSize};
use crate::objective::{self, SpectrumObjective};
use crate::output::Values;
use crate::memory::{Alternative, MemoryEstimate, MemoryReport, StageEstimate};
use crate::spectrum::{DerivativeAlternative, Retrieval, RetrievalPlan, SpectrumPlan};
use crate::{Error, Note, Progress, Result};

/// A device to compute on.
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceInfo {
    /// The name that `--device` takes.
    pub name: String,
    /// `Vulkan`, `Metal`, `DX12`, or `cpu`.
    pub backend: String,
    /// Discrete, integrated, software, ...
    pub kind: String,
    /// Driver and its version.
    pub driver: String,
    /// Largest storage binding \[bytes\].
    pub max_binding: Option<u64>,
    /// Largest buffer \[bytes\].
    pub max_buffer: Option<u64>,
    /// Memory, where the driver tells it \[bytes\].
    pub memory: Option<u64>,
    /// Memory that may still be taken, where the driver tells it \[bytes\].
    pub free: Option<u64>,
    /// True for the one that `auto` takes.
    pub chosen: bool,
}

/// Cross sections to compute.
#[derive(Clone, Debug, PartialEq)]
pub struct CrossSectionJob {
    /// The line list.
    pub source: LineSource,
    /// First and last grid point \[cm-1\].
    pub range: (f64, f64),
    /// Number of grid points.
    pub points: usize,
    /// Temperatures \[K\] and pressures \[bar\].
    pub at: Vec<(f64, f64)>,
    /// Temperatures to prepare for \[K\].
    pub temperature_range: (f64, f64),
    /// Relative error aimed at.
    pub tolerance: f64,
    /// Tier.
    pub method: Method,
    /// Lines this far outside the grid still count \[cm-1\]; infinite: all do.
    pub line_margin: f64,
    /// What line profiles are made of.
    pub profile: LineProfile,
    /// Where to compute.
    pub device: DeviceChoice,
    /// Device memory to use.
    pub memory_budget: MemoryPolicy,
    /// Which cache to use.
    pub cache: CacheChoice,
}

/// Time and memory of a run, for the table at its end.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// Where it ran.
    pub device: String,
    /// Lines used, per species.
    pub lines: Vec<(String, u64)>,
    /// Bound on the relative error of cross sections, per species; none where they are exact.
    pub errors: Vec<(String, f64)>,
    /// Highest number of bytes allocated on the device; `None` on the CPU.
    pub device_bytes: Option<u64>,
    /// Stages in order, and their times \[s\].
    pub stages: Vec<(String, f64)>,
    /// Memory by stage, estimated and measured, where it was watched.
    pub memory: Option<MemoryReport>,
    /// What the user must be told.
    pub notes: Vec<Note>,
}

/// A spectrum planned: what it will take, and what would change that.
#[derive(Debug, Serialize)]
pub struct Planned {
    /// Grid points.
    pub points: usize,
    /// Layers.
    pub layers: usize,
    /// Lines used, per species.
    pub lines: Vec<(String, u64)>,
    /// Device bytes allowed; `None`: no limit.
    pub budget: Option<u64>,
    /// How it will be cut, and every buffer.
    pub plan: SpectrumPlan,
    /// Modelled cost in multiply-adds.
    pub cost: f64,
    /// Host and device bytes by stage.
    pub estimate: MemoryEstimate,
    /// What other choices would take.
    pub alternatives: Vec<Alternative>,
    /// Derivatives, fits and samples, if parameters are declared and device memory suffices.
    pub retrieval: Option<PlannedRetrieval>,
    /// What they lack otherwise.
    #[serde(serialize_with = "in_words")]
    pub refused: Option<Error>,
    /// What the user must be told.
    pub notes: Vec<Note>,
}

fn in_words<S: Serializer>(error: &Option<Error>, to: S) -> std::result::Result<S::Ok, S::Error> {
    error.as_ref().map(Error::to_string).serialize(to)
}

/// Derivatives planned; with data, a fit; and a sampling of its posterior.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlannedRetrieval {
    /// Parameters, residuals, the size of their Jacobian, how data sets share models; without data none.
    pub objective: Option<objective::Summary>,
    /// One model, or one for each data set.
    pub models: Vec<PlannedModel>,
    /// Draws and checkpoint; without data none.
    pub sampling: Option<SamplingSize>,
    /// Host and device bytes of sampling: of all models, and the draws.
    pub sampling_stage: Option<StageEstimate>,
}

/// A model of a retrieval, planned.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlannedModel {
    /// Data sets that it serves; without data none.
    pub data_sets: Vec<String>,
    /// First and last wavenumber of its grid \[cm-1\].
    pub range: (f64, f64),
    /// Grid points.
    pub points: usize,
    /// Its share of the budget \[bytes\]; `None`: no limit.
    pub budget: Option<u64>,
    /// Whether fits and samplers make gradients from the Jacobian.
    pub forward: bool,
    /// Spectrum, Jacobian, gradient: each within the share. Those that fit into it together are held together.
    pub plan: RetrievalPlan,
    /// Host and device bytes of Jacobian and gradient.
    pub stages: Vec<StageEstimate>,
    /// What other choices would take.
    pub alternatives: Vec<DerivativeAlternative>,
}

/// Computed cross sections.
#[derive(Clone, Debug)]
pub struct CrossSectionResult {
    /// \[pair\]\[point\], cm2 molecule-1.
    pub values: Values,
    /// The engine's own report.
    pub report: Value,
    /// Time and memory.
    pub summary: Summary,
}

/// A computed spectrum.
#[derive(Clone, Debug)]
pub struct SpectrumResult {
    /// Grid, ascending \[cm-1\].
    pub wavenumber: Vec<f64>,
    /// Flux at the top, as many values \[erg s-1 cm-2 / cm-1\].
    pub flux: Values,
    /// The engine's own report.
    pub report: Value,
    /// Time and memory.
    pub summary: Summary,
}

/// A spectrum and its derivatives at the start values of the parameters.
#[derive(Clone, Debug)]
pub struct JacobianResult {
    /// Names of the parameters of the model.
    pub names: Vec<String>,
    /// Their values.
    pub values: Vec<f64>,
    /// Grid, ascending \[cm-1\].
    pub wavenumber: Vec<f64>,
    /// Flux at the top, as many values \[erg s-1 cm-2 / cm-1\].
    pub flux: Vec<f64>,
    /// The Jacobian \[parameter\]\[nu\], or its products with weights \[output\]\[parameter\].
    pub derivatives: Vec<f64>,
    /// Where it ran.
    pub device: String,
    /// Bytes, chunks and segments.
    pub plan: Value,
    /// Device memory; none on the CPU.
    pub device_bytes: Option<DeviceBytes>,
    /// Memory by stage, estimated and measured.
    pub memory: MemoryReport,
    /// What the user must be told.
    pub notes: Vec<Note>,
}

/// What fits and samplers need.
pub struct RetrievalSetup {
    /// The likelihood of all data sets.
    pub objective: SpectrumObjective<Retrieval>,
    /// Its parameters' priors.
    pub priors: Priors,
    /// Its parameters, in its order.
    pub parameters: Vec<Parameter>,
    /// What decides the bits of a chain, in lines of `key: value`.
    pub run: String,
    /// Where it runs.
    pub device: String,
    /// The same, opened.
    pub backend: Backend,
    /// Device bytes for all models; `None`: no limit.
    pub budget: Option<u64>,
    /// What the user must be told.
    pub notes: Vec<Note>,
}

/// The numerical library as the commands see it.
pub trait Engine {
    /// All devices, the CPU included.
    ///
    /// # Errors
    /// A driver that fails while it is asked; no driver at all is not an error.
    fn devices(&self) -> Result<Vec<DeviceInfo>>;

    /// Cross sections of one species.
    ///
    /// # Errors
    /// Unreadable or unsuitable input, a failing device.
    fn cross_section(&self, job: &CrossSectionJob, progress: &dyn Progress) -> Result<CrossSectionResult>;

    /// An emission spectrum.
    ///
    /// # Errors
    /// As [`cross_section`](Self::cross_section).
    fn spectrum(&self, config: &Config, device: &DeviceChoice, progress: &dyn Progress) -> Result<SpectrumResult>;

    /// What a spectrum will take on a device with `limits`. No device is asked.
    ///
    /// # Errors
    /// Unreadable or unsuitable input; no plan fits the configured budget.
    fn plan(&self, config: &Config, limits: &Limits, progress: &dyn Progress) -> Result<Planned>;

    /// Spectrum and Jacobian of the model at the start values of its parameters, or the products of `weights` \[output\]\[nu\] with it.
    ///
    /// # Errors
    /// As [`spectrum`](Self::spectrum); no parameters; weights that are not whole rows.
    fn jacobian(
        &self,
        config: &Config,
        device: &DeviceChoice,
        weights: Option<&[f64]>,
        progress: &dyn Progress,
    ) -> Result<JacobianResult>;

    /// Data, model, priors of a retrieval.
    ///
    /// # Errors
    /// As [`jacobian`](Self::jacobian); no data, data that cannot be read or lie outside the grid.
    fn retrieval(&self, config: &Config, device: &DeviceChoice, progress: &dyn Progress) -> Result<RetrievalSetup>;
}
