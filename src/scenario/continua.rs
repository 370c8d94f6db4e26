//! Continua, clouds and hazes of a configuration as opacities.

use super::config::{CloudKind, Config};
use crate::Result;
use crate::opacity::{CloudDeck, GreyHaze, HMinus, PowerLawHaze, Rayleigh};
use crate::spectrum::ModelBuilder;

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
