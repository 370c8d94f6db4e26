//! `[[species]]` and `[[cia]]`.

use clap::ValueEnum;

use super::model::{Cia, Mixing, MixingUnit, Profile, Species};
use super::reader::{FINITE, Item, POSITIVE, RATIO, Section};
use super::sections::needed;
use crate::Result;
use crate::cli::limits;
use crate::cli::source::{Broadener, Broadening, Format, LineSource, name_of};

pub(super) fn species(top: &Section) -> Result<Vec<Species>> {
    let required = "one or more sections [[species]]";
    let item = top.need("species", required)?;
    match item.elements() {
        Some(items) if !items.is_empty() => items.iter().map(one_species).collect(),
        _ => Err(item.wrong(required)),
    }
}

fn one_species(item: &Item) -> Result<Species> {
    let s = item.section(&[
        "name",
        "format",
        "lines",
        "isotopologue",
        "broadener",
        "partition",
        "molar_mass",
        "mass_mixing_ratio",
        "volume_mixing_ratio",
    ])?;
    let format: Format = s.need("format", "\"hitran\", \"exomol\" or \"builtin\"")?.choice()?;
    let isotopologue = s.get("isotopologue").map(|i| {
        let (lo, hi) = limits::ISOTOPOLOGUES;
        i.integer((lo as usize, hi as usize)).map(|v| v as u32)
    });
    let lines = LineSource {
        name: match s.get("name") {
            Some(item) => item.string("a name in quotes")?.to_owned(),
            None if format == Format::Builtin => "CO".into(),
            None => return Err(s.missing("name", "the species' name, such as \"CO\"")),
        },
        format,
        paths: paths(&s, format)?,
        isotopologue: isotopologue.transpose()?,
        broadening: s.get("broadener").map(|i| broadening(&i)).transpose()?,
        partition: s.get("partition").map(|i| i.path()).transpose()?,
        molar_mass: s.get("molar_mass").map(|i| i.number(POSITIVE)).transpose()?,
    };
    let need = "how much there is, as a number or a file; or `volume_mixing_ratio` in its place";
    let (ratio, by_mass) = s.either("mass_mixing_ratio", "volume_mixing_ratio", need)?;
    let unit = if by_mass { MixingUnit::Mass } else { MixingUnit::Volume };
    Ok(Species { lines, mixing: Mixing { unit, profile: profile(&ratio)? } })
}

fn paths(s: &Section, format: Format) -> Result<Vec<std::path::PathBuf>> {
    let required = match format {
        Format::Hitran => "the path of a HITRAN file, or a list of paths",
        Format::Exomol => "the path of one ExoMol data set folder",
        Format::Builtin => "",
    };
    match (s.get("lines"), format) {
        (None, Format::Builtin) => Ok(Vec::new()),
        (Some(item), Format::Builtin) => Err(item.refuse("not a key of format = \"builtin\", which has no file")),
        (None, _) => Err(s.missing("lines", required)),
        (Some(item), _) => match item.elements() {
            Some(items) if !items.is_empty() && (format == Format::Hitran || items.len() == 1) => {
                items.iter().map(|i| i.path()).collect()
            }
            Some(_) => Err(item.wrong(required)),
            None if item.is_string() => Ok(vec![item.path()?]),
            None => Err(item.wrong(required)),
        },
    }
}

/// A partner's name, or `{ half_width_cm_bar = ..., temperature_exponent = ... }`.
fn broadening(item: &Item) -> Result<Broadening> {
    if item.is_string() {
        return Ok(Broadening::From(item.choice()?));
    }
    if !item.is_table() {
        let names: Vec<String> = Broadener::value_variants().iter().map(name_of).collect();
        let own = "{ half_width_cm_bar = G, temperature_exponent = N }";
        return Err(item.wrong(&format!("one of {} in quotes, or {own}", names.join(", "))));
    }
    let s = item.section(&["half_width_cm_bar", "temperature_exponent"])?;
    Ok(Broadening::Constant {
        half_width: needed(&s, "half_width_cm_bar", "the half width at 296 K in cm-1 bar-1", POSITIVE)?,
        temperature_exponent: needed(&s, "temperature_exponent", "the exponent of (296 K / T)", FINITE)?,
    })
}

/// A number from 0 to 1, a parameter, or a file.
fn profile(item: &Item) -> Result<Profile> {
    if item.names_parameter() {
        return item.quantity(RATIO).map(Profile::Constant);
    }
    if item.is_string() {
        return Ok(Profile::Table(item.path()?));
    }
    let value =
        item.quantity(RATIO).map_err(|_| item.wrong("a number from 0 to 1, or the path of a file in quotes"))?;
    Ok(Profile::Constant(value))
}

pub(super) fn cia(top: &Section) -> Result<Vec<Cia>> {
    let Some(item) = top.get("cia") else { return Ok(Vec::new()) };
    match item.elements() {
        Some(items) => items.iter().map(one_cia).collect(),
        None => Err(item.wrong("sections [[cia]], with double brackets")),
    }
}

fn one_cia(item: &Item) -> Result<Cia> {
    let s = item.section(&["file", "pair", "volume_mixing_ratios"])?;
    let file = s.need("file", "the path of a HITRAN CIA file")?.path()?;
    let names = "two names, such as [\"H2\", \"He\"]";
    let pair_item = s.need("pair", names)?;
    let pair = match pair_item.elements().as_deref() {
        Some([a, b]) => [a.string("a name in quotes")?.to_owned(), b.string("a name in quotes")?.to_owned()],
        _ => return Err(pair_item.wrong(names)),
    };
    let ratios = "two volume mixing ratios in the order of `pair`, numbers or files, such as [0.85, 0.15]";
    let ratio_item = s.need("volume_mixing_ratios", ratios)?;
    let volume_mixing_ratios = match ratio_item.elements().as_deref() {
        Some([a, b]) => [profile(a)?, profile(b)?],
        _ => return Err(ratio_item.wrong(ratios)),
    };
    Ok(Cia { file, pair, volume_mixing_ratios })
}
