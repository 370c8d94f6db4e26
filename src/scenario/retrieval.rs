//! Derivatives, likelihood and priors of a configuration, by [`Retrieval`] and [`SpectrumObjective`].

use std::sync::Arc;

use serde_json::Value;

use super::config::{CiaKeys, Config, DataKeys, Parameter, RetrievalKeys, SpeciesKeys, orders};
use super::derived::in_unit;
use super::memory::{Derivative, DeviceBytes, budget_hint};
use super::scene::Scene;
use super::source::DeviceChoice;
use super::state::Profiles;
use super::{describe, in_config, json, profiles, star};
use crate::atmosphere::PressureGrid;
use crate::backend::Backend;
use crate::cache::KeyHasher;
use crate::grid::Grid;
use crate::inference::Priors;
use crate::instrument::{Instrument, Response, Sampling};
use crate::memory::MemoryReport;
use crate::objective::{Covariance, DataSet, Needs, Observable, Observation, SpectrumModel, SpectrumObjective};
use crate::spectrum::{ChunkSize, DerivativeSettings, Dual, Retrieval};
use crate::{Error, Note, Progress, Result};

/// A spectrum and its derivatives at the start values of the parameters.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct JacobianResult {
    /// Names of the parameters of the model.
    pub names: Vec<String>,
    /// Their values.
    pub values: Vec<f64>,
    /// Grid, ascending \[cm-1\].
    pub wavenumber: Vec<f64>,
    /// Flux at the top \[erg s-1 cm-2 / cm-1\], or as the configuration wants it; or the planet's radius \[cm\]. As many values.
    pub flux: Vec<f64>,
    /// The Jacobian \[parameter\]\[nu\] of these values, or its products with weights \[output\]\[parameter\].
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
#[non_exhaustive]
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
    /// What the parameters say of the atmosphere.
    pub(super) profiles: Arc<Profiles>,
    pub(super) pressure: PressureGrid,
    /// All parameters of the configuration, of which those above are some.
    pub(super) all: Vec<Parameter>,
}

impl RetrievalSetup {
    /// The start values of its parameters.
    pub fn start(&self) -> Vec<f64> {
        self.parameters.iter().map(|p| p.start).collect()
    }

    /// Finds that Jacobians or gradients will fit the budget on a device, from their plans: nothing is allocated.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`], with the budget that would do.
    pub fn check_memory(&self, derivative: Derivative) -> Result<()> {
        let Backend::Device(device) = &self.backend else { return Ok(()) };
        let (x, limits) = (self.start(), device.limits());
        for model in self.objective.models() {
            let x = &x[..model.names().len()];
            let fits = match derivative {
                Derivative::Gradient if !model.goes_forward() => model.plan_gradient(x, &limits).map(drop),
                _ => model.plan_jacobian(x, &limits).map(drop),
            };
            fits.map_err(|e| budget_hint(e, self.budget))?;
        }
        Ok(())
    }

    /// What was held on the device so far; none on the CPU.
    pub fn device_bytes(&self) -> Option<DeviceBytes> {
        DeviceBytes::of(&self.backend, self.objective.models())
    }

    /// How often the device was lost meanwhile, and opened again.
    pub fn device_losses(&self) -> u32 {
        self.objective.models().map(Retrieval::device_losses).sum()
    }
}

