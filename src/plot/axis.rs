//! Axes: where a value lies, and which values carry ticks and labels.

use super::text::power_of_ten;

/// One axis from `lo` to `hi` (either may be the larger: pressure grows downward), linear or logarithmic.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Axis {
    pub lo: f64,
    pub hi: f64,
    pub log: bool,
}

/// A tick; one without a label is a minor tick.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    pub value: f64,
    pub label: Option<String>,
}

impl Axis {
    pub fn linear(lo: f64, hi: f64) -> Self {
        // A single value still needs an interval around it.
        if lo == hi {
            let pad = if lo == 0.0 { 1.0 } else { 0.05 * lo.abs() };
            return Self { lo: lo - pad, hi: hi + pad, log: false };
        }
        Self { lo, hi, log: false }
    }

    /// Both ends must be positive.
    pub fn log(lo: f64, hi: f64) -> Self {
        if lo == hi { Self { lo: lo / 3.0, hi: hi * 3.0, log: true } } else { Self { lo, hi, log: true } }
    }

    /// Where `value` lies, 0 at `lo` and 1 at `hi`. Values a logarithm cannot take lie far below.
    pub fn unit(&self, value: f64) -> f64 {
        let t = if self.log {
            (value.max(f64::MIN_POSITIVE) / self.lo).log10() / (self.hi / self.lo).log10()
        } else {
            (value - self.lo) / (self.hi - self.lo)
        };
        t.clamp(-1e3, 1e3)
    }

    fn contains(&self, v: f64) -> bool {
        let t = self.unit(v);
        (-1e-9..=1.0 + 1e-9).contains(&t)
    }

    /// Ticks, about `count` of them labelled, ascending in value.
    pub fn ticks(&self, count: usize) -> Vec<Tick> {
        if self.log { self.log_ticks(count) } else { self.linear_ticks(count) }
    }

    fn linear_ticks(&self, count: usize) -> Vec<Tick> {
        let (lo, hi) = (self.lo.min(self.hi), self.lo.max(self.hi));
        let step = nice_step((hi - lo) / count.max(1) as f64);
        // Steps of 2 divide well in 4, the others in 5.
        let leading = (step / 10f64.powf(step.log10().floor())).round() as i64;
        let parts = if leading == 2 { 4 } else { 5 };
        let first = (lo / step).floor() as i64;
        let last = (hi / step).ceil() as i64;
        let decimals = (-step.log10().floor() as i32).max(0) as usize;
        let mut ticks = Vec::new();
        for i in first * parts..=last * parts {
            let value = i as f64 * step / parts as f64;
            if self.contains(value) {
                ticks.push(Tick { value, label: (i % parts == 0).then(|| number(value, decimals)) });
            }
        }
        ticks
    }

    fn log_ticks(&self, count: usize) -> Vec<Tick> {
        let (lo, hi) = (self.lo.min(self.hi).log10(), self.lo.max(self.hi).log10());
        let (first, last) = (lo.floor() as i32, hi.ceil() as i32);
        let every = ((hi - lo) / count.max(1) as f64).ceil().max(1.0) as i32;
        let narrow = hi - lo < 1.5;
        let mut ticks = Vec::new();
        for e in first..=last {
            for m in 1..10 {
                // Parsed, not computed: 10f64.powi(-5) is not the nearest number to 1e-5.
                let value: f64 = format!("{m}e{e}").parse().unwrap_or(f64::NAN);
                if !self.contains(value) || (m > 1 && every > 1) {
                    continue;
                }
                let label = match m {
                    1 if e.rem_euclid(every) == 0 => Some(power_of_ten(e)),
                    2 | 5 if narrow => Some(format!("{m}×{}", power_of_ten(e))),
                    _ => None,
                };
                ticks.push(Tick { value, label });
            }
        }
        ticks
    }
}

/// The smallest of 1, 2, 5 times a power of ten that is at least `raw`, or at most a fifth below it.
pub(super) fn nice_step(raw: f64) -> f64 {
    let power = 10f64.powf(raw.log10().floor());
    let lead = raw / power;
    power * [1.0, 2.0, 5.0, 10.0].into_iter().find(|n| lead <= n * 1.25).unwrap_or(10.0)
}

/// A number with a true minus sign, thousands set apart from 10 000 on.
pub(super) fn number(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let sign = if value < 0.0 && text.bytes().any(|b| (b'1'..=b'9').contains(&b)) { "−" } else { "" };
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    if whole.len() < 5 {
        return format!("{sign}{text}");
    }
    let mut grouped = String::new();
    for (i, d) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            grouped.push('\u{a0}');
        }
        grouped.push(d);
    }
    format!("{sign}{grouped}{rest}")
}

/// The power of ten to take out of an axis that reaches `largest`, so that its labels stay short: 0 for everyday sizes.
pub(super) fn common_exponent(largest: f64) -> i32 {
    let e = if largest > 0.0 && largest.is_finite() { largest.log10().floor() as i32 } else { 0 };
    if (-2..=3).contains(&e) { 0 } else { e }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: Axis, count: usize) -> Vec<String> {
        axis.ticks(count).into_iter().filter_map(|t| t.label).collect()
    }

    #[test]
    fn linear_labels_are_round_and_have_just_enough_digits() {
        assert_eq!(labels(Axis::linear(1950.0, 2250.0), 6), ["1950", "2000", "2050", "2100", "2150", "2200", "2250"]);
        assert_eq!(labels(Axis::linear(0.0, 0.31), 4), ["0.0", "0.1", "0.2", "0.3"]);
        assert_eq!(labels(Axis::linear(-1.0, 1.0), 4), ["−1.0", "−0.5", "0.0", "0.5", "1.0"]);
        assert_eq!(labels(Axis::linear(2147.02, 2147.31), 4), ["2147.1", "2147.2", "2147.3"]);
        assert_eq!(number(12345.678, 1), "12\u{a0}345.7");
        assert_eq!(number(-0.01, 1), "0.0");
    }

    #[test]
    fn log_labels_thin_out_and_work_downward() {
        assert_eq!(labels(Axis::log(100.0, 1e-5), 8), ["10⁻⁵", "10⁻⁴", "10⁻³", "10⁻²", "10⁻¹", "10⁰", "10¹", "10²"]);
        assert_eq!(labels(Axis::log(1e-30, 1e-18), 5), ["10⁻³⁰", "10⁻²⁷", "10⁻²⁴", "10⁻²¹", "10⁻¹⁸"]);
        assert_eq!(labels(Axis::log(1.5, 7.0), 5), ["2×10⁰", "5×10⁰"]);
        let down = Axis::log(100.0, 1e-5);
        assert_eq!((down.unit(100.0), down.unit(1e-5)), (0.0, 1.0));
        assert!(down.unit(0.0).is_finite() && down.unit(-1.0).is_finite());
    }

    #[test]
    fn single_values_get_an_interval() {
        assert!(labels(Axis::linear(0.0, 0.0), 4).len() >= 3);
        assert!(!labels(Axis::log(1.0, 1.0), 4).is_empty());
        assert_eq!(
            (common_exponent(0.0), common_exponent(950.0), common_exponent(2.3e4), common_exponent(3e-21)),
            (0, 0, 4, -21)
        );
    }
}
