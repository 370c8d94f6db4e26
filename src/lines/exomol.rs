//! Line lists of ExoMol: a folder with one data set of one isotopologue.
//!
//! Read are the definition (`.def.json`, `.def`, or none), the partition function (`.pf`), the states, the transitions (one file, or one
//! per wavenumber range, of which only those are opened that may have lines of the range asked for) and the broadening (`.broad`, here
//! or in the folder above). States are kept in memory, 16 bytes each (and 4 for a lifetime); transitions stream through.
//!
//! A line's wavenumber is the difference of the states' term values. The strength at T = 296 K is
//! S = g' A exp(-c2 E''/T) (1 - exp(-c2 nu/T)) / (8 pi c nu^2 Q(T)) (Rothman et al. 1998, JQSRT 60, 665, eq. A5 with the Einstein
//! coefficient), for 100% of the isotopologue: abundance is **not** contained.

mod broadening;
mod coverage;
mod definition;
mod files;
mod list;
mod names;
mod states;
mod transitions;
mod widths;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::partition::PartitionFunction;
use super::report::NATURAL_BOUND;
use super::source::in_words;
use super::width::check_range;
use super::{Line, LineList, LoadReport, Species, Width, isotopologues};
use crate::{Error, Progress, Result};
use coverage::Wanted;
use files::Files;
use states::States;
use transitions::Transitions;
use widths::{Gases, Widths};

use definition::HIGHEST_WAVENUMBER;
pub use definition::{Broadener, Definition, FALLBACK_WIDTH, StateColumns};

/// Which gas broadens the lines.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum ExomolBroadening {
    /// The default width of the definition file for all lines.
    #[default]
    Default,
    /// The data set's `.broad` file for molecular hydrogen.
    H2,
    /// The data set's `.broad` file for helium.
    He,
    /// The data set's `.broad` file with this label (`air`, `self`, `CO2`, ...).
    Named(String),
    /// A `.broad` file anywhere.
    File(PathBuf),
    /// The same width for all lines.
    Fixed(Width),
    /// A mixture of the above by mole fraction; see [`Width::mixture`].
    Mixture(Vec<(ExomolBroadening, f64)>),
}

impl ExomolBroadening {
    /// Hydrogen and helium with these mole fractions, e.g. 0.85 and 0.15.
    pub fn h2_he(h2: f64, he: f64) -> Self {
        Self::Mixture(vec![(Self::H2, h2), (Self::He, he)])
    }
}

/// What to read and how to take it. Fields may be set directly; [`ExomolSource::new`] gives the usual choices.
#[derive(Clone, Debug)]
pub struct ExomolSource {
    /// Folder with the data set's files.
    pub folder: PathBuf,
    /// Wavenumbers to keep, both ends included \[cm-1\]; `None`: all. The upper end may be infinite.
    pub range: Option<(f64, f64)>,
    /// Wavenumbers for which no transition file may be missing \[cm-1\]: those of the spectrum; `None`: `range`, if it has an upper
    /// end. Files that are missing elsewhere are told.
    pub required: Option<(f64, f64)>,
    /// Missing transition files are told, never an error.
    pub allow_gaps: bool,
    /// Broadening gas.
    pub broadening: ExomolBroadening,
    /// Width of lines without another; `None`: the definition's, else [`FALLBACK_WIDTH`].
    pub default_width: Option<Width>,
    /// Lowest and highest temperature at which widths of mixtures must be right \[K\]; `None`: 100 to 3000 K. See [`Width::mixture`].
    pub temperatures: Option<(f64, f64)>,
    /// Partition function; `None`: the data set's `.pf`.
    pub partition: Option<Arc<PartitionFunction>>,
    /// Molar mass \[g mol-1\]; `None`: from the definition file, else by the isotopologue's name.
    pub molar_mass: Option<f64>,
}

impl ExomolSource {
    /// All lines of a data set with its default width.
    pub fn new(folder: impl AsRef<Path>) -> Self {
        Self {
            folder: folder.as_ref().to_owned(),
            range: None,
            required: None,
            allow_gaps: false,
            broadening: ExomolBroadening::Default,
            default_width: None,
            temperatures: None,
            partition: None,
            molar_mass: None,
        }
    }

    /// Name, mass and partition function.
    ///
    /// # Errors
    /// A folder without a data set or `.pf`, and values in its files that cannot be used.
    pub fn species(&self) -> Result<Species> {
        let files = Files::find(&self.folder)?;
        self.species_of(&files, &files.definition()?)
    }

    /// Reads everything into one list. It is empty if there are no lines in the range.
    ///
    /// # Errors
    /// See [`stream`](Self::stream); also, if there is no range, a data set without lines.
    pub fn load(&self, progress: &dyn Progress) -> Result<(LineList, LoadReport)> {
        let mut all = Vec::new();
        let species = self.species()?;
        let report = self.stream(progress, &mut |lines| {
            all.extend_from_slice(lines);
            Ok(())
        })?;
        if all.is_empty() && self.range.is_none() {
            return Err(self.no_line_left(&report));
        }
        Ok((LineList::new(species, all)?, report))
    }

