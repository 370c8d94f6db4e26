//! What sampling takes, from its settings alone.

use serde::Serialize;

use super::evaluation_log::record_bytes;
use super::nuts::NutsSettings;
use super::trace::DrawStatistics;

/// Bytes of a run of NUTS, besides those of its model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SamplingSize {
    /// Draws of all chains, with what the sampler says of each, in host memory \[bytes\].
    pub trace_bytes: u64,
    /// Most host bytes, when the chains are done: the trace, and the draws once more by parameter, for figures.
    pub peak_bytes: u64,
    /// A checkpoint's bytes on disk for each evaluation of the gradient; nothing of it stays in memory.
    pub checkpoint_bytes_per_evaluation: u64,
    /// Most evaluations of a draw.
    pub evaluations_per_draw: u64,
    /// Most bytes of a checkpoint on disk, all chains and their warm-up together.
    pub checkpoint_bytes: u64,
}

impl NutsSettings {
    /// The size of a run with `parameters` parameters.
    pub fn size(&self, parameters: usize) -> SamplingSize {
        let count = |n: usize| n as u64;
        let draws = count(self.chains).saturating_mul(count(self.draws));
        let values = draws.saturating_mul(8 * count(parameters));
        let trace_bytes = values.saturating_add(draws.saturating_mul(size_of::<DrawStatistics>() as u64));
        let record = record_bytes(parameters) as u64;
        // A trajectory of depth d has 2^d - 1 steps.
        let evaluations = (1 << self.max_depth.min(62)) - 1;
        let steps = count(self.chains).saturating_mul(count(self.warmup).saturating_add(count(self.draws)));
        SamplingSize {
            trace_bytes,
            peak_bytes: trace_bytes.saturating_add(values),
            checkpoint_bytes_per_evaluation: record,
            evaluations_per_draw: evaluations,
            checkpoint_bytes: steps.saturating_mul(evaluations).saturating_mul(record),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_and_records_are_counted() {
        let settings = NutsSettings { chains: 2, warmup: 50, draws: 100, max_depth: 3, ..NutsSettings::default() };
        let statistics = size_of::<DrawStatistics>() as u64;
        let size = settings.size(5);
        assert_eq!((size.trace_bytes, size.peak_bytes), (200 * (40 + statistics), 200 * (80 + statistics)));
        assert_eq!((size.checkpoint_bytes_per_evaluation, size.evaluations_per_draw), (60, 7));
        assert_eq!(size.checkpoint_bytes, 2 * 150 * 7 * 60);
        let most = usize::MAX;
        let huge = NutsSettings { chains: most, warmup: most, draws: most, max_depth: 30, ..settings };
        assert_eq!(huge.size(most >> 4).checkpoint_bytes, u64::MAX);
    }
}
