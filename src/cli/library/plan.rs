//! `plan`, and hints what would fit.

use super::retrieval::of_model;
use super::scene::Scene;
use crate::cli::config::Config;
use crate::cli::engine::{Planned, PlannedModel, PlannedRetrieval};
use crate::cli::memory::budget_hint;
use crate::cli::table::{bytes, count};
use crate::cross_section::Settings;
use crate::gpu::Limits;
use crate::grid::Grid;
use crate::memory::{Bytes, Place, StageEstimate, most_points};
use crate::spectrum::Retrieval;
use crate::{Error, Progress, Result};

/// Tolerances whose bytes and costs are told.
const TOLERANCES: [f64; 3] = [1e-2, 1e-3, 1e-4];

/// Plans as `spectrum` would, without a device.
pub(super) fn plan(config: &Config, limits: &Limits, progress: &dyn Progress) -> Result<Planned> {
    let budget = config.memory_budget.without_device()?;
    let inputs = Scene::open(config, None, progress)?;
    let model = inputs.model_within(inputs.grid, limits, budget)?;
    let notes = inputs.notes(&model)?;
    let plan = model.plan(limits, budget).map_err(|e| hint(&inputs, e, limits, budget))?;
    let mut alternatives = model.alternatives(&plan, limits, budget, bytes)?;
    for tolerance in TOLERANCES.into_iter().filter(|t| *t != inputs.settings.tolerance) {
        let other = inputs.model_with(inputs.grid, Settings { tolerance, ..inputs.settings }, &())?;
        alternatives.push(other.alternative(format!("tolerance {tolerance:e}"), other.plan(limits, budget))?);
    }
    // Derivatives may lack memory that the spectrum does not.
    let (retrieval, refused) = match retrieval(&inputs, limits, budget) {
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
        cost: model.cost(&plan),
        estimate: model.estimate(Place::Device(&plan)),
        plan,
        alternatives,
        retrieval,
        refused,
        notes,
    })
}

/// Plans derivatives, and with data a fit and a sampling, if the model has parameters.
fn retrieval(scene: &Scene, limits: &Limits, budget: Option<u64>) -> Result<Option<PlannedRetrieval>> {
    let config = scene.config;
    if of_model(config).next().is_none() {
        return Ok(None);
    }
    let x: Vec<f64> = of_model(config).map(|(_, p)| p.start).collect();
    let planned = |model: &Retrieval, data_sets| planned_model(model, data_sets, &x, limits);
    if config.data.is_empty() {
        let model = super::retrieval::model(scene, scene.grid, budget)?;
        let models = vec![planned(&model, Vec::new()).map_err(|e| budget_hint(e, budget))?];
        return Ok(Some(PlannedRetrieval { objective: None, models, sampling: None, sampling_stage: None }));
    }
    let objective = super::retrieval::objective(scene, super::retrieval::observations(config)?, budget)?;
    let summary = objective.summary();
    let sets = summary.blocks.iter().map(|b| b.data_sets.iter().map(|d| d.0.clone()).collect());
    let models = objective.models().zip(sets).map(|(m, sets)| planned(m, sets));
    let models = models.collect::<Result<Vec<_>>>().map_err(|e| budget_hint(e, budget))?;
    let sampling = config.retrieval.sampler.size(objective.names().len());
    // Gradients of one model after the other; all models are held, and the draws.
    let stage_of = |m: &PlannedModel| if m.forward { "Jacobian" } else { "gradient" };
    let gradients = models.iter().flat_map(|m| m.stages.iter().filter(|s| s.stage == stage_of(m)));
    let (mut host, mut device, mut working) = (Bytes::default(), Bytes::default(), 0);
    for stage in gradients {
        host.kept += stage.host.kept;
        working = (stage.host.peak - stage.host.kept).max(working);
        device = Bytes { kept: device.kept + stage.device.kept, peak: device.peak + stage.device.peak };
    }
    let draws = (sampling.trace_bytes + working).max(sampling.peak_bytes);
    let host = Bytes { kept: host.kept + sampling.trace_bytes, peak: host.kept + draws };
    let stage = StageEstimate { stage: "sampling", host, device };
    let (sampling, sampling_stage) = (Some(sampling), Some(stage));
    Ok(Some(PlannedRetrieval { objective: Some(summary), models, sampling, sampling_stage }))
}

fn planned_model(
    model: &Retrieval,
    data_sets: Vec<String>,
    x: &[f64],
    limits: &Limits,
) -> Result<PlannedModel> {
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
    let Error::OutOfMemory { needed, limit, .. } = error else { return error };
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
    error.with_hint(format!("a budget of {needed} bytes ({}) would do{points}", bytes(needed)))
}
