//! What a line's profile is made of besides the Doppler and the collisional width: natural width, pressure shift, wing law.

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// Rows that a [`ChiFactor`] holds at most.
pub const MOST_CHI_ROWS: usize = 32;

/// Choices about the profile of every line. The default is a Voigt profile with natural width where the list has it, without shift,
/// and with wings of any length.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ProfileSettings {
    /// Whether the natural width adds to the collisional one, where the list has it.
    pub natural_width: bool,
    /// Whether lines are moved by their pressure shift, where the list has it.
    pub pressure_shift: bool,
    /// What becomes of the Lorentzian wings far from the centre.
    pub wings: WingLaw,
}

impl Default for ProfileSettings {
    fn default() -> Self {
        Self { natural_width: true, pressure_shift: false, wings: WingLaw::default() }
    }
}

/// A law for wings in cm-1: V(d) chi(|d|) within the cutoff and 0 beyond, d = nu - nu_i.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct WingLaw {
    /// No line contributes further from its centre than this \[cm-1\].
    pub cutoff: Option<f64>,
    /// Whether the profile's value at the cutoff is taken from it everywhere inside, as continuum models such as MT_CKD
    /// want (Clough et al. 1989, Atmos. Res. 23, 229): what is taken away is in their continuum.
    pub subtract_pedestal: bool,
    /// A factor on the wings, by distance.
    pub chi: Option<ChiFactor>,
}

impl WingLaw {
    /// True if wings are those of the Voigt profile.
    pub fn is_voigt(&self) -> bool {
        self.cutoff.is_none() && self.chi.is_none()
    }

    /// The factor on the profile at a distance \[cm-1\]; 0 beyond the cutoff. The pedestal is not in it.
    pub fn factor(&self, distance: f64) -> f64 {
        match self.cutoff {
            Some(cutoff) if distance > cutoff => 0.0,
            _ => self.chi.as_ref().map_or(1.0, |chi| chi.at(distance)),
        }
    }

    /// The distance up to which the factor is 1 \[cm-1\]; infinite for a Voigt profile.
    pub fn untouched(&self) -> f64 {
        let cutoff = self.cutoff.unwrap_or(f64::INFINITY);
        self.chi.as_ref().map_or(cutoff, |chi| chi.start().min(cutoff))
    }

    /// The factor at distances beyond all rows and within no cutoff: 0 if there is one.
    pub fn factor_far_away(&self) -> f64 {
        self.factor(f64::INFINITY)
    }

    /// The distance beyond which the factor does not change any more \[cm-1\]: 0 for a Voigt profile.
    pub fn end(&self) -> f64 {
        self.cutoff.unwrap_or_else(|| self.chi.as_ref().map_or(0.0, |chi| chi.end()))
    }

    /// Refuses a cutoff that is not positive, and a pedestal without cutoff or with a chi factor, which no continuum is made for.
    ///
    /// # Errors
    /// What was given and what is required.
    pub fn check(&self) -> Result<()> {
        match self.cutoff {
            Some(cutoff) if !(cutoff.is_finite() && cutoff > 0.0) => {
                Err(Error::invalid("wing cutoff [cm-1]", cutoff, "a finite positive number"))
            }
            None if self.subtract_pedestal => {
                Err(Error::invalid("wing pedestal", "no cutoff", "a cutoff, whose pedestal is to be taken away"))
            }
            Some(_) if self.subtract_pedestal && self.chi.is_some() => {
                Err(Error::invalid("wing pedestal", "a chi factor beside it", "one of the two"))
            }
            _ => Ok(()),
        }
    }
}

/// A factor on line wings by distance from the centre, as sub-Lorentzian line shapes are published (e.g. CO2: Perrin & Hartmann 1989,
/// JQSRT 42, 311). ln chi is linear between rows, so the usual exponentials need one row at each change; it is 1 before the
/// first row, which must have chi = 1, and constant after the last.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<(f64, f64)>", into = "Vec<(f64, f64)>")]
pub struct ChiFactor {
    rows: [(f64, f64); MOST_CHI_ROWS],
    count: usize,
}

