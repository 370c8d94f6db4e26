//! Errors of a table, measured against cross sections that it was not made from.

use serde::{Deserialize, Serialize};

/// Points weaker than this part of a layer's strongest count by their error relative to that part of it: however opaque the strongest is, nothing is seen of them.
const LEAST_PART: f64 = 1e-14;
/// Bits of a float32 that do not tell bins apart: 32 bins in each power of two.
const BIN_BITS: u32 = 18;

/// How large relative errors are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Of a hundred points 99 are within this; at most a thirtieth too large.
    pub most_points: f64,
    /// The largest.
    pub largest: f64,
}

impl Measured {
    /// True if they are what a tolerance means: nearly all points within it, none beyond ten times it.
    pub fn within(&self, tolerance: f64) -> bool {
        self.most_points <= tolerance && self.largest <= 10.0 * tolerance
    }

    /// The larger of both.
    pub fn or(&self, other: &Self) -> Self {
        Self { most_points: self.most_points.max(other.most_points), largest: self.largest.max(other.largest) }
    }
}

/// Relative errors, counted by their size.
#[derive(Clone, Debug)]
pub struct Errors {
    bins: Vec<u64>,
    count: u64,
    largest: f32,
}

impl Errors {
    pub fn new() -> Self {
        Self { bins: vec![0; 1 << (31 - BIN_BITS)], count: 0, largest: 0.0 }
    }

    /// Compares ln of values with ln of the exact ones, both \[point\].
    pub fn compare(&mut self, found: &[f64], exact: &[f32]) {
        let strongest = exact.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let least = f64::from(strongest) + LEAST_PART.ln();
        for (found, exact) in found.iter().zip(exact) {
            let exact = f64::from(*exact);
            let error = match exact < least {
                true => ((found - least).exp() - (exact - least).exp()).abs(),
                false => (found - exact).exp_m1().abs(),
            };
            let error = error as f32;
            // The sign bit is 0; what is no number counts as the largest of all.
            let bin = (error.abs().to_bits() >> BIN_BITS) as usize;
            self.bins[bin] += 1;
            self.count += 1;
            self.largest = if error <= self.largest { self.largest } else { error };
        }
    }

    /// Their size.
    pub fn measured(&self) -> Measured {
        let mut left = self.count / 100;
        let highest = self.bins.iter().rposition(|n| {
            let beyond = *n > left;
            left = left.saturating_sub(*n);
            beyond
        });
        let edge = |bin: usize| f64::from(f32::from_bits(((bin as u32) + 1) << BIN_BITS));
        let largest = f64::from(self.largest);
        Measured { most_points: highest.map_or(0.0, edge).min(largest), largest }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ninety_nine_of_a_hundred_are_within() {
        let mut errors = Errors::new();
        let exact = vec![-40.0f32; 1000];
        let found: Vec<f64> = (0..1000).map(|i| -40.0 + 1e-6 * f64::from(i)).collect();
        errors.compare(&found, &exact);
        let Measured { most_points, largest } = errors.measured();
        assert!((largest / 999e-6 - 1.0).abs() < 1e-3, "{largest}");
        assert!((0.989e-3..1.03 * 0.99e-3).contains(&most_points), "{most_points}");
        assert!(errors.measured().within(1e-3) && !errors.measured().within(0.9e-3));
        errors.compare(&[-40.0 + 0.02], &[-40.0]);
        assert!(!errors.measured().within(1e-3) && errors.measured().most_points < 1.1e-3);
    }

    #[test]
    fn what_nobody_sees_and_what_is_no_number() {
        let mut errors = Errors::new();
        errors.compare(&[-40.0, -120.0], &[-40.0, -90.0]);
        assert!(errors.measured().largest < 1e-6, "{:?}", errors.measured());
        errors.compare(&[f64::NAN], &[-40.0]);
        assert!(!errors.measured().within(1.0), "{:?}", errors.measured());
        assert_eq!(Errors::new().measured(), Measured::default());
    }
}
