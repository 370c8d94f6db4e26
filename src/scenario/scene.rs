//! A configuration made ready: grid, lists, tables, backend; models and states can be made from it.

use std::sync::Arc;

use super::absorber::{AnyAbsorber, absorber};
use super::config::{CiaKeys, Config, GeometryKeys, SpeciesKeys};
use super::source::DeviceChoice;
use super::state::{Keyed, Profiles};
use super::{continua, in_config, micrometres};
use crate::atmosphere::PressureGrid;
use crate::backend::Backend;
use crate::cache::Cache;
use crate::cross_section::{Method, Settings};
use crate::gpu::Limits;
use crate::grid::{Grid, TemperatureRange};
use crate::opacity::{CiaTable, CollisionPair};
use crate::spectrum::{Model, State, choose_tier};
use crate::timing::Stages;
use crate::{Error, Note, Progress, Resources, Result, Stage};

/// Rounded mean molar masses make mass ratios add up to a little more than one.
const MASS_TOLERANCE: f64 = 0.02;

/// All that spectra of a configuration need.
#[derive(Debug)]
pub struct Scene {
    /// The configuration.
    pub config: Config,
    /// Wavenumbers.
    pub grid: Grid,
    /// Pressures of the layers.
    pub pressure: PressureGrid,
    /// Species with their line lists.
    pub absorbers: Vec<AnyAbsorber>,
    /// Where to compute.
    pub backend: Backend,
    /// Time that opening took, by stage.
    pub seconds: Stages,
    /// Accuracy of cross sections, and the temperatures they are prepared for.
    pub settings: Settings,
    pub(super) profiles: Arc<Profiles>,
    notes: Vec<Note>,
    collisions: Vec<CollisionPair>,
    cache: Cache,
    /// True if only plans are made.
    sketch: bool,
}

impl Scene {
    /// Opens lists, tables and the device (the CPU if there is no choice of one). Where no temperature range is declared, the method is prepared
    /// for the temperatures at the start; where no number of spectra is, for `evaluations`.
    ///
    /// # Errors
    /// Unreadable or unsuitable files, values that do not go together, a device that is not there.
    pub fn open(
        config: &Config,
        device: Option<&DeviceChoice>,
        evaluations: u32,
        progress: &dyn Progress,
    ) -> Result<Self> {
        let at = |key: &'static str| move |e: Error| in_config(config, key, e);
        if config.method.method == Method::DirectSum {
            let required = "auto, lines, density or table (direct-sum: cross-section only)";
            return Err(at("method.method")(Error::invalid("method", "direct-sum", required)));
        }
        let (lo, hi) = config.grid.range;
        let grid = Grid::new(lo, hi, config.grid.points()).map_err(at("grid"))?;
        let (top, bottom) = config.atmosphere.pressure;
        let pressure = PressureGrid::logarithmic(top, bottom, config.atmosphere.layers);
        let pressure = pressure.map_err(at("atmosphere.layers"))?;
        // Profiles first, for some mass: what is wrong with them is told before lists are opened.
        let start = config.start();
        let stated = |s: &SpeciesKeys| s.molar_mass.or(s.lines.as_ref().and_then(|l| l.molar_mass));
        let profiles = Profiles::new(config, &config.species.iter().map(stated).collect::<Vec<_>>())?;
        let keyed = |(key, e): Keyed| in_config(config, &key, e);
        let state = profiles.state(&start, &pressure).map_err(keyed)?;
        check(config, &state, &pressure)?;
        let settings = settings(config, &state.temperature_k, evaluations)?;
        let cache = config.cache.open();
        let backend = match device {
            Some(device) => device.open(config.method.method, &cache, config.memory_budget, progress)?,
            None => Backend::Cpu,
        };
        let resources = Resources::with_cache(&cache, progress);

        let mut seconds = Stages::default();
        let (mut absorbers, mut notes, mut molar_masses) = (Vec::new(), Vec::new(), Vec::new());
        for (i, species) in config.species.iter().enumerate() {
            let Some(lines) = &species.lines else {
                molar_masses.push(species.molar_mass);
                continue;
            };
            let open = || absorber(lines, config.grid.range, &settings, &resources);
            let opened = seconds.time(Stage::Load, open);
            let (absorber, told) = opened.map_err(|e| in_config(config, &format!("species[{i}]"), e))?;
            notes.extend(told);
            molar_masses.push(Some(absorber.molar_mass));
            absorbers.push(absorber);
        }
        let pairs = config.cia.iter().enumerate();
        let table = |(i, cia)| seconds.time(Stage::Load, || pair_table(config, cia, &format!("cia[{i}]")));
        let collisions = pairs.map(table).collect::<Result<_>>()?;
        let profiles = Arc::new(Profiles::new(config, &molar_masses)?);
        // With the molar masses of the lists.
        let state = profiles.state(&start, &pressure).map_err(keyed)?;
        check(config, &state, &pressure)?;
        for (i, name) in config.cia.iter().enumerate().flat_map(|(i, cia)| cia.pair.iter().map(move |name| (i, name))) {
            state.volume_ratio(name).map_err(|e| in_config(config, &format!("cia[{i}].pair"), e))?;
        }
        Ok(Self {
            config: config.clone(),
            grid,
            pressure,
            absorbers,
            backend,
            seconds,
            settings,
            profiles,
            notes,
            collisions,
            cache,
            sketch: device.is_none(),
        })
    }

