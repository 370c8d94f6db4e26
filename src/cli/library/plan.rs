//! `plan`, and hints what would fit.

use super::scene::Scene;
use crate::cli::config::Config;
use crate::cli::engine::Planned;
use crate::cli::table::{bytes, count};
use crate::cross_section::Settings;
use crate::gpu::Limits;
use crate::grid::Grid;
use crate::spectrum::{Place, most_points};
use crate::{Error, Progress, Result};

/// Tolerances whose bytes and costs are told.
const TOLERANCES: [f64; 3] = [1e-2, 1e-3, 1e-4];

/// Plans as `spectrum` would, without a device.
pub(super) fn plan(config: &Config, limits: &Limits, progress: &dyn Progress) -> Result<Planned> {
    let budget = config.memory_budget.without_device()?;
    let inputs = Scene::open(config, None, progress)?;
    let model = inputs.model_with(inputs.grid, inputs.settings, progress)?;
    let plan = model.plan(limits, budget).map_err(|e| hint(&inputs, e, limits, budget))?;
    let mut alternatives = model.alternatives(&plan, limits, budget, bytes)?;
    for tolerance in TOLERANCES.into_iter().filter(|t| *t != inputs.settings.tolerance) {
        let other = inputs.model_with(inputs.grid, Settings { tolerance, ..inputs.settings }, &())?;
        alternatives.push(other.alternative(format!("tolerance {tolerance:e}"), other.plan(limits, budget))?);
    }
    Ok(Planned {
        points: inputs.grid.len(),
        layers: model.layers(),
        lines: inputs.lines(&model),
        budget,
        cost: model.cost(&plan),
        estimate: model.estimate(Place::Device(&plan)),
        plan,
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
