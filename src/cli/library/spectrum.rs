//! `spectrum` by [`Model`](crate::spectrum::Model).

use super::scene::Scene;
use super::{describe, json};
use crate::backend::Backend;
use crate::cli::config::Config;
use crate::cli::engine::{SpectrumResult, Summary};
use crate::cli::source::DeviceChoice;
use crate::spectrum::{Model, State};
use crate::{Progress, Result};

/// Computes a spectrum; parameters have their start values.
pub(super) fn compute(config: &Config, device: &DeviceChoice, progress: &dyn Progress) -> Result<SpectrumResult> {
    // Each stage notes what the operating system says of this process.
    crate::host_memory::watch_stages(true);
    let scene = Scene::open(config, Some(device), progress)?;
    let state = scene.start()?;
    let model = scene.model(scene.grid)?;
    run(&model, &scene, &state, progress).map_err(|e| match &scene.backend {
        Backend::Device(device) => {
            let budget = device.budget().unwrap_or(None);
            super::plan::hint(&scene, e, &device.limits(), budget)
        }
        Backend::Cpu => e,
    })
}

/// Computes and reports.
fn run(model: &Model, scene: &Scene, state: &State, progress: &dyn Progress) -> Result<SpectrumResult> {
    let notes = scene.notes(model)?;
    let mut emission = model.open(&scene.backend)?;
    let flux = emission.spectrum(state, progress)?;
    let memory = emission.memory(&scene.seconds);
    let report = emission.report();
    let mut value = json(&report)?;
    value["records"] = scene.records(model)?;
    value["temperature_k"] = json(&state.temperature_k)?;
    value["pressure_bar"] = json(&model.pressure().pressure_bar())?;
    value["memory"] = json(&memory)?;
    let mut seconds = scene.seconds.clone();
    seconds.add_all(&report.seconds);
    let stages = seconds.iter().map(|(name, s)| (name.to_owned(), s)).collect();
    let summary = Summary {
        device: describe(&report.device),
        lines: scene.lines(model),
        errors: report.absorbers.iter().flat_map(|a| super::error_bounds(&a.lists)).collect(),
        device_bytes: (report.tracked_bytes > 0).then_some(report.tracked_bytes),
        stages,
        memory: Some(memory),
        notes,
    };
    Ok(SpectrumResult { wavenumber: model.grid().wavenumbers(), flux, report: value, summary })
}
