//! Total internal partition functions.

use std::path::Path;

use super::fields::{number, quote, words};
use super::reader::read_whole;
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
        if let Some(i) = (1..temperature.len())
            .find(|&i| temperature[i].partial_cmp(&temperature[i - 1]) != Some(std::cmp::Ordering::Greater))
        {
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

    /// From a text file of two columns, T \[K\] and Q (an ExoMol `.pf` file, or TIPS as a table); further columns are not
    /// used, lines that begin with `#` are comments. The file may be compressed (`.bz2`, `.zip`).
    ///
    /// # Errors
    /// A file that cannot be read, and rows that are no numbers, not positive or not ascending in T, by line.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let text = read_whole(path.as_ref())?;
        let (mut temperature, mut value) = (Vec::new(), Vec::new());
        for (line, row) in text.lines().filter(|(_, row)| !row.trim_ascii_start().starts_with(b"#")) {
            let mut columns = words(row).map(number);
            let (Some(Some(t)), Some(Some(q))) = (columns.next(), columns.next()) else {
                return Err(text.error(line, format!("two numbers, T [K] and Q, are required, found {}", quote(row))));
            };
            if t < 0.0 || q <= 0.0 {
                return Err(text.error(line, format!("T >= 0 K and Q > 0 are required, found {t} and {q}")));
            }
            if temperature.last().is_some_and(|last| t <= *last) {
                return Err(text.error(line, format!("temperatures must ascend, found {t} K after the line before")));
            }
            temperature.push(t);
            value.push(q);
        }
        if temperature.len() < 2 {
            return Err(Error::parse(path, None, "a partition function needs at least two rows of T [K] and Q"));
        }
        Self::new(temperature, value)
    }

    /// The table's rows, (T \[K\], Q).
    pub fn entries(&self) -> impl Iterator<Item = (f64, f64)> {
        self.temperature.iter().copied().zip(self.value.iter().copied())
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
        let (t0, q0, dt, dq) = self.interval(temperature)?;
        Ok(q0 + dq * (temperature - t0) / dt)
    }

    /// d ln Q / d ln T at `temperature` \[K\], of the very interpolation that [`at`](Self::at) is: on an entry of the table, where the slope
    /// jumps, that of the interval above it.
    ///
    /// # Errors
    /// A temperature outside the table names the range.
    pub fn ln_slope(&self, temperature: f64) -> Result<f64> {
        let (_, _, dt, dq) = self.interval(temperature)?;
        Ok(temperature * dq / dt / self.at(temperature)?)
    }

    /// T, Q at the start of the interval that holds a temperature, and their differences over it.
    fn interval(&self, temperature: f64) -> Result<(f64, f64, f64, f64)> {
        let (lo, hi) = self.range();
        if !(lo..=hi).contains(&temperature) {
            return Err(Error::invalid("partition function: temperature [K]", temperature, format!("{lo} to {hi}")));
        }
        let i = self.temperature.partition_point(|t| *t <= temperature).clamp(1, self.temperature.len() - 1);
        let (t0, t1) = (self.temperature[i - 1], self.temperature[i]);
        let (q0, q1) = (self.value[i - 1], self.value[i]);
        Ok((t0, q0, t1 - t0, q1 - q0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines::test_data;
    use proptest::prelude::*;

    fn read(text: impl AsRef<[u8]>) -> Result<PartitionFunction> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        PartitionFunction::read(file.path())
    }

    #[test]
    fn a_table_is_linear_between_its_rows() {
        let q = read("# T, Q\r\n 100.0  10.0\r\n\r\n200 20 7.5\r\n400 80").unwrap();
        assert_eq!(q.range(), (100.0, 400.0));
        assert_eq!([100.0, 150.0, 200.0, 300.0, 400.0].map(|t| q.at(t).unwrap()), [10.0, 15.0, 20.0, 50.0, 80.0]);
        // 0.1 per K up to 200 K, 0.3 above
        for (t, slope) in [(100.0, 1.0), (150.0, 1.0), (200.0, 3.0), (300.0, 1.8), (400.0, 1.5)] {
            assert!((q.ln_slope(t).unwrap() - slope).abs() < 1e-14, "{t}");
        }
        for t in [99.9, 400.1, f64::NAN, -1.0] {
            assert!(q.ln_slope(t).is_err());
            assert!(q.at(t).unwrap_err().to_string().contains("100 to 400"), "{t}");
        }
    }

    #[test]
    fn bad_files_name_the_line() {
        for (text, part) in [
            ("1 1\n2 x", "line 2"),
            ("1 1\n2", "line 2"),
            ("1 1\n2 NaN", "line 2"),
            ("1 1\n2 -3", "line 2"),
            ("# c\n1 1\n1 2", "line 3"),
            ("1 1\n2 \u{fe}\u{ff}", "line 2"),
            ("1 1", "at least two rows"),
            ("", "empty"),
            ("<!DOCTYPE html>", "web page"),
        ] {
            let message = read(text).unwrap_err().to_string();
            assert!(message.contains(part), "{text:?}: {message}");
        }
        assert!(matches!(PartitionFunction::read("/nowhere/x.pf"), Err(Error::Io { .. })));
    }

    #[test]
    fn exomol_pf() {
        let Some(path) = test_data("exomol/CO/12C-16O/SAMPLE/12C-16O__SAMPLE.pf") else { return };
        let q = PartitionFunction::read(path).unwrap();
        assert_eq!(q.range(), (1.0, 9000.0));
        assert_eq!(q.at(9000.0).unwrap(), 12082.0355);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_bytes_are_taken(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = read(bytes);
        }
    }
}
