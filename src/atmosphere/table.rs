//! A quantity given at a few pressures, interpolated in ln P between them.

use super::Number;
use crate::atmosphere::pressure::check_increasing;
use crate::{Error, Result};

/// How a [`ProfileTable`] runs between its pressures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Interpolation {
    /// Linear in ln P.
    #[default]
    Linear,
    /// Cubic in ln P and smooth: the Hermite polynomial whose slope at each pressure is that of the parabola through it and its
    /// neighbours. It is linear in the values, so that derivatives by them do not depend on them; it may run beyond them.
    Cubic,
}

/// Values at increasing pressures, never extrapolated.
#[derive(Debug, Clone, PartialEq)]
pub struct ProfileTable<D = f64> {
    pressure_bar: Vec<f64>,
    value: Vec<D>,
    interpolation: Interpolation,
}

impl ProfileTable {
    /// The same table in other numbers, without derivatives.
    pub fn constant<D: Number>(&self) -> ProfileTable<D> {
        let value = self.value.iter().map(|v| D::from(*v)).collect();
        ProfileTable { pressure_bar: self.pressure_bar.clone(), value, interpolation: self.interpolation }
    }
}

impl<D: Number> ProfileTable<D> {
    /// A table of `value` at `pressure_bar` (strictly increasing or strictly decreasing), linear in ln P; `what` names it in errors.
    ///
    /// # Errors
    /// [`Error::Invalid`] if lengths differ, there are fewer than two rows, a pressure is not positive or not in order, or a value
    /// is negative or not finite.
    pub fn new(what: &str, pressure_bar: &[f64], value: &[D]) -> Result<Self> {
        if pressure_bar.len() != value.len() {
            let required = format!("{}, one for each pressure", pressure_bar.len());
            return Err(Error::invalid(format!("{what}: number of values"), value.len(), required));
        }
        if value.len() < 2 {
            return Err(Error::invalid(format!("{what}: number of rows"), value.len(), "two or more"));
        }
        if let Some(row) = value.iter().position(|v| !v.re().is_finite() || v.re() < 0.0) {
            let required = "a finite value, zero or more";
            return Err(Error::invalid(format!("{what}: value {row}"), value[row].re(), required));
        }
        let (mut pressure_bar, mut value) = (pressure_bar.to_vec(), value.to_vec());
        if pressure_bar[0] > pressure_bar[1] {
            pressure_bar.reverse();
            value.reverse();
        }
        check_increasing(&format!("{what}: pressure"), &pressure_bar)?;
        Ok(Self { pressure_bar, value, interpolation: Interpolation::Linear })
    }

    /// The same table with another interpolation.
    #[must_use]
    pub fn with(self, interpolation: Interpolation) -> Self {
        Self { interpolation, ..self }
    }

    /// The value at each of the given pressures \[bar\]; `what` names the table in errors.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a pressure outside the table by more than rounding.
    pub fn at(&self, what: &str, pressure_bar: &[f64]) -> Result<Vec<D>> {
        pressure_bar.iter().map(|pressure| self.at_one(what, *pressure)).collect()
    }

    fn at_one(&self, what: &str, pressure: f64) -> Result<D> {
        let last = self.pressure_bar.len() - 1;
        let (low, high) = (self.pressure_bar[0], self.pressure_bar[last]);
        // Ends that were printed and read back may be off by rounding.
        let slack = 1e-9;
        if !(low * (1.0 - slack)..=high * (1.0 + slack)).contains(&pressure) {
            let required = format!("{low} to {high} bar, the range of the table");
            return Err(Error::invalid(format!("{what}: layer pressure"), format!("{pressure} bar"), required));
        }
        let upper = self.pressure_bar.partition_point(|p| *p <= pressure).clamp(1, last);
        let (v0, v1) = (&self.value[upper - 1], &self.value[upper]);
        let width = self.step(upper - 1);
        let t = ((pressure / self.pressure_bar[upper - 1]).ln() / width).clamp(0.0, 1.0);
        let linear = v0.clone() + (v1.clone() - v0) * t;
        match self.interpolation {
            Interpolation::Linear => Ok(linear),
            Interpolation::Cubic => {
                // Hermite's polynomial less the chord: t (1 - t) [(1 - t)(m0 - s) - t (m1 - s)], s the chord's slope.
                let chord = (v1.clone() - v0) / width;
                let (m0, m1) = (self.slope(upper - 1) - &chord, self.slope(upper) - &chord);
                Ok(linear + (m0 * (1.0 - t) - m1 * t) * (width * t * (1.0 - t)))
            }
        }
    }