/// Spectrum and Jacobian of a configuration's model at the start values of its parameters, or the products of `weights` \[output\]\[nu\] with it.
///
/// # Errors
/// As [`spectrum`](fn@super::spectrum); no parameters; weights that are not whole rows.
pub fn jacobian(
    config: &Config,
    device: &DeviceChoice,
    weights: Option<&[f64]>,
    progress: &dyn Progress,
) -> Result<JacobianResult> {
    // Each stage notes what the operating system says of this process.
    crate::host_memory::watch_stages(true);
    let scene = Scene::open(config, Some(device), 1, progress)?;
    let budget = device_budget(&scene.backend)?;
    let mut model = parametrized(&scene, scene.grid, budget, progress)?;
    let mut notes = scene.notes(model.model())?;
    notes.extend(unobserved(config));
    let values: Vec<f64> = of_model(config).map(|(_, p)| p.start).collect();
    progress.begin("derivatives", None);
    // A unit U is a factor at each wavenumber, and W^T (U J) = (W^T U) J.
    let per_um = weights.filter(|_| config.output.flux_per_um);
    let per_um = per_um.map(|weights| in_unit(config, model.wavenumber(), weights.to_vec()));
    let mut compute = || match per_um.as_deref().or(weights) {
        None => model.spectrum_and_jacobian(&values),
        Some(weights) => model.spectrum_and_product(&values, weights),
    };
    let (flux, mut derivatives) = compute().map_err(|e| budget_hint(e, budget))?;
    let nu = model.wavenumber().to_vec();
    let flux = in_unit(config, &nu, flux);
    if weights.is_none() {
        derivatives = in_unit(config, &nu, derivatives);
    }
    progress.finish();
    Ok(JacobianResult {
        names: model.names().to_vec(),
        wavenumber: nu,
        values,
        flux,
        derivatives,
        device: describe(&scene.backend.info()),
        plan: json(model.plan())?,
        device_bytes: DeviceBytes::of(&scene.backend, [&model]),
        memory: model.memory(&scene.seconds),
        notes,
    })
}

/// Spectra that a fit is expected to compute.
pub const EVALUATIONS_OF_FIT: u32 = 50;
/// Spectra that a sampling is expected to compute.
pub const EVALUATIONS_OF_SAMPLING: u32 = 5000;

