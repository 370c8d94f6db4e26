//! Spectra of a configuration, by [`Model`].

use serde_json::Value;

use super::config::{Config, GeometryKeys};
use super::derived::{Derivation, Derived, in_unit};
use super::scene::Scene;
use super::source::DeviceChoice;
use super::{RunSummary, describe, in_config, json, profiles};
use crate::atmosphere::Species;
use crate::backend::Backend;
use crate::instrument::{Instrument, Response, Sampling, Setting};
use crate::opacity::Opacity;
use crate::output::Values;
use crate::spectrum::finite::check_finite;
use crate::spectrum::{Model, State};
use crate::{Error, Note, Progress, Result, Stage};

/// A computed spectrum.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SpectrumResult {
    /// Grid, ascending \[cm-1\].
    pub wavenumber: Vec<f64>,
    /// Flux at the top \[erg s-1 cm-2 / cm-1\], or the planet's radius \[cm\], as many values.
    pub values: Values,
    /// The spectrum as the configured instrument observes it.
    pub observed: Option<Observed>,
    /// What is derived from them: names of files, units, values \[nu\].
    pub derived: Vec<Derived>,
    /// The spectrum of each opacity alone, if wanted.
    pub components: Vec<Component>,
    /// What each layer contributes \[layer\]\[nu\], in the spectrum's unit, if wanted.
    pub contribution: Option<Vec<f64>>,
    /// The layers.
    pub atmosphere: Layers,
    /// What was done and how: the model's report, the records of the lists, the profile, memory by stage.
    pub report: Value,
    /// Time and memory.
    pub summary: RunSummary,
}

/// The spectrum that one opacity alone makes.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub struct Component {
    /// Name of the opacity.
    pub name: String,
    /// \[nu\], in the spectrum's unit.
    pub values: Vec<f64>,
}

/// The layers of an atmosphere, from the top.
#[doc(hidden)]
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Layers {
    /// \[layer\] bar.
    pub pressure_bar: Vec<f64>,
    /// \[layer\] K.
    pub temperature_k: Vec<f64>,
    /// Names of species and their volume mixing ratios \[layer\], of those whose molar mass is known.
    pub ratios: Vec<(String, Vec<f64>)>,
}

/// A spectrum as an instrument observes it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Observed {
    /// \[point\] cm-1.
    pub wavenumber: Vec<f64>,
    /// As many values, in the spectrum's unit.
    pub values: Vec<f64>,
}

/// Points of an observation in the width of a resolution element.
const POINTS_PER_ELEMENT: f64 = 3.0;

/// What the instrument makes of a spectrum: at the grid's points, or three to a resolution element, as far from the ends as it reaches.
fn observed(scene: &Scene, model: &Model, values: &Values) -> Result<Option<Observed>> {
    let config = &scene.config;
    let Some(keys) = &config.instrument else { return Ok(None) };
    let wrong = |e: Error| in_config(config, "instrument", e);
    let mut settings = keys.settings.clone();
    if let Some(path) = &keys.response_file {
        let table = profiles::response(path).map_err(|e| in_config(config, "instrument.response", e))?;
        settings.response = Response::Table(table);
    }
    let (grid, step) = (*model.grid(), model.grid().step());
    let ends = Sampling::Points(vec![grid.lo(), grid.hi()]);
    let needed = Instrument::required_range(&settings, &ends, step).map_err(wrong)?;
    let (lo, hi) = (grid.lo() * (grid.lo() / needed.0), grid.hi() * (grid.hi() / needed.1));
    if lo >= hi {
        let given = format!("{} to {} cm-1", grid.lo(), grid.hi());
        return Err(wrong(Error::invalid("grid", given, "a range wider than what the instrument blurs")));
    }
    let spacing = match &settings.response {
        Response::Gaussian { resolving_power: Setting::Fixed(r) } => step.max(1.0 / (POINTS_PER_ELEMENT * r)),
        _ => step,
    };
    let count = ((hi / lo).ln() / spacing).floor().max(1.0) as usize;
    let wavenumber: Vec<f64> = (0..=count).map(|i| lo * ((hi / lo).ln() * i as f64 / count as f64).exp()).collect();
    let instrument = Instrument::new(&settings, grid, &Sampling::Points(wavenumber.clone())).map_err(wrong)?;
    let start = |name: &str| config.parameters.iter().find(|p| p.name == name).map_or(f64::NAN, |p| p.value(&p.start));
    let x: Vec<f64> = instrument.parameters().iter().map(|p| start(&p.name)).collect();
    let values = instrument.at(&x).and_then(|operator| operator.apply(&values.to_f64())).map_err(wrong)?;
    Ok(Some(Observed { wavenumber, values }))
}

