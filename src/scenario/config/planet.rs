//! Radius and gravity of the planet, in `[atmosphere]`.

use super::declared::Quantity;
use super::reader::{POSITIVE, Section};
use crate::Result;
use crate::atmosphere::{Number, ReferenceLevel};
use crate::units::{GM_EARTH, GM_JUPITER, RADIUS_EARTH_CM, RADIUS_JUPITER_CM};

/// A number in some unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scaled {
    /// The number.
    pub quantity: Quantity,
    /// What it counts, in cgs units.
    pub unit: f64,
}

impl Scaled {
    /// The value in cgs units, at the values `x` of all parameters of the configuration.
    pub fn at<D: Number>(&self, x: &[D]) -> D {
        self.quantity.at(x) * self.unit
    }

    /// Whether it is a parameter.
    pub fn is_free(&self) -> bool {
        matches!(self.quantity, Quantity::Parameter(_))
    }
}

/// Gravity at the reference level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum GravityKeys {
    /// As it is \[cm s-2\].
    Given(Quantity),
    /// From GM \[cm3 s-2\] and the radius.
    Mass(Scaled),
}

/// A planet: gravity, and if its radius is known, gravity falls with height above it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlanetKeys {
    /// Gravity.
    pub gravity: GravityKeys,
    /// Radius \[cm\].
    pub radius: Option<Scaled>,
    /// Pressure of the level at which radius and gravity are given \[bar\]; `None`: the bottom.
    pub reference_pressure: Option<f64>,
}

impl PlanetKeys {
    /// Gravity at the reference level \[cm s-2\], at the values `x` of all parameters.
    pub fn gravity<D: Number>(&self, x: &[D]) -> D {
        match (&self.gravity, &self.radius) {
            (GravityKeys::Mass(mass), Some(radius)) => mass.at(x) / radius.at(x).powi(2),
            (GravityKeys::Given(gravity) | GravityKeys::Mass(Scaled { quantity: gravity, .. }), _) => gravity.at(x),
        }
    }

    /// Where radius and gravity are known, if the radius is.
    pub fn reference<D: Number>(&self, x: &[D]) -> Option<ReferenceLevel<D>> {
        let radius = self.radius?;
        Some(ReferenceLevel {
            radius_cm: radius.at(x),
            gravity: self.gravity(x),
            pressure_bar: self.reference_pressure,
        })
    }
}

/// The only one present of several keys, with the unit of its value.
fn one_of(s: &Section, keys: &[(&str, f64)]) -> Result<Option<Scaled>> {
    let mut found: Option<(Scaled, String)> = None;
    for (key, unit) in keys {
        let Some(item) = s.get(key) else { continue };
        if let Some((_, first)) = &found {
            return Err(item.refuse(&format!("given besides `{first}`; required only one of them")));
        }
        found = Some((Scaled { quantity: item.quantity(POSITIVE)?, unit: *unit }, (*key).to_owned()));
    }
    Ok(found.map(|(scaled, _)| scaled))
}

/// Keys of a planet in `[atmosphere]`.
pub(super) const KEYS: [&str; 7] = [
    "gravity_cgs",
    "mass_jupiter",
    "mass_earth",
    "radius_cm",
    "radius_jupiter",
    "radius_earth",
    "reference_pressure_bar",
];

pub(super) fn planet(s: &Section, pressure: (f64, f64)) -> Result<PlanetKeys> {
    let radii = [("radius_cm", 1.0), ("radius_jupiter", RADIUS_JUPITER_CM), ("radius_earth", RADIUS_EARTH_CM)];
    let radius = one_of(s, &radii)?;
    let masses = [("gravity_cgs", 1.0), ("mass_jupiter", GM_JUPITER), ("mass_earth", GM_EARTH)];
    let given = one_of(s, &masses)?;
    let gravity = match (given, s.get("gravity_cgs")) {
        (Some(gravity), Some(_)) => GravityKeys::Given(gravity.quantity),
        (Some(mass), None) if radius.is_some() => GravityKeys::Mass(mass),
        (Some(_), None) => {
            let required =
                "the radius in Jupiter radii besides mass_jupiter; or radius_earth or radius_cm in its place";
            return Err(s.missing("radius_jupiter", required));
        }
        (None, _) => {
            let required = "the gravity in cm s-2, or mass_jupiter and radius_jupiter in its place";
            return Err(s.missing("gravity_cgs", required));
        }
    };
    let reference_pressure = match s.get("reference_pressure_bar") {
        Some(item) if radius.is_none() => {
            return Err(item.refuse("required besides a radius: it is the pressure where radius and gravity are given"));
        }
        Some(item) => {
            let at = item.number(POSITIVE)?;
            if at < pressure.0 || at > pressure.1 {
                let (top, bottom) = pressure;
                return Err(item.wrong(&format!("a pressure within the layers, {top} to {bottom} bar")));
            }
            Some(at)
        }
        None => None,
    };
    Ok(PlanetKeys { gravity, radius, reference_pressure })
}