    fn no_line_left(&self, report: &LoadReport) -> Error {
        let has = report
            .wavenumber_range
            .map_or_else(String::new, |(lo, hi)| format!("; the transitions read have {lo} to {hi} cm-1"));
        let wanted = self.range.map_or_else(String::new, |range| format!(" {}", in_words(range)));
        Error::parse(&self.folder, None, format!("no line is left{wanted}{has}; {report}"))
    }

    /// Reads in pieces of some ten thousand lines, in the order of the files. Memory is bounded but for the states.
    ///
    /// A transition that cannot be used is left out, counted and told.
    ///
    /// # Errors
    /// Options that make no sense; files that are missing, cannot be read or understood, by file and line; a transition file
    /// of which more than half cannot be read, or nothing can be used; and what `visit` returns.
    pub fn stream(&self, progress: &dyn Progress, visit: &mut dyn FnMut(&[Line]) -> Result<()>) -> Result<LoadReport> {
        let files = Files::find(&self.folder)?;
        let definition = files.definition()?;
        let species = self.species_of(&files, &definition)?;
        let mut report = LoadReport::default();
        if files.definitions.is_empty() {
            report
                .notes
                .push(format!("no .def or .def.json: the data set is {} by the names of its files", files.stem));
        }
        let (transitions, notes) = self.selected(&files, &definition)?;
        report.notes.extend(notes);
        let gases = Gases::read(self, &files, &definition, &mut report)?;
        if transitions.is_empty() {
            return Ok(report);
        }
        let columns = definition.columns.unwrap_or_default();
        let states = States::read(&files.states, columns, gases.need_labels(), progress)?;
        report.files = 1 + transitions.len() as u64;
        if gases.any_whole() && states.any_half() {
            let text =
                "the broadening table has rows at whole J, the states have half-integer J: the row of J - 1/2 is taken";
            report.notes.push(text.into());
        }
        let widths = Widths::new(gases, states.twice_j_max());
        let q_ref = species.partition.at(crate::constants::T_REF)?;
        let range = self.checked_range()?;
        let reader = Transitions { states: &states, widths: &widths, range, q_ref };
        reader.stream(&transitions, progress, visit, &mut report)?;
        if states.unreadable.0 > 0 {
            let (n, first) = &states.unreadable;
            report.notes.push(format!("{n} rows of the states file cannot be read and are left out; first: {first}"));
        }
        if states.lifetimes_missing {
            report
                .notes
                .push("the definition announces lifetimes, but their column in the states file has none".into());
        }
        if report.kept > 0 && !states.has_lifetimes() {
            report.notes.push(NATURAL_BOUND.into());
        }
        Ok(report)
    }

    /// Wavenumbers to keep \[cm-1\].
    fn checked_range(&self) -> Result<(f64, f64)> {
        match self.range {
            Some((lo, hi)) if lo >= 0.0 && lo.is_finite() && hi == f64::INFINITY => Ok((lo, hi)),
            range => check_range(range),
        }
    }

    /// The transition files to read, and remarks on them.
    fn selected(&self, files: &Files, definition: &Definition) -> Result<(Vec<PathBuf>, Vec<String>)> {
        let range = self.checked_range()?;
        // Whoever asks for all wavenumbers takes what there is.
        let bounded = |r: &(f64, f64)| r.1 < HIGHEST_WAVENUMBER;
        let required = match self.required {
            Some(r) => Some(check_range(Some(r))?),
            None => self.range.filter(bounded),
        };
        let wanted = Wanted { range, required, allow_gaps: self.allow_gaps };
        files.transitions(definition)?.select(&files.folder, &files.stem, definition, wanted)
    }

    fn species_of(&self, files: &Files, definition: &Definition) -> Result<Species> {
        let known = isotopologues::by_slug(&files.isotopologue);
        let molar_mass = self.molar_mass.or(definition.molar_mass).or(known.map(|i| i.molar_mass));
        let molar_mass = molar_mass.ok_or_else(|| {
            let place = files.definitions.first().unwrap_or(&files.folder);
            let message = format!(
                "no isotopologue mass in a definition file, and {} is not in the built-in table; \
                 give a molar mass of your own (--molar-mass, key `molar_mass`)",
                files.isotopologue
            );
            Error::parse(place, None, message)
        })?;
        if !(molar_mass.is_finite() && molar_mass > 0.0) {
            return Err(Error::invalid("molar mass [g/mol]", molar_mass, "a finite positive number"));
        }
        let partition = match (&self.partition, &files.partition) {
            (Some(own), _) => own.clone(),
            (None, Some(path)) => Arc::new(PartitionFunction::read(path)?),
            (None, None) => {
                let message = format!(
                    "no {}.pf; give a partition function of your own (--partition, key `partition`)",
                    files.stem
                );
                return Err(Error::parse(&self.folder, None, message));
            }
        };
        Ok(Species { name: files.isotopologue.clone(), molar_mass, partition })
    }
}

#[cfg(test)]
mod tests;
