//! A line list of carbon monoxide that needs no file: computed from published molecular constants.
//!
//! # Theory
//!
//! CO in its electronic ground state is a vibrating rotor. Its levels follow from the mass-independent Dunham
//! parameters of George, Urban & Le Floch (1994); its line strengths from the dipole matrix elements of Chackerian &
//! Tipping (1983) as functions of v and J, on the absolute scale of the band intensities of Zou & Varanasi (2002). The
//! formulae stand in `levels.rs` and `intensity.rs`. Masses carry both from 12C16O to the other five stable
//! isotopologues.
//!
//! Bands: dv = 1 (4.7 um) and dv = 2 (2.3 um), lower v from 0 to 9, J up to 100 in both levels; R and P branches. The
//! partition function is the direct sum over the same levels, to v = 25 and J = 180, from 1 to 7000 K.
//!
//! # Practice
//!
//! For examples, tests and first looks without data. It is no substitute for HITRAN or HITEMP: there is no pure
//! rotation and no dv of 3 or more, and widths are smooth laws.
//!
//! | against | compared | worst difference |
//! |---|---|---|
//! | HITRAN 2020, 2000-2300 cm-1, 573 lines of three isotopologues | position | 1.1e-4 cm-1 |
//! | | strength | 0.6 % |
//! | | air width, exponent | 1.6 %, 0.013 |
//! | ExoMol (Li et al. 2015), 2-0 band, J = 23 to 79 | position | 0.006 cm-1 |
//! | | Einstein A | 0.8 % |
//! | ExoMol, levels with v to 16, J to 110 | energy | 0.05 cm-1 |
//! | TIPS-2021, four isotopologues, 1 to 5000 K | partition function | 7e-5 |
//!
//! A list of all 4000 lines takes a few milliseconds to build, most of it the partition function.
//!
//! Line strengths **contain the terrestrial abundance** of the isotopologue, as HITRAN's do; divide by
//! [`Isotopologue::terrestrial_abundance`] for a pure gas.
//!
//! ```
//! use photosphere::lines::carbon_monoxide::{line_list, Broadener, Isotopologue};
//!
//! // The R-branch head of the first overtone in a hydrogen atmosphere, lines above 1e-40 cm/molecule at 296 K.
//! let co = line_list(Isotopologue::C12O16, Broadener::Hydrogen, Some((4250.0, 4360.0)), 1e-40)?;
//! assert!(co.len() > 100);
//! # Ok::<(), photosphere::Error>(())
//! ```

mod broadening;
mod intensity;
mod isotopologue;
mod levels;

use std::sync::Arc;

pub use broadening::Broadener;
pub use isotopologue::Isotopologue;

use crate::constants::T_REF;
use crate::lines::{Line, LineList, PartitionFunction, Species};
use crate::{Error, Result};

/// Highest J of either level.
const J_MAX: usize = 100;
/// Highest v of the lower level.
const V_LOWER_MAX: usize = 9;
/// Highest v of any upper level.
const V_UPPER_MAX: usize = V_LOWER_MAX + 2;

/// Lines of one isotopologue, sorted by wavenumber, terrestrial abundance contained in the strengths.
///
/// `range` keeps `lo <= wavenumber <= hi` \[cm-1\]; `strength_cutoff` \[cm/molecule at 296 K\] keeps lines at least
/// that strong. A line from v = 9 has less than 1e-54 at 296 K and still shows at 3000 K, so 0 (all lines) is right for
/// hot gas.
///
/// # Errors
/// A range that is not ascending, finite and non-negative; a cutoff that is negative or not finite; and no line left.
pub fn line_list(
    isotopologue: Isotopologue,
    broadener: Broadener,
    range: Option<(f64, f64)>,
    strength_cutoff: f64,
) -> Result<LineList> {
    let (lo, hi) = range.unwrap_or((0.0, f64::MAX));
    if !(lo >= 0.0 && lo < hi && hi.is_finite()) {
        return Err(Error::invalid("CO line list: range [cm-1]", format!("{lo} to {hi}"), "0 <= low < high, finite"));
    }
    if !(strength_cutoff >= 0.0 && strength_cutoff.is_finite()) {
        let required = "a finite number of at least 0";
        return Err(Error::invalid("CO line list: strength cutoff [cm/molecule]", strength_cutoff, required));
    }
    let partition = partition_function(isotopologue)?;
    let partition_sum = partition.at(T_REF)?;
    let levels = levels::Levels::new(isotopologue, V_UPPER_MAX, J_MAX);

    let mut lines = Vec::new();
    for t in transitions() {
        let lower_energy = levels.at(t.v_lower, t.j_lower);
        let wavenumber = levels.at(t.v_upper, t.j_upper) - lower_energy;
        if !(lo..=hi).contains(&wavenumber) {
            continue;
        }
        let strength = intensity::line_strength(isotopologue, t, wavenumber, lower_energy, partition_sum);
        if strength < strength_cutoff {
            continue;
        }
        let (gamma_ref, temperature_exponent) = broadener.width(t.j_lower, t.m());
        lines.push(Line { wavenumber, strength, lower_energy, gamma_ref, temperature_exponent, ..Line::default() });
    }
    if lines.is_empty() {
        return Err(Error::invalid(
            "CO line list: range [cm-1] and strength cutoff [cm/molecule]",
            format!("{lo} to {hi} and {strength_cutoff:e}, where {} has no line", isotopologue.name()),
            "a range that meets the bands (1400-2330 and 3110-4360 cm-1 in 12C-16O) and a cutoff below its lines",
        ));
    }
    let species = Species {
        name: isotopologue.name().to_owned(),
        molar_mass: isotopologue.molar_mass(),
        partition: Arc::new(partition),
    };
    LineList::new(species, lines)
}

/// Total internal partition function from 1 to 7000 K, nuclear spin counted in full as TIPS does.
/// Within 7e-5 of TIPS-2021 up to 5000 K, 5e-4 up to 7000 K.
pub fn partition_function(isotopologue: Isotopologue) -> Result<PartitionFunction> {
    levels::partition_function(isotopologue)
}

/// One line of the P (J' = J'' - 1) or R (J' = J'' + 1) branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Transition {
    v_lower: usize,
    v_upper: usize,
    j_lower: usize,
    j_upper: usize,
}

impl Transition {
    /// J'' + 1 in the R branch, -J'' in the P branch.
    fn m(self) -> f64 {
        if self.j_upper > self.j_lower { self.j_upper as f64 } else { -(self.j_lower as f64) }
    }

    /// v' - v'': 1 or 2.
    fn dv(self) -> usize {
        self.v_upper - self.v_lower
    }
}

/// All electric-dipole transitions of the list: dJ = +-1 (a 1Sigma state has no Q branch), dv = 1 and 2.
fn transitions() -> impl Iterator<Item = Transition> {
    let bands = (1..=2).flat_map(|dv| (0..=V_LOWER_MAX).map(move |v| (v, v + dv)));
    bands.flat_map(|(v_lower, v_upper)| {
        (0..J_MAX).flat_map(move |j| {
            [(j, j + 1), (j + 1, j)].map(|(j_lower, j_upper)| Transition { v_lower, v_upper, j_lower, j_upper })
        })
    })
}

#[cfg(test)]
mod tests;
