//! What spectra, derivatives, fits and samplings of a configuration will take, without a device; and hints what would fit.

use serde::{Serialize, Serializer};

use super::config::Config;
use super::derived::Derivation;
use super::memory::budget_hint;
use super::quantities::{bytes, count};
use super::retrieval::{EVALUATIONS_OF_SAMPLING, objective, observations, of_model, parametrized};
use super::scene::Scene;
use crate::cross_section::Settings;
use crate::gpu::Limits;
use crate::grid::Grid;
use crate::inference::SamplingSize;
use crate::memory::{Alternative, Bytes, MemoryEstimate, Place, StageEstimate, most_points};
use crate::objective::Summary;
use crate::opacity::Way;
use crate::spectrum::{DerivativeAlternative, Retrieval, RetrievalPlan, SpectrumPlan};
use crate::speed::{Speed, Worker};
use crate::{Error, Note, Progress, Result, Stage, host_memory};

/// A spectrum planned: what it will take, and what would change that.
#[derive(Debug, Serialize)]
#[non_exhaustive]
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
    /// What a multiply-add takes on such a device.
    pub device_speed: Speed,
    /// The same on this machine's processor.
    pub cpu_speed: Speed,
    /// Seconds that a spectrum is expected to take once everything is ready.
    pub seconds: f64,
    /// Spectra that the method is chosen for.
    pub evaluations: u32,
    /// The ways in which each species' cross sections could be computed, on this machine's processor.
    pub ways: Vec<Way>,
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
#[non_exhaustive]
pub struct PlannedRetrieval {
    /// Parameters, residuals, the size of their Jacobian, how data sets share models; without data none.
    pub objective: Option<Summary>,
    /// One model, or one for each data set.
    pub models: Vec<PlannedModel>,
    /// Draws and checkpoint; without data none.
    pub sampling: Option<SamplingSize>,
    /// Host and device bytes of sampling: of all models, and the draws.
    pub sampling_stage: Option<StageEstimate>,
}

/// A model of a retrieval, planned.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
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

/// Tolerances whose bytes and costs are told.
const TOLERANCES: [f64; 3] = [1e-2, 1e-3, 1e-4];

/// Host memory that planning itself takes at most \[bytes\], as measured: programs of passes that are written out and compared, longer with more segments.
fn plan_bytes(points: u64) -> u64 {
    (16 << 20) + (40 << 10) * (points / 1024).min(2048)
}

/// What a spectrum of a configuration will take on a device with `limits`, and where parameters are declared its derivatives, a fit and a
/// sampling. No device is asked.
///
/// # Errors
/// Unreadable or unsuitable input; no plan fits the configured budget.
pub fn plan(config: &Config, limits: &Limits, progress: &dyn Progress) -> Result<Planned> {
    // With data it is for a sampling.
    let evaluations = if config.data.is_empty() { 1 } else { EVALUATIONS_OF_SAMPLING };
    let budget = config.memory_budget.without_device()?;
    // What a spectrum refuses, its plan refuses.
    Derivation::new(config)?;
    let points = config.grid.points() as u64;
    host_memory::require(&format!("a plan of {points} points"), plan_bytes(points))?;
    let inputs = Scene::open(config, None, evaluations, progress)?;
    let model = inputs.model_within(inputs.grid, limits, budget, progress)?;
    let notes = inputs.notes(&model)?;
    let plan = model.plan(limits, budget).map_err(|e| hint(&inputs, e, limits, budget))?;
    let mut alternatives = model.alternatives(&plan, limits, budget, bytes)?;
    for tolerance in TOLERANCES.into_iter().filter(|t| *t != inputs.settings.tolerance) {
        let other = inputs.model_with(inputs.grid, Settings { tolerance, ..inputs.settings }, &())?;
        alternatives.push(other.alternative(format!("tolerance {tolerance:e}"), other.plan(limits, budget))?);
    }
    let cache = config.cache.open();
    let device_speed = Speed::of(Worker::Device(limits.class), &cache);
    // Derivatives may lack memory that the spectrum does not.
    let (retrieval, refused) = match retrieval(&inputs, limits, budget, progress) {
        Ok(planned) => (planned, None),
        Err(Error::OutOfMemory { what, needed, limit, hint }) => {
            let what = format!("derivatives: {what}");
            (None, Some(Error::OutOfMemory { what, needed, limit, hint }))
        }
        Err(other) => return Err(other),
    };
    Ok(Planned {
        points: inputs.grid.len(),
        layers: model.layers(),
        lines: inputs.lines(&model),
        budget,
        cost: plan.cost,
        seconds: device_speed.seconds(plan.cost),
        device_speed,
        cpu_speed: Speed::of(Worker::Cpu, &cache),
        evaluations: inputs.settings.evaluations,
        ways: model.ways().to_vec(),
        estimate: model.estimate(Place::Device(&plan)),
        plan,
        alternatives,
        retrieval,
        refused,
        notes,
    })
}

