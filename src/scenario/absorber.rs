//! A species with its line lists, as a user names them.

use std::sync::Arc;

use super::lists::{self, Needed};
use super::micrometres;
use super::source::ListKeys;
use crate::lines::LineSource;
use crate::opacity::Absorber;
use crate::{Note, Resources, Result, Settings};

/// A species whose lists may be of any format.
pub type AnyAbsorber = Absorber<Arc<dyn LineSource>>;

/// The species of some lists, which are opened and not yet read: of files, what is needed to choose isotopologues is. For a model on a grid from `range.0` to
/// `range.1` cm-1. Gives the absorber, and what a user must be told.
///
/// # Errors
/// Unreadable or unsuitable files; options that the format does not have; a name that is another molecule's.
pub fn absorber(
    keys: &ListKeys,
    range: (f64, f64),
    settings: &Settings,
    resources: &Resources<'_>,
) -> Result<(AnyAbsorber, Vec<Note>)> {
    let temperatures = (settings.temperature_range.lo, settings.temperature_range.hi);
    let needed = Needed { grid: range, margin: settings.line_margin, temperatures };
    let opened = lists::open(keys, &needed, resources).map_err(|e| micrometres::hint(range, e))?;
    let (lists, molar_mass) = (opened.lists, opened.molar_mass);
    Ok((Absorber { name: keys.name.clone(), lists, molar_mass }, opened.notes))
}
