//! `jacobian`, `fit` and `sample` by [`EmissionRetrieval`] and [`SpectrumObjective`].

use std::sync::Arc;

use super::scene::Scene;
use super::{describe, in_config, json};
use crate::cache::KeyHasher;
use crate::cli::config::{Config, Parameter};
use crate::cli::engine::{JacobianResult, RetrievalSetup};
use crate::cli::source::DeviceChoice;
use crate::grid::Grid;
use crate::inference::Priors;
use crate::instrument::Instrument;
use crate::objective::{DataSet, Needs, Observation, SpectrumModel, SpectrumObjective};
use crate::spectrum::{ChunkSize, DerivativeSettings, Dual, EmissionRetrieval};
use crate::{Error, Progress, Result};

/// Spectrum and Jacobian at the start values, or the product of `weights` \[output\]\[nu\] with it.
pub(super) fn jacobian(
    config: &Config,
    device: &DeviceChoice,
    weights: Option<&[f64]>,
    progress: &dyn Progress,
) -> Result<JacobianResult> {
    let scene = Scene::open(config, Some(device), progress)?;
    let mut model = model(&scene, scene.grid)?;
    let values: Vec<f64> = of_model(config).map(|(_, p)| p.start).collect();
    progress.begin("derivatives", None);
    let (flux, derivatives) = match weights {
        None => model.spectrum_and_jacobian(&values)?,
        Some(weights) => (model.spectrum(&values)?, model.weighted_jacobian(&values, weights)?),
    };
    progress.finish();
    Ok(JacobianResult {
        names: model.names().to_vec(),
        wavenumber: model.wavenumber().to_vec(),
        values,
        flux,
        derivatives,
        device: describe(&scene.backend.info()),
        plan: json(model.plan())?,
    })
}

/// The objective of all data sets.
pub(super) fn setup(config: &Config, device: &DeviceChoice, progress: &dyn Progress) -> Result<RetrievalSetup> {
    let keyed = |key: &str, message: String| Error::Config { path: config.path.clone(), key: key.into(), message };
    if config.data.is_empty() {
        return Err(keyed("data", "missing; required one or more sections [[data]]".into()));
    }
    if config.method.temperature_range.is_none() && of_model(config).next().is_some() {
        let message = "missing; required [LO, HI] in K, for every temperature that the parameters may lead to";
        return Err(keyed("method.temperature_range_k", message.into()));
    }
    let mut observations = Vec::new();
    for (i, data) in config.data.iter().enumerate() {
        let set = DataSet::read(&data.name, &data.file, &data.read);
        let data_set = set.map_err(|e| in_config(config, &format!("data[{i}].file"), e))?;
        let noise = data.noise.clone();
        observations.push(Observation { data: data_set, instrument: data.instrument.clone(), noise });
    }
    // What does not fit to the grid is told before lists are opened.
    let (lo, hi) = config.grid.range;
    let grid = Grid::new(lo, hi, config.grid.points()).map_err(|e| in_config(config, "grid", e))?;
    for (i, o) in observations.iter().enumerate() {
        let instrument = Instrument::new(&o.instrument, grid, &o.data.sampling());
        instrument.map_err(|e| in_config(config, &format!("data[{i}].instrument"), e))?;
    }
    let scene = Scene::open(config, Some(device), progress)?;
    let run = identity(&scene, &observations)?;
    let build = |needs: &Needs| model(&scene, part(&scene.grid, needs.range)?);
    let objective = SpectrumObjective::new(observations, config.retrieval.mode, grid.resolution(), build);
    let objective = objective.map_err(|e| in_config(config, "data", e))?;
    let names = objective.names().to_vec();
    let of_name = |name: &String| config.parameters.iter().find(|p| p.name == *name);
    let parameters: Vec<Parameter> = names.iter().filter_map(of_name).cloned().collect();
    let priors = Priors::new(&names, parameters.iter().map(|p| (p.name.as_str(), p.prior)))?;
    Ok(RetrievalSetup { objective, priors, parameters, run, device: describe(&scene.backend.info()) })
}

/// The parameters that the model depends on, with their places among all.
fn of_model(config: &Config) -> impl Iterator<Item = (usize, &Parameter)> {
    config.parameters.iter().enumerate().filter(|(_, p)| p.of_model)
}

