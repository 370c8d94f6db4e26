//! Total internal partition functions.
//!
//! Between the rows of a table ln Q is a cubic Hermite polynomial in ln T. Its slope at a row is that of the quartic through the
//! five nearest rows, limited so that Q is monotone wherever the rows are (de Boor & Swartz 1977, J. Approx. Theory 21, 411;
//! Fritsch & Carlson 1980, SIAM J. Numer. Anal. 17, 238). Q and its first derivative are continuous, rows come back exactly, and
//! the error falls with the fourth power of the step: the 23 temperatures of Barklem & Collet (2016, A&A 588, A96) give H2O to
//! 1e-3 between 150 and 3000 K, where interpolation linear in T errs by 10 %.

use std::path::Path;

use super::fields::{number, quote, words};
use super::reader::read_whole;
use crate::{Error, Result};

/// Rows from which the slope at one of them is taken.
const STENCIL: usize = 5;

/// Q(T) as a table with a smooth, monotone interpolation between its rows.
///
/// A row that cannot be used (T or Q not positive, no number, out of order) does no harm unless a temperature asked for lies between
/// its neighbours: then [`at`](Self::at) says which row it is.
#[derive(Clone, Debug)]
pub struct PartitionFunction {
    temperature: Vec<f64>,
    value: Vec<f64>,
    ln_temperature: Vec<f64>,
    ln_value: Vec<f64>,
    /// d ln Q / d ln T at the rows.
    slope: Vec<f64>,
    /// Intervals (by the row below) with an unusable row in them, and what is wrong with it; ascending.
    broken: Vec<(usize, String)>,
    /// What is wrong with the first unusable row below or above the table's range.
    outside: Option<String>,
}

/// A row of a table, by its number from 1.
struct Row {
    number: u64,
    /// T \[K\] and Q, or what stands there in their place.
    columns: Result<(f64, f64), String>,
}

impl PartitionFunction {
    /// A table of temperatures \[K\] in ascending order and values of Q; at least two rows that can be used.
    ///
    /// # Errors
    /// Columns of different length; fewer than two usable rows (the message says what is wrong with the first that is not).
    pub fn new(temperature: Vec<f64>, value: Vec<f64>) -> Result<Self> {
        let invalid = |given: String| {
            let required = "two columns of equal length, T [K] ascending and Q > 0, at least two rows";
            Error::invalid("partition function", given, required)
        };
        if temperature.len() != value.len() {
            return Err(invalid(format!("{} temperatures and {} values", temperature.len(), value.len())));
        }
        let rows = temperature.into_iter().zip(value).zip(1..).map(|(row, number)| Row { number, columns: Ok(row) });
        Self::from_rows(rows, &|number| format!("row {number}")).map_err(|wrong| {
            invalid(
                wrong.map_or_else(|| "fewer than two rows".into(), |(number, wrong)| format!("row {number}: {wrong}")),
            )
        })
    }

    /// An estimate of the relative error between rows, from `lo` to `hi` \[K\]: what leaving out every second row there changes, over 16, because
    /// the error goes as the fourth power of the step. At most some hundred rows are left out.
    pub fn interpolation_error(&self, lo: f64, hi: f64) -> f64 {
        let rows = self.temperature.len();
        let first = self.temperature.partition_point(|t| *t < lo).max(1);
        let last = self.temperature.partition_point(|t| *t <= hi).min(rows.saturating_sub(1));
        let every = 2 * ((last.saturating_sub(first)) / 200).max(1);
        let left_out = (first..last).step_by(every);
        let off = |i: usize| {
            // The rows around it, each second one: enough for the slopes at its neighbours.
            let reach = 2 * STENCIL + 1;
            let near = (i.saturating_sub(reach)..rows.min(i + reach + 1)).filter(|j| j.abs_diff(i) % 2 == 1);
            let (t, q) = near.map(|j| (self.temperature[j], self.value[j])).unzip();
            let at = Self::new(t, q).and_then(|coarse| coarse.at(self.temperature[i]));
            at.map_or(0.0, |q| (q / self.value[i] - 1.0).abs())
        };
        left_out.map(off).fold(0.0, f64::max) / 16.0
    }

