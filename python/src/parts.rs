//! What absorbs and scatters besides lines, as Python names it: objects with an attribute `kind`.

use std::path::PathBuf;

use photosphere::opacity::{
    CiaTable, CloudDeck, CollisionPair, Custom, GreyHaze, HMinus, PowerLawHaze, Rayleigh, RayleighGas,
};
use photosphere::spectrum::ModelBuilder;
use pyo3::prelude::*;

use crate::callable;
use crate::errors::{exception, refused};
use crate::work::Told;

/// A continuum, a cloud, a haze, a user's own opacity.
pub enum Part {
    Collisions(CollisionPair),
    Rayleigh(RayleighGas),
    HMinus,
    Deck(CloudDeck),
    Grey(GreyHaze),
    PowerLaw(PowerLawHaze),
    Custom(Custom),
}

impl Part {
    /// Reads one. Tables are read, Python functions are kept.
    pub fn read(given: &Bound<'_, PyAny>, told: &std::sync::Arc<Told>) -> PyResult<Self> {
        let py = given.py();
        let refuse = |e| exception(py, e);
        let required = "CIA, Rayleigh, HMinus, CloudDeck, GreyHaze, PowerLawHaze or Opacity";
        let kind = given.getattr("kind").and_then(|kind| kind.extract::<String>());
        let kind = kind.map_err(|_| refused("continua", given, required))?;
        let name = || given.getattr("name")?.extract::<String>();
        Ok(match kind.as_str() {
            "cia" => {
                let table = CiaTable::read(given.getattr("file")?.extract::<PathBuf>()?).map_err(refuse)?;
                let pair = CollisionPair::from(table.clamped(given.getattr("clamp")?.extract()?));
                Self::Collisions(pair)
            }
            "rayleigh" => {
                Self::Rayleigh(RayleighGas::from_name(&given.getattr("gas")?.extract::<String>()?).map_err(refuse)?)
            }
            "h-minus" => Self::HMinus,
            "deck" => match given.getattr("steepness")?.extract::<Option<f64>>()? {
                Some(steepness) => Self::Deck(CloudDeck::new(name()?).with_steepness(steepness).map_err(refuse)?),
                None => Self::Deck(CloudDeck::new(name()?)),
            },
            "grey-haze" => Self::Grey(GreyHaze::new(name()?)),
            "power-law-haze" => {
                let reference: f64 = given.getattr("reference_cm")?.extract()?;
                Self::PowerLaw(PowerLawHaze::new(name()?, reference).map_err(refuse)?)
            }
            "opacity" => Self::Custom(callable::read(given, told)?),
            other => return Err(refused("continua", other, required)),
        })
    }

    /// Its place among the others: the order in which a configuration's opacities add up, which decides the last bits. A user's own come last.
    pub fn rank(&self) -> usize {
        match self {
            Self::Collisions(_) => 0,
            Self::Rayleigh(_) => 1,
            Self::HMinus => 2,
            Self::Deck(_) | Self::Grey(_) | Self::PowerLaw(_) => 3,
            Self::Custom(_) => 4,
        }
    }

    /// Adds it to a model.
    pub fn add<'a>(&self, to: ModelBuilder<'a>) -> ModelBuilder<'a> {
        match self {
            Self::Collisions(part) => to.opacity(part.clone()),
            Self::Rayleigh(gas) => to.opacity(Rayleigh::new(*gas)),
            Self::HMinus => to.opacity(HMinus),
            Self::Deck(part) => to.opacity(part.clone()),
            Self::Grey(part) => to.opacity(part.clone()),
            Self::PowerLaw(part) => to.opacity(part.clone()),
            Self::Custom(part) => to.opacity(part.clone()),
        }
    }
}
