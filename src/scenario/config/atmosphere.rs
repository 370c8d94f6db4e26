//! `[atmosphere]` and `[atmosphere.temperature]`.

use super::declared::Quantity;
use super::model::{AtmosphereKeys, TemperatureKeys};
use super::parameters::needed_quantity;
use super::planet;
use super::reader::{FINITE, Item, NOT_NEGATIVE, POSITIVE, RATIO, Section};
use crate::Result;
use crate::atmosphere::Interpolation;
use crate::scenario::limits;

/// Mean molecular weight of hydrogen and helium in solar proportion \[g mol-1\].
const SOLAR_MEAN_MOLECULAR_WEIGHT: f64 = 2.33;

pub(super) fn atmosphere(item: &Item) -> Result<AtmosphereKeys> {
    let known = ["layers", "pressure_top_bar", "pressure_bottom_bar", "mean_molecular_weight", "temperature"];
    let s = item.section(&known.into_iter().chain(planet::KEYS).collect::<Vec<_>>())?;
    let layers = s.need("layers", "the number of layers")?.integer(limits::LAYERS)?;
    let top = pressure(&s.need("pressure_top_bar", "the pressure at the top in bar")?)?;
    let bottom_item = s.need("pressure_bottom_bar", "the pressure at the bottom in bar")?;
    let bottom = pressure(&bottom_item)?;
    if bottom <= top {
        return Err(bottom_item.wrong(&format!("a pressure above pressure_top_bar = {top:?}")));
    }
    let planet = planet::planet(&s, (top, bottom))?;
    let mean_molecular_weight = match s.get("mean_molecular_weight") {
        Some(item) => item.quantity(POSITIVE)?,
        None => Quantity::Fixed(SOLAR_MEAN_MOLECULAR_WEIGHT),
    };
    let need = "a section [atmosphere.temperature] with `kind` and its parameters";
    let (temperature, clip) = temperature(&s.need("temperature", need)?)?;
    Ok(AtmosphereKeys { layers, pressure: (top, bottom), planet, mean_molecular_weight, temperature, clip })
}

/// Pressure of a layer \[bar\].
fn pressure(item: &Item) -> Result<f64> {
    let value = item.number(POSITIVE)?;
    let (lo, hi) = limits::PRESSURE_BAR;
    match (lo..=hi).contains(&value) {
        true => Ok(value),
        false => Err(item.wrong(&format!("a pressure from {lo:e} to {hi:e} bar"))),
    }
}

/// Keys besides `kind` and `clip_k`, per kind.
const KINDS: [(&str, &[&str]); 6] = [
    ("power-law", &["temperature_1bar_k", "alpha"]),
    ("guillot", &["internal_k", "irradiation_k", "kappa_cm2_g", "gamma", "redistribution"]),
    ("grey", &["internal_k", "kappa_cm2_g"]),
    ("isothermal", &["temperature_k"]),
    ("table", &["file"]),
    ("knots", &["pressure_bar", "temperature_k", "interpolation"]),
];

fn temperature(item: &Item) -> Result<(TemperatureKeys, Option<(f64, f64)>)> {
    let every: Vec<&'static str> =
        ["kind", "clip_k"].into_iter().chain(KINDS.iter().flat_map(|k| k.1).copied()).collect();
    let loose = item.section(&every)?;
    let names = KINDS.map(|k| format!("\"{}\"", k.0)).join(", ");
    let required = format!("one of {names}");
    let kind = loose.need("kind", &required)?;
    let word = kind.string(&required)?;
    let Some((_, own)) = KINDS.iter().find(|k| k.0 == word) else { return Err(kind.wrong(&required)) };

    // A key of another kind would be ignored silently; the message says which kind is meant.
    let known: Vec<&'static str> = ["kind", "clip_k"].iter().chain(own.iter()).copied().collect();
    for key in every.iter().filter(|k| !known.contains(k)) {
        if let Some(stray) = loose.get(key) {
            return Err(stray.refuse(&format!("not a key of kind = \"{word}\", whose keys are {}", own.join(", "))));
        }
    }
    let s = loose;
    let temperature = match word {
        "power-law" => TemperatureKeys::PowerLaw {
            at_1_bar: needed_quantity(&s, "temperature_1bar_k", "the temperature at 1 bar in K", POSITIVE)?,
            alpha: needed_quantity(&s, "alpha", "the exponent of (P / 1 bar)", FINITE)?,
        },
        "guillot" => TemperatureKeys::Guillot {
            internal: needed_quantity(&s, "internal_k", "the internal temperature in K", NOT_NEGATIVE)?,
            irradiation: needed_quantity(&s, "irradiation_k", "the irradiation temperature in K", POSITIVE)?,
            kappa: needed_quantity(&s, "kappa_cm2_g", "the infrared opacity in cm2 g-1", POSITIVE)?,
            gamma: needed_quantity(&s, "gamma", "the ratio of visible to infrared opacity", POSITIVE)?,
            redistribution: s.get("redistribution").map_or(Ok(Quantity::Fixed(0.25)), |i| i.quantity(RATIO))?,
        },
        "grey" => TemperatureKeys::Grey {
            internal: needed_quantity(&s, "internal_k", "the internal temperature in K", POSITIVE)?,
            kappa: needed_quantity(&s, "kappa_cm2_g", "the infrared opacity in cm2 g-1", POSITIVE)?,
        },
        "isothermal" => {
            TemperatureKeys::Isothermal(needed_quantity(&s, "temperature_k", "the temperature in K", POSITIVE)?)
        }
        "knots" => knots(&s)?,
        _ => TemperatureKeys::Table(s.need("file", "a file of two columns, P [bar] and T [K]")?.path()?),
    };
    let clip = s.get("clip_k").map(|i| i.range()).transpose()?;
    Ok((temperature, clip))
}

fn knots(s: &Section) -> Result<TemperatureKeys> {
    let need = "pressures in bar, [P1, P2, ...], two or more";
    let item = s.need("pressure_bar", need)?;
    let items = item.elements().filter(|items| items.len() >= 2).ok_or_else(|| item.wrong(need))?;
    let pressure = items.iter().map(|i| i.number(POSITIVE)).collect::<Result<Vec<_>>>()?;
    let need = format!("{} temperatures in K, one for each of `pressure_bar`", pressure.len());
    let item = s.need("temperature_k", &need)?;
    let items = item.elements().filter(|items| items.len() == pressure.len()).ok_or_else(|| item.wrong(&need))?;
    let temperature = items.iter().map(|i| i.quantity(POSITIVE)).collect::<Result<Vec<_>>>()?;
    let interpolation = match s.get("interpolation") {
        None => Interpolation::Linear,
        Some(item) => item.word(&[("linear", Interpolation::Linear), ("cubic", Interpolation::Cubic)])?,
    };
    Ok(TemperatureKeys::Knots { pressure, temperature, interpolation })
}
