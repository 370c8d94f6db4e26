//! Line lists as Python names them: objects with the attributes of the keys of `[[species]]`.

use std::path::PathBuf;

use photosphere::lines::Width;
use photosphere::scenario::broadening::{Broadener, Broadening};
use photosphere::scenario::source::{Format, Isotopologues, ListKeys};
use photosphere::scenario::words::Words;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use crate::errors::{exception, refused};

/// The keys of the list of a species. `list` is one of the package's classes of lists: their attributes were checked to be there when they were made.
pub fn keys(name: &str, list: &Bound<'_, PyAny>) -> PyResult<ListKeys> {
    let required = "a line list: ExoMol(...), Hitran(...) or CarbonMonoxide(...)";
    let word: String = list
        .getattr("format")
        .and_then(|f| f.extract())
        .map_err(|_| refused(&format!("species[{name:?}]"), list, required))?;
    let format = Format::from_word(&word).ok_or_else(|| refused("format", &word, "hitran, exomol or builtin"))?;
    Ok(ListKeys {
        name: name.to_owned(),
        named: true,
        format,
        paths: list.getattr("paths")?.extract()?,
        isotopologues: isotopologues(&list.getattr("isotopologues")?)?,
        broadening: broadening(&list.getattr("broadener")?)?,
        default_width: width("default_width", &list.getattr("default_width")?)?,
        allow_gaps: list.getattr("allow_gaps")?.extract()?,
        partition: list.getattr("partition")?.extract::<Option<PathBuf>>()?,
        molar_mass: list.getattr("molar_mass")?.extract()?,
    })
}

/// A number of HITRAN's, or all.
fn isotopologues(given: &Bound<'_, PyAny>) -> PyResult<Option<Isotopologues>> {
    if given.is_none() {
        return Ok(None);
    }
    let required = "a whole number from 1 to 12, or \"all\"";
    if let Ok(word) = given.cast::<PyString>() {
        return match word.to_str()?.eq_ignore_ascii_case("all") {
            true => Ok(Some(Isotopologues::All)),
            false => Err(refused("isotopologues", word, required)),
        };
    }
    match given.extract::<u32>() {
        Ok(number @ 1..=12) => Ok(Some(Isotopologues::Number(number))),
        _ => Err(refused("isotopologues", given, required)),
    }
}

/// A partner's name, a mixture of partners by mole fraction, or a width.
fn broadening(given: &Bound<'_, PyAny>) -> PyResult<Option<Broadening>> {
    let wrong = |message: String| refused("broadener", given, message);
    if given.is_none() {
        return Ok(None);
    }
    if let Ok(name) = given.cast::<PyString>() {
        return name.to_str()?.parse().map(Some).map_err(wrong);
    }
    if let Ok(parts) = given.cast::<PyDict>() {
        let part = |(gas, fraction): (Bound<'_, PyAny>, Bound<'_, PyAny>)| {
            let gas = gas.extract::<String>()?.parse::<Broadener>().map_err(wrong)?;
            Ok((gas, fraction.extract::<f64>()?))
        };
        let parts = parts.iter().map(part).collect::<PyResult<Vec<_>>>()?;
        return Broadening::mixture(parts).map(Some).map_err(wrong);
    }
    Ok(width("broadener", given)?.map(Broadening::Constant))
}

/// `(half width at 296 K in cm-1 bar-1, temperature exponent)`.
fn width(name: &str, given: &Bound<'_, PyAny>) -> PyResult<Option<Width>> {
    if given.is_none() {
        return Ok(None);
    }
    let required = "a pair: half width at 296 K [cm-1 bar-1] and temperature exponent";
    let (gamma, exponent) = given.extract::<(f64, f64)>().map_err(|_| refused(name, given, required))?;
    Width::new(gamma, exponent).map(Some).map_err(|e| exception(given.py(), e))
}