/// Plans derivatives, and with data a fit and a sampling, if the model has parameters.
fn retrieval(
    scene: &Scene,
    limits: &Limits,
    budget: Option<u64>,
    progress: &dyn Progress,
) -> Result<Option<PlannedRetrieval>> {
    let config = &scene.config;
    if of_model(config).next().is_none() {
        return Ok(None);
    }
    let x: Vec<f64> = of_model(config).map(|(_, p)| p.start).collect();
    let planned = |model: &Retrieval, data_sets| planned_model(model, data_sets, &x, limits);
    if config.data.is_empty() {
        let model = parametrized(scene, scene.grid, budget, progress)?;
        let models = vec![planned(&model, Vec::new()).map_err(|e| budget_hint(e, budget))?];
        return Ok(Some(PlannedRetrieval { objective: None, models, sampling: None, sampling_stage: None }));
    }
    let objective = objective(scene, observations(config)?, budget, progress)?;
    let summary = objective.summary();
    let sets = summary.blocks.iter().map(|b| b.data_sets.iter().map(|d| d.0.clone()).collect());
    let models = objective.models().zip(sets).map(|(m, sets)| planned(m, sets));
    let models = models.collect::<Result<Vec<_>>>().map_err(|e| budget_hint(e, budget))?;
    let sampling = config.retrieval.sampler.size(objective.names().len());
    // Gradients of one model after the other; all models are held, and the draws.
    let stage_of = |m: &PlannedModel| if m.forward { Stage::Jacobian } else { Stage::Gradient };
    let gradients = models.iter().flat_map(|m| m.stages.iter().filter(|s| stage_of(m) == s.stage));
    let (mut host, mut device, mut working) = (Bytes::default(), Bytes::default(), 0);
    for stage in gradients {
        host.kept += stage.host.kept;
        working = (stage.host.peak - stage.host.kept).max(working);
        device = Bytes { kept: device.kept + stage.device.kept, peak: device.peak + stage.device.peak };
    }
    let draws = (sampling.trace_bytes + working).max(sampling.peak_bytes);
    let host = Bytes { kept: host.kept + sampling.trace_bytes, peak: host.kept + draws };
    let stage = StageEstimate { stage: Stage::Sampling, host, device };
    let (sampling, sampling_stage) = (Some(sampling), Some(stage));
    Ok(Some(PlannedRetrieval { objective: Some(summary), models, sampling, sampling_stage }))
}

fn planned_model(model: &Retrieval, data_sets: Vec<String>, x: &[f64], limits: &Limits) -> Result<PlannedModel> {
    let budget = model.settings().budget;
    let plan = model.plan_at(x, limits)?;
    let (grid, alternatives) = (model.model().grid(), model.alternatives(x, &plan, limits, bytes)?);
    let stages = model.estimate(&plan);
    Ok(PlannedModel {
        data_sets,
        range: (grid.lo(), grid.hi()),
        points: grid.len(),
        budget,
        forward: model.goes_forward(),
        plan,
        stages,
        alternatives,
    })
}

/// Says which budget, or how many points, would do, where memory is what lacks.
pub(super) fn hint(inputs: &Scene, error: Error, limits: &Limits, budget: Option<u64>) -> Error {
    let Error::OutOfMemory { needed, limit, hint: ref told, .. } = error else { return error };
    let budget = budget.unwrap_or(limit).min(limit);
    let grid = inputs.grid;
    let fewer = most_points(grid.len() / 2, |points| {
        let grid = Grid::new(grid.lo(), grid.hi(), points)?;
        match inputs.model_with(grid, inputs.settings, &())?.plan(limits, Some(budget)) {
            Ok(_) => Ok(true),
            Err(Error::OutOfMemory { .. }) => Ok(false),
            Err(other) => Err(other),
        }
    });
    let points = match fewer {
        Ok(Some(points)) => format!(", or {} points in the same range", count(points as u64)),
        _ => String::new(),
    };
    let text = match told {
        Some(told) => format!("{told}{points}"),
        None => format!("a budget of {needed} bytes ({}) would do{points}", bytes(needed)),
    };
    error.with_hint(text)
}
