//! Total internal partition functions.

use crate::{Error, Result};

/// Q(T) as a table, linear in T between entries (as the reference results use it).
#[derive(Clone, Debug)]
pub struct PartitionFunction {
    temperature: Vec<f64>,
    value: Vec<f64>,
}

impl PartitionFunction {
    /// A table of temperatures \[K\], strictly ascending, and positive values; at least two entries.
    pub fn new(temperature: Vec<f64>, value: Vec<f64>) -> Result<Self> {
        if temperature.len() != value.len() || temperature.len() < 2 {
            return Err(Error::invalid(
                "partition function",
                format!("{} temperatures and {} values", temperature.len(), value.len()),
                "two columns of equal length, at least two rows",
            ));
        }
        if let Some(i) = (1..temperature.len()).find(|&i| !(temperature[i] > temperature[i - 1])) {
            return Err(Error::invalid(
                format!("partition function, row {}", i + 1),
                temperature[i],
                "temperatures [K] in strictly ascending order",
            ));
        }
        if let Some(i) = value.iter().position(|q| !(q.is_finite() && *q > 0.0)) {
            return Err(Error::invalid(
                format!("partition function, row {}", i + 1),
                value[i],
                "finite positive values",
            ));
        }
        Ok(Self { temperature, value })
    }

    /// Lowest and highest temperature of the table \[K\].
    pub fn range(&self) -> (f64, f64) {
        (self.temperature[0], *self.temperature.last().expect("two or more rows"))
    }

    /// Q at `temperature` \[K\].
    ///
    /// # Errors
    /// A temperature outside the table names the range.
    pub fn at(&self, temperature: f64) -> Result<f64> {
        let (lo, hi) = self.range();
        if !(lo..=hi).contains(&temperature) {
            return Err(Error::invalid("partition function: temperature [K]", temperature, format!("{lo} to {hi}")));
        }
        let i = self.temperature.partition_point(|t| *t <= temperature).clamp(1, self.temperature.len() - 1);
        let (t0, t1) = (self.temperature[i - 1], self.temperature[i]);
        let (q0, q1) = (self.value[i - 1], self.value[i]);
        Ok(q0 + (q1 - q0) * (temperature - t0) / (t1 - t0))
    }
}
