//! Results as papers print them: medians with 68% intervals, rounded to what the interval knows, as plain text and as a table in LaTeX.

use std::fmt::Write as _;

use super::diagnostics::quantile;
use super::trace::Trace;

/// A median and how far the ends of an interval about it are, in digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rounded {
    /// Median.
    pub value: String,
    /// Upper end less the median.
    pub plus: String,
    /// Median less the lower end.
    pub minus: String,
    /// All three are in units of 10 to this power.
    pub exponent: i32,
}

impl Rounded {
    /// Rounds to two significant digits of the shorter side; numbers that are very large or small get a power of ten.
    pub fn new(value: f64, plus: f64, minus: f64) -> Self {
        let largest = value.abs().max(plus).max(minus);
        let exponent = match largest {
            l if !l.is_finite() || l == 0.0 => 0,
            l if (1e-3..1e5).contains(&l) => 0,
            l => l.log10().floor() as i32,
        };
        let unit = 10f64.powi(exponent);
        let [value, plus, minus] = [value, plus, minus].map(|v| v / unit);
        let shorter = if plus.min(minus) > 0.0 { plus.min(minus) } else { plus.max(minus) };
        let decimals = match shorter {
            s if !s.is_finite() || s <= 0.0 => 3,
            s => (1 - s.log10().floor() as i32).clamp(0, 12),
        };
        let [value, plus, minus] = [value, plus, minus].map(|v| format!("{v:.*}", decimals as usize));
        Self { value, plus, minus, exponent }
    }

    /// `899.98 +0.77 -0.76`, or `(9.96 +0.09 -0.08)e-5`.
    pub fn plain(&self) -> String {
        let Self { value, plus, minus, exponent } = self;
        match exponent {
            0 => format!("{value} +{plus} -{minus}"),
            e => format!("({value} +{plus} -{minus})e{e}"),
        }
    }

    /// `$899.98^{+0.77}_{-0.76}$`, or with a factor `\times 10^{-5}`.
    pub fn latex(&self) -> String {
        let Self { value, plus, minus, exponent } = self;
        let number = format!("{value}^{{+{plus}}}_{{-{minus}}}");
        match exponent {
            0 => format!("${number}$"),
            e => format!(r"$\left({number}\right) \times 10^{{{e}}}$"),
        }
    }
}

/// The median of a parameter with the central interval that holds `fraction` of all draws.
fn interval(trace: &Trace, index: usize, fraction: f64) -> Rounded {
    let all = trace.parameter(index).concat();
    let at = |p: f64| quantile(&all, p);
    let (median, beyond) = (at(0.5), 0.5 * (1.0 - fraction));
    Rounded::new(median, at(1.0 - beyond) - median, median - at(beyond))
}

/// Each parameter's label with its median and its central 68% and 95% intervals, one a line.
pub fn plain_intervals(trace: &Trace) -> String {
    let width = (0..trace.names.len()).map(|i| trace.label(i).chars().count()).max().unwrap_or(0).max(9);
    let mut text = format!("{:width$}  {:28}  95 %\n", "parameter", "median, 68 %");
    for i in 0..trace.names.len() {
        let [narrow, wide] = [0.68, 0.95].map(|fraction| interval(trace, i, fraction).plain());
        let _ = writeln!(text, "{:width$}  {narrow:28}  {wide}", trace.label(i));
    }
    text
}

/// A table in LaTeX: each parameter's label, its median with the 68% interval, and its 95% interval.
pub fn latex_table(trace: &Trace) -> String {
    let mut text = String::from(
        "% photosphere sample: medians, central 68 % and 95 % intervals\n\\begin{tabular}{lll}\n\\hline\n",
    );
    text += "Parameter & Median, 68\\,\\% & 95\\,\\% \\\\\n\\hline\n";
    for i in 0..trace.names.len() {
        let [narrow, wide] = [0.68, 0.95].map(|fraction| interval(trace, i, fraction).latex());
        let _ = writeln!(text, "{} & {narrow} & {wide} \\\\", escaped(trace.label(i)));
    }
    text + "\\hline\n\\end{tabular}\n"
}

/// A label without characters that LaTeX takes for commands.
fn escaped(label: &str) -> String {
    let mut out = String::new();
    for c in label.chars() {
        match c {
            '\\' => out += r"\textbackslash{}",
            '^' => out += r"\^{}",
            '~' => out += r"\~{}",
            '_' | '%' | '&' | '#' | '$' | '{' | '}' => {
                out.push('\\');
                out.push(c);
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::trace::{Chain, DrawStatistics};
    use super::*;

    #[test]
    fn numbers_have_the_digits_that_their_intervals_know() {
        let plain = |v: f64, p: f64, m: f64| Rounded::new(v, p, m).plain();
        assert_eq!(plain(899.9764, 0.7712, 0.7631), "899.98 +0.77 -0.76");
        assert_eq!(plain(0.099_58, 0.000_881, 0.000_874), "0.09958 +0.00088 -0.00087");
        assert_eq!(plain(9.964e-5, 0.9e-6, 0.84e-6), "(9.964 +0.090 -0.084)e-5");
        assert_eq!(plain(123_456_789.0, 2e6, 1e6), "(1.235 +0.020 -0.010)e8");
        assert_eq!(plain(1500.0, 120.0, 90.0), "1500 +120 -90");
        assert_eq!(plain(2.0, 0.0, 0.0), "2.000 +0.000 -0.000");
        assert_eq!(Rounded::new(-3.25, 0.11, 0.42).latex(), "$-3.25^{+0.11}_{-0.42}$");
        assert_eq!(Rounded::new(2e-7, 3e-8, 2e-8).latex(), r"$\left(2.00^{+0.30}_{-0.20}\right) \times 10^{-7}$");
        for v in [f64::NAN, f64::INFINITY, 1e300, 5e-324, 0.0] {
            let _ = (Rounded::new(v, v, v).plain(), Rounded::new(1.0, v, v).latex());
        }
    }

    #[test]
    fn the_table_has_labels_and_both_intervals() {
        let draws: Vec<f64> = (0..=1000).map(|i| f64::from(i) / 1000.0).collect();
        let statistics = DrawStatistics {
            lp: 0.0,
            energy: 0.0,
            diverging: false,
            tree_depth: 1,
            reached_max_depth: false,
            n_steps: 1,
            step_size: 1.0,
            acceptance_rate: 1.0,
        };
        let chain = Chain { statistics: vec![statistics; draws.len()], draws, ..Chain::default() };
        let trace = Trace {
            names: vec!["x".into()],
            labels: vec!["log10 X_H2O [%]".into()],
            chains: vec![chain],
            ..Trace::default()
        };
        let table = latex_table(&trace);
        let row = r"log10 X\_H2O [\%] & $0.50^{+0.34}_{-0.34}$ & $0.50^{+0.47}_{-0.47}$ \\";
        assert!(table.contains(row) || table.contains(&row.replace("0.47", "0.48")), "{table}");
        let plain = plain_intervals(&trace);
        assert!(plain.lines().nth(1).is_some_and(|l| l.starts_with("log10 X_H2O [%]  0.50 +0.34 -0.34  ")), "{plain}");
    }
}