/// The spectrum of each opacity alone, in the unit wanted.
fn components(model: &Model, scene: &Scene, state: &State, progress: &dyn Progress) -> Result<Vec<Component>> {
    let alone = |(i, opacity): (usize, &dyn Opacity)| {
        let values = model.only(i)?.open(&scene.backend)?.spectrum(state, progress)?.into_f64();
        Ok(Component { name: opacity.name().to_owned(), values: in_unit(&scene.config, model.wavenumber(), values) })
    };
    model.opacities().enumerate().map(alone).collect()
}

/// What each layer contributes, in the unit wanted.
fn contribution(model: &Model, scene: &Scene, state: &State, progress: &dyn Progress) -> Result<Vec<f64>> {
    Ok(in_unit(&scene.config, model.wavenumber(), model.contribution(state, progress)?))
}

/// What the spectrum of a configuration is called in figures, and its unit.
#[doc(hidden)]
pub fn figure_labels(config: &Config) -> (&'static str, &'static str) {
    match config.transfer.geometry {
        GeometryKeys::Emission if config.output.flux_per_um => ("Flux", "W m⁻² µm⁻¹"),
        geometry => geometry.labels(),
    }
}

/// The spectrum of a configuration; parameters have their start values.
///
/// # Errors
/// Unreadable or unsuitable input, a failing device.
pub fn spectrum(config: &Config, device: &DeviceChoice, progress: &dyn Progress) -> Result<SpectrumResult> {
    // Each stage notes what the operating system says of this process.
    crate::host_memory::watch_stages(true);
    let derivation = Derivation::new(config)?;
    let scene = Scene::open(config, Some(device), 1, progress)?;
    let state = scene.start()?;
    let model = scene.model(scene.grid, progress)?;
    run(&model, &scene, &state, &derivation, progress).map_err(|e| match &scene.backend {
        Backend::Device(device) => {
            let budget = device.budget().unwrap_or(None);
            super::plan::hint(&scene, e, &device.limits(), budget)
        }
        Backend::Cpu => e,
    })
}

/// Computes and reports.
fn run(
    model: &Model,
    scene: &Scene,
    state: &State,
    derivation: &Derivation,
    progress: &dyn Progress,
) -> Result<SpectrumResult> {
    let mut notes = scene.notes(model)?;
    if !scene.config.data.is_empty() {
        let text =
            format!("{} sections are for `fit` and `sample`; this spectrum does not use them", scene.config.data.len());
        notes.push(Note::new("[[data]]", text, None));
    }
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
    let mut summary = RunSummary {
        device: describe(&report.device),
        lines: scene.lines(model),
        errors: report.absorbers.iter().flat_map(|a| super::error_bounds(&a.lists)).collect(),
        device_bytes: (report.tracked_bytes > 0).then_some(report.tracked_bytes),
        seconds,
        memory: Some(memory),
        notes,
    };
    let wavenumber = model.grid().wavenumbers();
    let derived = derivation.of(&scene.config, &wavenumber, &values)?;
    let wanted = &scene.config.output;
    // A device's f32 stay f32 where nothing is converted.
    let values = match wanted.flux_per_um {
        true => Values::F64(in_unit(&scene.config, &wavenumber, values.into_f64())),
        false => values,
    };
    let observed = observed(scene, model, &values)?;
    drop(runner);
    let seconds = &mut summary.seconds;
    let alone = || seconds.time(Stage::Components, || components(model, scene, state, progress));
    let components = wanted.components.then(alone).transpose()?.unwrap_or_default();
    let by_layer = || seconds.time(Stage::Contribution, || contribution(model, scene, state, progress));
    let contribution = wanted.contribution.then(by_layer).transpose()?;
    derived.iter().try_for_each(|d| check_finite(d.file, &wavenumber, &d.values))?;
    observed.iter().try_for_each(|o| check_finite("spectrum as observed", &o.wavenumber, &o.values))?;
    contribution.iter().try_for_each(|c| check_finite("contribution", &wavenumber, c))?;
    // Without a molar mass a ratio by mass has no place beside ratios by volume.
    let ratio = |s: &Species| Some((s.name.clone(), state.volume_ratio(&s.name).ok()?));
    let atmosphere = Layers {
        pressure_bar: model.pressure().pressure_bar().to_vec(),
        temperature_k: state.temperature_k.clone(),
        ratios: state.species.iter().filter_map(ratio).collect(),
    };
    Ok(SpectrumResult {
        wavenumber,
        values,
        observed,
        derived,
        components,
        contribution,
        atmosphere,
        report: value,
        summary,
    })
}
