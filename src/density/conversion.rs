//! From lines of a list to those of a table on a grid.

use super::shift::Neglect;
use super::summary::LineSummary;
use super::table_line::TableLine;
use crate::Result;
use crate::constants::{C2, T_REF};
use crate::grid::{Grid, TemperatureRange};
use crate::lines::{Line, Species};
use crate::settings::{ProfileSettings, Settings};

/// Turns lines of a list into those of a table for one grid and temperature range.
#[derive(Clone, Copy, Debug)]
pub struct Conversion {
    grid: Grid,
    range: TemperatureRange,
    partition_ratio: f64,
    profile: ProfileSettings,
    neglect: Neglect,
}

impl Conversion {
    /// For a species' lines.
    ///
    /// # Errors
    /// The partition function does not cover the range.
    pub fn new(grid: &Grid, species: &Species, settings: &Settings) -> Result<Self> {
        let range = settings.temperature_range;
        species.partition.at(range.lo)?;
        let partition_ratio = species.partition_ratio(range.hi)?;
        let (profile, neglect) = (settings.profile, Neglect::new(species, &range, &settings.profile));
        Ok(Self { grid: *grid, range, partition_ratio, profile, neglect })
    }

    /// The position of a wavenumber \[cm-1\] in steps of the grid.
    pub fn position(&self, wavenumber: f64) -> f64 {
        self.grid.position(wavenumber)
    }

    /// Includes lines in a summary.
    pub fn include(&self, summary: &mut LineSummary, lines: &[Line]) {
        for line in lines {
            let converted = self.unscaled(line, 0.0);
            summary.include(&converted, &self.range);
            if self.profile.pressure_shift {
                let outside = (-converted.position).max(converted.position - (self.grid.len() - 1) as f64);
                summary.shift.include(converted.shift, outside * self.grid.step(), outside);
            } else {
                self.neglect.include(&mut summary.neglected, line);
            }
        }
    }

    /// A line as the table of a summarised list has it.
    pub fn line(&self, line: &Line, summary: &LineSummary) -> TableLine {
        let unscaled = self.unscaled(line, summary.energy.lo);
        TableLine { ln_strength: unscaled.ln_strength - summary.ln_strength.hi, ..unscaled }
    }

    /// A line on the grid, its strength not yet scaled.
    fn unscaled(&self, line: &Line, lowest_energy: f64) -> TableLine {
        let Self { grid, range, partition_ratio, profile, .. } = self;
        let nu = line.wavenumber;
        let stimulated = -(-C2 * nu / T_REF).exp_m1();
        // The law in u = ln(T/296 K) = -(v + to_mid), expanded about t_mid.
        let to_mid = (T_REF / range.mid()).ln();
        let (n, c) = (line.temperature_exponent, line.width_curvature);
        TableLine {
            position: grid.position(nu),
            ln_strength: (line.strength / stimulated).ln()
                - C2 * line.lower_energy * (1.0 / range.hi - 1.0 / T_REF)
                - nu.ln()
                + partition_ratio.ln(),
            energy: line.lower_energy - lowest_energy,
            ln_gamma: (line.gamma_ref / nu).ln() + (n + c * to_mid) * to_mid,
            exponent: n + 2.0 * c * to_mid,
            curvature: c,
            natural: if profile.natural_width { line.natural_width / nu } else { 0.0 },
            shift: if profile.pressure_shift { line.shift / nu } else { 0.0 },
            wavenumber: nu,
        }
    }
}
