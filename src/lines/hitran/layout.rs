//! Where the quantities of a HITRAN record stand.
//!
//! The standard record has them in fixed columns (Rothman et al. 2005, JQSRT 96, 139, table 1). HITRAN's Python interface HAPI
//! (Kochanov et al. 2016, JQSRT 177, 15) writes a file `NAME.header` beside `NAME.data`: JSON that names the parameters in columns (`order`, with
//! `position` and `format`) and those that follow, separated (`extra`, `extra_separator`), such as `gamma_h2`, `n_h2`, `delta_h2`.
//! Both may be there, or one only.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::lines::reader::{read_whole, without_compression};
use crate::{Error, Result};

/// Length of a standard record without its line end.
pub const RECORD_LENGTH: usize = 160;

/// Where a quantity stands in a line of text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Place {
    /// Nowhere.
    Missing,
    /// From byte, to byte (exclusive).
    Columns(usize, usize),
    /// In the n-th (from 0) of the separated fields.
    Field(usize),
}

/// What a file says of one broadening gas.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Gas {
    /// In lower case: `air`, `self`, `h2`, ...
    pub name: String,
    /// Half width \[cm-1 atm-1\].
    pub gamma: Place,
    /// Temperature exponent.
    pub exponent: Place,
    /// Pressure shift \[cm-1 atm-1\].
    pub shift: Place,
}

/// Index of air and of the gas itself among a layout's gases.
pub(super) const AIR: usize = 0;
pub(super) const SELF: usize = 1;

/// The layout of a file's records.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Layout {
    pub molecule: Place,
    pub isotopologue: Place,
    pub wavenumber: Place,
    pub strength: Place,
    pub einstein_a: Place,
    pub lower_energy: Place,
    /// Air, self, and those that a header adds.
    pub gases: Vec<Gas>,
    /// Fewest characters that have all that is used.
    pub shortest: usize,
    /// Characters of a whole record, before separated fields.
    pub length: usize,
    /// Whether separated fields may follow, by which byte they are separated, and whether one stands before the first.
    fields: Option<(u8, bool)>,
    /// The header file that it was read from.
    pub header: Option<PathBuf>,
}

impl Layout {
    /// The record of 160 characters.
    pub fn standard() -> Self {
        let columns = |from: usize, to: usize| Place::Columns(from - 1, to);
        let gas = |name: &str, gamma, exponent, shift| Gas { name: name.into(), gamma, exponent, shift };
        Self {
            molecule: columns(1, 2),
            isotopologue: columns(3, 3),
            wavenumber: columns(4, 15),
            strength: columns(16, 25),
            einstein_a: columns(26, 35),
            lower_energy: columns(46, 55),
            gases: vec![
                gas("air", columns(36, 40), columns(56, 59), columns(60, 67)),
                gas("self", columns(41, 45), Place::Missing, Place::Missing),
            ],
            shortest: 67,
            length: RECORD_LENGTH,
            fields: None,
            header: None,
        }
    }

    /// The layout of a file: that of the header beside it if there is one, else the standard record's.
    pub fn of(file: &Path) -> Result<Self> {
        match header_of(file)? {
            None => Ok(Self::standard()),
            Some(header) => Self::from_header(&header),
        }
    }

    fn from_header(path: &Path) -> Result<Self> {
        let fail = |message: String| Error::parse(path, None, message);
        let text = read_whole(path)?;
        let json: Value = serde_json::from_slice(&text.bytes)
            .map_err(|e| Error::parse(path, e.line() as u64, format!("a HAPI header is JSON, this is not: {e}")))?;
        let names = |key: &str| -> Result<Vec<String>> {
            let Some(value) = json.get(key).filter(|v| !v.is_null()) else { return Ok(Vec::new()) };
            let wrong = || fail(format!("`{key}`: a list of names is required, found {value}"));
            value
                .as_array()
                .and_then(|list| list.iter().map(|v| Some(v.as_str()?.to_lowercase())).collect())
                .ok_or_else(wrong)
        };
        let (order, extra) = (names("order")?, names("extra")?);
        if order.is_empty() && extra.is_empty() {
            return Err(fail("neither `order` nor `extra` names a parameter: this is no HAPI header".into()));
        }
        let (mut places, mut end) = (Vec::new(), 0);
        for name in &order {
            let (from, to) = columns(&json, name, end).map_err(|message| fail(format!("`{name}`: {message}")))?;
            end = to;
            places.push((name.clone(), Place::Columns(from, to)));
        }
        let length = places.iter().map(|(_, place)| place.end()).max().unwrap_or(0);
        places.extend(extra.iter().enumerate().map(|(i, name)| (name.clone(), Place::Field(i))));
        let separator =
            json.get("extra_separator").and_then(Value::as_str).unwrap_or(",").bytes().next().unwrap_or(b',');
        let find = |name: &str| places.iter().find(|p| p.0 == name).map_or(Place::Missing, |p| p.1);
        let mut gases: Vec<Gas> = Vec::new();
        for name in ["air", "self"].into_iter().chain(places.iter().filter_map(|p| gas_name(&p.0))) {
            if !gases.iter().any(|g| g.name == name) {
                let place = |quantity: &str| find(&format!("{quantity}_{name}"));
                gases.push(Gas {
                    name: name.into(),
                    gamma: place("gamma"),
                    exponent: place("n"),
                    shift: place("delta"),
                });
            }
        }
        let layout = Self {
            molecule: find("molec_id"),
            isotopologue: find("local_iso_id"),
            wavenumber: find("nu"),
            strength: find("sw"),
            einstein_a: find("a"),
            lower_energy: find("elower"),
            gases,
            shortest: 0,
            length,
            fields: (!extra.is_empty()).then_some((separator, length > 0)),
            header: Some(path.to_owned()),
        };
        let needed = [
            ("molec_id", layout.molecule),
            ("local_iso_id", layout.isotopologue),
            ("nu", layout.wavenumber),
            ("sw", layout.strength),
            ("elower", layout.lower_energy),
        ];
        let missing: Vec<_> = needed.iter().filter(|n| n.1 == Place::Missing).map(|n| n.0).collect();
        if !missing.is_empty() {
            return Err(fail(format!(
                "the parameters molec_id, local_iso_id, nu, sw and elower are required; not among `order` and `extra`: {}",
                missing.join(", ")
            )));
        }
        let used =
            needed.into_iter().map(|n| n.1).chain(layout.gases.iter().flat_map(|g| [g.gamma, g.exponent, g.shift]));
        let shortest = if layout.fields.is_some() { length } else { used.map(|p| p.end()).max().unwrap_or(0) };
        Ok(Self { shortest, ..layout })
    }

