//! Continua, clouds and hazes of a configuration as opacities.

use super::config::{CloudKind, Config};
use super::in_config;
use crate::Result;
use crate::atmosphere::PressureGrid;
use crate::opacity::{CloudDeck, Continuum, GreyHaze, HMinus, PowerLawHaze, Rayleigh};
use crate::spectrum::{ModelBuilder, State};

/// Refuses a state that lacks a gas or has a deck outside the layers, with the key that asks for it.
pub(super) fn check(config: &Config, state: &State, layers: &PressureGrid) -> Result<()> {
    let state = state.as_dual();
    let holds = |key: &str, continuum: &dyn Continuum| {
        continuum.ln_amount(&state, layers).map(drop).map_err(|e| in_config(config, key, e))
    };
    config.continua.rayleigh.iter().try_for_each(|gas| holds("continua.rayleigh", &Rayleigh::new(*gas)))?;
    if config.continua.h_minus {
        holds("continua.h_minus", &HMinus)?;
    }
    for (i, cloud) in config.clouds.iter().enumerate() {
        if let CloudKind::Deck { .. } = cloud.kind {
            holds(&format!("cloud[{i}].pressure_bar"), &CloudDeck::new(&cloud.name))?;
        }
    }
    Ok(())
}

/// Adds what the configuration has of them.
pub(super) fn add<'a>(mut builder: ModelBuilder<'a>, config: &Config) -> Result<ModelBuilder<'a>> {
    builder = builder.opacities(config.continua.rayleigh.iter().map(|gas| Rayleigh::new(*gas)));
    if config.continua.h_minus {
        builder = builder.opacity(HMinus);
    }
    for cloud in &config.clouds {
        builder = match &cloud.kind {
            CloudKind::Deck { steepness, .. } => {
                let deck = CloudDeck::new(&cloud.name);
                builder.opacity(match steepness {
                    Some(steepness) => deck.with_steepness(*steepness)?,
                    None => deck,
                })
            }
            CloudKind::GreyHaze(_) => builder.opacity(GreyHaze::new(&cloud.name)),
            CloudKind::PowerLaw { reference_cm, .. } => builder.opacity(PowerLawHaze::new(&cloud.name, *reference_cm)?),
        };
    }
    Ok(builder)
}
