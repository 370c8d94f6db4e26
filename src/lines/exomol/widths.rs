//! The width of every line: tables of the gases of a mixture, looked up once per pair of rotational quantum numbers.

use std::collections::HashMap;

use super::broadening::{NO_LABEL, Numbers, Origin, WidthTable};
use super::definition::{Definition, FALLBACK_WIDTH};
use super::files::{Files, label};
use super::{ExomolBroadening, ExomolSource};
use crate::lines::width::check_fractions;
use crate::lines::{LoadReport, Width};
use crate::{Error, Result};

/// J' - J'' of the pairs held: -2 to 2 (quadrupole lines).
const STEPS: u32 = 5;

/// A width and the worst origin among the gases of a mixture.
pub(super) type Chosen = (Width, Origin);

/// The tables of the gases with their mole fractions.
pub(super) struct Gases {
    parts: Vec<(WidthTable, f64)>,
    /// Mixtures are right in here \[K\].
    temperatures: (f64, f64),
}

impl Gases {
    /// Reads the tables.
    pub fn read(
        source: &ExomolSource,
        files: &Files,
        definition: &Definition,
        report: &mut LoadReport,
    ) -> Result<Self> {
        let temperatures = source.temperatures.unwrap_or((100.0, 3000.0));
        if !(temperatures.0 > 0.0 && temperatures.1 >= temperatures.0 && temperatures.1.is_finite()) {
            let given = format!("{} to {}", temperatures.0, temperatures.1);
            return Err(Error::invalid("temperatures of a mixture [K]", given, "0 < lowest <= highest, both finite"));
        }
        let parts = match &source.broadening {
            ExomolBroadening::Mixture(parts) => parts.clone(),
            one => vec![(one.clone(), 1.0)],
        };
        check_fractions("broadening", &parts.iter().map(|p| p.1).collect::<Vec<_>>())?;
        let default = default_width(source, definition, report)?;
        let tables = parts.iter().map(|(gas, x)| Ok((table(source, gas, files, definition, default, report)?, *x)));
        Ok(Self { parts: tables.collect::<Result<_>>()?, temperatures })
    }

    /// True if widths depend on K' or v'.
    pub fn need_labels(&self) -> bool {
        self.parts.iter().any(|(table, _)| table.needs_labels())
    }

    /// True if a table has rows at whole J only.
    pub fn any_whole(&self) -> bool {
        self.parts.iter().any(|(table, _)| table.is_whole())
    }

    fn width(&self, line: &Numbers) -> Chosen {
        let each = self.parts.iter().map(|(table, x)| (table.width(line), *x));
        let origin = each.clone().map(|((_, origin), _)| origin).max().unwrap_or(Origin::Default);
        if let [(table, _)] = &self.parts[..] {
            return (table.width(line).0, origin);
        }
        let widths: Vec<_> = each.map(|((width, _), x)| (width, x)).collect();
        (Width::mixture(&widths, self.temperatures), origin)
    }
}

/// The user's default, the definition's, or ExoMol's.
fn default_width(source: &ExomolSource, definition: &Definition, report: &mut LoadReport) -> Result<Width> {
    let (width, whose) = match (source.default_width, definition.default_width) {
        (Some(own), _) => (Width::new(own.gamma, own.exponent)?, ""),
        (None, Some(stated)) => (Width::new(stated.gamma, stated.exponent)?, ""),
        (None, None) => (FALLBACK_WIDTH, " (no definition file states one)"),
    };
    // Asked for, it is no substitute for anything; as one, it is counted line by line.
    let lines = match source.broadening {
        ExomolBroadening::Default => "all lines",
        ExomolBroadening::Fixed(_) => return Ok(width),
        _ if whose.is_empty() => return Ok(width),
        _ => "lines without another",
    };
    let Width { gamma, exponent, .. } = width;
    report.notes.push(format!("default width {gamma} cm-1/bar, n = {exponent}, for {lines}{whose}"));
    Ok(width)
}

fn table(
    source: &ExomolSource,
    gas: &ExomolBroadening,
    files: &Files,
    definition: &Definition,
    default: Width,
    report: &mut LoadReport,
) -> Result<WidthTable> {
    match gas {
        ExomolBroadening::Fixed(width) => {
            Width::new(width.gamma, width.exponent)?;
            return Ok(WidthTable::constant(*width, Origin::Fixed));
        }
        ExomolBroadening::Mixture(_) => {
            return Err(Error::invalid("broadening", "a mixture within a mixture", "a mixture of gases"));
        }
        _ => {}
    }
    let Some(path) = files.table_path(gas)? else {
        let asked_for = source.broadening == ExomolBroadening::Default;
        return Ok(WidthTable::constant(default, if asked_for { Origin::Fixed } else { Origin::Default }));
    };
    let of_gas = |b: &&super::Broadener| label(gas).is_some_and(|l| b.label.eq_ignore_ascii_case(l));
    let beyond = definition.broadeners.iter().find(of_gas).and_then(|b| b.twice_j_max.zip(b.beyond));
    let columns = definition.columns.unwrap_or_default();
    let table = WidthTable::read(&path, default, beyond, (columns.k.is_some(), columns.v.is_some()))?;
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    if !table.skipped.is_empty() {
        let rows: u64 = table.skipped.values().sum();
        let codes: Vec<_> = table.skipped.keys().cloned().collect();
        let why = "codes that are not known, or labels (K, v) that the definition does not give the states";
        report.notes.push(format!("{name}: {rows} rows of code {} are not used ({why})", codes.join(", ")));
    }
    if table.zero > 0 {
        report.notes.push(format!("{name}: {} rows have a width of 0, which is taken for unknown", table.zero));
    }
    if table.repeated > 0 {
        let rows = table.repeated;
        report
            .notes
            .push(format!("{name}: {rows} rows give a second width for the same quantum numbers: the last is taken"));
    }
    if table.is_empty() {
        report.notes.push(format!("{name} has no row that can be used: the default width for all lines"));
    }
    Ok(table)
}

/// Widths of all lines of a data set: held for every pair of J if they depend on no more.
pub(super) struct Widths {
    gases: Gases,
    /// At (2 J'') STEPS + (J' - J'' + 2).
    held: Vec<Chosen>,
}

impl Widths {
    pub fn new(gases: Gases, twice_j_max: u32) -> Self {
        let held = if gases.need_labels() {
            Vec::new()
        } else {
            let pairs = (0..=twice_j_max).flat_map(|lower| (0..STEPS).map(move |step| (lower, step)));
            let pair = |(lower, step): (u32, u32)| Numbers {
                lower,
                // Pairs below 0 are of no line.
                upper: (lower + 2 * step).saturating_sub(4),
                k: NO_LABEL,
                v: NO_LABEL,
            };
            pairs.map(|p| gases.width(&pair(p))).collect()
        };
        Self { gases, held }
    }

    /// The width of a line. `memory` keeps those that depend on more than J.
    pub fn of(&self, line: &Numbers, memory: &mut HashMap<Numbers, Chosen>) -> Chosen {
        let step = (line.upper + 4).checked_sub(line.lower).filter(|d| *d <= 8 && d % 2 == 0).map(|d| d / 2);
        if let Some(step) = step
            && let Some(chosen) = self.held.get((line.lower * STEPS + step) as usize)
        {
            return *chosen;
        }
        *memory.entry(*line).or_insert_with(|| self.gases.width(line))
    }
}
