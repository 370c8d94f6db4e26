//! What became of every record of a line list: nothing is dropped or filled in without being counted.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Note;

/// What happened to a record, other than being taken as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Cause {
    /// Dropped: outside the wavenumber range asked for.
    DroppedOutOfRange,
    /// Dropped: another molecule or isotopologue than asked for.
    DroppedOtherSpecies,
    /// Dropped: strength zero (or below the smallest double at 296 K).
    DroppedZeroStrength,
    /// Dropped: wavenumber zero (or negative: lower above upper state, in computed lists).
    DroppedZeroWavenumber,
    /// Dropped: lower-state energy unknown (HITRAN writes -1).
    DroppedUnknownEnergy,
    /// Dropped: the record cannot be read.
    DroppedUnreadable,
    /// Dropped: a value that no physics has.
    DroppedUnphysical,
    /// Dropped: a state that the states file does not have.
    DroppedUnknownState,
    /// Kept: width from a row of the broadening table.
    WidthFromTable,
    /// Kept: J beyond the ends of the broadening table, the width of its last row (or first) used.
    WidthFromLastRow,
    /// Kept: J above the broadening table, the width that the definition states for these used.
    WidthBeyondTable,
    /// Kept: width of the partner (self or another gas) missing or 0, air width used.
    WidthFromAir,
    /// Kept: width of one partner missing, another's used.
    WidthFromOtherPartner,
    /// Kept: width missing, the default used.
    WidthDefault,
    /// Kept: temperature exponent missing, the default used.
    ExponentDefault,
    /// Kept: temperature exponent of a partner missing, that of air used.
    ExponentFromAir,
    /// Kept: pressure shift of the gas, or of one of a mixture, missing, 0 used. It matters only where lines are moved by their shifts.
    ShiftUnknown,
    /// Kept: a record longer than its format, and no header file that says what the rest is; the rest is not used.
    LongRecord,
    /// Kept: a record shorter than its format, that has all that is used.
    ShortRecord,
    /// Kept: the transition file's wavenumber differs by more than 0.01 cm-1 from that of the states, which is used.
    PositionFromStates,
}

impl Cause {
    /// True if the record is not among the lines.
    pub fn is_dropped(self) -> bool {
        self <= Self::DroppedUnknownState
    }

    /// What it did, in words that follow a number of lines.
    fn words(self) -> &'static str {
        match self {
            Self::DroppedOutOfRange => "out of range",
            Self::DroppedOtherSpecies => "of other species",
            Self::DroppedZeroStrength => "of zero strength",
            Self::DroppedZeroWavenumber => "at wavenumber zero or below",
            Self::DroppedUnknownEnergy => "of unknown lower-state energy",
            Self::DroppedUnreadable => "that cannot be read",
            Self::DroppedUnphysical => "with a value that no physics has",
            Self::DroppedUnknownState => "that name a state the states file does not have",
            Self::WidthFromTable => "widths from a row of the broadening table",
            Self::WidthFromLastRow => "widths from the last row of the broadening table (J beyond it)",
            Self::WidthBeyondTable => "widths that the definition states for J above the broadening table",
            Self::WidthFromAir => "widths of the partner missing, air widths used",
            Self::WidthFromOtherPartner => "widths of one partner missing, another partner's used",
            Self::WidthDefault => "widths from the default",
            Self::ExponentDefault => "temperature exponents from the default",
            Self::ExponentFromAir => "temperature exponents of the partner missing, those of air used",
            Self::ShiftUnknown => "pressure shifts of the gas, or of one of the mixture, missing, 0 used",
            Self::LongRecord => {
                "records longer than 160 characters, of which the first 160 are used (a header file beside the list would say what follows)"
            }
            Self::ShortRecord => "records shorter than 160 characters, that have all that is used",
            Self::PositionFromStates => {
                "positions from the states, more than 0.01 cm-1 off the transition file's wavenumber"
            }
        }
    }

    /// True if a user must be told, because a result may differ from what the files seem to say.
    fn is_told(self) -> bool {
        !matches!(self, Self::DroppedOutOfRange | Self::DroppedZeroStrength | Self::DroppedZeroWavenumber)
    }
}

/// The remark on natural widths that are lower bounds. It is for the report file where natural widths are too small to be seen.
pub(crate) const NATURAL_BOUND: &str =
    "natural widths are lower bounds, from each line's own Einstein coefficient: the states have no lifetimes";

/// How often something happened, and to how much.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Tally {
    /// Number of records.
    pub lines: u64,
    /// Sum of their strengths at 296 K \[cm molecule-1\], as far as these are known.
    pub strength: f64,
    /// Where it happened first: file, line, what was found and what was required.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub first: Option<String>,
}

