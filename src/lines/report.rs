//! What became of every record of a line list: nothing is dropped or filled in without being counted.

use serde::{Deserialize, Serialize};

/// Counts of one load, for people and for the report file. `read` = `kept` + all that is dropped.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LoadReport {
    /// Files read.
    pub files: u64,
    /// Records read.
    pub read: u64,
    /// Lines kept.
    pub kept: u64,
    /// Dropped: outside the wavenumber range asked for.
    pub dropped_out_of_range: u64,
    /// Dropped: another molecule or isotopologue than asked for.
    pub dropped_other_species: u64,
    /// Dropped: strength zero (or below the smallest double at 296 K).
    pub dropped_zero_strength: u64,
    /// Dropped: wavenumber zero (or negative: lower above upper state, in computed lists).
    pub dropped_zero_wavenumber: u64,
    /// Dropped: lower-state energy unknown (HITRAN writes -1).
    pub dropped_unknown_energy: u64,
    /// Kept: self width missing (0), air width used.
    pub width_from_air: u64,
    /// Kept: width missing, the default used.
    pub width_default: u64,
    /// Kept: temperature exponent missing, the default used.
    pub exponent_default: u64,
    /// Rows of broadening tables that are not used (codes other than a0 and a1).
    pub broadening_rows_skipped: u64,
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
        self.dropped_out_of_range += other.dropped_out_of_range;
        self.dropped_other_species += other.dropped_other_species;
        self.dropped_zero_strength += other.dropped_zero_strength;
        self.dropped_zero_wavenumber += other.dropped_zero_wavenumber;
        self.dropped_unknown_energy += other.dropped_unknown_energy;
        self.width_from_air += other.width_from_air;
        self.width_default += other.width_default;
        self.exponent_default += other.exponent_default;
        self.broadening_rows_skipped += other.broadening_rows_skipped;
        if let Some((lo, hi)) = other.wavenumber_range {
            self.see(lo);
            self.see(hi);
        }
        self.notes.extend_from_slice(&other.notes);
    }

    /// Widens the range of wavenumbers seen.
    pub(crate) fn see(&mut self, wavenumber: f64) {
        let (lo, hi) = self.wavenumber_range.unwrap_or((wavenumber, wavenumber));
        self.wavenumber_range = Some((lo.min(wavenumber), hi.max(wavenumber)));
    }

    /// Lines dropped, for whatever reason.
    pub fn dropped(&self) -> u64 {
        self.dropped_out_of_range
            + self.dropped_other_species
            + self.dropped_zero_strength
            + self.dropped_zero_wavenumber
            + self.dropped_unknown_energy
    }
}

impl std::fmt::Display for LoadReport {
    /// One line: `573 records read, 194 lines kept, 379 dropped (379 of other species); ...`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} records read, {} lines kept, {} dropped", self.read, self.kept, self.dropped())?;
        let reasons: Vec<String> = [
            (self.dropped_out_of_range, "out of range"),
            (self.dropped_other_species, "of other species"),
            (self.dropped_zero_strength, "of zero strength"),
            (self.dropped_zero_wavenumber, "at wavenumber zero or below"),
            (self.dropped_unknown_energy, "of unknown lower-state energy"),
        ]
        .iter()
        .filter(|r| r.0 > 0)
        .map(|(n, why)| format!("{n} {why}"))
        .collect();
        if !reasons.is_empty() {
            write!(f, " ({})", reasons.join(", "))?;
        }
        for (n, what) in [
            (self.width_from_air, "self widths missing, air widths used"),
            (self.width_default, "widths from the default"),
            (self.exponent_default, "temperature exponents from the default"),
            (self.broadening_rows_skipped, "broadening rows of unknown codes skipped"),
        ] {
            if n > 0 {
                write!(f, "; {n} {what}")?;
            }
        }
        self.notes.iter().try_for_each(|note| write!(f, "; {note}"))
    }
}
