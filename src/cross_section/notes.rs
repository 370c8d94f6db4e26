//! What a user must be told of a species' lists of lines: losses, substitutions, physics left out.

use super::prepared::{Prepared, Settings, Tier};
use crate::density::shift::{Neglect, Neglected};
use crate::grid::Grid;
use crate::lines::report::NATURAL_BOUND;
use crate::lines::{Cause, Line, LineList, LoadReport};
use crate::{Error, Note};

/// The remark on a list without lines that count.
pub(crate) fn contributes_nothing(name: &str, error: &Error) -> Note {
    Note::new(name, format!("contributes nothing to the grid: {error}"), None)
}

/// A list as far as remarks depend on it.
pub(crate) struct Told<'a> {
    name: String,
    /// What became of its records.
    record: Option<&'a LoadReport>,
    /// [`Prepared::neglected_shift`].
    shift: f64,
    /// [`Prepared::natural_share`].
    natural: f64,
    /// No line has a pressure shift that is applied.
    unmoved: bool,
    /// Every line lies far outside the grid.
    only_distant: bool,
    /// Remarks on how it was prepared.
    more: Vec<Note>,
}

/// A list that was prepared, under this name.
pub(crate) fn of_prepared(name: String, prepared: &Prepared) -> Told<'_> {
    Told {
        record: prepared.records.as_ref(),
        shift: prepared.neglected_shift,
        natural: prepared.natural_share,
        unmoved: prepared.table.summary.shift.is_none(),
        only_distant: prepared.distant_lines > 0 && prepared.distant_lines == prepared.lines_used,
        more: beyond_margin(&name, prepared).into_iter().chain(rounded_law(&name, prepared)).collect(),
        name,
    }
}

/// A list of a direct sum.
pub(super) fn of_list<'a>(
    list: &LineList,
    record: Option<&'a LoadReport>,
    grid: &Grid,
    settings: &Settings,
    at: &[(f64, f64)],
) -> Told<'a> {
    let least = at.iter().map(|a| a.1).fold(f64::INFINITY, f64::min);
    let range = settings.temperature_range;
    let share = |l: &Line| l.natural_width / (least * l.width().at(range.lo).min(l.width().at(range.hi)));
    let natural = match settings.profile.natural_width {
        true => list.lines().iter().map(share).fold(0.0, f64::max),
        false => 0.0,
    };
    Told {
        name: list.species.name.clone(),
        record,
        shift: neglected_shift(list, settings, at),
        natural,
        unmoved: list.lines().iter().all(|l| l.shift == 0.0),
        only_distant: list.between(grid.lo(), grid.hi()).is_empty(),
        more: Vec::new(),
    }
}

/// What must be told of a species' lists, one for each isotopologue: the fate of their records, and of their lines what can be seen at the
/// tolerance, of all isotopologues together. Which isotopologue a list is of was the caller's choice, so that others were left out is no
/// news.
pub(crate) fn told(lists: &[Told<'_>], settings: &Settings) -> Vec<Note> {
    let least = 0.1 * settings.tolerance;
    let mut notes = Vec::new();
    for list in lists {
        let mut record = list.record.cloned().unwrap_or_default();
        record.causes.remove(&Cause::DroppedOtherSpecies);
        let shifted = settings.profile.pressure_shift;
        if !shifted {
            record.causes.remove(&Cause::ShiftUnknown);
        } else if list.unmoved && record.count(Cause::ShiftUnknown) == 0 {
            record.notes.push("pressure shifts were asked for, and no line of the list has one".into());
        }
        if list.natural < least {
            record.notes.retain(|note| note != NATURAL_BOUND);
        }
        notes.extend(record.told(&list.name));
    }
    if let Some(first) = lists.first().filter(|_| lists.iter().all(|l| l.only_distant)) {
        let ranges =
            lists.iter().filter_map(|l| l.record?.wavenumber_range).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
        let place = ranges.map_or_else(String::new, |(lo, hi)| format!(" (the list has {lo} to {hi} cm-1)"));
        let text = format!("no line lies on the grid{place}: all that is added are wings far from their lines");
        notes.push(Note::new(&first.name, text, None));
    }
    notes.extend(lists.iter().max_by(|a, b| a.shift.total_cmp(&b.shift)).and_then(|list| {
        // A line moved by d half widths changes by up to 0.65 d of its peak, and by d or more in its flanks.
        let d = list.shift;
        let number = if d < 0.01 { format!("{d:.1e}") } else { format!("{d:.3}") };
        let text = format!("pressure shifts are left out; the largest is {number} half widths of its line");
        (d >= least).then(|| Note::new(&list.name, text, None))
    }));
    notes.extend(lists.iter().flat_map(|list| list.more.iter().cloned()));
    notes
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

/// The remark on lines that a margin leaves out, with what their wings would add at the ends of the grid. Their strengths are those at
/// 296 K, and their widths taken to be those of the widest line that was read.
fn beyond_margin(name: &str, prepared: &Prepared) -> Option<Note> {
    let margin = prepared.settings.line_margin;
    let report = prepared.records.as_ref().filter(|_| margin.is_finite())?;
    let out = report.causes.get(&Cause::DroppedOutOfRange).filter(|t| t.strength > 0.0)?;
    let pressure = prepared.layers.iter().map(|l| l.pressure).fold(0.0, f64::max);
    let width = prepared.table.summary.widths_at(pressure).1 * prepared.grid.hi();
    let most = out.strength * width / (std::f64::consts::PI * (margin * margin + width * width));
    let text = format!(
        "{} lines further than line_margin_cm = {margin} outside the grid are left out; the wings of all of them add at most about {most:.1e} cm2 at the \
         grid's ends, at {pressure} bar",
        out.lines
    );
    Some(Note::new(name, text, Some(out.strength / (out.strength + report.strength))))
}

/// The remark on a wing law whose jumps and corners a density cannot hold.
fn rounded_law(name: &str, prepared: &Prepared) -> Option<Note> {
    let law = prepared.law.as_deref().filter(|law| law.smooth.has_corners())?;
    matches!(prepared.tier, Tier::Density { .. }).then(|| {
        let text = format!(
            "the line-shape density rounds the wing law over {:.2} cm-1 on either side of its cutoff and rows; `lines` keeps it as it is",
            law.width()
        );
        Note::new(name, text, None)
    })
}
