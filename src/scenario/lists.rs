//! Line lists as a user names them.

mod builtin;
mod exomol;
mod hitran;

use std::sync::Arc;

use super::source::{Format, Isotopologues, ListKeys};
use crate::lines::{LineSource as Lines, PartitionFunction};
use crate::{Error, Note, Resources, Result};

/// The lines that a computation needs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Needed {
    /// First and last wavenumber of the grid \[cm-1\].
    pub grid: (f64, f64),
    /// Lines this far outside still count \[cm-1\]; infinite: all do.
    pub margin: f64,
    /// Lowest and highest temperature \[K\].
    pub temperatures: (f64, f64),
}

impl Needed {
    /// First and last wavenumber of lines that count \[cm-1\].
    pub fn range(&self) -> (f64, f64) {
        ((self.grid.0 - self.margin).max(0.0), (self.grid.1 + self.margin).min(f64::MAX))
    }
}

/// A species' lists, one for each isotopologue.
#[derive(Debug)]
pub(super) struct Opened {
    /// One or more.
    pub lists: Vec<Arc<dyn Lines>>,
    /// What turns a mass mixing ratio into molecules \[g mol-1\]: of the most abundant isotopologue.
    pub molar_mass: f64,
    /// What a user must be told.
    pub notes: Vec<Note>,
}

/// Opens a species' lists; of files, what is needed to choose isotopologues is read.
///
/// # Errors
/// Unreadable or unsuitable files; options that the format does not have; a name that is another molecule's.
pub(super) fn open(source: &ListKeys, needed: &Needed, resources: &Resources<'_>) -> Result<Opened> {
    let own = Own {
        partition: source.partition.as_ref().map(|p| PartitionFunction::read(p).map(Arc::new)).transpose()?,
        molar_mass: source.molar_mass,
    };
    if source.allow_gaps && source.format != Format::Exomol {
        return Err(Error::invalid("allow gaps", "yes", "format exomol, whose transitions lie in one file or many"));
    }
    match source.format {
        Format::Hitran => hitran::open(source, needed, own, resources),
        Format::Exomol => exomol::open(source, needed, own),
        Format::Builtin => builtin::open(source, needed, own),
    }
}

/// The user's own values in place of the list's.
struct Own {
    partition: Option<Arc<PartitionFunction>>,
    molar_mass: Option<f64>,
}

impl Own {
    /// Refuses to give several isotopologues the same values.
    fn check(&self, isotopologues: &[&str]) -> Result<()> {
        let what = match (&self.partition, self.molar_mass) {
            (None, None) => return Ok(()),
            (Some(_), _) => "partition",
            (None, Some(_)) => "molar mass",
        };
        match isotopologues {
            [_] => Ok(()),
            several => Err(Error::invalid(
                what,
                format!("one for {} isotopologues: {}", several.len(), several.join(", ")),
                "one isotopologue, by its number; each of several has its own",
            )),
        }
    }
}

/// The remark that a list holds more isotopologues than are taken.
fn left_out(source: &ListKeys, left_out: &[&str], strength_share: Option<f64>) -> Note {
    let text = format!("left out: isotopologues {} (isotopologue `all` takes them)", left_out.join(", "));
    Note::new(&source.name, text, strength_share)
}

fn no_such_broadener(given: impl std::fmt::Display, has: &str) -> Error {
    Error::invalid("broadener", given, format!("one that the list has: {has}"))
}

/// What the choice of isotopologues is, in words of an error.
fn number(choice: Isotopologues) -> String {
    match choice {
        Isotopologues::Number(n) => n.to_string(),
        Isotopologues::All => "all".into(),
    }
}

#[cfg(test)]
mod tests;
