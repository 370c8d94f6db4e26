//! How exact cross sections have to be: all thresholds, in one table. They only ever tighten.
//!
//! The floor is what the library promises: on a device at a tolerance of 1e-3 a median of 1e-3, 99th percentile of 2e-3, maximum of
//! 2e-2, no value at or below 0; on the CPU at 1e-5 a 99th percentile of 1e-4. What is measured is better, and the table says so.

use std::fmt;

/// Which results are judged, against what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// The library's direct sum against the reference results, which were made elsewhere with slightly other constants of nature.
    OracleAgainstReference,
    /// A device in f32 against the reference results.
    DeviceAgainstReference,
    /// The CPU in f64 against the reference results.
    CpuAgainstReference,
    /// A device in f32 against its twin at equal tolerance, on the reference lists: arithmetic alone.
    DeviceAgainstTwin,
    /// The same on lists not used while tuning. The largest differences are in Gaussian flanks at low pressure, where a value is what
    /// is left of larger neighbours.
    UnseenAgainstTwin,
    /// The density tier against the lines tier.
    DensityAgainstLines,
    /// A device in f32 against the direct sum, on lists not used while tuning and at the ends of what is allowed.
    DeviceUnseen,
    /// The CPU in f64 against the direct sum, on the same.
    CpuUnseen,
}

/// Largest relative errors allowed.
#[derive(Clone, Copy, Debug)]
pub struct Threshold {
    pub what: What,
    pub tolerance: f64,
    pub median: f64,
    pub p99: f64,
    pub max: f64,
}

use What::*;

#[rustfmt::skip]
pub const THRESHOLDS: &[Threshold] = &[
    Threshold { what: OracleAgainstReference, tolerance: 0.0,  median: 1e-5, p99: 2e-5, max: 2e-5 },
    Threshold { what: DeviceAgainstReference, tolerance: 1e-3, median: 3e-4, p99: 5e-4, max: 6e-4 },
    Threshold { what: CpuAgainstReference,    tolerance: 1e-3, median: 3e-4, p99: 5e-4, max: 6e-4 },
    Threshold { what: CpuAgainstReference,    tolerance: 1e-5, median: 5e-6, p99: 2e-5, max: 2e-5 },
    Threshold { what: DeviceAgainstTwin,      tolerance: 1e-3, median: 3e-6, p99: 6e-6, max: 1e-5 },
    Threshold { what: UnseenAgainstTwin,      tolerance: 1e-3, median: 5e-6, p99: 3e-5, max: 1e-4 },
    Threshold { what: DensityAgainstLines,    tolerance: 1e-3, median: 3e-4, p99: 5e-4, max: 6e-4 },
    Threshold { what: DensityAgainstLines,    tolerance: 1e-5, median: 3e-6, p99: 6e-6, max: 8e-6 },
    Threshold { what: DeviceUnseen,           tolerance: 1e-3, median: 5e-4, p99: 7e-4, max: 1e-3 },
    Threshold { what: CpuUnseen,              tolerance: 1e-3, median: 5e-4, p99: 7e-4, max: 1e-3 },
    Threshold { what: CpuUnseen,              tolerance: 1e-5, median: 4e-6, p99: 7e-6, max: 1e-5 },
];

/// Median, 99th percentile and maximum of the relative errors of some values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Errors {
    pub median: f64,
    pub p99: f64,
    pub max: f64,
}

impl Errors {
    /// Of `got` against `exact`.
    ///
    /// # Panics
    /// A value is NaN, infinite, or not above 0.
    pub fn of(name: &str, got: &[f64], exact: &[f64]) -> Self {
        assert_eq!(got.len(), exact.len(), "{name}");
        if let Some(i) = got.iter().position(|v| !(v.is_finite() && *v > 0.0)) {
            panic!("{name}: value {i} is {:e}, exactly {:e}", got[i], exact[i]);
        }
        let mut errors: Vec<f64> = got.iter().zip(exact).map(|(g, e)| (g / e - 1.0).abs()).collect();
        errors.sort_by(f64::total_cmp);
        let quantile = |q: f64| errors[((errors.len() - 1) as f64 * q).round() as usize];
        Self { median: quantile(0.5), p99: quantile(0.99), max: quantile(1.0) }
    }

    /// The larger of each.
    pub fn max(self, other: Self) -> Self {
        Self { median: self.median.max(other.median), p99: self.p99.max(other.p99), max: self.max.max(other.max) }
    }
}

impl fmt::Display for Errors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "median {:.1e}, 99th percentile {:.1e}, maximum {:.1e}", self.median, self.p99, self.max)
    }
}

/// Collects errors of one kind; [`finish`](Self::finish) prints the largest and fails if any was too large.
pub struct Judge {
    threshold: Threshold,
    worst: Errors,
    failures: Vec<String>,
}

impl Judge {
    pub fn new(what: What, tolerance: f64) -> Self {
        let threshold = THRESHOLDS.iter().find(|t| t.what == what && t.tolerance == tolerance);
        let threshold = *threshold.unwrap_or_else(|| panic!("no threshold for {what:?} at {tolerance:e}"));
        Self { threshold, worst: Errors { median: 0.0, p99: 0.0, max: 0.0 }, failures: Vec::new() }
    }

    /// Judges one set of values.
    pub fn add(&mut self, name: &str, got: &[f64], exact: &[f64]) -> Errors {
        let errors = Errors::of(name, got, exact);
        let Threshold { median, p99, max, .. } = self.threshold;
        if errors.median > median || errors.p99 > p99 || errors.max > max {
            self.failures.push(format!("{name}: {errors}"));
        }
        self.worst = self.worst.max(errors);
        errors
    }

    /// Requires that what a report promised was kept.
    pub fn promise(&mut self, name: &str, errors: Errors, budget: f64) {
        if errors.max > budget {
            self.failures.push(format!("{name}: maximum {:.2e}, the error budget says {budget:.2e}", errors.max));
        }
    }

    pub fn finish(self, on: &str) {
        let Threshold { what, tolerance, median, p99, max } = self.threshold;
        println!("{what:?} at {tolerance:.0e} on {on}: {}", self.worst);
        assert!(
            self.failures.is_empty(),
            "{what:?} at {tolerance:e}, allowed {median:e}, {p99:e}, {max:e}:\n{}",
            self.failures.join("\n")
        );
    }
}

#[test]
fn the_judge_can_fail() {
    let exact = vec![1.0; 100];
    let mut got = exact.clone();
    got[7] = 1.0011;
    let mut judge = Judge::new(DeviceAgainstReference, 1e-3);
    let errors = judge.add("one off", &got, &exact);
    assert!(errors.median == 0.0 && (errors.max - 0.0011).abs() < 1e-12, "{errors}");
    judge.promise("one off", errors, 1e-3);
    assert_eq!(judge.failures.len(), 2);
    assert!(std::panic::catch_unwind(|| judge.finish("nothing")).is_err());
    for poison in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        got[7] = poison;
        assert!(std::panic::catch_unwind(|| Errors::of("poison", &got, &exact)).is_err(), "{poison}");
    }
}
