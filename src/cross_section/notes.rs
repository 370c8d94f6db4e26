//! What a user must be told of lists of lines that were prepared: losses, substitutions, physics left out.

use super::prepared::{Prepared, Settings, Tier};
use crate::lines::{Cause, LoadReport};
use crate::{Error, Note};

/// All remarks on a list called `name`.
pub(crate) fn of_prepared(name: &str, prepared: &Prepared) -> Vec<Note> {
    let mut notes = of_records(name, prepared.records.as_ref());
    notes.extend(shift_left_out(name, prepared.neglected_shift, &prepared.settings));
    notes.extend(beyond_margin(name, prepared));
    notes.extend(rounded_law(name, prepared));
    notes
}

/// The remark on a list without lines that count.
pub(crate) fn contributes_nothing(name: &str, error: &Error) -> Note {
    Note::new(name, format!("contributes nothing to the grid: {error}"), None)
}

/// The remark on the largest pressure shift that is left out, in units of its line's half width, where it can be seen. A line moved by d
/// half widths changes by up to 0.65 d of its peak, and by d or more in its flanks.
pub(crate) fn shift_left_out(name: &str, shift: f64, settings: &Settings) -> Option<Note> {
    let number = || if shift < 0.01 { format!("{shift:.1e}") } else { format!("{shift:.3}") };
    let text = || format!("pressure shifts are left out; the largest is {} half widths of its line", number());
    (shift >= 0.1 * settings.tolerance).then(|| Note::new(name, text(), None))
}

/// What must be told of a list's records. Which isotopologue a list is of was the caller's choice, so that others were left out is no news.
pub(crate) fn of_records(name: &str, record: Option<&LoadReport>) -> Vec<Note> {
    let mut record = record.cloned().unwrap_or_default();
    record.causes.remove(&Cause::DroppedOtherSpecies);
    record.told(name)
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
            "the line-shape density rounds the wing law over {:.2} cm-1 on either side of its cutoff and rows, which changes values by up to {:.1e}; \
             the method `lines` keeps it as it is",
            law.width(),
            prepared.rounding_error
        );
        Note::new(name, text, None)
    })
}
