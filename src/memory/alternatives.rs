//! What other cuts and budgets would take: the plan's neighbours, for whoever chooses.

use serde::Serialize;

use super::estimate::Place;
use crate::Error;
use crate::gpu::Limits;
use crate::spectrum::schedule::Schedule;
use crate::spectrum::{Model, SpectrumPlan};

/// One way of computing a spectrum.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Alternative {
    /// What is different, such as `budget 12.0 MiB`.
    pub change: String,
    /// Layers of a batch; 0 if nothing fits.
    pub batch: usize,
    /// Segments of the grid; 0 if nothing fits.
    pub segments: usize,
    /// Most host bytes at a time, without program and driver.
    pub host_bytes: u64,
    /// Device bytes: taken, or if nothing fits what the smallest plan needs.
    pub device_bytes: u64,
    /// Modelled cost, in multiply-adds ([`SpectrumPlan::cost`]); none if nothing fits.
    pub cost: Option<f64>,
    /// True if it is computed on the CPU, whose multiply-adds take another time.
    pub on_cpu: bool,
}

impl Model {
    /// A plan as an alternative, or why there is none.
    ///
    /// # Errors
    /// Those of `plan` that are not for want of memory.
    pub fn alternative(
        &self,
        change: impl Into<String>,
        plan: Result<SpectrumPlan, Error>,
    ) -> Result<Alternative, Error> {
        let change = change.into();
        match plan {
            Ok(plan) => Ok(Alternative {
                change,
                batch: plan.batch,
                segments: plan.segments,
                host_bytes: self.estimate(Place::Device(&plan)).host_peak(),
                device_bytes: plan.memory.peak_bytes,
                cost: Some(plan.cost),
                on_cpu: false,
            }),
            Err(Error::OutOfMemory { needed, .. }) => {
                let (batch, segments, host_bytes) = (0, 0, 0);
                Ok(Alternative { change, batch, segments, host_bytes, device_bytes: needed, cost: None, on_cpu: false })
            }
            Err(other) => Err(other),
        }
    }

    /// The neighbours of a plan: half and twice the budget (of the plan's own bytes if there is none), other cuts, the CPU backend.
    ///
    /// # Errors
    /// Planning fails for another reason than memory.
    pub fn alternatives(
        &self,
        plan: &SpectrumPlan,
        limits: &Limits,
        budget: Option<u64>,
        name: impl Fn(u64) -> String,
    ) -> Result<Vec<Alternative>, Error> {
        let mut all = Vec::new();
        let budget = budget.unwrap_or(plan.memory.peak_bytes);
        for bytes in [budget / 2, budget.saturating_mul(2)] {
            all.push(self.alternative(format!("budget {}", name(bytes)), self.plan(limits, Some(bytes)))?);
        }
        let mut batches = vec![8, self.layers()];
        batches.retain(|b| *b != plan.batch);
        batches.dedup();
        for batch in batches {
            let cut = self.plan_cut(limits, batch, plan.segments);
            all.push(self.alternative(format!("batches of {} layers", batch.min(self.layers())), cut)?);
        }
        let fewest = self.fewest_segments();
        for segments in [1, 4, 16].into_iter().filter(|s| *s != plan.segments && *s >= fewest) {
            let cut = self.plan_cut(limits, plan.batch, segments);
            let s = if segments == 1 { "" } else { "s" };
            all.push(self.alternative(format!("{segments} segment{s}"), cut)?);
        }
        let threads = rayon::current_num_threads();
        all.push(Alternative {
            change: format!("float64 on the CPU, {threads} threads"),
            batch: Schedule::cpu_values(self, threads).batch(),
            segments: Schedule::cpu_values(self, threads).segments.len(),
            host_bytes: self.estimate(Place::Cpu(threads)).host_peak(),
            device_bytes: 0,
            cost: Some(self.multiply_adds()),
            on_cpu: true,
        });
        Ok(all)
    }

    /// Multiply-adds of a spectrum on the CPU.
    pub(crate) fn multiply_adds(&self) -> f64 {
        self.opacities().map(|o| o.multiply_adds()).sum::<f64>() + self.transfer_cost()
    }
}

/// The largest number of points, of at most `points`, for which `fits` was found true: by halving, then by eight bisections. `None` if not even 16 do.
///
/// # Errors
/// Those of `fits`.
pub fn most_points(points: usize, mut fits: impl FnMut(usize) -> Result<bool, Error>) -> Result<Option<usize>, Error> {
    let (mut good, mut bad) = (points, points);
    while !fits(good)? {
        bad = good;
        good /= 2;
        if good < 16 {
            return Ok(None);
        }
    }
    for _ in 0..8 {
        let middle = good + (bad - good) / 2;
        if middle == good {
            break;
        }
        if fits(middle)? {
            good = middle;
        } else {
            bad = middle;
        }
    }
    Ok(Some(good))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_points_that_fit() {
        let most = |points, limit| most_points(points, |n| Ok(n <= limit)).unwrap();
        assert_eq!(most(1000, 1000), Some(1000));
        assert_eq!(most(1000, 15), None);
        let found = most(1_000_000, 123_456).unwrap();
        assert!((122_900..=123_456).contains(&found), "{found}");
    }
}