    /// The names of the gases that have a width.
    pub fn partners(&self) -> impl Iterator<Item = &str> {
        self.gases.iter().filter(|g| g.gamma != Place::Missing).map(|g| g.name.as_str())
    }

    /// The text of a quantity, without blanks around it; empty where the record has none, or `#`, which is HAPI's word for none.
    pub fn text<'a>(&self, record: &'a [u8], place: Place) -> &'a [u8] {
        let field = match place {
            Place::Missing => &[],
            Place::Columns(from, to) => &record[from.min(record.len())..to.min(record.len())],
            Place::Field(n) => {
                let (separator, leading) = self.fields.unwrap_or((b',', true));
                let rest = &record[self.length.min(record.len())..];
                // What stands before the first separator belongs to the columns.
                rest.split(|b| *b == separator).nth(n + usize::from(leading)).unwrap_or(&[])
            }
        };
        let field = field.trim_ascii();
        if field.iter().all(|b| *b == b'#') { &[] } else { field }
    }

    /// In words where a quantity stands.
    pub fn describe(&self, place: Place, what: &str) -> String {
        match place {
            Place::Missing => what.to_owned(),
            Place::Columns(from, to) if to == from + 1 => format!("columns {to} ({what})"),
            Place::Columns(from, to) => format!("columns {} to {to} ({what})", from + 1),
            Place::Field(n) => format!("separated field {} ({what})", n + 1),
        }
    }

    /// True if nothing is known of what follows the columns.
    pub fn ends_with_columns(&self) -> bool {
        self.fields.is_none()
    }
}

impl Place {
    /// One past the last column.
    fn end(self) -> usize {
        match self {
            Self::Columns(_, to) => to,
            _ => 0,
        }
    }
}

/// The gas in `gamma_h2`. Parameters of other profiles (`gamma_SDV_0_air_296`), uncertainties and references are none.
fn gas_name(parameter: &str) -> Option<&str> {
    let name = parameter.strip_prefix("gamma_")?;
    (!name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+')).then_some(name)
}

/// The columns of a parameter: from `position` (or the end of the one before), as wide as its `format` (`%10.3E`) says.
fn columns(json: &Value, name: &str, before: usize) -> std::result::Result<(usize, usize), String> {
    let of = |key: &str| {
        let table = json.get(key)?.as_object()?;
        table.iter().find(|(k, _)| k.eq_ignore_ascii_case(name)).map(|(_, v)| v)
    };
    let format = of("format").and_then(Value::as_str).ok_or("`format` has no entry for it")?;
    let digits: String = format.trim_start_matches('%').chars().take_while(char::is_ascii_digit).collect();
    let width: usize =
        digits.parse().map_err(|_| format!("a format with a width, such as %10.3E, is required, found {format}"))?;
    let start = match of("position") {
        None => before,
        Some(v) => v
            .as_u64()
            .and_then(|v| usize::try_from(v).ok())
            .ok_or_else(|| format!("position {v} is no whole number"))?,
    };
    if width == 0 || width > 1 << 12 || start > 1 << 20 {
        return Err(format!("a field of {width} characters from {start} on is no part of a record"));
    }
    Ok((start, start + width))
}

/// `NAME.header` beside `NAME.data` (or `NAME.par.header` beside `NAME.par`), in upper or lower case.
pub(super) fn header_of(file: &Path) -> Result<Option<PathBuf>> {
    let plain = without_compression(file);
    let (Some(stem), Some(name)) =
        (plain.file_stem().and_then(|s| s.to_str()), plain.file_name().and_then(|s| s.to_str()))
    else {
        return Ok(None);
    };
    let folder = match file.parent() {
        Some(p) if !p.as_os_str().is_empty() => p,
        _ => Path::new("."),
    };
    let wanted = [format!("{stem}.header"), format!("{name}.header")];
    // The exact name first: there may be another in other letters.
    for exact in &wanted {
        let path = folder.join(exact);
        if path.is_file() && path != file {
            return Ok(Some(path));
        }
    }
    let entries = std::fs::read_dir(folder).map_err(|e| Error::io("read", folder, e))?;
    let mut found: Vec<PathBuf> = entries
        .filter_map(|e| Some(e.ok()?.path()))
        .filter(|p| {
            p.file_name().and_then(|n| n.to_str()).is_some_and(|n| wanted.iter().any(|w| w.eq_ignore_ascii_case(n)))
        })
        .filter(|p| p.is_file())
        .collect();
    found.sort();
    Ok(found.into_iter().next())
}
