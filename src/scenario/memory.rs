//! Device memory of a retrieval: found to be enough before anything is written, and told afterwards.

use std::fmt;

use serde::Serialize;

use super::quantities::bytes;
use crate::Error;
use crate::backend::Backend;
use crate::spectrum::Retrieval;

/// Device memory of a run of a retrieval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DeviceBytes {
    /// Sum over models of the most that their programs take together, by their plans. One model's is what is tracked; several need not be at
    /// their most at the same time.
    pub planned: u64,
    /// Most bytes on the device's account.
    pub tracked: u64,
}

impl fmt::Display for DeviceBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} planned, {} held at most", bytes(self.planned), bytes(self.tracked))
    }
}

impl DeviceBytes {
    /// What was held so far; none on the CPU.
    pub fn of<'a>(backend: &Backend, models: impl IntoIterator<Item = &'a Retrieval>) -> Option<Self> {
        match backend {
            Backend::Cpu => None,
            Backend::Device(device) => Some(Self {
                planned: models.into_iter().map(Retrieval::planned_bytes).sum(),
                tracked: device.ledger().peak(),
            }),
        }
    }
}

/// How an objective's derivatives are computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Derivative {
    /// Of all residuals: least squares.
    Jacobian,
    /// Of the likelihood alone: other optimisers, samplers.
    Gradient,
}

/// Says which budget would do, of which a model has a share, where device memory is what lacks.
pub fn budget_hint(error: Error, budget: Option<u64>) -> Error {
    // An error with a hint is of something that no budget mends.
    let (Error::OutOfMemory { needed, limit, hint: None, .. }, Some(budget)) = (&error, budget) else { return error };
    let all = match budget == *limit {
        true => *needed,
        // One more, for a share is rounded.
        false => {
            let all = (u128::from(*needed) * u128::from(budget)).div_ceil(u128::from((*limit).max(1)));
            u64::try_from(all).unwrap_or(u64::MAX).saturating_add(1)
        }
    };
    error.with_hint(format!("a memory budget of {all} bytes ({}) would do", bytes(all)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_budget_that_would_do() {
        let told = |needed, limit, budget| budget_hint(Error::out_of_memory("a", needed, limit), budget).to_string();
        assert!(told(5000, 1024, Some(1024)).ends_with("; a memory budget of 5000 bytes (4.9 KiB) would do"));
        // What no budget mends.
        let hinted = Error::out_of_memory("a", 5000, 1024).with_hint("the device's limit");
        assert!(budget_hint(hinted, Some(1024)).to_string().ends_with("; the device's limit"));
        // A share of 3 in 10.
        let text = told(7, 3, Some(10));
        assert!(text.contains("a memory budget of 25 bytes"), "{text}");
        assert!((25.0f64 * 0.3) as u64 >= 7);
        assert!(told(7, 0, Some(0)).contains("of 7 bytes"));
        assert!(!told(7, 3, None).contains("would do"));
        assert_eq!(budget_hint(Error::NoAdapter("d".into()), Some(1)).to_string(), "device: d");
    }
}