    /// From a text file of two columns, T \[K\] and Q (an ExoMol `.pf` file, or TIPS as a table), apart by blanks, commas or semicolons, T
    /// rising or falling; further columns are not
    /// used, lines that begin with `#` are comments. The file may be compressed (`.bz2`, `.zip`).
    ///
    /// # Errors
    /// A file that cannot be read, or with fewer than two usable rows; the first that is not is named by its line.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let text = read_whole(path.as_ref())?;
        let rows = text.lines().filter(|(_, row)| !row.trim_ascii_start().starts_with(b"#")).map(|(line, row)| {
            // Spreadsheets write commas or semicolons.
            let mut columns = row.split(|b| matches!(b, b',' | b';')).flat_map(words).map(number);
            let columns = match (columns.next(), columns.next()) {
                (Some(Some(t)), Some(Some(q))) => Ok((t, q)),
                _ => Err(format!("two numbers, T [K] and Q, are required, found {}", quote(row))),
            };
            Row { number: line, columns }
        });
        let path = path.as_ref();
        let mut rows: Vec<Row> = rows.collect();
        // A table that falls from the top down is one that rises from the bottom up.
        let temperatures = rows.iter().filter_map(|row| row.columns.as_ref().ok()).map(|(t, _)| *t).collect::<Vec<_>>();
        if temperatures.len() > 1 && temperatures.windows(2).all(|w| w[0] > w[1]) {
            rows.reverse();
        }
        Self::from_rows(rows.into_iter(), &|line| format!("{}, line {line}", path.display())).map_err(|wrong| {
            let needed = "a partition function needs at least two rows of T [K] and Q";
            match wrong {
                None => Error::parse(path, None, needed),
                Some((line, wrong)) => Error::parse(path, line, format!("{wrong}; {needed}")),
            }
        })
    }

    /// The table of all usable rows; if there are fewer than two, what is wrong with the first that is not.
    fn from_rows(
        rows: impl Iterator<Item = Row>,
        place: &dyn Fn(u64) -> String,
    ) -> Result<Self, Option<(u64, String)>> {
        let (mut temperature, mut value) = (Vec::<f64>::new(), Vec::<f64>::new());
        // Unusable rows: how many usable rows stand before, the row's own temperature where it has one, its number, what is wrong.
        let mut unusable: Vec<(usize, Option<f64>, u64, String)> = Vec::new();
        let mut doubled = None;
        for Row { number, columns } in rows {
            let before = temperature.len();
            let (t, q) = match columns {
                Ok(row) => row,
                Err(wrong) => {
                    unusable.push((before, None, number, wrong));
                    continue;
                }
            };
            let last = temperature.last().copied().zip(value.last().copied());
            // A row that is there twice says nothing new.
            if last == Some((t, q)) {
                continue;
            }
            if !(t > 0.0 && t.is_finite() && q > 0.0 && q.is_finite()) {
                unusable.push((before, None, number, format!("T > 0 K and Q > 0 are required, found {t} and {q}")));
            } else if doubled == Some(t) || last.is_some_and(|last| t == last.0) {
                // Of two values at one temperature neither can be trusted.
                if doubled.replace(t) != Some(t) {
                    temperature.pop();
                    value.pop();
                }
                unusable.push((temperature.len(), None, number, format!("a second value of Q at {t} K, found {q}")));
            } else if let Some((before_it, _)) = last.filter(|last| t < last.0) {
                let wrong = format!("temperatures must ascend, found {t} K after {before_it} K");
                unusable.push((before, Some(t), number, wrong));
            } else {
                temperature.push(t);
                value.push(q);
            }
        }
        if temperature.len() < 2 {
            return Err(unusable.into_iter().next().map(|u| (u.2, u.3)));
        }
        let last = temperature.len() - 1;
        let (mut broken, mut outside) = (Vec::new(), None);
        for (before, own, number, wrong) in unusable {
            let wrong = format!("{}: {wrong}", place(number));
            // Where it stands, and where its temperature lies: of one out of order, nobody knows which is meant.
            let stands = before.checked_sub(1).filter(|i| *i < last);
            let lies = own.and_then(|t| temperature.partition_point(|x| *x < t).checked_sub(1)).filter(|i| *i < last);
            broken.extend(stands.into_iter().chain(lies).map(|i| (i, wrong.clone())));
            if stands.is_none() {
                outside.get_or_insert(wrong);
            }
        }
        broken.sort();
        broken.dedup_by_key(|b| b.0);
        let ln = |v: &[f64]| v.iter().map(|v| v.ln()).collect::<Vec<f64>>();
        let (ln_temperature, ln_value) = (ln(&temperature), ln(&value));
        // Slopes do not look across an unusable row.
        let mut slope = Vec::with_capacity(temperature.len());
        let mut first = 0;
        for end in broken.iter().map(|b| b.0).chain([last]) {
            slope.extend(slopes(&ln_temperature[first..=end], &ln_value[first..=end]));
            first = end + 1;
        }
        Ok(Self { temperature, value, ln_temperature, ln_value, slope, broken, outside })
    }

    /// The table's usable rows, (T \[K\], Q).
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
    /// A temperature outside the table names the range; one beside an unusable row names the row.
    pub fn at(&self, temperature: f64) -> Result<f64> {
        if let Ok(i) = self.temperature.binary_search_by(|t| t.total_cmp(&temperature)) {
            return Ok(self.value[i]);
        }
        let i = self.interval(temperature)?;
        let (h, s) = self.place(i, temperature);
        let (y0, y1) = (self.ln_value[i], self.ln_value[i + 1]);
        let (m0, m1) = (self.slope[i] * h, self.slope[i + 1] * h);
        let (rise, r) = (y1 - y0, 1.0 - s);
        Ok((y0 + s * rise + s * r * ((m0 - rise) * r - (m1 - rise) * s)).exp())
    }

    /// d ln Q / d ln T at `temperature` \[K\], of the very interpolation that [`at`](Self::at) is. Continuous.
    ///
    /// # Errors
    /// As [`at`](Self::at).
    pub fn ln_slope(&self, temperature: f64) -> Result<f64> {
        if let Ok(i) = self.temperature.binary_search_by(|t| t.total_cmp(&temperature)) {
            return Ok(self.slope[i]);
        }
        let i = self.interval(temperature)?;
        let (h, s) = self.place(i, temperature);
        let mean = (self.ln_value[i + 1] - self.ln_value[i]) / h;
        let (a, b) = (self.slope[i] - mean, self.slope[i + 1] - mean);
        // Derivative of s (1 - s) (a (1 - s) - b s).
        Ok(mean + a * (1.0 - s) * (1.0 - 3.0 * s) + b * s * (3.0 * s - 2.0))
    }

    /// Length in ln T of interval `i`, and how far within it a temperature lies, 0 to 1.
    fn place(&self, i: usize, temperature: f64) -> (f64, f64) {
        let (x0, x1) = (self.ln_temperature[i], self.ln_temperature[i + 1]);
        (x1 - x0, (temperature.ln() - x0) / (x1 - x0))
    }

    /// The row below a temperature that is not a row's own.
    fn interval(&self, temperature: f64) -> Result<usize> {
        let (lo, hi) = self.range();
        if !(lo..=hi).contains(&temperature) {
            let wrong =
                self.outside.as_ref().map(|w| format!(" (a row outside cannot be used: {w})")).unwrap_or_default();
            return Err(Error::invalid(
                "partition function: temperature [K]",
                temperature,
                format!("{lo} to {hi}{wrong}"),
            ));
        }
        let i = self.temperature.partition_point(|t| *t <= temperature).clamp(1, self.temperature.len() - 1) - 1;
        match self.broken.binary_search_by_key(&i, |b| b.0) {
            Err(_) => Ok(i),
            Ok(at) => Err(Error::invalid(
                format!("partition function at {temperature} K"),
                format!("a row that cannot be used, {}", self.broken[at].1),
                format!("usable rows from {} to {} K", self.temperature[i], self.temperature[i + 1]),
            )),
        }
    }
}

