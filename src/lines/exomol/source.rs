//! The files of a data set, and the way from transitions to lines.

use std::f64::consts::PI;
use std::path::{Path, PathBuf};

use super::broadening::WidthTable;
use super::definition::{Definition, FALLBACK_WIDTH};
use super::states::States;
use super::{ExomolBroadening, Line, LoadReport, Width};
use crate::constants::{C2, SPEED_OF_LIGHT, T_REF};
use crate::lines::Cause;
use crate::lines::fields::{number, quote, unsigned, words};
use crate::lines::reader::{Chunk, for_each_chunk, without_compression};
use crate::lines::width::check_fractions;
use crate::{Error, Progress, Result};

/// Where everything is.
pub(super) struct Files {
    folder: PathBuf,
    /// `12C-16O__Li2015`.
    pub stem: String,
    /// `12C-16O`.
    pub isotopologue: String,
    pub definition: PathBuf,
    pub partition: Option<PathBuf>,
    pub states: PathBuf,
    transitions: Vec<PathBuf>,
}

impl Files {
    /// Finds the one data set in a folder by the name of its definition file.
    pub fn find(folder: &Path) -> Result<Self> {
        let fail = |message: String| Error::parse(folder, None, message);
        let entries = std::fs::read_dir(folder).map_err(|e| Error::io("read", folder, e))?;
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|e| Error::io("read", folder, e))?;
            names.extend(entry.file_name().into_string().ok());
        }
        // A plain file sorts before its compressed twin.
        names.sort();
        let definitions: Vec<_> = names.iter().filter_map(|n| n.strip_suffix(".def")).collect();
        let stem = match definitions[..] {
            [one] => one.to_owned(),
            [] => return Err(fail("no .def file: an ExoMol data set folder is required".into())),
            _ => return Err(fail(format!("several data sets: {}; one is required", definitions.join(", ")))),
        };
        let one = |suffix: &str| {
            let plain = format!("{stem}{suffix}");
            names.iter().find(|n| without_compression(Path::new(n)) == Path::new(&plain)).map(|n| folder.join(n))
        };
        let states = one(".states").ok_or_else(|| fail(format!("no {stem}.states or {stem}.states.bz2")))?;
        let mut transitions: Vec<PathBuf> = Vec::new();
        for name in &names {
            let plain = without_compression(Path::new(name));
            let plain = plain.to_str().unwrap_or_default();
            let ours = plain.strip_suffix(".trans").and_then(|p| p.strip_prefix(&stem));
            let twin = transitions.last().is_some_and(|t| without_compression(t) == folder.join(plain));
            if ours.is_some_and(|rest| rest.is_empty() || rest.starts_with("__")) && !twin {
                transitions.push(folder.join(name));
            }
        }
        if transitions.is_empty() {
            return Err(fail(format!("no {stem}*.trans or {stem}*.trans.bz2")));
        }
        Ok(Self {
            folder: folder.to_owned(),
            isotopologue: stem.split("__").next().unwrap_or(&stem).to_owned(),
            definition: folder.join(format!("{stem}.def")),
            partition: one(".pf"),
            states,
            transitions,
            stem,
        })
    }

    /// The transition files that may hold lines of the range: all but those whose names say otherwise.
    pub fn transitions_in(&self, (lo, hi): (f64, f64)) -> Result<Vec<PathBuf>> {
        let named: Vec<_> = self.transitions.iter().map(|t| (t, range_in_name(t))).collect();
        let meets = |r: &Option<(f64, f64)>| r.is_none_or(|(a, b)| a <= hi && b >= lo);
        let kept: Vec<_> = named.iter().filter(|(_, r)| meets(r)).map(|(t, _)| (*t).clone()).collect();
        if kept.is_empty() {
            let has: Vec<_> = named.iter().filter_map(|(_, r)| *r).collect();
            let (a, b) = has.iter().fold((f64::INFINITY, 0.0f64), |(a, b), r| (a.min(r.0), b.max(r.1)));
            let message = format!("no transition file for {lo} to {hi} cm-1; there are files from {a} to {b} cm-1");
            return Err(Error::parse(&self.folder, None, message));
        }
        Ok(kept)
    }

    /// The broadening tables with their fractions.
    pub fn widths(
        &self,
        broadening: &ExomolBroadening,
        definition: &Definition,
        report: &mut LoadReport,
    ) -> Result<Vec<(WidthTable, f64)>> {
        let parts = match broadening {
            ExomolBroadening::Mixture(parts) => parts.clone(),
            one => vec![(one.clone(), 1.0)],
        };
        check_fractions("broadening", &parts.iter().map(|p| p.1).collect::<Vec<_>>())?;
        parts
            .iter()
            .map(|(gas, fraction)| {
                let table = self.table(gas, definition, report)?;
                if table.skipped > 0 {
                    report.notes.push(format!("{} rows of broadening tables skipped", table.skipped));
                }
                Ok((table, *fraction))
            })
            .collect()
    }

    fn table(&self, gas: &ExomolBroadening, definition: &Definition, report: &mut LoadReport) -> Result<WidthTable> {
        match gas {
            ExomolBroadening::Fixed(width) => {
                return Ok(WidthTable::constant(Width::new(width.gamma, width.exponent)?));
            }
            ExomolBroadening::Mixture(_) => {
                return Err(Error::invalid("broadening", "a mixture within a mixture", "a mixture of gases"));
            }
            _ => {}
        }
        let default = definition.default_width.unwrap_or_else(|| {
            report.notes.push(format!("no default width in {}: 0.07 cm-1/bar, n = 0.5", self.definition.display()));
            FALLBACK_WIDTH
        });
        let Some(path) = self.table_path(gas)? else { return Ok(WidthTable::constant(default)) };
        let own = definition.broadeners.iter().find(|b| Some(b.label.as_str()) == label(gas));
        WidthTable::read(&path, default, own.and_then(|b| b.twice_j_max.zip(b.beyond)))
    }

    /// The file of a gas' widths; `None` if they come from no file of their own.
    pub fn table_path(&self, gas: &ExomolBroadening) -> Result<Option<PathBuf>> {
        match gas {
            ExomolBroadening::File(path) => Ok(Some(path.clone())),
            _ => label(gas).map(|label| self.broadening_file(label)).transpose(),
        }
    }

    /// `12C-16O__H2.broad` in the folder or the one above. Whether it exists decides, not the definition file's count.
    fn broadening_file(&self, label: &str) -> Result<PathBuf> {
        let name = format!("{}__{label}.broad", self.isotopologue);
        let parent = self.folder.parent().unwrap_or(&self.folder);
        [&self.folder, parent].iter().map(|f| f.join(&name)).find(|p| p.is_file()).ok_or_else(|| {
            let message = format!("no {name} here or in the folder above; without it use the default width");
            Error::parse(&self.folder, None, message)
        })
    }
}

