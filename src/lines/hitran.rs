//! Line lists of HITRAN and HITEMP in records of 160 characters.
//!
//! Strengths contain the terrestrial abundance of the isotopologue and are used as they are: the abundance is applied once.
//! Half widths per atmosphere become half widths per bar.

mod list;
mod record;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::partition::PartitionFunction;
use super::reader::{Chunk, expand, for_each_chunk};
use super::width::{check_fractions, check_range};
use super::{Cause, Line, LineList, LoadReport, Species, Width, isotopologues, tips};
use crate::constants::ATM_IN_BAR;
use crate::{Error, Progress, Result};

pub use list::HitranList;
pub use record::{HitranRecord, RECORD_LENGTH};

/// What the names of files in a folder end in.
const EXTENSIONS: &[&str] = &["par", "txt", "data"];

/// Temperature exponent of a record whose field is blank.
pub const DEFAULT_EXPONENT: f64 = 0.5;

/// A user's own rule from a record to its width.
pub type WidthRule = Arc<dyn Fn(&HitranRecord<'_>) -> Width + Send + Sync>;

/// Which gas broadens the lines.
#[derive(Clone, Default)]
pub enum HitranBroadening {
    /// Air: gamma_air and n_air of each record.
    #[default]
    Air,
    /// The gas itself: gamma_self (gamma_air where that is 0, as often in HITEMP) with n_air, for lack of another exponent.
    SelfBroadening,
    /// Another gas, by name.
    Partner(String),
    /// A mixture by mole fraction.
    Mixture(Vec<(Partner, f64)>),
    /// The same width for all lines.
    Fixed(Width),
    /// A function of the record; its widths are **per bar**.
    Custom(WidthRule),
}

/// A gas of a mixture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Partner {
    /// Air.
    Air,
    /// The absorbing gas itself.
    SelfGas,
    /// Another gas, by name.
    Gas(String),
}

impl std::fmt::Debug for HitranBroadening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Air => write!(f, "Air"),
            Self::SelfBroadening => write!(f, "SelfBroadening"),
            Self::Partner(name) => write!(f, "Partner({name})"),
            Self::Mixture(parts) => write!(f, "Mixture({parts:?})"),
            Self::Fixed(width) => write!(f, "Fixed({width:?})"),
            Self::Custom(_) => write!(f, "Custom(..)"),
        }
    }
}

/// What to read and how to take it. Fields may be set directly; [`HitranSource::new`] gives the usual choices.
#[derive(Clone, Debug)]
pub struct HitranSource {
    /// Files (`.par`, plain, `.bz2` or `.zip` with every member read) or folders of them, read in this order.
    pub paths: Vec<PathBuf>,
    /// Wavenumbers to keep, both ends included \[cm-1\]; `None`: all.
    pub range: Option<(f64, f64)>,
    /// HITRAN molecule number to keep; `None`: all.
    pub molecule: Option<u8>,
    /// HITRAN isotopologue number to keep (`1` to `9`, `0`, `A`, `B`); `None`: all, each a list of its own.
    pub isotopologue: Option<char>,
    /// Broadening gas.
    pub broadening: HitranBroadening,
    /// Width of lines that have none in the file. `None`: such a line is an error.
    pub default_width: Option<Width>,
    /// Temperatures at which a mixture's widths are to be right \[K\]; `None`: 100 to 3000 K.
    pub temperatures: Option<(f64, f64)>,
    /// Partition function; `None`: the built-in one ([`tips`]). Serves one isotopologue only.
    pub partition: Option<Arc<PartitionFunction>>,
    /// Molar mass \[g mol-1\]; `None`: from [`isotopologues`]. Serves one isotopologue only.
    pub molar_mass: Option<f64>,
}

/// Molecule and isotopologue numbers of a record.
pub type HitranId = (u8, char);

/// Lines by isotopologue, in the order of their first appearance.
type Groups = Vec<(HitranId, Vec<Line>)>;

