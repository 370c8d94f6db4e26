//! `spectrum` by [`EmissionModel`].

use std::sync::Arc;

use super::{backend, describe, json, lists, profiles};
use crate::atmosphere::{Abundance, Gravity, MixingRatio, PressureGrid, TemperatureProfile};
use crate::backend::Backend;
use crate::cli::config::{self, Config, MixingUnit, Temperature};
use crate::cli::engine::{SpectrumResult, Summary};
use crate::cli::source::{DeviceChoice, Method};
use crate::cross_section::Settings;
use crate::grid::Grid;
use crate::grid::TemperatureRange;
use crate::lines::LineSource;
use crate::optical_depth::CiaTable;
use crate::spectrum::{Absorber, EmissionModel, State};
use crate::timing::Stages;
use crate::{Cache, Error, Progress, Resources, Result};

/// Computes a spectrum.
pub(super) fn compute(config: &Config, device: &DeviceChoice, progress: &dyn Progress) -> Result<SpectrumResult> {
    // Each stage notes what the operating system says of this process.
    crate::host_memory::watch_stages(true);
    let (inputs, chosen) = load(config, Some(device), progress)?;
    let backend = chosen.unwrap_or(Backend::Cpu);
    let model = inputs.model(inputs.grid, inputs.settings, progress)?;
    run(&model, &inputs, &backend, progress).map_err(|e| match &backend {
        Backend::Device(device) => {
            let budget = device.budget().unwrap_or(None);
            super::plan::hint(&inputs, e, &device.limits(), budget)
        }
        Backend::Cpu => e,
    })
}

/// What a configuration stands for, its files read.
pub(super) struct Inputs {
    pub grid: Grid,
    pub settings: Settings,
    pressure: PressureGrid,
    absorbers: Vec<Absorber<Arc<dyn LineSource>>>,
    collisions: Vec<CiaTable>,
    streams: usize,
    state: State,
    cache: Cache,
    seconds: Stages,
}

impl Inputs {
    /// The model on a grid, with an accuracy.
    pub fn model(&self, grid: Grid, settings: Settings, progress: &dyn Progress) -> Result<EmissionModel> {
        let surface = self.state.surface_temperature_k.is_some();
        let (pressure, streams) = (self.pressure.clone(), self.streams);
        let (absorbers, collisions) = (&self.absorbers, &self.collisions);
        let resources = Resources::with_cache(&self.cache, progress);
        EmissionModel::from_sources(grid, pressure, absorbers, collisions, settings, streams, surface, &resources)
    }

    /// Lines used, per species.
    pub fn lines(&self, model: &EmissionModel) -> Vec<(String, u64)> {
        self.absorbers.iter().enumerate().map(|(i, a)| (a.name.clone(), model.lines_of(i).0)).collect()
    }
}

