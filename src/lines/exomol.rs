//! Line lists of ExoMol: a folder with one data set of one isotopologue.
//!
//! Read are the definition (`.def`), the partition function (`.pf`), the states, the transitions (one file, or one per wavenumber
//! range, of which only those are opened that meet the range asked for) and the broadening (`.broad`, here or in the folder
//! above). States are kept in memory, 16 bytes each; transitions stream through.
//!
//! The strength at T = 296 K is S = g' A exp(-c2 E''/T) (1 - exp(-c2 nu/T)) / (8 pi c nu^2 Q(T)) (Rothman et al. 1998, JQSRT 60, 665,
//! eq. A5 with the Einstein coefficient), for 100% of the isotopologue: abundance is **not** contained.

mod broadening;
mod definition;
mod list;
mod source;
mod states;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::partition::PartitionFunction;
use super::width::check_range;
use super::{Line, LineList, LoadReport, Species, Width, isotopologues};
use crate::{Error, Progress, Result};
use source::{Files, Transitions};
use states::States;

pub use definition::{Broadener, Definition, FALLBACK_WIDTH};

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
    /// Wavenumbers to keep, both ends included \[cm-1\]; `None`: all.
    pub range: Option<(f64, f64)>,
    /// Wavenumbers that the transition files must hold \[cm-1\]; `None`: all of `range`.
    pub required: Option<(f64, f64)>,
    /// Whether transition files may be missing.
    pub allow_gaps: bool,
    /// Broadening gas.
    pub broadening: ExomolBroadening,
    /// Width of lines that have none; `None`: the definition file's.
    pub default_width: Option<Width>,
    /// Temperatures at which a mixture's widths are to be right \[K\]; `None`: 100 to 3000 K.
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
    /// A folder without `.def` or `.pf`, and values in them that cannot be used.
    pub fn species(&self) -> Result<Species> {
        let files = Files::find(&self.folder)?;
        self.species_of(&files, &Definition::read(&files.definition)?)
    }

    /// Reads everything into one list.
    ///
    /// # Errors
    /// See [`stream`](Self::stream); also a range without lines (the message gives the range that the files cover).
    pub fn load(&self, progress: &dyn Progress) -> Result<(LineList, LoadReport)> {
        let mut all = Vec::new();
        let species = self.species()?;
        let report = self.stream(progress, &mut |lines| {
            all.extend_from_slice(lines);
            Ok(())
        })?;
        if all.is_empty() {
            return Err(self.no_line_left(&report));
        }
        Ok((LineList::new(species, all)?, report))
    }

    fn no_line_left(&self, report: &LoadReport) -> Error {
        let has = report
            .wavenumber_range
            .map_or_else(String::new, |(lo, hi)| format!("; the transitions read have {lo} to {hi} cm-1"));
        let wanted = self.range.map_or_else(String::new, |(lo, hi)| format!(" between {lo} and {hi} cm-1"));
        Error::parse(&self.folder, None, format!("no line is left{wanted}{has}; {report}"))
    }

    /// Reads in pieces of some ten thousand lines, in the order of the files. Memory is bounded but for the states.
    ///
    /// # Errors
    /// Options that make no sense; files that are missing, cannot be read or understood, by file and line; a transition
    /// within the range that names an unknown state; and what `visit` returns.
    pub fn stream(&self, progress: &dyn Progress, visit: &mut dyn FnMut(&[Line]) -> Result<()>) -> Result<LoadReport> {
        let range = check_range(self.range)?;
        let files = Files::find(&self.folder)?;
        let definition = Definition::read(&files.definition)?;
        let species = self.species_of(&files, &definition)?;
        let mut report = LoadReport::default();
        let widths = files.widths(&self.broadening, &definition, &mut report)?;
        let transitions = files.transitions_in(range)?;
        let states = States::read(&files.states, progress)?;
        report.files = 1 + transitions.len() as u64;
        report.notes.push(format!("{} states", states.len()));
        let q_ref = species.partition.at(crate::constants::T_REF)?;
        Transitions { states: &states, widths: &widths, range, q_ref }.stream(
            &transitions,
            progress,
            visit,
            &mut report,
        )?;
        if report.read == 0 {
            return Err(Error::parse(&transitions[0], None, "no transition in it, only blank lines"));
        }
        Ok(report)
    }

    fn species_of(&self, files: &Files, definition: &Definition) -> Result<Species> {
        let known = isotopologues::by_slug(&files.isotopologue);
        let molar_mass = self.molar_mass.or(definition.molar_mass).or(known.map(|i| i.molar_mass));
        let molar_mass = molar_mass.ok_or_else(|| {
            Error::parse(&files.definition, None, "no `# Isotopologue mass`; give a molar mass of your own")
        })?;
        if !(molar_mass.is_finite() && molar_mass > 0.0) {
            return Err(Error::invalid("molar mass [g/mol]", molar_mass, "a finite positive number"));
        }
        let partition = match (&self.partition, &files.partition) {
            (Some(own), _) => own.clone(),
            (None, Some(path)) => Arc::new(PartitionFunction::read(path)?),
            (None, None) => {
                let message = format!("no {}.pf; give a partition function of your own", files.stem);
                return Err(Error::parse(&self.folder, None, message));
            }
        };
        Ok(Species { name: files.isotopologue.clone(), molar_mass, partition })
    }
}

#[cfg(test)]
mod tests;