/// The model on `grid` as a function of its parameters.
fn model(scene: &Scene, grid: Grid) -> Result<EmissionRetrieval> {
    let config = scene.config;
    let (places, names): (Vec<usize>, Vec<String>) = of_model(config).map(|(i, p)| (i, p.name.clone())).unzip();
    if names.is_empty() {
        let message = "missing; required a section [parameters.NAME], and a key of the model that names it";
        return Err(Error::Config { path: config.path.clone(), key: "parameters".into(), message: message.into() });
    }
    // Parameters of instruments and noise stand at their start; the model does not look at them.
    let rest: Vec<Dual> = config.start().into_iter().map(Dual::from).collect();
    let profiles = Arc::clone(&scene.profiles);
    let state = move |x: &[Dual], pressure: &crate::atmosphere::PressureGrid| {
        let mut all = rest.clone();
        places.iter().zip(x).for_each(|(place, x)| all[*place] = x.clone());
        profiles.state(&all, pressure).map_err(|(_, e)| e)
    };
    let chunk = config.retrieval.jac_chunk_size.map_or(ChunkSize::Auto, ChunkSize::Columns);
    let settings = DerivativeSettings { chunk, ..DerivativeSettings::default() };
    EmissionRetrieval::new(scene.model(grid)?, &scene.backend, names, state, settings)
}

/// The points of `grid` that hold `range` \[cm-1\], which lies in it, and one more at either end: rounding must not make a range too short.
fn part(grid: &Grid, range: (f64, f64)) -> Result<Grid> {
    let first = (grid.position(range.0).floor().max(0.0) as usize).saturating_sub(1);
    let last = (grid.position(range.1).ceil() as usize + 1).min(grid.len() - 1);
    if (first, last) == (0, grid.len() - 1) {
        return Ok(*grid);
    }
    Grid::new(grid.wavenumber(first), grid.wavenumber(last), last + 1 - first)
}

/// What decides the bits of a chain, in lines of `key: value`.
fn identity(scene: &Scene, observations: &[Observation]) -> Result<String> {
    let config = scene.config;
    let mut lines = vec![
        format!("device: {}", describe(&scene.backend.info())),
        format!("grid: {:?}", config.grid),
        format!("atmosphere: {:?}", config.atmosphere),
        format!("transfer: {:?}", config.transfer),
        format!("method: {:?}", config.method),
        format!("mode: {:?}", config.retrieval.mode),
        format!("parameters: {}", config.parameters.iter().map(|p| p.name.as_str()).collect::<Vec<_>>().join(", ")),
    ];
    for (absorber, species) in scene.absorbers.iter().zip(&config.species) {
        let mut key = KeyHasher::new("lines of a retrieval");
        for list in &absorber.lists {
            list.fingerprint(scene.line_range(), &mut key)?;
        }
        let (name, mixing) = (&absorber.name, &species.mixing);
        lines.push(format!("species {name}: {mixing:?}, lines {}", hex(&key)));
    }
    for cia in &config.cia {
        let mut key = KeyHasher::new("collisions of a retrieval");
        key.file("table", &cia.file)?;
        lines.push(format!("collisions {:?}: {:?}, {}", cia.pair, cia.volume_mixing_ratios, hex(&key)));
    }
    let mut key = KeyHasher::new("profiles of a retrieval");
    for (name, path) in
        config.files().iter().filter(|(name, _)| name.contains("mixing_ratio") || name.contains("temperature"))
    {
        key.file(name, path)?;
    }
    lines.push(format!("profiles: {}", hex(&key)));
    for o in observations {
        let mut key = KeyHasher::new("data of a retrieval");
        key.numbers("nu", o.data.wavenumber()).numbers("value", o.data.value()).numbers("error", o.data.error());
        lines.push(format!("data {}: {}", o.data.name(), hex(&key)));
        lines.push(format!("instrument of {}: {:?}, {:?}, {:?}", o.data.name(), o.instrument, o.noise, binned(o)));
    }
    Ok(lines.join("\n"))
}

/// What was fed into a key; lists made by programs have no content to name.
fn hex(key: &KeyHasher) -> String {
    key.finish().map_or_else(|| "not known".into(), |key| key.to_hex())
}

fn binned(o: &Observation) -> bool {
    matches!(o.data.sampling(), crate::instrument::Sampling::Bins(_))
}
