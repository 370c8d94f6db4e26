//! Spectra of a configuration, by [`Model`].

use serde_json::Value;

use super::config::{AxisKeys, Config, GeometryKeys, StarSpectrumKeys};
use super::scene::Scene;
use super::source::DeviceChoice;
use super::{RunSummary, describe, in_config, json, profiles};
use crate::backend::Backend;
use crate::instrument::{Instrument, Response, Sampling, Setting};
use crate::output::Values;
use crate::spectrum::{Model, State};
use crate::star::{Star, StellarSpectrum};
use crate::{Error, Note, Progress, Result, units};

/// A computed spectrum.
#[derive(Clone, Debug)]
pub struct SpectrumResult {
    /// Grid, ascending \[cm-1\].
    pub wavenumber: Vec<f64>,
    /// Flux at the top \[erg s-1 cm-2 / cm-1\], or the planet's radius \[cm\], as many values.
    pub values: Values,
    /// The spectrum as the configured instrument observes it.
    pub observed: Option<Observed>,
    /// What is derived from them: names of files, units, values \[nu\].
    pub derived: Vec<Derived>,
    /// What was done and how: the model's report, the records of the lists, the profile, memory by stage.
    pub report: Value,
    /// Time and memory.
    pub summary: RunSummary,
}

/// A spectrum as an instrument observes it.
#[derive(Clone, Debug)]
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
    let start = |name: &str| config.parameters.iter().find(|p| p.name == name).map_or(f64::NAN, |p| p.start);
    let x: Vec<f64> = instrument.parameters().iter().map(|p| start(&p.name)).collect();
    let values = instrument.at(&x).and_then(|operator| operator.apply(&values.to_f64())).map_err(wrong)?;
    Ok(Some(Observed { wavenumber, values }))
}

/// A quantity derived from a spectrum.
#[derive(Clone, Debug)]
pub struct Derived {
    /// Its file.
    pub file: &'static str,
    /// Its unit.
    pub unit: &'static str,
    /// \[nu\].
    pub values: Vec<f64>,
}

/// What a star, a distance, and the axis asked for make of a spectrum.
fn derived(scene: &Scene, wavenumber: &[f64], values: &Values) -> Result<Vec<Derived>> {
    let config = &scene.config;
    let (mut all, values) = (Vec::new(), values.to_f64());
    let mut push = |file, unit, values| all.push(Derived { file, unit, values });
    match config.output.axis {
        AxisKeys::Wavenumber => (),
        AxisKeys::VacuumMicrometre => push("wavelength.npy", "um (vacuum)", each(wavenumber, units::vacuum_um)),
        AxisKeys::AirMicrometre => push("wavelength.npy", "um (air)", each(wavenumber, units::air_um)),
    }
    let star = config.star.as_ref().map(|keys| -> Result<Star> {
        let spectrum = match &keys.spectrum {
            StarSpectrumKeys::BlackBody(temperature) => StellarSpectrum::BlackBody(*temperature),
            StarSpectrumKeys::Table(path) => StellarSpectrum::read(path)?,
        };
        Ok(Star { radius_cm: keys.radius_cm, spectrum })
    });
    let star = star.transpose()?;
    let missing = |what: &str| {
        let required = format!("radius_cm, radius_jupiter or radius_earth, for {what}");
        in_config(config, "atmosphere.radius_cm", Error::invalid("radius of the planet", "none", required))
    };
    let radius = config.atmosphere.planet.radius.map(|r| r.at::<f64>(&config.start()));
    if let Some(star) = &star {
        match config.transfer.geometry {
            GeometryKeys::Transmission => push("depth.npy", "(R / R_star)^2", star.depth(&values)),
            GeometryKeys::Emission => {
                let radius = radius.ok_or_else(|| missing("a contrast with the star"))?;
                let contrast = star.contrast(wavenumber, &values, radius);
                push("contrast.npy", "planet / star", contrast.map_err(|e| in_config(config, "star.spectrum", e))?);
            }
        }
    }
    if let (Some(distance), GeometryKeys::Emission) = (config.distance_cm, config.transfer.geometry) {
        let area = (radius.ok_or_else(|| missing("a flux at the observer"))? / distance).powi(2);
        let (per_um, unit) = (config.output.flux_per_um, flux_unit(config));
        let at_observer = values
            .iter()
            .zip(wavenumber)
            .map(|(flux, nu)| area * if per_um { units::flux_per_um(*flux, *nu) } else { *flux });
        push("flux_at_observer.npy", unit, at_observer.collect());
    }
    Ok(all)
}

fn each(values: &[f64], f: fn(f64) -> f64) -> Vec<f64> {
    values.iter().map(|v| f(*v)).collect()
}

/// The unit in which a configuration wants fluxes.
pub fn flux_unit(config: &Config) -> &'static str {
    if config.output.flux_per_um { "W m-2 um-1" } else { GeometryKeys::Emission.unit() }
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
    let summary = RunSummary {
        device: describe(&report.device),
        lines: scene.lines(model),
        errors: report.absorbers.iter().flat_map(|a| super::error_bounds(&a.lists)).collect(),
        device_bytes: (report.tracked_bytes > 0).then_some(report.tracked_bytes),
        seconds,
        memory: Some(memory),
        notes,
    };
    let wavenumber = model.grid().wavenumbers();
    let derived = derived(scene, &wavenumber, &values)?;
    let values = match scene.config.output.flux_per_um && scene.config.transfer.geometry == GeometryKeys::Emission {
        true => {
            let fluxes = values.to_f64();
            Values::F64(fluxes.iter().zip(&wavenumber).map(|(f, nu)| units::flux_per_um(*f, *nu)).collect())
        }
        false => values,
    };
    let observed = observed(scene, model, &values)?;
    Ok(SpectrumResult { wavenumber, values, observed, derived, report: value, summary })
}
