//! What a user must be told of a list of lines whose cross sections were computed.

use super::prepared::{Prepared, Settings};
use crate::density::shift::{Neglect, Neglected};
use crate::grid::Grid;
use crate::lines::report::NATURAL_BOUND;
use crate::lines::{Cause, Line, LineList, LoadReport};
use crate::{Error, Note};

/// The remark on a list without lines that count.
pub(crate) fn contributes_nothing(name: &str, error: &Error) -> Note {
    Note::new(name, format!("contributes nothing to the grid: {error}"), None)
}

/// What of a list's lines decides which remarks can be seen in the result.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    /// [`Prepared::neglected_shift`].
    shift: f64,
    /// [`Prepared::natural_share`].
    natural: f64,
    /// Every line lies far outside the grid.
    only_distant: bool,
}

impl Seen {
    pub fn of(prepared: &Prepared) -> Self {
        let only_distant = prepared.distant_lines > 0 && prepared.distant_lines == prepared.lines_used;
        Self { shift: prepared.neglected_shift, natural: prepared.natural_share, only_distant }
    }

    /// Of a direct sum.
    pub fn of_list(list: &LineList, grid: &Grid, settings: &Settings, at: &[(f64, f64)]) -> Self {
        let least = at.iter().map(|a| a.1).fold(f64::INFINITY, f64::min);
        let range = settings.temperature_range;
        let share = |l: &Line| l.natural_width / (least * l.width().at(range.lo).min(l.width().at(range.hi)));
        let natural = match settings.profile.natural_width {
            true => list.lines().iter().map(share).fold(0.0, f64::max),
            false => 0.0,
        };
        let only_distant = list.between(grid.lo(), grid.hi()).is_empty();
        Self { shift: neglected_shift(list, settings, at), natural, only_distant }
    }

    /// What must be told of a list: the fate of its records, and of its lines what can be seen at the tolerance. Which isotopologue a list
    /// is of was the caller's choice, so that others were left out is no news.
    pub fn told(&self, name: &str, record: Option<&LoadReport>, settings: &Settings) -> Vec<Note> {
        let least = 0.1 * settings.tolerance;
        let mut record = record.cloned().unwrap_or_default();
        record.causes.remove(&Cause::DroppedOtherSpecies);
        if self.natural < least {
            record.notes.retain(|note| note != NATURAL_BOUND);
        }
        let far = self.only_distant.then(|| {
            let place = record
                .wavenumber_range
                .map_or_else(String::new, |(lo, hi)| format!(" (those of the list have {lo} to {hi} cm-1)"));
            let text = format!("no line lies on the grid{place}: all that it adds are wings far from their lines");
            Note::new(name, text, None)
        });
        record.told(name).into_iter().chain(far).chain(shift_left_out(name, self.shift, least)).collect()
    }
}

/// The remark on the largest pressure shift that is left out, in units of its line's half width, if it is `least` or more. A line moved by d
/// half widths changes by up to 0.65 d of its peak, and by d or more in its flanks.
fn shift_left_out(name: &str, shift: f64, least: f64) -> Option<Note> {
    let number = || if shift < 0.01 { format!("{shift:.1e}") } else { format!("{shift:.3}") };
    let text = || format!("pressure shifts are left out; the largest is {} half widths of its line", number());
    (shift >= least).then(|| Note::new(name, text(), None))
}

/// [`Prepared::neglected_shift`] of the direct sum.
pub(super) fn neglected_shift(list: &LineList, settings: &Settings, at: &[(f64, f64)]) -> f64 {
    if settings.profile.pressure_shift {
        return 0.0;
    }
    let neglect = Neglect::new(&list.species, &settings.temperature_range, &settings.profile);
    let mut neglected = Neglected::NONE;
    list.lines().iter().for_each(|l| neglect.include(&mut neglected, l));
    at.iter().map(|(_, p)| neglected.at(*p)).fold(0.0, f64::max)
}
