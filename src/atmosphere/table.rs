//! A quantity given at a few pressures, linear in ln P between them.

use crate::atmosphere::pressure::check_increasing;
use crate::{Error, Result};

/// Values at increasing pressures, interpolated linearly in ln P and never extrapolated.
#[derive(Debug, Clone, PartialEq)]
pub struct ProfileTable {
    pressure_bar: Vec<f64>,
    value: Vec<f64>,
}

impl ProfileTable {
    /// A table of `value` at `pressure_bar` (strictly increasing or strictly decreasing); `what` names it in errors.
    ///
    /// # Errors
    /// [`Error::Invalid`] if lengths differ, there are fewer than two rows, a pressure is not positive or not in order, or a value
    /// is negative or not finite.
    pub fn new(what: &str, pressure_bar: &[f64], value: &[f64]) -> Result<Self> {
        if pressure_bar.len() != value.len() {
            let required = format!("{}, one for each pressure", pressure_bar.len());
            return Err(Error::invalid(format!("{what}: number of values"), value.len(), required));
        }
        if value.len() < 2 {
            return Err(Error::invalid(format!("{what}: number of rows"), value.len(), "two or more"));
        }
        if let Some(row) = value.iter().position(|v| !v.is_finite() || *v < 0.0) {
            let required = "a finite value, zero or more";
            return Err(Error::invalid(format!("{what}: value {row}"), value[row], required));
        }
        let (mut pressure_bar, mut value) = (pressure_bar.to_vec(), value.to_vec());
        if pressure_bar[0] > pressure_bar[1] {
            pressure_bar.reverse();
            value.reverse();
        }
        check_increasing(&format!("{what}: pressure"), &pressure_bar)?;
        Ok(Self { pressure_bar, value })
    }

    /// The value at each of the given pressures \[bar\]; `what` names the table in errors.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a pressure outside the table by more than rounding.
    pub fn at(&self, what: &str, pressure_bar: &[f64]) -> Result<Vec<f64>> {
        pressure_bar.iter().map(|pressure| self.at_one(what, *pressure)).collect()
    }

    fn at_one(&self, what: &str, pressure: f64) -> Result<f64> {
        let last = self.pressure_bar.len() - 1;
        let (low, high) = (self.pressure_bar[0], self.pressure_bar[last]);
        // Ends that were printed and read back may be off by rounding.
        let slack = 1e-9;
        if !(low * (1.0 - slack)..=high * (1.0 + slack)).contains(&pressure) {
            let required = format!("{low} to {high} bar, the range of the table");
            return Err(Error::invalid(format!("{what}: layer pressure"), format!("{pressure} bar"), required));
        }
        let upper = self.pressure_bar.partition_point(|p| *p <= pressure).clamp(1, last);
        let (p0, p1) = (self.pressure_bar[upper - 1], self.pressure_bar[upper]);
        let (v0, v1) = (self.value[upper - 1], self.value[upper]);
        let fraction = ((pressure / p0).ln() / (p1 / p0).ln()).clamp(0.0, 1.0);
        Ok(v0 + fraction * (v1 - v0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_linear_in_the_logarithm_of_pressure() {
        let table = ProfileTable::new("test", &[1e-4, 1e-2, 1.0], &[500.0, 700.0, 600.0]).unwrap();
        let found = table.at("test", &[1e-4, 1e-3, 1e-2, 10f64.powf(-0.5), 1.0]).unwrap();
        for (found, expected) in found.iter().zip([500.0, 600.0, 700.0, 625.0, 600.0]) {
            assert!((found - expected).abs() < 1e-10, "{found} {expected}");
        }
        let reversed = ProfileTable::new("test", &[1.0, 1e-2, 1e-4], &[600.0, 700.0, 500.0]).unwrap();
        assert_eq!(reversed, table);
    }

    #[test]
    fn errors_name_the_row_and_the_range() {
        let error = |p: &[f64], v: &[f64]| ProfileTable::new("T(P)", p, v).unwrap_err().to_string();
        assert!(error(&[1.0, 2.0], &[1.0]).contains("T(P): number of values: given 1, required 2"));
        assert!(error(&[1.0], &[1.0]).contains("two or more"));
        assert!(error(&[1.0, 2.0, 1.5], &[1.0; 3]).contains("T(P): pressure 2: given 1.5 bar"));
        assert!(error(&[1.0, -2.0], &[1.0; 2]).contains("-2 bar"));
        assert!(error(&[1.0, 2.0], &[1.0, f64::NAN]).contains("value 1"));
        let table = ProfileTable::new("T(P)", &[1e-3, 1.0], &[500.0, 600.0]).unwrap();
        for pressure in [0.9e-3, 1.1, f64::NAN] {
            let message = table.at("T(P)", &[0.1, pressure]).unwrap_err().to_string();
            assert!(message.contains("0.001 to 1 bar, the range of the table"), "{message}");
        }
    }
}
