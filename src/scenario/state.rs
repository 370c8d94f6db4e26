//! From the parameters of a configuration to the state of its atmosphere, with any kind of numbers.

use super::config::{AtmosphereKeys, Config, GeometryKeys, ProfileKeys, Quantity, TemperatureKeys};
use super::profiles::{self, RATIO, TEMPERATURE};
use crate::atmosphere::{
    Abundance, Gravity, Hydrostatic, MixingRatio, Number, PressureGrid, ProfileTable, TemperatureProfile,
};
use crate::grid::TemperatureRange;
use crate::spectrum::State;
use crate::{Error, Result};

/// An error, and the key of the configuration that it is about.
pub(super) type Keyed = (String, Error);

/// What a configuration says of its atmosphere; tables are read, parameters are not yet known.
#[derive(Clone, Debug)]
pub(super) struct Profiles {
    atmosphere: AtmosphereKeys,
    clip: Option<TemperatureRange>,
    /// Of a temperature profile from a file.
    temperature: Option<ProfileTable>,
    species: Vec<Constituent>,
    surface: Option<Quantity>,
    /// Parameters of clouds and hazes.
    parameters: Vec<(String, Quantity)>,
    geometry: GeometryKeys,
}

/// How much there is of something.
#[derive(Clone, Debug)]
struct Constituent {
    key: String,
    name: String,
    unit: Abundance,
    ratio: Ratio,
    /// That of its lines \[g mol-1\].
    molar_mass: Option<f64>,
}

#[derive(Clone, Debug, PartialEq)]
enum Ratio {
    Constant(Quantity),
    Table(ProfileTable),
    /// A share of what the others leave.
    Rest(f64),
}

impl Profiles {
    /// Reads the tables; `molar_mass` \[species\] is in g mol-1, where a list or the user knows it.
    pub fn new(config: &Config, molar_mass: &[Option<f64>]) -> Result<Self> {
        let a = &config.atmosphere;
        let clip = a.clip.map(|(lo, hi)| TemperatureRange::new(lo, hi)).transpose();
        let temperature = match &a.temperature {
            TemperatureKeys::Table(path) => Some(profiles::read(path, &TEMPERATURE)?),
            _ => None,
        };
        let species = config.species.iter().zip(molar_mass).enumerate().map(|(i, (species, molar_mass))| {
            let (unit, ratio) = (species.mixing.unit, ratio(&species.mixing.profile)?);
            let name = species.name.clone();
            Ok(Constituent { key: format!("species[{i}]"), name, unit, ratio, molar_mass: *molar_mass })
        });
        let mut species = species.collect::<Result<Vec<_>>>()?;
        for (i, cia) in config.cia.iter().enumerate() {
            let key = || format!("cia[{i}].volume_mixing_ratios");
            let keyed = |message: String| Error::Config { path: config.path.clone(), key: key(), message };
            for (k, name) in cia.pair.iter().enumerate() {
                let stated = species.iter().find(|s| s.name == *name);
                let Some(ratios) = &cia.volume_mixing_ratios else {
                    if stated.is_none() {
                        let message = format!(
                            "missing; required two volume mixing ratios, or a section [[species]] called {name}"
                        );
                        return Err(keyed(message));
                    }
                    continue;
                };
                let ratio = ratio(&ratios[k])?;
                match stated {
                    Some(s) if s.unit == Abundance::Volume && s.ratio == ratio => (),
                    Some(s) => {
                        let message = format!("{name} is stated by {} already; required each species once", s.key);
                        return Err(keyed(message));
                    }
                    None => {
                        let (key, name, unit) = (key(), name.clone(), Abundance::Volume);
                        species.push(Constituent { key, name, unit, ratio, molar_mass: None });
                    }
                }
            }
        }
        Ok(Self {
            atmosphere: a.clone(),
            clip: clip.map_err(|e| super::in_config(config, "atmosphere.temperature.clip_k", e))?,
            temperature,
            species,
            surface: config.transfer.surface_temperature,
            parameters: config.clouds.iter().flat_map(|c| c.parameters()).collect(),
            geometry: config.transfer.geometry,
        })
    }