/// Slopes at the points of a table, of high order where it is smooth, limited where that would overshoot.
fn slopes(x: &[f64], y: &[f64]) -> Vec<f64> {
    let n = x.len();
    if n < 2 {
        return vec![0.0; n];
    }
    let secant = |i: usize| (y[i + 1] - y[i]) / (x[i + 1] - x[i]);
    (0..n)
        .map(|i| {
            let first = i.saturating_sub(STENCIL / 2).min(n.saturating_sub(STENCIL));
            let near = first..n.min(first + STENCIL);
            let free = polynomial_slope(&x[near.clone()], &y[near], i - first);
            match (i.checked_sub(1).map(secant), (i + 1 < n).then(|| secant(i))) {
                // At a highest or lowest row the curve is level; elsewhere three times the flatter secant keeps it monotone.
                (Some(a), Some(b)) if a * b <= 0.0 => 0.0,
                (Some(a), Some(b)) => limited(free, a, a.abs().min(b.abs())),
                (Some(a), None) | (None, Some(a)) => limited(free, a, a.abs()),
                (None, None) => 0.0,
            }
        })
        .collect()
}

/// Derivative at node `at` of the polynomial through all points (barycentric form).
fn polynomial_slope(x: &[f64], y: &[f64], at: usize) -> f64 {
    let weight = |i: usize| -> f64 { (0..x.len()).filter(|j| *j != i).map(|j| 1.0 / (x[i] - x[j])).product() };
    let own = weight(at);
    (0..x.len()).filter(|j| *j != at).map(|j| weight(j) / own * (y[j] - y[at]) / (x[at] - x[j])).sum()
}