/// A gas' label in the names of files and in the definition file.
fn label(gas: &ExomolBroadening) -> Option<&str> {
    match gas {
        ExomolBroadening::H2 => Some("H2"),
        ExomolBroadening::He => Some("He"),
        ExomolBroadening::Named(name) => Some(name),
        _ => None,
    }
}

/// The range of `..__04300-04400.trans[.bz2]` \[cm-1\].
fn range_in_name(path: &Path) -> Option<(f64, f64)> {
    let plain = without_compression(path);
    let last = plain.file_stem()?.to_str()?.rsplit("__").next()?;
    let (lo, hi) = last.split_once('-')?;
    Some((unsigned(lo.as_bytes())? as f64, unsigned(hi.as_bytes())? as f64)).filter(|(lo, hi)| lo < hi)
}

/// From transitions to lines.
pub(super) struct Transitions<'a> {
    pub states: &'a States,
    pub widths: &'a [(WidthTable, f64)],
    /// Wavenumbers to keep, both ends included \[cm-1\].
    pub range: (f64, f64),
    /// Q(296 K).
    pub q_ref: f64,
}

impl Transitions<'_> {
    pub fn stream(
        &self,
        files: &[PathBuf],
        progress: &dyn Progress,
        visit: &mut dyn FnMut(&[Line]) -> Result<()>,
        report: &mut LoadReport,
    ) -> Result<()> {
        for_each_chunk(files, "reading transitions", progress, &|c| self.parse_chunk(&c), &mut |(lines, part)| {
            report.add(&part);
            if lines.is_empty() { Ok(()) } else { visit(&lines) }
        })
    }

    fn parse_chunk(&self, chunk: &Chunk) -> Result<(Vec<Line>, LoadReport)> {
        let (mut lines, mut report) = (Vec::new(), LoadReport::default());
        for (number, row) in chunk.lines() {
            report.read += 1;
            lines.extend(self.line(row, &mut report).map_err(|message| chunk.error(number, message))?);
        }
        lines.iter().for_each(|l: &Line| report.keep(l.strength));
        Ok((lines, report))
    }

    /// The line of `upper lower A [nu]`; `None` (and a count) if it is not wanted. The wavenumber is the file's; files of
    /// three columns (older sets) leave it to the states.
    fn line(&self, row: &[u8], report: &mut LoadReport) -> Result<Option<Line>, String> {
        let mut columns = words(row);
        let ids = (columns.next().and_then(unsigned), columns.next().and_then(unsigned));
        let a = columns.next().and_then(number).filter(|a| *a >= 0.0);
        let ((Some(upper_id), Some(lower_id)), Some(a)) = (ids, a) else {
            let required = "two state identifiers and an Einstein coefficient of at least 0 [s-1] are required";
            return Err(format!("{required}, found {}", quote(row)));
        };
        let given = match columns.next() {
            None => None,
            Some(nu) => Some(
                number(nu).ok_or_else(|| format!("column 4: a wavenumber [cm-1] is required, found {}", quote(nu)))?,
            ),
        };
        let find = |id: u64| self.states.get(id).ok_or_else(|| format!("the state {id} is not in the states file"));
        let nu = match given {
            Some(nu) => nu,
            None => find(upper_id)?.energy - find(lower_id)?.energy,
        };
        report.see(nu);
        if nu <= 0.0 {
            report.tally(Cause::DroppedZeroWavenumber, 0.0);
            return Ok(None);
        }
        if !(self.range.0..=self.range.1).contains(&nu) {
            report.tally(Cause::DroppedOutOfRange, 0.0);
            return Ok(None);
        }
        let (upper, lower) = (find(upper_id)?, find(lower_id)?);
        let c_cgs = 100.0 * SPEED_OF_LIGHT;
        let strength = f64::from(upper.degeneracy) * a / (8.0 * PI * c_cgs * nu * nu * self.q_ref)
            * (-C2 * lower.energy / T_REF).exp()
            * -(-C2 * nu / T_REF).exp_m1();
        // A = 0, or a level so high that 296 K leaves nothing of it in a double.
        if strength <= 0.0 {
            report.tally(Cause::DroppedZeroStrength, 0.0);
            return Ok(None);
        }
        if !strength.is_finite() {
            return Err(format!("the line strength overflows: A = {a} s-1 at {nu} cm-1"));
        }
        let width = self.width(lower.twice_j, upper.twice_j, report);
        let line = Line { wavenumber: nu, strength, lower_energy: lower.energy, ..Line::default() };
        Ok(Some(line.with_width(width)))
    }

    fn width(&self, lower: u32, upper: u32, report: &mut LoadReport) -> Width {
        let mut all_from_tables = true;
        let mut one = |table: &WidthTable| {
            let (width, from_table) = table.width(lower, upper);
            all_from_tables &= from_table;
            width
        };
        let width = match self.widths {
            [(table, _)] => one(table),
            several => {
                let parts: Vec<_> = several.iter().map(|(table, fraction)| (one(table), *fraction)).collect();
                Width::mixture(&parts, (100.0, 3000.0))
            }
        };
        if !all_from_tables {
            report.tally(Cause::WidthDefault, 0.0);
        }
        width
    }
}