/// Counts of one load, for people and for the report file. `read` = `kept` + all that is dropped.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LoadReport {
    /// Files read.
    pub files: u64,
    /// Records read.
    pub read: u64,
    /// Lines kept.
    pub kept: u64,
    /// Sum of the strengths of the lines kept, at 296 K \[cm molecule-1\].
    pub strength: f64,
    /// What happened to records, by cause.
    pub causes: BTreeMap<Cause, Tally>,
    /// Lowest and highest wavenumber of the records of the species asked for, in or out of range \[cm-1\].
    pub wavenumber_range: Option<(f64, f64)>,
    /// Remarks in words.
    pub notes: Vec<String>,
}

impl LoadReport {
    /// Adds the counts of another part of the same load.
    pub fn add(&mut self, other: &Self) {
        self.files += other.files;
        self.read += other.read;
        self.kept += other.kept;
        self.strength += other.strength;
        for (cause, tally) in &other.causes {
            let own = self.causes.entry(*cause).or_default();
            own.lines += tally.lines;
            own.strength += tally.strength;
            if own.first.is_none() {
                own.first.clone_from(&tally.first);
            }
        }
        if let Some((lo, hi)) = other.wavenumber_range {
            self.see(lo);
            self.see(hi);
        }
        self.notes.extend_from_slice(&other.notes);
    }

    /// Counts a line kept.
    pub(crate) fn keep(&mut self, strength: f64) {
        self.kept += 1;
        self.strength += strength;
    }

    /// Counts a record to which something happened, of a strength at 296 K (0 if unknown) \[cm molecule-1\].
    pub(crate) fn tally(&mut self, cause: Cause, strength: f64) -> &mut Tally {
        let tally = self.causes.entry(cause).or_default();
        tally.lines += 1;
        tally.strength += strength;
        tally
    }

    /// Widens the range of wavenumbers seen.
    pub(crate) fn see(&mut self, wavenumber: f64) {
        let (lo, hi) = self.wavenumber_range.unwrap_or((wavenumber, wavenumber));
        self.wavenumber_range = Some((lo.min(wavenumber), hi.max(wavenumber)));
    }

    /// Number of records to which something happened.
    pub fn count(&self, cause: Cause) -> u64 {
        self.causes.get(&cause).map_or(0, |t| t.lines)
    }

    /// Lines dropped, for whatever reason.
    pub fn dropped(&self) -> u64 {
        self.causes.iter().filter(|(cause, _)| cause.is_dropped()).map(|(_, t)| t.lines).sum()
    }

    /// A tally's part of the strength of all lines that were asked for, kept or dropped.
    fn share(&self, cause: Cause, tally: &Tally) -> Option<f64> {
        let dropped = |c: &Cause| c.is_dropped() && !matches!(c, Cause::DroppedOutOfRange | Cause::DroppedOtherSpecies);
        let lost: f64 = self.causes.iter().filter(|(c, _)| dropped(c)).map(|(_, t)| t.strength).sum();
        let other = if cause == Cause::DroppedOtherSpecies { tally.strength } else { 0.0 };
        let all = self.strength + lost + other;
        (all > 0.0 && tally.strength > 0.0).then_some(tally.strength / all)
    }

    /// All that a user must be told of the list called `name`.
    pub fn told(&self, name: &str) -> Vec<Note> {
        let counts = self.causes.iter().filter(|(cause, _)| cause.is_told()).map(|(cause, tally)| {
            let mut text = if cause.is_dropped() {
                format!("{} lines {} left out", tally.lines, cause.words())
            } else {
                format!("{} of {} lines: {}", tally.lines, self.kept, cause.words())
            };
            if let Some(first) = &tally.first {
                text.push_str(&format!("; first: {first}"));
            }
            Note::new(name, text, self.share(*cause, tally))
        });
        counts.chain(self.notes.iter().map(|text| Note::new(name, text.clone(), None))).collect()
    }
}

impl std::fmt::Display for LoadReport {
    /// One line: `573 records read, 194 lines kept, 379 dropped (379 of other species); ...`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} records read, {} lines kept, {} dropped", self.read, self.kept, self.dropped())?;
        let (dropped, kept): (Vec<_>, Vec<_>) = self.causes.iter().partition(|(cause, _)| cause.is_dropped());
        let words = |(cause, tally): &(&Cause, &Tally)| format!("{} {}", tally.lines, cause.words());
        if !dropped.is_empty() {
            write!(f, " ({})", dropped.iter().map(words).collect::<Vec<_>>().join(", "))?;
        }
        kept.iter().try_for_each(|entry| write!(f, "; {}", words(entry)))?;
        self.notes.iter().try_for_each(|note| write!(f, "; {note}"))
    }
}