/// A slope held between 0 and three times the flatter secant, of the secants' sign.
fn limited(slope: f64, sign: f64, flatter: f64) -> f64 {
    (slope * sign.signum()).clamp(0.0, 3.0 * flatter) * sign.signum()
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
    fn a_table_is_smooth_and_monotone_between_its_rows() {
        let q = read("# T, Q\r\n 100.0  10.0\r\n\r\n200 20 7.5\r\n400 80").unwrap();
        assert_eq!(q.range(), (100.0, 400.0));
        assert_eq!([100.0, 200.0, 400.0].map(|t| q.at(t).unwrap()), [10.0, 20.0, 80.0]);
        for t in [99.9, 400.1, f64::NAN, -1.0] {
            assert!(q.ln_slope(t).is_err());
            assert!(q.at(t).unwrap_err().to_string().contains("100 to 400"), "{t}");
        }
        // Steps, a plateau, a fall: whatever the rows do, nothing overshoots and the slope is the derivative.
        let (t, values) = (vec![1.0, 5.0, 10.0, 20.0, 50.0, 60.0, 100.0], vec![1.0, 1.0, 1.3, 40.0, 41.0, 30.0, 35.0]);
        let q = PartitionFunction::new(t.clone(), values.clone()).unwrap();
        for i in 0..t.len() - 1 {
            let (lo, hi) = (values[i].min(values[i + 1]), values[i].max(values[i + 1]));
            for k in 0..=200 {
                let at = t[i] + (t[i + 1] - t[i]) * f64::from(k) / 200.0;
                let value = q.at(at).unwrap();
                assert!(value >= lo * (1.0 - 1e-14) && value <= hi * (1.0 + 1e-14), "{at}: {value}");
            }
        }
        for at in [1.5, 7.0, 12.0, 19.999, 20.0, 20.001, 33.0, 55.0, 77.0] {
            let ln = |f: f64| q.at(at * f).unwrap().ln();
            let finite = (ln(1.0 + 1e-6) - ln(1.0 - 1e-6)) / 2e-6;
            assert!((q.ln_slope(at).unwrap() - finite).abs() < 1e-5, "{at}: {} {finite}", q.ln_slope(at).unwrap());
        }
    }

    #[test]
    fn power_laws_are_exact_and_smooth_functions_converge_with_the_fourth_power() {
        let table = |n: usize, f: &dyn Fn(f64) -> f64| {
            let t: Vec<f64> = (0..=n).map(|i| 50.0 * 100f64.powf(i as f64 / n as f64)).collect();
            let q = t.iter().map(|t| f(*t)).collect();
            PartitionFunction::new(t, q).unwrap()
        };
        let power = table(3, &|t| 0.3 * t.powf(1.5));
        let error = |q: &PartitionFunction, f: &dyn Fn(f64) -> f64| {
            (0..=1000)
                .map(|i| 50.0 * 100f64.powf(f64::from(i) / 1000.0))
                .fold(0.0, |worst: f64, t| worst.max((q.at(t).unwrap() / f(t) - 1.0).abs()))
        };
        assert!(error(&power, &|t| 0.3 * t.powf(1.5)) < 1e-13);
        let oscillator = |t: f64| t.powf(1.5) / -(-1000.0 / t).exp_m1();
        let (coarse, fine) = (error(&table(20, &oscillator), &oscillator), error(&table(40, &oscillator), &oscillator));
        assert!(coarse < 2e-3 && coarse / fine > 10.0, "{coarse:e} {fine:e}");
    }

    #[test]
    fn the_temperatures_of_barklem_and_collet_serve_water() {
        let dense = crate::lines::tips::tips(1, '1').unwrap();
        let t = [
            5.0, 7.0, 10.0, 15.0, 20.0, 30.0, 50.0, 70.0, 100.0, 130.0, 170.0, 200.0, 250.0, 300.0, 500.0, 700.0,
            1000.0, 1300.0, 1700.0, 2000.0, 3000.0, 4000.0, 5000.0,
        ];
        let q = t.map(|t| dense.at(t).unwrap());
        let coarse = PartitionFunction::new(t.to_vec(), q.to_vec()).unwrap();
        for i in 0..=1000 {
            let t = 100.0 * 40f64.powf(f64::from(i) / 1000.0);
            let error = coarse.at(t).unwrap() / dense.at(t).unwrap() - 1.0;
            assert!(error.abs() < 1e-3, "{t}: {error:e}");
        }
    }

    #[test]
    fn rows_that_no_temperature_needs_may_be_anything() {
        let text =
            "T Q\n0 0\n1 1\n2 NaN\n3 -4\n10 4\n20 8\n20 8\n30 12\n40 15\n40 16\n50 20\n60 24\n35 9\n70 28\n80 x\n";
        let q = read(text).unwrap();
        assert_eq!(q.range(), (1.0, 70.0));
        assert!([1.0, 10.0, 15.0, 20.0, 25.0, 55.0, 70.0].iter().all(|t| q.at(*t).is_ok() && q.ln_slope(*t).is_ok()));
        for (t, part) in [(5.0, "line 4"), (40.0, "line 11"), (45.0, "line 11"), (33.0, "line 11"), (65.0, "line 14")] {
            let message = q.at(t).unwrap_err().to_string();
            assert!(message.contains(part), "{t}: {message}");
            assert!(q.ln_slope(t).is_err());
        }
        assert!(read("70 3\n60 2\n60 1\n").unwrap_err().to_string().contains("line 2: temperatures must ascend"));
        let unusable = PartitionFunction::new(vec![0.0, 1.0, 2.0], vec![1.0, 2.0, f64::NAN]).unwrap_err().to_string();
        assert!(unusable.contains("row 1"), "{unusable}");
        assert!(PartitionFunction::new(vec![1.0, 2.0], vec![1.0]).is_err());
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

        #[test]
        fn any_numbers_are_taken(
            rows in prop::collection::vec((-1..20i32, prop_oneof![Just(f64::NAN), Just(0.0), -1.0..1e9f64]), 0..20),
            at in 0.0..25.0f64,
        ) {
            let (t, q) = rows.iter().map(|r| (f64::from(r.0), r.1)).unzip();
            let Ok(table) = PartitionFunction::new(t, q) else { return Ok(()) };
            if let Ok(value) = table.at(at) {
                prop_assert!(value > 0.0 && table.ln_slope(at).unwrap().is_finite());
            }
        }
    }

    #[test]
    fn tables_of_spreadsheets_and_tables_that_fall() {
        let read = |text: &str| {
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), text).unwrap();
            PartitionFunction::read(file.path())
        };
        let rising = read("100 10.0\n200 21.0\n300 33.0\n400 46.0\n").unwrap();
        for text in ["T,Q\n100,10.0\n200,21.0\n300, 33.0\n400,46.0\n", "400;46.0\n300;33.0\n200;21.0\n100;10.0\n0;0\n"]
        {
            let q = read(text).unwrap();
            assert_eq!((q.at(250.0).unwrap(), q.range()), (rising.at(250.0).unwrap(), (100.0, 400.0)), "{text}");
        }
        // Neither rising nor falling is a mistake, not a choice.
        assert!(read("300 33.0\n100 10.0\n200 21.0\n").is_err());
    }
}