/// The likelihood of a configuration's data, and the priors of its parameters. Unless `method.evaluations` says otherwise, the model is made for as many spectra as a fit takes.
///
/// # Errors
/// As [`jacobian`]; no data, data that cannot be read or lie outside the grid.
pub fn retrieval(config: &Config, device: &DeviceChoice, progress: &dyn Progress) -> Result<RetrievalSetup> {
    let keyed = |key: &str, message: String| Error::Config { path: config.path.clone(), key: key.into(), message };
    if config.data.is_empty() {
        return Err(keyed("data", "missing; required one or more sections [[data]]".into()));
    }
    if config.method.temperature_range.is_none() && of_model(config).next().is_some() {
        let message = "missing; required [LO, HI] in K, for every temperature that the parameters may lead to";
        return Err(keyed("method.temperature_range_k", message.into()));
    }
    // What does not fit to the grid is told before lists are opened.
    let observations = observations(config)?;
    let scene = Scene::open(config, Some(device), EVALUATIONS_OF_FIT, progress)?;
    let run = identity(&scene, &observations)?;
    let budget = device_budget(&scene.backend)?;
    let objective = objective(&scene, observations, budget, progress)?;
    let mut notes: Vec<Note> = unobserved(config).into_iter().collect();
    for model in objective.models() {
        // Models on parts of one grid have most remarks in common.
        for note in scene.notes(model.model())? {
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
    }
    let names = objective.names().to_vec();
    let of_name = |name: &String| config.parameters.iter().find(|p| p.name == *name);
    let parameters: Vec<Parameter> = names.iter().filter_map(of_name).cloned().collect();
    let mut priors = Priors::new(&names, parameters.iter().map(|p| (p.name.as_str(), p.prior)))?;
    for order in orders(&config.parameters) {
        priors = priors.ordered(&order)?;
    }
    let priors = priors.with_labels(parameters.iter().map(Parameter::label));
    let backend = scene.backend.clone();
    Ok(RetrievalSetup {
        objective,
        priors,
        parameters,
        run,
        device: describe(&backend.info()),
        backend,
        budget,
        notes,
        profiles: Arc::clone(&scene.profiles),
        pressure: scene.pressure.clone(),
        all: config.parameters.clone(),
    })
}

/// The remark on an instrument that is not used.
fn unobserved(config: &Config) -> Option<Note> {
    let text = "is for `spectrum`, and not used here; data sets have instruments of their own";
    config.instrument.as_ref().map(|_| Note::new("[instrument]", text, None))
}

/// Data sets, their instruments and their noise, found to fit to the grid; every parameter is found to be one of the model or of them.
pub(super) fn observations(config: &Config) -> Result<Vec<Observation>> {
    observations_of(config, |data| DataSet::read(&data.name, &data.file, &data.read))
}

/// As [`observations`], of the data sets that `read` gives.
pub(super) fn observations_of(
    config: &Config,
    read: impl Fn(&DataKeys) -> Result<DataSet>,
) -> Result<Vec<Observation>> {
    if let Some(parameter) = config.parameters.iter().find(|p| !p.of_model && !p.of_data) {
        let message = "named by [instrument] only, which is for `spectrum`; required a key of the model or of [[data]]";
        let key = format!("parameters.{}", parameter.name);
        return Err(Error::Config { path: config.path.clone(), key, message: message.into() });
    }
    let (lo, hi) = config.grid.range;
    let grid = Grid::new(lo, hi, config.grid.points()).map_err(|e| in_config(config, "grid", e))?;
    let mut observations = Vec::new();
    for (i, data) in config.data.iter().enumerate() {
        let at = |key: &str| format!("data[{i}].{key}");
        let data_set = read(data).map_err(|e| in_config(config, &at("file"), e))?;
        let data_set = match data.range {
            Some(range) => data_set.within(range).map_err(|e| in_config(config, &at("range_cm"), e))?,
            None => data_set,
        };
        let mut noise = data.noise.clone();
        let covariance = data.covariance_file.as_deref().map(Covariance::read).transpose();
        noise.covariance = covariance.map_err(|e| in_config(config, &at("noise.covariance"), e))?;
        let mut instrument = data.instrument.clone();
        if let Some(path) = &data.response_file {
            let table = profiles::response(path).map_err(|e| in_config(config, &at("instrument.response"), e))?;
            instrument.response = Response::Table(table);
        }
        let checked = Instrument::new(&instrument, grid, &data_set.sampling());
        checked.map_err(|e| in_config(config, &at("instrument"), e))?;
        let observable = star::observable(config, data.observable, &at("quantity"))?;
        observations.push(Observation { data: data_set, observable, instrument, noise });
    }
    Ok(observations)
}

/// The objective of `observations`; its models share `budget` bytes of device memory.
pub(super) fn objective(
    scene: &Scene,
    observations: Vec<Observation>,
    budget: Option<u64>,
    progress: &dyn Progress,
) -> Result<SpectrumObjective<Retrieval>> {
    let share = |needs: &Needs| budget.map(|bytes| (bytes as f64 * needs.share) as u64);
    let build = |needs: &Needs| parametrized(scene, part(&scene.grid, needs.range)?, share(needs), progress);
    let objective = SpectrumObjective::new(observations, scene.config.retrieval.mode, scene.grid.resolution(), build);
    let logarithms = scene.config.parameters.iter().filter(|p| p.log10 && p.of_data).map(|p| p.name.as_str());
    objective.map(|o| o.on_log10(logarithms)).map_err(|e| in_config(&scene.config, "data", e))
}

/// Bytes that a device may take now; none on the CPU.
pub(super) fn device_budget(backend: &Backend) -> Result<Option<u64>> {
    match backend {
        Backend::Cpu => Ok(None),
        Backend::Device(device) => device.budget(),
    }
}

/// The parameters that the model depends on, with their places among all.
pub(super) fn of_model(config: &Config) -> impl Iterator<Item = (usize, &Parameter)> {
    config.parameters.iter().enumerate().filter(|(_, p)| p.of_model)
}

/// The model on `grid` as a function of its parameters; its programs take at most `budget` bytes of a device's memory.
pub(super) fn parametrized(
    scene: &Scene,
    grid: Grid,
    budget: Option<u64>,
    progress: &dyn Progress,
) -> Result<Retrieval> {
    let config = &scene.config;
    let (places, names): (Vec<usize>, Vec<String>) = of_model(config).map(|(i, p)| (i, p.name.clone())).unzip();
    let parameters: Vec<Parameter> = of_model(config).map(|(_, p)| p.clone()).collect();
    if names.is_empty() {
        let message = "missing; required a section [parameters.NAME], and a key of the model that names it";
        return Err(Error::Config { path: config.path.clone(), key: "parameters".into(), message: message.into() });
    }
    // Parameters of instruments and noise stand at their start; the model does not look at them.
    let rest: Vec<Dual> = config.start().into_iter().map(Dual::from).collect();
    let profiles = Arc::clone(&scene.profiles);
    let state = move |x: &[Dual], pressure: &PressureGrid| {
        let mut all = rest.clone();
        places.iter().zip(&parameters).zip(x).for_each(|((place, p), x)| all[*place] = p.value(x));
        profiles.state(&all, pressure).map_err(|(_, e)| e)
    };
    let chunk = config.retrieval.jac_chunk_size.map_or(ChunkSize::Auto, ChunkSize::Columns);
    let settings = DerivativeSettings { chunk, budget, gradient: config.retrieval.gradient };
    Retrieval::new(scene.model(grid, progress)?, &scene.backend, names, state, settings)
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
    let config = &scene.config;
    // Every key by name, so that a new one cannot be forgotten. Those without a use here leave the likelihood as it is, or are told by
    // their content below: star, tables, instruments.
    let Config {
        path: _,
        cache: _,
        grid,
        atmosphere,
        species,
        cia,
        continua,
        clouds,
        transfer,
        method: _,
        parameters,
        instrument: _,
        data: _,
        retrieval:
            RetrievalKeys {
                mode,
                gradient,
                jac_chunk_size: _,
                fit: _,
                sampler: _,
                predictions: _,
                pointwise: _,
                checkpoint: _,
            },
        memory_budget: _,
        star: _,
        distance_cm: _,
        output: _,
    } = config;
    let mut lines = vec![
        format!("device: {}", describe(&scene.backend.info())),
        format!("grid: {grid:?}"),
        format!("atmosphere: {atmosphere:?}"),
        format!("transfer: {transfer:?}"),
        format!("continua: {continua:?}"),
        format!("clouds: {clouds:?}"),
        format!("method: {:?}", scene.settings),
        format!("mode: {mode:?}"),
        format!("gradient: {gradient:?}"),
        format!("parameters: {}", parameters.iter().map(Parameter::scaled_name).collect::<Vec<_>>().join(", ")),
    ];
    for SpeciesKeys { name, lines: list, molar_mass, mixing } in species {
        let mut key = KeyHasher::new("lines of a retrieval");
        let absorber = scene.absorbers.iter().find(|a| a.name == *name);
        for list in absorber.iter().flat_map(|a| &a.lists) {
            list.fingerprint(scene.line_range(), &mut key)?;
        }
        if let Some(path) = list.as_ref().and_then(|l| l.partition.as_ref()) {
            key.file("partition", path)?;
        }
        let how = list.as_ref().map(|l| (&l.isotopologues, &l.broadening, &l.default_width));
        let molar_mass = absorber.map(|a| a.molar_mass).or(*molar_mass);
        lines.push(format!("species {name}: {mixing:?}, molar mass {molar_mass:?}, lines {}, {how:?}", hex(&key)));
    }
    for CiaKeys { file, pair, volume_mixing_ratios, clamped } in cia {
        let mut key = KeyHasher::new("collisions of a retrieval");
        key.file("table", file)?;
        lines.push(format!("collisions {pair:?}: {volume_mixing_ratios:?}, clamped {clamped}, {}", hex(&key)));
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
        if let Some(covariance) = &o.noise.covariance {
            key.numbers("covariance", covariance.values());
        }
        lines.push(format!("data {}: {}", o.data.name(), hex(&key)));
        if o.observable != Observable::Computed {
            lines.push(format!("quantity of {}: {:?}", o.data.name(), o.observable));
        }
        let (name, mut instrument, mut response) = (o.data.name(), o.instrument.clone(), String::new());
        // Tables are told by their content, whatever their files are called.
        if let Response::Table(table) = &o.instrument.response {
            let mut key = KeyHasher::new("response of an instrument");
            key.numbers("velocity", table.velocity_km_s()).numbers("weight", table.weight());
            (instrument.response, response) = (Response::None, format!(", response {}", hex(&key)));
        }
        lines.push(format!("instrument of {name}: {instrument:?}, {:?}, {:?}{response}", o.noise, binned(o)));
    }
    Ok(lines.join("\n"))
}

/// What was fed into a key; lists made by programs have no content to name.
fn hex(key: &KeyHasher) -> String {
    key.finish().map_or_else(|| "not known".into(), |key| key.to_hex())
}

fn binned(o: &Observation) -> bool {
    matches!(o.data.sampling(), Sampling::Bins(_))
}
