//! Spectra of a configuration, by [`Model`].

use serde_json::Value;

use super::config::Config;
use super::scene::Scene;
use super::source::DeviceChoice;
use super::{RunSummary, describe, json};
use crate::backend::Backend;
use crate::output::Values;
use crate::spectrum::{Model, State};
use crate::{Progress, Result};

/// A computed spectrum.
#[derive(Clone, Debug)]
pub struct SpectrumResult {
    /// Grid, ascending \[cm-1\].
    pub wavenumber: Vec<f64>,
    /// Flux at the top \[erg s-1 cm-2 / cm-1\], or the planet's radius \[cm\], as many values.
    pub values: Values,
    /// What was done and how: the model's report, the records of the lists, the profile, memory by stage.
    pub report: Value,
    /// Time and memory.
    pub summary: RunSummary,
}

/// The spectrum of a configuration; parameters have their start values.
///
/// # Errors
/// Unreadable or unsuitable input, a failing device.
pub fn spectrum(config: &Config, device: &DeviceChoice, progress: &dyn Progress) -> Result<SpectrumResult> {
    // Each stage notes what the operating system says of this process.
    crate::host_memory::watch_stages(true);
    let scene = Scene::open(config, Some(device), progress)?;
    let state = scene.start()?;
    let model = scene.model(scene.grid, progress)?;
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
    let mut runner = model.open(&scene.backend)?;
    let values = runner.spectrum(state, progress)?;
    let memory = runner.memory(&scene.seconds);
    let report = runner.report();
    let mut value = json(&report)?;
    value["records"] = scene.records(model)?;
    value["temperature_k"] = json(&state.temperature_k)?;
    value["pressure_bar"] = json(&model.pressure().pressure_bar())?;
    if let Some(radii) = &state.radius_cm {
        value["radius_cm"] = json(radii)?;
    }
    value["memory"] = json(&memory)?;
    let mut seconds = scene.seconds.clone();
    seconds.add_all(&report.seconds);
    let summary = RunSummary {
        device: describe(&report.device),
        lines: scene.lines(model),
        errors: report.absorbers.iter().flat_map(|a| super::error_bounds(&a.lists)).collect(),
        device_bytes: (report.tracked_bytes > 0).then_some(report.tracked_bytes),
        seconds,
        memory: Some(memory),
        notes,
    };
    Ok(SpectrumResult { wavenumber: model.grid().wavenumbers(), values, report: value, summary })
}
