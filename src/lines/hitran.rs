//! Line lists of HITRAN and HITEMP in records of 160 characters, and tables of HITRAN's Python interface HAPI.
//!
//! Strengths contain the terrestrial abundance of the isotopologue and are used as they are: the abundance is applied once.
//! Half widths and shifts per atmosphere become those per bar. A header file beside the list (`NAME.header`, JSON as HAPI writes it)
//! says what its columns are and which further broadening gases they have; without one, records are the standard ones.
//!
//! The natural half width is A / (4 pi c) of the Einstein coefficient of the line itself. That is the least it can be: the levels' other
//! decays, which records do not have, add to it ((1/tau' + 1/tau'') / (4 pi c) with 1/tau the sum over all lines from a level).
//!
//! A record that cannot be read, or has a value that no physics has, is dropped, counted and told with its file, line and reason. More
//! than half of a file's records are an error.

mod broadening;
mod layout;
mod list;
mod reading;
mod record;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::partition::PartitionFunction;
use super::source::in_words;
use super::{Cause, Line, LineList, LoadReport, Species, Width, isotopologues, tips};
use crate::{Error, Progress, Result};

pub use broadening::{DEFAULT_EXPONENT, HitranBroadening, LAST_WIDTH, MIXTURE_TEMPERATURES, Partner, WidthRule};
pub use layout::RECORD_LENGTH;
pub use list::{Found, HitranList};
pub use record::{HitranRecord, PartnerValues};

/// What the names of files in a folder end in.
const EXTENSIONS: &[&str] = &["par", "txt", "data"];

/// What to read and how to take it. Fields may be set directly; [`HitranSource::new`] gives the usual choices.
#[derive(Clone, Debug)]
pub struct HitranSource {
    /// Files (`.par`, `.data`, plain, `.bz2` or `.zip` with every member read) or folders of them, read in this order.
    pub paths: Vec<PathBuf>,
    /// Wavenumbers to keep, both ends included \[cm-1\]; `None`: all.
    pub range: Option<(f64, f64)>,
    /// HITRAN molecule number to keep; `None`: all.
    pub molecule: Option<u8>,
    /// HITRAN isotopologue number to keep (`1` to `9`, `0`, `A`, `B`); `None`: all, each a list of its own.
    pub isotopologue: Option<char>,
    /// Broadening gas.
    pub broadening: HitranBroadening,
    /// Width of lines that have none in the file, neither of the gas asked for nor of air or self; `None`: [`LAST_WIDTH`].
    pub default_width: Option<Width>,
    /// Lowest and highest temperature at which the width in a mixture must be right \[K\]; `None`: [`MIXTURE_TEMPERATURES`].
    pub temperatures: Option<(f64, f64)>,
    /// Partition function; `None`: the built-in one ([`tips`]). Serves one isotopologue only.
    pub partition: Option<Arc<PartitionFunction>>,
    /// Molar mass \[g mol-1\]; `None`: from [`isotopologues`]. Serves one isotopologue only.
    pub molar_mass: Option<f64>,
}

/// Molecule and isotopologue numbers of a record.
pub type HitranId = (u8, char);

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
    /// Options that make no sense; a broadening gas that no file has; files that cannot be read; a file of which more than half of the
    /// records cannot be understood (the message has the first, and the format that it seems to be); and what `visit` returns.
    pub fn stream(
        &self,
        progress: &dyn Progress,
        visit: &mut dyn FnMut(HitranId, &[Line]) -> Result<()>,
    ) -> Result<LoadReport> {
        Ok(self.read(progress, visit)?.total())
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
        let mut wanted = String::from("no line");
        if let Some(molecule) = self.molecule {
            wanted += &format!(" of molecule {molecule}");
        }
        if let Some(isotopologue) = self.isotopologue {
            wanted += &format!(" of isotopologue {isotopologue}");
        }
        if let Some(range) = self.range {
            wanted += &format!(" {}", in_words(range));
        }
        let mut message = match report.wavenumber_range {
            None => format!("{wanted}; {report}"),
            Some((lo, hi)) => format!("{wanted} is left; the file has {lo} to {hi} cm-1; {report}"),
        };
        for cause in [Cause::DroppedUnreadable, Cause::DroppedUnphysical] {
            if let Some(first) = report.causes.get(&cause).and_then(|tally| tally.first.as_ref()) {
                message.push_str(&format!("; {first}"));
            }
        }
        Error::parse(&self.paths[0], None, message)
    }
}

#[cfg(test)]
mod header_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) use record::tests::RECORDS;