    /// ln(P\[i + 1\] / P\[i\]).
    fn step(&self, i: usize) -> f64 {
        (self.pressure_bar[i + 1] / self.pressure_bar[i]).ln()
    }

    /// Slope at pressure `i` of the parabola through it and its neighbours (at an end: the two next ones), by ln P.
    fn slope(&self, i: usize) -> D {
        let last = self.value.len() - 1;
        let chord = |k: usize| (self.value[k + 1].clone() - &self.value[k]) / self.step(k);
        if last == 1 {
            return chord(0);
        }
        let middle = i.clamp(1, last - 1);
        let (h0, h1) = (self.step(middle - 1), self.step(middle));
        let (c0, c1) = (chord(middle - 1), chord(middle));
        // Newton's form of the parabola, f' = c0 + bend (2 x - x0 - x1), at its first, second or third point.
        let bend = (c1 - &c0) / (h0 + h1);
        c0 + bend * [-h0, h0, h0 + 2.0 * h1][i + 1 - middle]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_linear_in_the_logarithm_of_pressure() {
        let table = ProfileTable::new("test", &[1e-4, 1e-2, 1.0], &[500.0_f64, 700.0, 600.0]).unwrap();
        let found = table.at("test", &[1e-4, 1e-3, 1e-2, 10f64.powf(-0.5), 1.0]).unwrap();
        for (found, expected) in found.iter().zip([500.0, 600.0, 700.0, 625.0, 600.0]) {
            assert!((found - expected).abs() < 1e-10, "{found} {expected}");
        }
        let reversed = ProfileTable::new("test", &[1.0, 1e-2, 1e-4], &[600.0, 700.0, 500.0]).unwrap();
        assert_eq!(reversed, table);
    }

    #[test]
    fn cubics_run_through_the_values_and_reproduce_parabolas() {
        let pressure = [1e-5, 1e-3, 1e-2, 1.0, 30.0];
        let parabola = |p: f64| 900.0 + 40.0 * p.ln() + 3.0 * p.ln() * p.ln();
        let table = ProfileTable::new("T", &pressure, &pressure.map(parabola)).unwrap().with(Interpolation::Cubic);
        let between = [1e-5, 3e-5, 1e-3, 5e-3, 0.3, 1.0, 20.0, 30.0];
        for (found, p) in table.at("T", &between).unwrap().iter().zip(between) {
            assert!((found - parabola(p)).abs() < 1e-9, "{p} bar: {found}");
        }
        // Two rows leave only the line.
        let two = ProfileTable::new("T", &[1e-2, 1.0], &[500.0_f64, 700.0]).unwrap();
        assert_eq!(two.clone().with(Interpolation::Cubic).at("T", &[0.1]).unwrap(), two.at("T", &[0.1]).unwrap());
    }

    #[test]
    fn cubics_have_no_kink() {
        let table = ProfileTable::new("T", &[1e-4, 1e-2, 1e-1, 10.0], &[500.0_f64, 900.0, 700.0, 1200.0]).unwrap();
        let table = table.with(Interpolation::Cubic);
        let at = |p: f64| table.at("T", &[p]).unwrap()[0];
        for knot in [1e-2, 1e-1] {
            let slope = |side: f64| (at(knot * (side * 1e-5).exp()) - at(knot)) / (side * 1e-5);
            assert!((slope(1.0) - slope(-1.0)).abs() < 1e-2, "{} {}", slope(1.0), slope(-1.0));
        }
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
