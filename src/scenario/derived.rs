//! What is made of a spectrum: its unit, and what follows from it with a star, a distance, another axis.

use super::config::{Config, GeometryKeys};
use super::in_config;
use super::star::{planet_radius, star};
use crate::output::Values;
use crate::star::Star;
use crate::units::{self, SHORTEST_IN_AIR_UM, SpectralAxis, vacuum_um};
use crate::{Error, Result};

/// A quantity derived from a spectrum.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Derived {
    /// Its file.
    pub file: &'static str,
    /// Its unit.
    pub unit: &'static str,
    /// \[nu\].
    pub values: Vec<f64>,
}

/// What is made of a spectrum beside itself: with a star, a distance, and the axis asked for. Known to be possible before anything is computed.
pub(super) struct Derivation {
    star: Option<Star>,
    /// Radius of the planet \[cm\] and distance \[cm\], where an emission is compared with something.
    radius: Option<f64>,
    distance: Option<f64>,
}

impl Derivation {
    /// # Errors
    /// A star's table that does not cover the grid; no radius of the planet where one is needed; wavelengths in air that are too short for it.
    pub fn new(config: &Config) -> Result<Self> {
        let (shortest, least) = (vacuum_um(config.grid.range.1), SHORTEST_IN_AIR_UM);
        if config.output.axis == SpectralAxis::AirMicrometre && shortest < least {
            let required = format!("{least} um or more; shorter wavelengths are in vacuum (medium = \"vacuum\")");
            let error = Error::invalid("wavelength in air [um]", shortest, required);
            return Err(in_config(config, "output.medium", error));
        }
        let star = star(config)?;
        let emission = config.transfer.geometry == GeometryKeys::Emission;
        let distance = config.distance_cm;
        let purpose = match (&star, distance) {
            (Some(_), _) if emission => Some("a contrast with the star"),
            (_, Some(_)) => Some("a flux at the observer"),
            _ => None,
        };
        let radius = purpose.map(|purpose| planet_radius(config, purpose)).transpose()?;
        Ok(Self { star, radius, distance })
    }

    /// Of fluxes \[erg s-1 cm-2 / cm-1\] or radii \[cm\].
    pub fn of(&self, config: &Config, wavenumber: &[f64], values: &Values) -> Result<Vec<Derived>> {
        let (mut all, values) = (Vec::new(), values.to_f64());
        let mut push = |file, unit, values| all.push(Derived { file, unit, values });
        let axis = config.output.axis;
        if axis != SpectralAxis::Wavenumber {
            let unit = if axis == SpectralAxis::AirMicrometre { "um (air)" } else { "um (vacuum)" };
            push("wavelength.npy", unit, wavenumber.iter().map(|nu| axis.of(*nu)).collect());
        }
        match (&self.star, self.radius) {
            (Some(star), Some(radius)) => {
                let contrast = star.contrast(wavenumber, &values, radius);
                let contrast = contrast.map_err(|e| in_config(config, "star.spectrum", e))?;
                push("contrast.npy", "planet / star", contrast);
            }
            (Some(star), None) => push("depth.npy", "(R / R_star)^2", star.depth(&values)),
            (None, _) => (),
        }
        if let (Some(radius), Some(distance)) = (self.radius, self.distance) {
            let area = (radius / distance).powi(2);
            let at_observer = in_unit(config, wavenumber, values).into_iter().map(|flux| area * flux);
            push("flux_at_observer.npy", flux_unit(config), at_observer.collect());
        }
        Ok(all)
    }
}

/// Rows \[nu\] of fluxes \[erg s-1 cm-2 / cm-1\] in the unit in which the configuration wants them; radii stay.
pub(super) fn in_unit(config: &Config, wavenumber: &[f64], mut values: Vec<f64>) -> Vec<f64> {
    if config.output.flux_per_um && config.transfer.geometry == GeometryKeys::Emission {
        let each = values.iter_mut().zip(wavenumber.iter().cycle());
        each.for_each(|(flux, nu)| *flux = units::flux_per_um(*flux, *nu));
    }
    values
}

/// The unit of a configuration's spectrum in files.
pub fn spectrum_unit(config: &Config) -> &'static str {
    match config.transfer.geometry {
        GeometryKeys::Emission => flux_unit(config),
        geometry @ GeometryKeys::Transmission => geometry.unit(),
    }
}

/// The unit in which a configuration wants fluxes.
fn flux_unit(config: &Config) -> &'static str {
    if config.output.flux_per_um { "W m-2 um-1" } else { GeometryKeys::Emission.unit() }
}
