//! `spectrum` by [`EmissionModel`].

use super::scene::Scene;
use super::{describe, json};
use crate::backend::Backend;
use crate::cli::config::Config;
use crate::cli::engine::{SpectrumResult, Summary};
use crate::cli::source::DeviceChoice;
use crate::spectrum::{EmissionModel, State};
use crate::timing::Stages;
use crate::{Progress, Result};

/// Parameters have their start values.
pub(super) fn compute(config: &Config, device: &DeviceChoice, progress: &dyn Progress) -> Result<SpectrumResult> {
    let scene = Scene::open(config, device, progress)?;
    let state = scene.start()?;
    let model = scene.model(scene.grid)?;
    let of_species = scene.absorbers.iter().enumerate().map(|(i, a)| (a.name.clone(), model.lines_of(i)));
    let (lines, records) = of_species.map(|(name, (n, r))| ((name, n), r.into_iter().next().flatten())).unzip();
    run(&model, &state, &scene.backend, scene.seconds, lines, records, progress)
}

/// Computes and reports.
fn run(
    model: &EmissionModel,
    state: &State,
    backend: &Backend,
    mut seconds: Stages,
    lines: Vec<(String, u64)>,
    records: Vec<Option<crate::lines::LoadReport>>,
    progress: &dyn Progress,
) -> Result<SpectrumResult> {
    let mut emission = model.open(backend)?;
    let flux = emission.flux(state, progress)?;
    let report = emission.report();
    let mut value = json(&report)?;
    value["records"] = json(&records)?;
    value["temperature_k"] = json(&state.temperature_k)?;
    value["pressure_bar"] = json(&model.pressure().pressure_bar())?;
    seconds.add_all(&report.seconds);
    let stages = seconds.iter().map(|(name, s)| (name.to_owned(), s)).collect();
    let summary = Summary {
        device: describe(&report.device),
        lines,
        errors: report.absorbers.iter().flat_map(|a| super::error_bounds(&a.lists)).collect(),
        device_bytes: (report.tracked_bytes > 0).then_some(report.tracked_bytes),
        stages,
    };
    Ok(SpectrumResult { wavenumber: model.grid().wavenumbers(), flux, report: value, summary })
}
