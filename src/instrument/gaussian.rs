//! Gaussian response of a spectrograph with constant resolving power.
//!
//! K(u) = exp(-u^2 / 2 sigma^2) / (sqrt(2 pi) sigma) in u = ln nu, with full width at half maximum 1/R: sigma = 1 / (2 sqrt(2 ln 2) R).
//!
//! The trapezoidal rule in t = u / sigma converges like exp(-2 pi^2 / dt^2), to rounding for dt <= 1/2. Its nodes are also no farther apart than half a
//! step of the grid at the largest sigma, and stay at these t for every other sigma.

use super::kernel::{Kernel, Part};
use super::setting::Slot;

/// Weight neglected beyond the last node, relative to the whole: erfc([`REACH`] / sqrt 2).
pub const TRUNCATION: f64 = 1e-9;
/// Half width of the kernel in standard deviations.
pub const REACH: f64 = 6.11;
/// 2 sqrt(2 ln 2): full width at half maximum over standard deviation.
pub const FWHM_PER_SIGMA: f64 = 2.3548200450309493;

/// The response with resolving power in `slot`.
#[derive(Clone, Debug)]
pub(super) struct Gaussian {
    slot: Slot,
    /// Nodes t and weights; they sum to one.
    rule: Vec<(f64, f64)>,
}

impl Gaussian {
    /// For resolving powers of `lowest` and above, on a grid of steps `step` in ln nu.
    pub fn new(slot: Slot, lowest: f64, step: f64) -> Self {
        let half = (2.0 * REACH * Self::sigma(lowest) / step).max(2.0 * REACH).ceil() as i64;
        let node = |k: i64| REACH * k as f64 / half as f64;
        let sum: f64 = (-half..=half).map(|k| (-0.5 * node(k).powi(2)).exp()).sum();
        let rule = (-half..=half).map(|k| (node(k), (-0.5 * node(k).powi(2)).exp() / sum)).collect();
        Self { slot, rule }
    }

    /// Standard deviation in ln nu at a resolving power.
    pub fn sigma(resolving_power: f64) -> f64 {
        1.0 / (FWHM_PER_SIGMA * resolving_power)
    }

    /// Kernel and, if R is free, its derivative by R at the parameters `x`.
    pub fn part(&self, x: &[f64], step: f64) -> Part {
        let power = self.slot.value(x);
        let sigma = Self::sigma(power) / step;
        let mut value = Kernel::zeros(-REACH * sigma, REACH * sigma);
        let mut slope = Kernel::zeros(-REACH * sigma, REACH * sigma);
        for (t, w) in &self.rule {
            value.add(sigma * t, *w);
            if self.slot.index().is_some() {
                slope.add_slope(sigma * t, -sigma / power * t * w);
            }
        }
        Part { value, slopes: self.slot.index().map(|i| (i, slope)).into_iter().collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reach_and_truncation_belong_together() {
        let neglected = errorfunctions::RealErrorFunctions::erfc(REACH / std::f64::consts::SQRT_2);
        assert!(neglected < TRUNCATION && neglected > 0.9 * TRUNCATION, "{neglected:e}");
        assert!((FWHM_PER_SIGMA - (8.0 * 2f64.ln()).sqrt()).abs() < 1e-15);
    }

    #[test]
    fn moments_are_those_of_a_gaussian_at_every_width() {
        let step = 1e-6;
        let gaussian = Gaussian::new(Slot::Free(0), 1e4, step);
        for power in [1e4, 1e5, 1e6, 1e9] {
            let kernel = gaussian.part(&[power], step).value;
            let moment = |n| -> f64 {
                let term = |(k, w): (usize, &f64)| w * ((kernel.first + k as isize) as f64).powi(n);
                kernel.weight.iter().enumerate().map(term).sum()
            };
            let sigma = Gaussian::sigma(power) / step;
            assert!((moment(0) - 1.0).abs() < 1e-13, "{power}: {}", moment(0));
            assert!(moment(1).abs() < 1e-10, "{power}: {}", moment(1));
            assert!((moment(2) / sigma.powi(2) - 1.0).abs() < 1e-7, "{power}: {}", moment(2));
        }
    }
}