impl HitranSource {
    /// All lines of a file or folder, broadened by air.
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self {
            paths: vec![path.as_ref().to_owned()],
            range: None,
            molecule: None,
            isotopologue: None,
            broadening: HitranBroadening::Air,
            default_width: None,
            temperatures: None,
            partition: None,
            molar_mass: None,
        }
    }

    /// Reads everything into one list per isotopologue, in the order of their numbers.
    ///
    /// # Errors
    /// See [`stream`](Self::stream); also a range or isotopologue without lines (the message gives the range that the
    /// files cover), and an isotopologue without mass or partition function.
    pub fn load(&self, progress: &dyn Progress) -> Result<(Vec<LineList>, LoadReport)> {
        let mut all: BTreeMap<HitranId, Vec<Line>> = BTreeMap::new();
        let report = self.stream(progress, &mut |id, lines| {
            all.entry(id).or_default().extend_from_slice(lines);
            Ok(())
        })?;
        if all.is_empty() {
            return Err(self.nothing_found(&report));
        }
        if all.len() > 1 && (self.partition.is_some() || self.molar_mass.is_some()) {
            let ids: Vec<String> = all.keys().map(|(m, i)| format!("{m}/{i}")).collect();
            return Err(Error::invalid(
                "partition function or molar mass of one's own",
                format!("{} isotopologues (molecule/number): {}", ids.len(), ids.join(", ")),
                "one isotopologue: name it",
            ));
        }
        let lists =
            all.into_iter().map(|(id, lines)| LineList::new(self.species(id)?, lines)).collect::<Result<_>>()?;
        Ok((lists, report))
    }

    /// Reads in pieces of at most a few thousand lines of one isotopologue, in the order of the files. Memory stays bounded.
    ///
    /// # Errors
    /// Options that make no sense; files that cannot be read; records that cannot be understood, by file and line; a line
    /// without width if there is no `default_width`; and what `visit` returns.
    pub fn stream(
        &self,
        progress: &dyn Progress,
        visit: &mut dyn FnMut(HitranId, &[Line]) -> Result<()>,
    ) -> Result<LoadReport> {
        let range = check_range(self.range)?;
        if let HitranBroadening::Mixture(parts) = &self.broadening {
            check_fractions("broadening", &parts.iter().map(|p| p.1).collect::<Vec<_>>())?;
        }
        let files = expand(&self.paths, EXTENSIONS)?;
        let mut report = LoadReport { files: files.len() as u64, ..LoadReport::default() };
        let parse = |chunk: Chunk| self.parse_chunk(&chunk, range);
        for_each_chunk(&files, "reading HITRAN records", progress, &parse, &mut |(groups, part)| {
            report.add(&part);
            groups.iter().try_for_each(|(id, lines)| visit(*id, lines))
        })?;
        if report.read == 0 {
            return Err(Error::parse(&files[0], None, "no HITRAN record in it, only blank lines"));
        }
        Ok(report)
    }

    /// Name, mass and partition function of an isotopologue, with this source's own values where it has them.
    ///
    /// # Errors
    /// An isotopologue that the built-in tables do not know.
    pub fn species(&self, (molecule, number): HitranId) -> Result<Species> {
        let known = isotopologues::by_number(molecule, number);
        let molar_mass = self.molar_mass.or(known.map(|i| i.molar_mass)).ok_or_else(|| {
            Error::invalid(
                "molar mass",
                format!("HITRAN molecule {molecule} isotopologue {number}"),
                "an isotopologue of HITRAN2020, or a molar mass of one's own (`--molar-mass`, key `molar_mass`)",
            )
        })?;
        if !(molar_mass.is_finite() && molar_mass > 0.0) {
            return Err(Error::invalid("molar mass [g/mol]", molar_mass, "a finite positive number"));
        }
        let partition = match &self.partition {
            Some(own) => own.clone(),
            None => tips::tips(molecule, number)?,
        };
        let name = known.map_or_else(|| format!("HITRAN {molecule}/{number}"), |i| i.slug.to_owned());
        Ok(Species { name, molar_mass, partition })
    }

    pub(crate) fn nothing_found(&self, report: &LoadReport) -> Error {
        let mut wanted = Vec::new();
        wanted.extend(self.molecule.map(|m| format!("molecule {m}")));
        wanted.extend(self.isotopologue.map(|i| format!("isotopologue {i}")));
        wanted.extend(self.range.map(|(lo, hi)| format!("{lo} to {hi} cm-1")));
        let message = match report.wavenumber_range {
            None => format!("no line of {}; {report}", wanted.join(", ")),
            Some((lo, hi)) => {
                format!("no line of {} is left; the file has {lo} to {hi} cm-1; {report}", wanted.join(", "))
            }
        };
        Error::parse(&self.paths[0], None, message)
    }

    fn parse_chunk(&self, chunk: &Chunk, range: (f64, f64)) -> Result<(Groups, LoadReport)> {
        let mut report = LoadReport::default();
        let mut groups = Groups::new();
        for (number, text) in chunk.lines() {
            let fail = |message| chunk.error(number, message);
            report.read += 1;
            let head = record::parse_head(text).map_err(fail)?;
            let (molecule, isotopologue, wavenumber) = head;
            if self.molecule.is_some_and(|m| m != molecule) || self.isotopologue.is_some_and(|i| i != isotopologue) {
                report.tally(Cause::DroppedOtherSpecies, 0.0);
                continue;
            }
            report.see(wavenumber);
            if !(range.0..=range.1).contains(&wavenumber) {
                report.tally(Cause::DroppedOutOfRange, 0.0);
                continue;
            }
            let record = record::parse_rest(text, head).map_err(fail)?;
            let Some(line) = self.line(&record, &mut report).map_err(fail)? else { continue };
            report.keep(line.strength);
            let id = (molecule, isotopologue);
            match groups.iter_mut().find(|g| g.0 == id) {
                Some(group) => group.1.push(line),
                None => groups.push((id, vec![line])),
            }
        }
        Ok((groups, report))
    }

    /// The line of a record; `None` (and a count) if there is nothing to absorb.
    fn line(&self, record: &HitranRecord<'_>, report: &mut LoadReport) -> Result<Option<Line>, String> {
        let dropped = if record.wavenumber == 0.0 {
            Cause::DroppedZeroWavenumber
        } else if record.strength == 0.0 {
            Cause::DroppedZeroStrength
        } else if record.lower_energy < 0.0 {
            Cause::DroppedUnknownEnergy
        } else {
            let width = self.width(record, report)?;
            let line = Line {
                wavenumber: record.wavenumber,
                strength: record.strength,
                lower_energy: record.lower_energy,
                ..Line::default()
            };
            return Ok(Some(line.with_width(width)));
        };
        report.tally(dropped, record.strength);
        Ok(None)
    }

    fn width(&self, record: &HitranRecord<'_>, report: &mut LoadReport) -> Result<Width, String> {
        let self_fraction = match &self.broadening {
            HitranBroadening::Fixed(width) => return Ok(*width),
            HitranBroadening::Custom(rule) => {
                let width = rule(record);
                return Width::new(width.gamma, width.exponent).map_err(|e| format!("from the user's width rule: {e}"));
            }
            HitranBroadening::Air => 0.0,
            HitranBroadening::SelfBroadening => 1.0,
            HitranBroadening::Partner(gas) => return Err(no_width(gas)),
            HitranBroadening::Mixture(parts) => {
                if let Some((Partner::Gas(gas), _)) = parts.iter().find(|p| matches!(p.0, Partner::Gas(_))) {
                    return Err(no_width(gas));
                }
                parts.iter().filter(|p| p.0 == Partner::SelfGas).map(|p| p.1).sum()
            }
        };
        let own = if self_fraction > 0.0 && record.gamma_self == 0.0 && record.gamma_air > 0.0 {
            report.tally(Cause::WidthFromAir, record.strength);
            record.gamma_air
        } else {
            record.gamma_self
        };
        // Each gas that takes part must have a width.
        let missing = (self_fraction < 1.0 && record.gamma_air == 0.0) || (self_fraction > 0.0 && own == 0.0);
        if missing {
            let Some(width) = self.default_width else {
                return Err("the half width is 0 (not known); give a default width for such lines".to_owned());
            };
            report.tally(Cause::WidthDefault, record.strength);
            return Ok(width);
        }
        let exponent = record.n_air.unwrap_or_else(|| {
            report.tally(Cause::ExponentDefault, record.strength);
            DEFAULT_EXPONENT
        });
        let per_atm = (1.0 - self_fraction) * record.gamma_air + self_fraction * own;
        Ok(Width::power_law(per_atm / ATM_IN_BAR, exponent))
    }
}

/// What to tell of a gas that records have no width for.
fn no_width(gas: &str) -> String {
    format!("broadening by {gas}: a record of 160 characters has widths for air and the gas itself only")
}

#[cfg(test)]
mod tests;