/// Reads everything that the configuration names, and opens the backend if there is a choice of one.
/// Where no temperature range is declared, the method is prepared for the profile's own temperatures.
pub(super) fn load(
    config: &Config,
    device: Option<&DeviceChoice>,
    progress: &dyn Progress,
) -> Result<(Inputs, Option<Backend>)> {
    let at = |key: &'static str| move |e: Error| in_config(config, key, e);
    if config.method.method == Method::DirectSum {
        let error = Error::invalid("method", "direct-sum", "auto, lines or density (direct-sum: cross-section only)");
        return Err(at("method.method")(error));
    }
    let (lo, hi) = config.grid.range;
    let grid = Grid::new(lo, hi, config.grid.points()).map_err(at("grid"))?;
    let atmosphere = Layers::new(config)?;
    let settings = settings(config, &atmosphere.temperature_k)?;
    let cache = config.cache.open();
    let backend =
        device.map(|device| backend(device, config.method.method, &cache, config.memory_budget)).transpose()?;
    let resources = Resources::with_cache(&cache, progress);

    let mut seconds = Stages::default();
    let range = ((lo - settings.line_margin).max(0.0), hi + settings.line_margin);
    let mut absorbers = Vec::new();
    let mut mass_mixing_ratio = Vec::new();
    for (i, species) in config.species.iter().enumerate() {
        let key = format!("species[{i}]");
        let source = seconds.time("load", || lists::open(&species.lines, range, &resources));
        let source = source.map_err(|e| in_config(config, &key, e))?;
        let molar_mass = source.species()?.molar_mass;
        let ratio = atmosphere.ratio(config, &species.mixing.profile, &key, &species.lines.name)?;
        let unit = match species.mixing.unit {
            MixingUnit::Mass => Abundance::Mass,
            MixingUnit::Volume => Abundance::Volume,
        };
        mass_mixing_ratio.push(
            ratio.iter().map(|x| unit.to_mass(*x, molar_mass, config.atmosphere.mean_molecular_weight)).collect(),
        );
        absorbers.push(Absorber { name: species.lines.name.clone(), lists: vec![source], molar_mass });
    }
    let (mut collisions, mut collision_mixing_ratio) = (Vec::new(), Vec::new());
    for (i, cia) in config.cia.iter().enumerate() {
        let key = format!("cia[{i}]");
        collisions.push(seconds.time("load", || pair_table(config, cia, &key))?);
        let [a, b] = &cia.volume_mixing_ratios;
        let ratio = |p, name: &String| atmosphere.ratio(config, p, &format!("{key}.volume_mixing_ratios"), name);
        collision_mixing_ratio.push((ratio(a, &cia.pair[0])?, ratio(b, &cia.pair[1])?));
    }
    let surface = config.transfer.surface_temperature;
    let streams = config.transfer.streams;
    let state = State {
        mean_molar_mass: vec![config.atmosphere.mean_molecular_weight; config.atmosphere.layers],
        temperature_k: atmosphere.temperature_k,
        gravity: atmosphere.gravity,
        mass_mixing_ratio,
        collision_mixing_ratio,
        surface_temperature_k: surface,
    };
    let pressure = atmosphere.pressure;
    Ok((Inputs { grid, settings, pressure, absorbers, collisions, streams, state, cache, seconds }, backend))
}

/// Computes and reports.
fn run(model: &EmissionModel, inputs: &Inputs, backend: &Backend, progress: &dyn Progress) -> Result<SpectrumResult> {
    let mut emission = model.open(backend)?;
    let flux = emission.flux(&inputs.state, progress)?;
    let memory = emission.memory(&inputs.seconds);
    let report = emission.report();
    let mut value = json(&report)?;
    let records: Vec<_> =
        (0..inputs.absorbers.len()).map(|i| model.lines_of(i).1.into_iter().next().flatten()).collect();
    value["records"] = json(&records)?;
    value["temperature_k"] = json(&inputs.state.temperature_k)?;
    value["pressure_bar"] = json(&model.pressure().pressure_bar())?;
    value["memory"] = json(&memory)?;
    let mut seconds = inputs.seconds.clone();
    seconds.add_all(&report.seconds);
    let stages = seconds.iter().map(|(name, s)| (name.to_owned(), s)).collect();
    let summary = Summary {
        device: describe(&report.device),
        lines: inputs.lines(model),
        errors: report.absorbers.iter().flat_map(|a| super::error_bounds(&a.lists)).collect(),
        device_bytes: (report.tracked_bytes > 0).then_some(report.tracked_bytes),
        stages,
        memory: Some(memory),
    };
    Ok(SpectrumResult { wavenumber: model.grid().wavenumbers(), flux, report: value, summary })
}

/// Pressure, temperature and gravity of the layers.
struct Layers {
    pressure: PressureGrid,
    temperature_k: Vec<f64>,
    gravity: Vec<f64>,
}

impl Layers {
    fn new(config: &Config) -> Result<Self> {
        let a = &config.atmosphere;
        let at = |key: &'static str| move |e: Error| in_config(config, key, e);
        let (top, bottom) = a.pressure;
        let pressure = PressureGrid::logarithmic(top, bottom, a.layers).map_err(at("atmosphere.layers"))?;
        let clip = a.clip.map(|(lo, hi)| TemperatureRange::new(lo, hi)).transpose();
        let clip = clip.map_err(at("atmosphere.temperature.clip_k"))?;
        let temperature_k = temperature(config)?.at(pressure.pressure_bar(), clip);
        let temperature_k = temperature_k.map_err(at("atmosphere.temperature"))?;
        let gravity = match a.gravity {
            config::Gravity::Constant(g) => Gravity::Constant(g),
            config::Gravity::WithHeight { radius_jupiter, .. } => Gravity::WithHeight {
                gravity: a.gravity.at_bottom(),
                radius_cm: radius_jupiter * config::Gravity::RADIUS_JUPITER,
                pressure_bar: bottom,
            },
        };
        let mean_molar_mass = vec![a.mean_molecular_weight; a.layers];
        let gravity = gravity.at(pressure.pressure_bar(), &temperature_k, &mean_molar_mass);
        Ok(Self { gravity: gravity.map_err(at("atmosphere"))?, pressure, temperature_k })
    }