    /// The state at the start values of all parameters.
    ///
    /// # Errors
    /// Values that make no atmosphere.
    pub fn start(&self) -> Result<State> {
        let keyed = |(key, e): Keyed| in_config(&self.config, &key, e);
        self.profiles.state(&self.config.start(), &self.pressure).map_err(keyed)
    }

    /// The model on a part of the grid or all of it, for the backend.
    ///
    /// # Errors
    /// Lists that cannot be read or do not suit the settings.
    pub fn model(&self, grid: Grid, progress: &dyn Progress) -> Result<Model> {
        match &self.backend {
            Backend::Cpu => self.model_with(grid, self.settings, progress),
            Backend::Device(device) => self.model_within(grid, &device.limits(), device.budget()?, progress),
        }
    }

    /// The model with source tiers whose spectrum fits into `budget` bytes of a device with `limits`.
    ///
    /// # Errors
    /// As [`model`](Self::model).
    pub fn model_within(
        &self,
        grid: Grid,
        limits: &Limits,
        budget: Option<u64>,
        progress: &dyn Progress,
    ) -> Result<Model> {
        let make = |method| self.model_with(grid, Settings { method, ..self.settings }, progress);
        choose_tier(self.settings.method, make, |model| model.plan(limits, budget).map(drop))
    }

    /// The model with another accuracy.
    ///
    /// # Errors
    /// As [`model`](Self::model).
    pub fn model_with(&self, grid: Grid, settings: Settings, progress: &dyn Progress) -> Result<Model> {
        let transfer = &self.config.transfer;
        let builder = match transfer.geometry {
            GeometryKeys::Emission => Model::emission(grid, self.pressure.clone())
                .streams(transfer.streams)
                .surface(transfer.surface_temperature.is_some()),
            GeometryKeys::Transmission => Model::transmission(grid, self.pressure.clone()),
        };
        let builder = builder.opacities(&self.absorbers).opacities(&self.collisions).settings(settings);
        // Data are compared with a spectrum at all its wavenumbers.
        let builder = builder.sketch(self.sketch).samples(self.sketch && self.config.data.is_empty());
        continua::add(builder, &self.config)?
            .build_with(&Resources::with_cache(&self.cache, progress))
            .map_err(|e| micrometres::hint(self.config.grid.range, e))
    }

