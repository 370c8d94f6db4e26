//! What a user must be told of a list of lines whose cross sections were computed.

use super::prepared::Prepared;
use crate::density::shift::{Neglect, Neglected};
use crate::grid::Grid;
use crate::lines::report::NATURAL_BOUND;
use crate::lines::{Cause, Line, LineList, LoadReport};
use crate::settings::Settings;
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
    /// No line has a pressure shift that is applied.
    unmoved: bool,
    /// Every line lies far outside the grid.
    only_distant: bool,
    /// The widest line's half width \[cm-1\] at the highest pressure \[bar\], and that, where a margin limits what is read.
    widest: Option<(f64, f64)>,
}

impl Seen {
    pub fn of(prepared: &Prepared) -> Self {
        let only_distant = prepared.distant_lines > 0 && prepared.distant_lines == prepared.lines_used;
        let pressure = prepared.layers.iter().map(|l| l.pressure).fold(0.0, f64::max);
        let widest = prepared.table.summary.widths_at(pressure).1 * prepared.grid.hi();
        Self {
            widest: prepared.settings.line_margin.is_finite().then_some((widest, pressure)),
            shift: prepared.neglected_shift,
            natural: prepared.natural_share,
            unmoved: prepared.table.summary.shift.is_none(),
            only_distant,
        }
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
        let unmoved = list.lines().iter().all(|l| l.shift == 0.0);
        let shift = neglected_shift(list, settings, at);
        Self { shift, natural, unmoved, only_distant, widest: None }
    }
}

/// A list's name for the user, what can be seen of its lines, and what became of its records.
pub(crate) type Told<'a> = (String, Seen, Option<&'a LoadReport>);

/// What must be told of a species' lists, one for each isotopologue: the fate of their records, and of their lines what can be seen at the
/// tolerance, of all isotopologues together. Which isotopologue a list is of was the caller's choice, so that others were left out is no
/// news.
pub(crate) fn told(lists: &[Told<'_>], settings: &Settings) -> Vec<Note> {
    let least = 0.1 * settings.tolerance;
    let mut notes = Vec::new();
    for (name, seen, record) in lists {
        let mut record = record.cloned().unwrap_or_default();
        record.causes.remove(&Cause::DroppedOtherSpecies);
        let shifted = settings.profile.pressure_shift;
        if !shifted {
            record.causes.remove(&Cause::ShiftUnknown);
        } else if seen.unmoved && record.count(Cause::ShiftUnknown) == 0 {
            record.notes.push("pressure shifts were asked for, and no line of the list has one".into());
        }
        if seen.natural < least {
            record.notes.retain(|note| note != NATURAL_BOUND);
        }
        notes.extend(record.told(name));
        notes.extend(seen.widest.and_then(|widest| beyond_margin(name, &record, settings.line_margin, widest)));
    }
    if let Some((name, ..)) = lists.first().filter(|_| lists.iter().all(|l| l.1.only_distant)) {
        let ranges = lists.iter().filter_map(|l| l.2?.wavenumber_range).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
        let place = ranges.map_or_else(String::new, |(lo, hi)| format!(" (the list has {lo} to {hi} cm-1)"));
        let text = format!("no line lies on the grid{place}: all that is added are wings far from their lines");
        notes.push(Note::new(name, text, None));
    }
    notes.extend(lists.iter().max_by(|a, b| a.1.shift.total_cmp(&b.1.shift)).and_then(|(name, seen, _)| {
        // A line moved by d half widths changes by up to 0.65 d of its peak, and by d or more in its flanks.
        let d = seen.shift;
        let number = if d < 0.01 { format!("{d:.1e}") } else { format!("{d:.3}") };
        let text = format!("pressure shifts are left out; the largest is {number} half widths of its line");
        (d >= least).then(|| Note::new(name, text, None))
    }));
    notes
}

/// The remark on lines that a margin \[cm-1\] leaves out, with what their wings would add at the ends of the grid. Their strengths are those at 296 K,
/// and their widths taken to be the widest that was read.
fn beyond_margin(name: &str, report: &LoadReport, margin: f64, (width, pressure): (f64, f64)) -> Option<Note> {
    let out = report.causes.get(&Cause::DroppedOutOfRange).filter(|t| t.strength > 0.0)?;
    let most = out.strength * width / (std::f64::consts::PI * (margin * margin + width * width));
    let text = format!(
        "{} lines further than {margin} cm-1 outside the grid are left out (`line_margin_cm`, `--line-margin`); the wings of all of them add at most \
         about {most:.1e} cm2 at the grid's ends, at {pressure} bar",
        out.lines
    );
    Some(Note::new(name, text, Some(out.strength / (out.strength + report.strength))))
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
