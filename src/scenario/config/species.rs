//! `[[species]]` and `[[cia]]`.

use super::model::{CiaKeys, MixingKeys, ProfileKeys, SpeciesKeys};
use super::reader::{FINITE, Item, POSITIVE, RATIO, Section, nearest, needed};
use crate::Result;
use crate::atmosphere::Abundance;
use crate::lines::Width;
use crate::scenario::broadening::{Broadening, REQUIRED_NAME};
use crate::scenario::limits;
use crate::scenario::source::{Format, Isotopologues, ListKeys};

/// All species; `others` says that something else absorbs.
pub(super) fn species(top: &Section, others: bool) -> Result<Vec<SpeciesKeys>> {
    let required = "one or more sections [[species]]";
    let item = match top.get("species") {
        Some(item) => item,
        None if others => return Ok(Vec::new()),
        None => return Err(top.missing("species", required)),
    };
    let Some(items) = item.elements().filter(|items| !items.is_empty()) else { return Err(item.wrong(required)) };
    let mut all: Vec<SpeciesKeys> = Vec::new();
    for (i, item) in items.iter().enumerate() {
        let species = one_species(item)?;
        if let Some(first) = all.iter().position(|s| s.name == species.name) {
            let name = &species.name;
            return Err(item.refuse(&format!(
                "{name} is species[{first}] already; required each species once (species[{i}] needs another `name`)"
            )));
        }
        all.push(species);
    }
    let share = |s: &SpeciesKeys| if let ProfileKeys::Rest(share) = s.mixing.profile { Some(share) } else { None };
    if let Some(first) = all.iter().position(|s| share(s).is_some()) {
        let sum: f64 = all.iter().filter_map(share).sum();
        if (sum - 1.0).abs() > 1e-3 {
            let message = format!("the shares of the rest of all species add up to {sum}; required 1");
            return Err(items[first].refuse(&message));
        }
        if let Some(i) = all.iter().position(|s| s.mixing.unit == Abundance::Mass) {
            let message =
                "given by mass where another species takes the rest of the volume; required volume_mixing_ratio";
            return Err(items[i].refuse(message));
        }
    }
    Ok(all)
}

fn one_species(item: &Item) -> Result<SpeciesKeys> {
    let s = item.section(&[
        "name",
        "format",
        "lines",
        "isotopologue",
        "broadener",
        "default_width",
        "allow_gaps",
        "partition",
        "molar_mass",
        "mass_mixing_ratio",
        "volume_mixing_ratio",
    ])?;
    let formats = "\"hitran\", \"exomol\" or \"builtin\"";
    let of_lists = ["lines", "isotopologue", "broadener", "default_width", "allow_gaps", "partition"];
    if s.get("format").is_none() && !of_lists.iter().any(|key| s.get(key).is_some()) && s.get("name").is_some() {
        return without_lines(&s);
    }
    let format: Format = s.need("format", formats)?.choice()?;
    let lines = ListKeys {
        name: match s.get("name") {
            Some(item) => item.string("a name in quotes")?.to_owned(),
            None if format == Format::Builtin => "CO".into(),
            None => return Err(s.missing("name", "the species' name, such as \"CO\"")),
        },
        named: true,
        format,
        paths: paths(&s, format)?,
        isotopologues: s.get("isotopologue").map(|i| isotopologues(&i)).transpose()?,
        broadening: s.get("broadener").map(|i| broadening(&i)).transpose()?,
        default_width: default_width(&s, format)?,
        allow_gaps: allow_gaps(&s, format)?,
        partition: s.get("partition").map(|i| i.path()).transpose()?,
        molar_mass: s.get("molar_mass").map(|i| i.number(POSITIVE)).transpose()?,
    };
    Ok(SpeciesKeys { name: lines.name.clone(), lines: Some(lines), molar_mass: None, mixing: mixing(&s)? })
}

/// A species that pairs and continua ask for.
fn without_lines(s: &Section) -> Result<SpeciesKeys> {
    Ok(SpeciesKeys {
        name: s.need("name", "the species' name, such as \"H2\"")?.string("a name in quotes")?.to_owned(),
        lines: None,
        molar_mass: s.get("molar_mass").map(|i| i.number(POSITIVE)).transpose()?,
        mixing: mixing(s)?,
    })
}

