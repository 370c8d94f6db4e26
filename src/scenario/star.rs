//! The star of a configuration, and what a planet is compared with.

use super::config::{Config, ObservableKeys, StarKeys, StarSpectrumKeys};
use super::in_config;
use crate::objective::Observable;
use crate::star::{Star, StellarSpectrum};
use crate::{Error, Result};

/// The star, if there is one.
///
/// # Errors
/// A table that cannot be read, or does not cover the grid.
pub(super) fn star(config: &Config) -> Result<Option<Star>> {
    let Some(StarKeys { radius_cm, spectrum }) = &config.star else { return Ok(None) };
    let spectrum = match spectrum {
        StarSpectrumKeys::BlackBody(temperature) => Ok(StellarSpectrum::BlackBody(*temperature)),
        StarSpectrumKeys::Table(path) => StellarSpectrum::read(path),
    };
    let (lo, hi) = config.grid.range;
    let covering = spectrum.and_then(|spectrum| spectrum.flux(&[lo, hi]).map(|_| spectrum));
    let spectrum = covering.map_err(|e| in_config(config, "star.spectrum", e))?;
    Ok(Some(Star { radius_cm: *radius_cm, spectrum }))
}

/// Radius of the planet at the start of the parameters \[cm\].
///
/// # Errors
/// None is given; `purpose` says what it is needed for.
pub(super) fn planet_radius(config: &Config, purpose: &str) -> Result<f64> {
    let radius = config.atmosphere.planet.radius.map(|r| r.at::<f64>(&config.start()));
    radius.ok_or_else(|| {
        let required = format!("radius_cm, radius_jupiter or radius_earth, for {purpose}");
        in_config(config, "atmosphere.radius_cm", Error::invalid("radius of the planet", "none", required))
    })
}

/// What the values of a data set are.
///
/// # Errors
/// As [`star`] and [`planet_radius`]; a contrast while the planet's radius is a parameter.
pub(super) fn observable(config: &Config, keys: ObservableKeys, key: &str) -> Result<Observable> {
    let needed =
        || star(config)?.ok_or_else(|| in_config(config, key, Error::invalid("star", "none", "a section [star]")));
    Ok(match keys {
        ObservableKeys::Computed => Observable::Computed,
        ObservableKeys::FluxPerMicrometre => Observable::FluxPerMicrometre,
        ObservableKeys::Depth => Observable::Depth { star_radius_cm: needed()?.radius_cm },
        ObservableKeys::Contrast => {
            let radius_cm = planet_radius(config, "a contrast with the star")?;
            if config.atmosphere.planet.radius.is_some_and(|r| r.is_free()) {
                let required = "a number where data are contrasts; their `scale` can be a parameter";
                return Err(in_config(config, key, Error::invalid("radius of the planet", "a parameter", required)));
            }
            Observable::Contrast { star: needed()?, radius_cm }
        }
    })
}