    /// What a user must be told of the lists and of a model made from them, for the temperatures at the start.
    ///
    /// # Errors
    /// A grid that looks like micrometres, where no species has a line.
    pub fn notes(&self, model: &Model) -> Result<Vec<Note>> {
        let spans = self.absorbers.iter().flat_map(|absorber| {
            absorber.lists.iter().map(move |list| {
                let name = list.species()?.name;
                let record = model.records().find(|r| r.0 == absorber.name && r.1 == name).and_then(|r| r.2);
                Ok((absorber.name.clone(), micrometres::span(list, record)))
            })
        });
        let spans = spans.collect::<Result<Vec<_>>>()?;
        let units = micrometres::check(self.config.grid.range, &spans);
        let units = units.map_err(|e| in_config(&self.config, "grid.range_cm", e))?;
        let state = self.start()?;
        let continua = model.notes_at(&state.temperature_k);
        let own = self.unasked().chain(heavy(&state));
        Ok(self.notes.iter().cloned().chain(own).chain(model.notes()).chain(continua).chain(units).collect())
    }

    /// Remarks on species that nothing asks for.
    fn unasked(&self) -> impl Iterator<Item = Note> {
        let Config { species, cia, continua, .. } = &self.config;
        let asked = move |name: &str| {
            cia.iter().any(|c| c.pair.iter().any(|n| n == name))
                || continua.rayleigh.iter().any(|gas| gas.name() == name)
                || continua.h_minus && ["H", "e-"].contains(&name)
        };
        let idle = species.iter().filter(move |s| s.lines.is_none() && !asked(&s.name));
        idle.map(|s| {
            let text = "has no lines, and no pair and no continuum asks for it: it contributes nothing";
            Note::new(&s.name, text, None)
        })
    }

    /// What became of the records of all lists that have lines within range.
    pub(super) fn records(&self, model: &Model) -> Result<serde_json::Value> {
        super::records(model.records())
    }

    /// Lines used, per species.
    pub fn lines(&self, model: &Model) -> Vec<(String, u64)> {
        self.absorbers.iter().map(|a| (a.name.clone(), model.lines_of(&a.name).0)).collect()
    }

    /// First and last wavenumber of lines that count \[cm-1\].
    pub(super) fn line_range(&self) -> (f64, f64) {
        let margin = self.settings.line_margin;
        ((self.grid.lo() - margin).max(0.0), (self.grid.hi() + margin).min(f64::MAX))
    }
}

/// Refuses a state that no atmosphere has, or that lacks what continua and clouds ask for.
fn check(config: &Config, state: &State, pressure: &PressureGrid) -> Result<()> {
    let composition = if config.species.is_empty() { "cia" } else { "species" };
    state.check_sums().map_err(|e| in_config(config, composition, e))?;
    state.check(pressure.layers()).map_err(|e| in_config(config, "atmosphere", e))?;
    continua::check(config, state, pressure)
}

/// The remark on a mean molar mass with which the composition weighs more than the gas.
fn heavy(state: &State) -> Option<Note> {
    let sum = state.largest_mass();
    let text = || {
        format!(
            "does not go with the composition: with it mixing ratios mean {sum:.3} g of species in a gram of gas, which is 1 at most"
        )
    };
    (sum > 1.0 + MASS_TOLERANCE).then(|| Note::new("atmosphere.mean_molecular_weight", text(), None))
}

/// Accuracy, the temperatures to prepare for, and the number of spectra: as declared, else the profile's lowest and highest, and `evaluations`.
fn settings(config: &Config, temperature_k: &[f64], evaluations: u32) -> Result<Settings> {
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
        method: method.method,
        evaluations: method.evaluations.unwrap_or(evaluations),
        line_margin: method.line_margin,
        profile: method.profile.read()?,
    })
}

/// A collision file, found to hold the pair that the configuration names.
fn pair_table(config: &Config, cia: &CiaKeys, key: &str) -> Result<CollisionPair> {
    let table = CiaTable::read(&cia.file)?;
    let mut named: Vec<String> = cia.pair.iter().map(|s| s.trim().to_lowercase()).collect();
    let mut held: Vec<String> = table.name.split('-').map(|s| s.trim().to_lowercase()).collect();
    named.sort();
    held.sort();
    if named != held {
        let message = format!("given {}-{}, and {} holds {}", cia.pair[0], cia.pair[1], cia.file.display(), table.name);
        return Err(Error::Config { path: config.path.clone(), key: format!("{key}.pair"), message });
    }
    Ok(CollisionPair { table: table.clamped(cia.clamped), partners: cia.pair.clone() })
}