fn mixing(s: &Section) -> Result<MixingKeys> {
    let need = "how much there is, as a number or a file; or `volume_mixing_ratio` in its place";
    let (ratio, by_mass) = s.either("mass_mixing_ratio", "volume_mixing_ratio", need)?;
    let unit = if by_mass { Abundance::Mass } else { Abundance::Volume };
    if ratio.is_table() {
        if by_mass {
            return Err(
                ratio.wrong("a number from 0 to 1, or the path of a file in quotes; { rest = SHARE } is by volume")
            );
        }
        let share = needed(&ratio.section(&["rest"])?, "rest", "the share of what others leave of the volume", RATIO)?;
        return Ok(MixingKeys { unit, profile: ProfileKeys::Rest(share) });
    }
    Ok(MixingKeys { unit, profile: profile(&ratio)? })
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

/// A number of HITRAN's, or "all".
fn isotopologues(item: &Item) -> Result<Isotopologues> {
    let (lo, hi) = limits::ISOTOPOLOGUES;
    let required = || item.wrong(&format!("a whole number from {lo} to {hi}, or \"all\""));
    match item.is_string() {
        true if item.string("\"all\"")?.eq_ignore_ascii_case("all") => Ok(Isotopologues::All),
        true => Err(required()),
        false => {
            item.integer((lo as usize, hi as usize)).map(|v| Isotopologues::Number(v as u32)).map_err(|_| required())
        }
    }
}

/// Keys of a width that is the same for all lines.
const WIDTH_KEYS: [&str; 2] = ["half_width_cm_bar", "temperature_exponent"];

/// A partner's name, `{ half_width_cm_bar = ..., temperature_exponent = ... }`, or `{ PARTNER = FRACTION, ... }`.
fn broadening(item: &Item) -> Result<Broadening> {
    if item.is_string() {
        let given = item.string("a name in quotes")?;
        return given.parse().map(Broadening::From).map_err(|_| item.wrong(REQUIRED_NAME));
    }
    let Some(entries) = item.entries() else {
        let own = "{ half_width_cm_bar = G, temperature_exponent = N }";
        return Err(item.wrong(&format!("{REQUIRED_NAME}, in quotes; a mixture {{ H2 = 0.85, He = 0.15 }}; or {own}")));
    };
    // A width whose key has a typing error is no mixture.
    if entries.iter().any(|(name, _)| nearest(name, &WIDTH_KEYS).is_some()) {
        return width(item).map(Broadening::Constant);
    }
    let parts = entries.iter().map(|(name, fraction)| {
        let gas = name.parse().map_err(|_| fraction.refuse(&format!("no partner; required {REQUIRED_NAME}")))?;
        Ok((gas, fraction.number(RATIO)?))
    });
    let parts = parts.collect::<Result<Vec<_>>>()?;
    Broadening::mixture(parts).map_err(|e| item.refuse(&format!("given {e}")))
}

/// `{ half_width_cm_bar = ..., temperature_exponent = ... }`.
fn width(item: &Item) -> Result<Width> {
    let s = item.section(&["half_width_cm_bar", "temperature_exponent"])?;
    let gamma = needed(&s, "half_width_cm_bar", "the half width at 296 K in cm-1 bar-1", POSITIVE)?;
    let exponent = needed(&s, "temperature_exponent", "the exponent of (296 K / T)", FINITE)?;
    Width::new(gamma, exponent).map_err(|e| item.refuse(&e.to_string()))
}

fn default_width(s: &Section, format: Format) -> Result<Option<Width>> {
    match s.get("default_width") {
        Some(item) if format == Format::Builtin => {
            Err(item.refuse("not a key of format = \"builtin\", where every line has a width"))
        }
        Some(item) if !item.is_table() => Err(item.wrong("{ half_width_cm_bar = G, temperature_exponent = N }")),
        Some(item) => width(&item).map(Some),
        None => Ok(None),
    }
}

fn allow_gaps(s: &Section, format: Format) -> Result<bool> {
    match s.get("allow_gaps") {
        Some(item) if format != Format::Exomol => {
            Err(item.refuse("a key of format = \"exomol\" only, whose transitions lie in one file or many"))
        }
        Some(item) => item.boolean(),
        None => Ok(false),
    }
}

/// A number from 0 to 1, a parameter, or a file.
fn profile(item: &Item) -> Result<ProfileKeys> {
    if item.names_parameter() {
        return item.quantity(RATIO).map(ProfileKeys::Constant);
    }
    if item.is_string() {
        return Ok(ProfileKeys::Table(item.path()?));
    }
    let value =
        item.quantity(RATIO).map_err(|_| item.wrong("a number from 0 to 1, or the path of a file in quotes"))?;
    Ok(ProfileKeys::Constant(value))
}

pub(super) fn cia(top: &Section) -> Result<Vec<CiaKeys>> {
    let Some(item) = top.get("cia") else { return Ok(Vec::new()) };
    match item.elements() {
        Some(items) => items.iter().map(one_cia).collect(),
        None => Err(item.wrong("sections [[cia]], with double brackets")),
    }
}

fn one_cia(item: &Item) -> Result<CiaKeys> {
    let s = item.section(&["file", "pair", "volume_mixing_ratios", "temperature"])?;
    let file = s.need("file", "the path of a HITRAN CIA file")?.path()?;
    let names = "two names, such as [\"H2\", \"He\"]";
    let pair_item = s.need("pair", names)?;
    let pair = match pair_item.elements().as_deref() {
        Some([a, b]) => [a.string("a name in quotes")?.to_owned(), b.string("a name in quotes")?.to_owned()],
        _ => return Err(pair_item.wrong(names)),
    };
    let ratios = "two volume mixing ratios in the order of `pair`, numbers or files, such as [0.85, 0.15]";
    let volume_mixing_ratios = match s.get("volume_mixing_ratios") {
        None => None,
        Some(item) => match item.elements().as_deref() {
            Some([a, b]) => Some([profile(a)?, profile(b)?]),
            _ => return Err(item.wrong(ratios)),
        },
    };
    let clamped = s.get("temperature").map_or(Ok(false), |i| i.word(&[("error", false), ("clamp", true)]))?;
    Ok(CiaKeys { file, pair, volume_mixing_ratios, clamped })
}
