//! Spectral lines and the species they belong to.
//!
//! A [`LineList`] holds lines of **one isotopologue**: they share a molar mass (hence one Doppler width at a given
//! temperature) and a partition function. A list of several isotopologues is several `LineList`s; their cross sections add.

use std::sync::Arc;

use rayon::prelude::*;

use super::Width;
use super::partition::PartitionFunction;
use super::physical;
use crate::constants::{ATOMIC_MASS, BOLTZMANN, C2, SPEED_OF_LIGHT, T_REF};

/// One spectral line. All quantities are at the reference temperature 296 K.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Line {
    /// Line centre in vacuum \[cm-1\].
    pub wavenumber: f64,
    /// Line strength at 296 K \[cm molecule-1\]. Terrestrial abundance is contained exactly where the source contains it
    /// (HITRAN does, ExoMol does not). Kept in f64: at 296 K it may be as small as 1e-120 and still matter at 3000 K.
    pub strength: f64,
    /// Lower-state energy \[cm-1\].
    pub lower_energy: f64,
    /// Lorentz half width at half maximum at 296 K \[cm-1 bar-1\].
    pub gamma_ref: f64,
    /// Temperature exponent n of the half width: gamma(T, P) = gamma_ref P exp(-n u + c u^2), u = ln(T / 296 K).
    pub temperature_exponent: f64,
    /// Its second-order term c; 0 for a power law. See [`Width`].
    pub width_curvature: f64,
    /// Half width at half maximum from the finite lifetimes of both levels, (1/tau' + 1/tau'') / (4 pi c) \[cm-1\]; 0 where unknown.
    pub natural_width: f64,
    /// Pressure shift delta: the line lies at wavenumber + delta P \[cm-1 bar-1\]; 0 where unknown.
    pub shift: f64,
}

/// Exponents and curvatures that the widths of mixtures come to, where those of the gases are within 5 of 0.
const MIXTURES: std::ops::RangeInclusive<f64> = -50.0..=50.0;

/// What all lines of a list have in common.
#[derive(Clone, Debug)]
pub struct Species {
    /// Name for messages and reports, e.g. `12C-16O`.
    pub name: String,
    /// Molar mass \[g mol-1\].
    pub molar_mass: f64,
    /// Total internal partition function.
    pub partition: Arc<PartitionFunction>,
}

impl Species {
    /// Doppler standard deviation relative to the line centre, sqrt(k_B T / m) / c. Dimensionless; `temperature` in K.
    pub fn doppler_sigma(&self, temperature: f64) -> f64 {
        (BOLTZMANN * temperature / (self.molar_mass * ATOMIC_MASS)).sqrt() / SPEED_OF_LIGHT
    }

    /// Q(296 K) / Q(T). Errors if `temperature` \[K\] is outside the partition function's table.
    pub fn partition_ratio(&self, temperature: f64) -> crate::Result<f64> {
        Ok(self.partition.at(T_REF)? / self.partition.at(temperature)?)
    }
}

impl Line {
    /// By wavenumber, then by all else: lines that are equal here are equal, so sorting leaves nothing to the order of the file.
    pub fn order(&self, other: &Self) -> std::cmp::Ordering {
        let values = |l: &Self| -> [f64; 8] { bytemuck::cast(*l) };
        let pairs = values(self).into_iter().zip(values(other));
        pairs.map(|(a, b)| a.total_cmp(&b)).find(|o| o.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
    }

    /// Refuses a line with a value that is no physical one, by its index and the list's name.
    pub(crate) fn check(lines: &[Self], list: &str) -> crate::Result<()> {
        for (i, l) in lines.iter().enumerate() {
            let bad = |what: &str, v: f64, need: &str| {
                Err(crate::Error::invalid(format!("{list} line {i}: {what}"), v, need))
            };
            // Written so that NaN is refused.
            let positive = |v: f64, most: f64| v > 0.0 && v <= most;
            if !positive(l.wavenumber, physical::WAVENUMBER) {
                return bad("wavenumber [cm-1]", l.wavenumber, "a finite positive number of at most 1e8");
            }
            if !positive(l.strength, physical::STRENGTH) {
                return bad("line strength [cm/molecule]", l.strength, "a finite positive number of at most 1e30");
            }
            if !positive(l.gamma_ref, physical::WIDTH) {
                return bad("half width [cm-1/bar]", l.gamma_ref, "a finite positive number of at most 1000");
            }
            if !(0.0..=physical::ENERGY).contains(&l.lower_energy) {
                return bad("lower-state energy [cm-1]", l.lower_energy, "a finite number of at least 0, at most 1e6");
            }
            if !MIXTURES.contains(&l.temperature_exponent) {
                return bad("temperature exponent", l.temperature_exponent, "a finite number within 50 of 0");
            }
            if !MIXTURES.contains(&l.width_curvature) {
                return bad("curvature of the width", l.width_curvature, "a finite number within 50 of 0");
            }
            if !(0.0..=physical::WAVENUMBER).contains(&l.natural_width) {
                return bad("natural half width [cm-1]", l.natural_width, "a finite number of at least 0, at most 1e8");
            }
            if !(-physical::SHIFT..=physical::SHIFT).contains(&l.shift) {
                return bad("pressure shift [cm-1/bar]", l.shift, "a finite number within 1000 of 0");
            }
        }
        Ok(())
    }

    /// ln of S(T)/S(296 K) without the partition functions' ratio: Boltzmann factor and stimulated emission
    /// (Rothman et al. 1998, eq. A11). `temperature` in K.
    pub fn ln_strength_factor(&self, temperature: f64) -> f64 {
        let (nu, e) = (self.wavenumber, self.lower_energy);
        -C2 * e * (1.0 / temperature - 1.0 / T_REF)
            + ((-C2 * nu / temperature).exp_m1() / (-C2 * nu / T_REF).exp_m1()).ln()
    }

    /// Lorentz half width from collisions relative to the line centre at `temperature` \[K\] and `pressure` \[bar\]. Dimensionless.
    pub fn lorentz_gamma(&self, temperature: f64, pressure: f64) -> f64 {
        self.width().at(temperature) * pressure / self.wavenumber
    }

    /// The half width from collisions.
    pub fn width(&self) -> Width {
        Width { gamma: self.gamma_ref, exponent: self.temperature_exponent, curvature: self.width_curvature }
    }

    /// The line with another half width from collisions.
    pub fn with_width(self, width: Width) -> Self {
        Self { gamma_ref: width.gamma, temperature_exponent: width.exponent, width_curvature: width.curvature, ..self }
    }
}

/// Lines of one isotopologue, sorted by wavenumber.
#[derive(Clone, Debug)]
pub struct LineList {
    /// The isotopologue.
    pub species: Species,
    lines: Vec<Line>,
}

impl LineList {
    /// A list from lines in any order; they are sorted by wavenumber.
    ///
    /// # Errors
    /// A wavenumber, strength or width that is not finite and positive, or an energy or exponent that is not finite,
    /// names the line's index and value.
    pub fn new(species: Species, mut lines: Vec<Line>) -> crate::Result<Self> {
        Line::check(&lines, &species.name)?;
        lines.par_sort_unstable_by(Line::order);
        Ok(Self { species, lines })
    }

    /// The lines, ascending in wavenumber.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Number of lines.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// True if there is no line.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The lines with `lo <= wavenumber <= hi` \[cm-1\].
    pub fn between(&self, lo: f64, hi: f64) -> &[Line] {
        let a = self.lines.partition_point(|l| l.wavenumber < lo);
        let b = self.lines.partition_point(|l| l.wavenumber <= hi);
        &self.lines[a..b.max(a)]
    }
}