impl ChiFactor {
    /// From rows of a distance \[cm-1\] and chi.
    ///
    /// # Errors
    /// Fewer than two rows or more than 32; distances that do not ascend from above 0; a chi that is not positive, or is not 1 in
    /// the first row.
    pub fn new(rows: &[(f64, f64)]) -> Result<Self> {
        if !(2..=MOST_CHI_ROWS).contains(&rows.len()) {
            return Err(Error::invalid("rows of chi", rows.len(), format!("2 to {MOST_CHI_ROWS}")));
        }
        for (i, (distance, chi)) in rows.iter().enumerate() {
            let ascends = i == 0 || *distance > rows[i - 1].0;
            if !(distance.is_finite() && *distance > 0.0 && ascends) {
                let required = "distances from the centre [cm-1], above 0, in ascending order";
                return Err(Error::invalid(format!("chi, row {}", i + 1), distance, required));
            }
            if !(chi.is_finite() && *chi > 0.0 && *chi < 1e6) {
                return Err(Error::invalid(format!("chi, row {}", i + 1), chi, "a positive factor"));
            }
        }
        if (rows[0].1 - 1.0).abs() > 1e-9 {
            return Err(Error::invalid("chi, row 1", rows[0].1, "1: closer to the centre the profile is left alone"));
        }
        let mut all = [(0.0, 0.0); MOST_CHI_ROWS];
        all[..rows.len()].copy_from_slice(rows);
        Ok(Self { rows: all, count: rows.len() })
    }

    /// The rows.
    pub fn rows(&self) -> &[(f64, f64)] {
        &self.rows[..self.count]
    }

    /// The factor at a distance \[cm-1\].
    pub fn at(&self, distance: f64) -> f64 {
        let rows = self.rows();
        let after = rows.partition_point(|r| r.0 <= distance);
        if after == 0 {
            return 1.0;
        }
        let (a, Some(b)) = (rows[after - 1], rows.get(after)) else { return rows[after - 1].1 };
        let t = (distance - a.0) / (b.0 - a.0);
        a.1 * ((b.1 / a.1).ln() * t).exp()
    }

    fn start(&self) -> f64 {
        self.rows[0].0
    }

    fn end(&self) -> f64 {
        self.rows[self.count - 1].0
    }
}

impl TryFrom<Vec<(f64, f64)>> for ChiFactor {
    type Error = Error;

    fn try_from(rows: Vec<(f64, f64)>) -> Result<Self> {
        Self::new(&rows)
    }
}

impl From<ChiFactor> for Vec<(f64, f64)> {
    fn from(chi: ChiFactor) -> Self {
        chi.rows().to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chi_is_exponential_between_rows_and_constant_outside() {
        let chi = ChiFactor::new(&[(3.0, 1.0), (30.0, 0.1), (120.0, 0.01)]).unwrap();
        for (d, value) in [(0.0, 1.0), (3.0, 1.0), (16.5, 0.1f64.sqrt()), (30.0, 0.1), (120.0, 0.01), (1e4, 0.01)] {
            assert!((chi.at(d) / value - 1.0).abs() < 1e-12, "{d}: {}", chi.at(d));
        }
        let law = WingLaw { cutoff: Some(50.0), chi: Some(chi), ..WingLaw::default() };
        assert_eq!((law.untouched(), law.end(), law.factor_far_away(), law.factor(50.1)), (3.0, 50.0, 0.0, 0.0));
        assert!(law.factor(50.0) > 0.0 && !law.is_voigt() && WingLaw::default().is_voigt());
        assert_eq!(WingLaw { cutoff: None, ..law }.factor_far_away(), 0.01);
    }

    #[test]
    fn bad_rows_are_refused() {
        for rows in [
            &[(3.0, 1.0)][..],
            &[(3.0, 0.5), (4.0, 0.1)],
            &[(3.0, 1.0), (3.0, 0.1)],
            &[(0.0, 1.0), (3.0, 0.1)],
            &[(3.0, 1.0), (4.0, 0.0)],
            &[(3.0, 1.0), (4.0, f64::NAN)],
        ] {
            assert!(ChiFactor::new(rows).is_err(), "{rows:?}");
        }
        assert!(WingLaw { cutoff: Some(-1.0), ..WingLaw::default() }.check().is_err());
        assert!(WingLaw { subtract_pedestal: true, ..WingLaw::default() }.check().is_err());
        let chi = ChiFactor::new(&[(3.0, 1.0), (4.0, 0.5)]).ok();
        let both = WingLaw { cutoff: Some(25.0), subtract_pedestal: true, chi };
        assert!(both.check().unwrap_err().to_string().contains("chi factor"));
        assert!(WingLaw { subtract_pedestal: false, ..both }.check().is_ok());
    }
}