    /// A mixing ratio per layer, by mass or by volume as it was given.
    fn ratio(&self, config: &Config, profile: &config::Profile, key: &str, species: &str) -> Result<Vec<f64>> {
        let table: MixingRatio = profiles::mixing_ratio(profile)?;
        table.at(species, self.pressure.pressure_bar()).map_err(|e| in_config(config, key, e))
    }
}

fn temperature(config: &Config) -> Result<TemperatureProfile> {
    let gravity = config.atmosphere.gravity.at_bottom();
    Ok(match &config.atmosphere.temperature {
        Temperature::PowerLaw { at_1_bar, alpha } => {
            TemperatureProfile::PowerLaw { temperature_k: *at_1_bar, exponent: *alpha }
        }
        Temperature::Guillot { internal, irradiation, kappa, gamma, redistribution } => TemperatureProfile::Guillot {
            gravity,
            opacity: *kappa,
            gamma: *gamma,
            internal_k: *internal,
            irradiation_k: *irradiation,
            redistribution: *redistribution,
        },
        Temperature::Grey { internal, kappa } => {
            TemperatureProfile::Grey { gravity, opacity: *kappa, internal_k: *internal }
        }
        Temperature::Isothermal(temperature_k) => TemperatureProfile::Isothermal { temperature_k: *temperature_k },
        Temperature::Table(path) => TemperatureProfile::Table(profiles::read(path, &profiles::TEMPERATURE)?),
    })
}

/// Accuracy, and the temperatures to prepare for: as declared, else the profile's lowest and highest.
fn settings(config: &Config, temperature_k: &[f64]) -> Result<Settings> {
    let method = &config.method;
    let coldest = temperature_k.iter().copied().fold(f64::INFINITY, f64::min);
    let hottest = temperature_k.iter().copied().fold(0.0, f64::max);
    let (lo, hi) = method.temperature_range.unwrap_or((coldest, hottest));
    if coldest < lo || hottest > hi {
        let required = format!("a profile within method.temperature_range_k, {lo} to {hi}");
        let error = Error::invalid("temperatures [K]", format!("{coldest} to {hottest}"), required);
        return Err(in_config(config, "atmosphere.temperature", error));
    }
    Ok(Settings {
        tolerance: method.tolerance,
        temperature_range: TemperatureRange::new(lo, hi)
            .map_err(|e| in_config(config, "method.temperature_range_k", e))?,
        method: method.method.into(),
        line_margin: method.line_margin,
    })
}

/// A collision file, found to hold the pair that the configuration names.
fn pair_table(config: &Config, cia: &config::Cia, key: &str) -> Result<CiaTable> {
    let table = CiaTable::read(&cia.file)?;
    let mut named: Vec<String> = cia.pair.iter().map(|s| s.trim().to_lowercase()).collect();
    let mut held: Vec<String> = table.name.split('-').map(|s| s.trim().to_lowercase()).collect();
    named.sort();
    held.sort();
    if named != held {
        let message = format!("given {}-{}, and {} holds {}", cia.pair[0], cia.pair[1], cia.file.display(), table.name);
        return Err(Error::Config { path: config.path.clone(), key: format!("{key}.pair"), message });
    }
    Ok(table)
}

/// An argument that came from the configuration: its key goes with the message. Errors of files name their files.
fn in_config(config: &Config, key: &str, error: Error) -> Error {
    match error {
        Error::Invalid { .. } => {
            Error::Config { path: config.path.clone(), key: key.to_owned(), message: error.to_string() }
        }
        other => other,
    }
}