    /// The state at the values `x` of all parameters of the configuration.
    pub fn state<D: Number>(&self, x: &[D], grid: &PressureGrid) -> Result<State<D>, Keyed> {
        let (a, pressure) = (&self.atmosphere, grid.pressure_bar());
        let at = |key: &'static str| move |e: Error| (key.to_owned(), e);
        let profile = self.temperature(x).map_err(at("atmosphere.temperature"))?;
        let temperature_k = profile.at(pressure, self.clip).map_err(at("atmosphere.temperature"))?;
        let mean = a.mean_molecular_weight.at(x);
        let mean_molar_mass = vec![mean.clone(); grid.layers()];
        let reference = a.planet.reference(x);
        let (gravity, radius_cm) = match (self.geometry, reference) {
            (GeometryKeys::Transmission, None) => {
                let required = "radius_cm, radius_jupiter or radius_earth, for transmission";
                return Err(("atmosphere.radius_cm".into(), Error::invalid("radius of the planet", "none", required)));
            }
            (GeometryKeys::Transmission, Some(reference)) => {
                let found = Hydrostatic::new(&grid.boundaries_bar(), &temperature_k, &mean_molar_mass, &reference);
                let found = found.map_err(at("atmosphere"))?;
                (found.gravity, Some(found.radius_cm))
            }
            (GeometryKeys::Emission, reference) => {
                let gravity = match reference {
                    None => Gravity::Constant(a.planet.gravity(x)),
                    Some(r) => Gravity::WithHeight {
                        gravity: r.gravity,
                        radius_cm: r.radius_cm,
                        pressure_bar: r.pressure_bar.unwrap_or(a.pressure.1),
                    },
                };
                (gravity.at(pressure, &temperature_k, &mean_molar_mass).map_err(at("atmosphere"))?, None)
            }
        };
        let mut state = State::new(temperature_k, gravity, mean_molar_mass);
        state.radius_cm = radius_cm;
        for (name, value) in &self.parameters {
            state = state.with_parameter(name, value.at(x));
        }
        let mut ratios = self.species.iter().map(|c| c.at(x, pressure)).collect::<Result<Vec<_>, Keyed>>()?;
        self.fill(&mut ratios)?;
        for (c, ratio) in self.species.iter().zip(ratios) {
            state = state.with_species(&c.name, c.unit, ratio);
            if let Some(molar_mass) = c.molar_mass {
                state = state.of_molar_mass(molar_mass);
            }
        }
        Ok(match self.surface {
            Some(t) => state.with_surface(t.at(x)),
            None => state,
        })
    }

    /// Gives species that take the rest of the volume their share of it, in each layer.
    fn fill<D: Number>(&self, ratios: &mut [Vec<D>]) -> Result<(), Keyed> {
        let share = |c: &Constituent| if let Ratio::Rest(share) = c.ratio { Some(share) } else { None };
        let Some(first) = self.species.iter().find(|c| share(c).is_some()) else { return Ok(()) };
        let stated: Vec<&Vec<D>> =
            self.species.iter().zip(&*ratios).filter(|(c, _)| share(c).is_none()).map(|(_, ratio)| ratio).collect();
        let left = |layer: usize| stated.iter().fold(D::from(1.0), |left, ratio| left - ratio[layer].clone());
        let rest: Vec<D> = (0..ratios[0].len()).map(left).collect();
        if let Some((layer, left)) = rest.iter().enumerate().find(|(_, left)| left.re() < 0.0) {
            let given = format!("others that add up to {} in layer {layer}", 1.0 - left.re());
            return Err((first.key.clone(), Error::invalid("rest of the volume", given, "1 at most")));
        }
        for (c, ratio) in self.species.iter().zip(ratios) {
            if let Some(share) = share(c) {
                *ratio = rest.iter().map(|left| left.clone() * share).collect();
            }
        }
        Ok(())
    }

    fn temperature<D: Number>(&self, x: &[D]) -> Result<TemperatureProfile<D>> {
        let gravity = || self.atmosphere.planet.gravity(x);
        Ok(match &self.atmosphere.temperature {
            TemperatureKeys::PowerLaw { at_1_bar, alpha } => {
                TemperatureProfile::PowerLaw { temperature_k: at_1_bar.at(x), exponent: alpha.at(x) }
            }
            TemperatureKeys::Guillot { internal, irradiation, kappa, gamma, redistribution } => {
                TemperatureProfile::Guillot {
                    gravity: gravity(),
                    opacity: kappa.at(x),
                    gamma: gamma.at(x),
                    internal_k: internal.at(x),
                    irradiation_k: irradiation.at(x),
                    redistribution: redistribution.at(x),
                }
            }
            TemperatureKeys::Grey { internal, kappa } => {
                TemperatureProfile::Grey { gravity: gravity(), opacity: kappa.at(x), internal_k: internal.at(x) }
            }
            TemperatureKeys::Isothermal(temperature) => {
                TemperatureProfile::Isothermal { temperature_k: temperature.at(x) }
            }
            TemperatureKeys::Knots { pressure, temperature, interpolation } => {
                let values: Vec<D> = temperature.iter().map(|t| t.at(x)).collect();
                TemperatureProfile::Table(ProfileTable::new("knots", pressure, &values)?.with(*interpolation))
            }
            TemperatureKeys::Table(path) => {
                let table = self.temperature.as_ref();
                let table = table.ok_or_else(|| Error::invalid("temperature profile", path.display(), "a table"))?;
                TemperatureProfile::Table(table.constant())
            }
        })
    }
}

impl Constituent {
    /// The ratio in each layer, as it was given.
    fn at<D: Number>(&self, x: &[D], pressure_bar: &[f64]) -> Result<Vec<D>, Keyed> {
        let ratio = match &self.ratio {
            Ratio::Constant(value) => MixingRatio::Constant(value.at(x)),
            Ratio::Table(table) => MixingRatio::Table(table.constant()),
            // Known when all others are.
            Ratio::Rest(_) => MixingRatio::Constant(D::from(0.0)),
        };
        ratio.at(&self.name, pressure_bar).map_err(|e| (self.key.clone(), e))
    }
}

/// A quantity, or a file's table.
fn ratio(profile: &ProfileKeys) -> Result<Ratio> {
    match profile {
        ProfileKeys::Constant(value) => Ok(Ratio::Constant(*value)),
        ProfileKeys::Table(path) => profiles::read(path, &RATIO).map(Ratio::Table),
        ProfileKeys::Rest(share) => Ok(Ratio::Rest(*share)),
    }
}
