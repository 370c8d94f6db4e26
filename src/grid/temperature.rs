//! Ranges of temperature: what a set-up is valid for, what a profile may not leave.

use crate::{Error, Result};

/// A closed range of temperatures \[K\].
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct TemperatureRange {
    /// Lowest temperature \[K\].
    pub lo: f64,
    /// Highest temperature \[K\].
    pub hi: f64,
}

impl TemperatureRange {
    /// A range; `lo == hi` is allowed.
    ///
    /// # Errors
    /// Not finite, not positive, or descending.
    pub fn new(lo: f64, hi: f64) -> Result<Self> {
        if !(lo.is_finite() && hi.is_finite() && lo > 0.0 && lo <= hi) {
            return Err(Error::invalid("temperature range [K]", format!("{lo}:{hi}"), "0 < LO <= HI, both finite"));
        }
        Ok(Self { lo, hi })
    }

    /// The temperature whose inverse is in the middle of the inverses \[K\].
    pub fn mid(&self) -> f64 {
        2.0 / (1.0 / self.lo + 1.0 / self.hi)
    }

    /// Refuses a temperature outside the range.
    pub fn check(&self, temperature: f64) -> Result<()> {
        if temperature.is_finite() && (self.lo..=self.hi).contains(&temperature) {
            return Ok(());
        }
        Err(Error::invalid("temperature [K]", temperature, format!("{} to {}, the declared range", self.lo, self.hi)))
    }
}
