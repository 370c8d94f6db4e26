//! How a job on a device is cut into batches of layers and segments of the grid, and which cuts are worth a try.
//!
//! Memory falls with the batch and with the segment; what it costs is passes (each has a fixed price) and, where levels are near, what
//! a segment computes beyond its ends. The cost model counts multiply-adds, with a pass and a byte held at the exchange of the device's class; it need only
//! order the candidates, and it does not see the budget: so a larger budget never leads to a slower plan.

use std::ops::Range;

use super::levels::SEGMENT_MULTIPLE;
use super::prepared::Prepared;
use crate::gpu::DeviceClass;
use crate::grid::level::FAR;

/// Most segments worth a try: what more of them save is less than a hundredth of what every job holds.
const MOST_SEGMENTS: usize = 2048;
/// Output nodes beyond each end of a segment that its near levels need.
const HALO: f64 = 320.0;
/// Most nodes of one level in a segment: 65 535 workgroups of 64 invocations.
const MOST_NODES: usize = 65_535 * 64;

/// How a job is cut: layers in batches, each batch in segments of the grid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Layers computed.
    pub layers: Range<usize>,
    /// Layers of a batch.
    pub batch: usize,
    /// Stretches of the output grid, ascending and without gaps, all but the last equally long, starting at multiples of
    /// [`SEGMENT_MULTIPLE`].
    pub segments: Vec<Range<usize>>,
    /// Most bytes that one scratch buffer takes if fewer layers at a time help.
    pub scratch_bytes: u64,
}

impl Extent {
    /// Layers in batches of `batch`, `points` output nodes in segments of about `points / segments`.
    pub fn new(layers: Range<usize>, batch: usize, points: usize, segments: usize, scratch_bytes: u64) -> Self {
        let length = points.div_ceil(segments.max(1)).next_multiple_of(SEGMENT_MULTIPLE);
        let segments = (0..points).step_by(length).map(|first| first..(first + length).min(points)).collect();
        Self { layers, batch, segments, scratch_bytes }
    }

    /// The batches of layers.
    pub fn batches(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let (layers, batch) = (self.layers.clone(), self.batch);
        layers.clone().step_by(batch).map(move |first| first..(first + batch).min(layers.end))
    }

    /// Most nodes of a segment, where `finest` is the finest level of any ladder.
    pub fn most_points(finest: Option<i32>) -> usize {
        MOST_NODES >> -finest.unwrap_or(0).min(0)
    }

    /// Nodes of the longest segment.
    pub fn segment_points(&self) -> usize {
        self.segments[0].len()
    }

    /// Cuts worth a try, the fastest first by `cost`. Batches are multiples of `batch_multiple` layers; `finest` is the finest level of any ladder.
    pub fn candidates(
        points: usize,
        layers: Range<usize>,
        batch_multiple: usize,
        finest: Option<i32>,
        class: DeviceClass,
        cost: impl Fn(&Self) -> f64,
    ) -> Vec<Self> {
        let most_points = Self::most_points(finest);
        let most_segments = points.div_ceil(SEGMENT_MULTIPLE).min(MOST_SEGMENTS.max(points.div_ceil(most_points)));
        let batches = doubling(batch_multiple, layers.len());
        let mut candidates: Vec<(f64, Self)> = Vec::new();
        for batch in batches {
            for segments in doubling(1, most_segments).chain(doubling(3, most_segments)) {
                for &scratch in class.scratch_bytes() {
                    let extent = Self::new(layers.clone(), batch, points, segments, scratch);
                    if extent.segment_points() <= most_points {
                        candidates.push((cost(&extent), extent));
                    }
                }
            }
        }
        candidates.sort_by(|a, b| a.0.total_cmp(&b.0));
        candidates.dedup_by(|a, b| a.1 == b.1);
        candidates.into_iter().map(|(_, extent)| extent).collect()
    }

    /// One way of cutting with every size of scratch buffers, the fastest first by `cost`.
    pub fn scratches(
        points: usize,
        layers: Range<usize>,
        batch: usize,
        segments: usize,
        class: DeviceClass,
        cost: impl Fn(&Self) -> f64,
    ) -> Vec<Self> {
        let of = |scratch: &u64| Self::new(layers.clone(), batch, points, segments, *scratch);
        let mut cuts: Vec<Self> = class.scratch_bytes().iter().map(of).collect();
        cuts.sort_by(|a, b| cost(a).total_cmp(&cost(b)));
        cuts
    }

    /// Device bytes that a job takes at least: wavenumbers and a result, and so many rows of each layer of a batch.
    pub fn least_bytes(&self, rows_held: usize) -> u64 {
        let points = self.segments.last().map_or(0, |s| s.end);
        8 * points as u64 + 4 * (rows_held * self.batch.min(self.layers.len()) * self.segment_points()) as u64
    }

    /// Cost in multiply-adds of what every job has: passes of transfer and continua, and bytes of `rows_held` rows of each layer.
    pub fn cost(&self, class: DeviceClass, rows_held: usize) -> f64 {
        let rates = class.rates();
        let (segments, batches) = (self.segments.len() as f64, self.batches().count() as f64);
        let held = 4.0 * (rows_held * self.batch.min(self.layers.len()) * self.segment_points()) as f64;
        rates.pass * 3.0 * batches * segments + rates.byte * held
    }

    /// Cost in multiply-adds of the cross sections of a list of lines; profiles that a layer has only for the sake of others of its run are left out.
    pub fn cost_of(&self, class: DeviceClass, prepared: &Prepared, points: usize) -> f64 {
        let segments = self.segments.len() as f64;
        let beyond = 2.0 * HALO / self.segment_points() as f64 * if segments > 1.0 { 1.0 } else { 0.0 };
        let mut cost = 0.0;
        let layers = &prepared.layers[self.layers.clone()];
        for (i, layer) in layers.iter().enumerate() {
            let ladder = &layer.ladder;
            let near_levels = f64::from((ladder.far() - ladder.finest).max(0));
            let near = if ladder.finest < FAR { beyond } else { 0.0 };
            cost += ladder.cost * points as f64 * (1.0 + near);
            // scratch of the finest sources bounds the layers of a run
            let nodes = self.segment_points() as f64 * 2f64.powi(-ladder.finest);
            let bytes = 4.0 * nodes * ladder.channels.count() as f64;
            let crowded = (bytes / self.scratch_bytes as f64).min(1.0);
            let starts = i.is_multiple_of(self.batch) || !layers[i - 1].is_like(layer, class);
            let runs = if starts { 1.0 } else { crowded };
            let far_levels = f64::from(ladder.top - ladder.far() + 1);
            cost += class.rates().pass * runs * (2.0 * far_levels + 3.0 + segments * (2.0 * near_levels + 4.0));
        }
        cost
    }
}

/// `first`, doubled as often as it stays below `last`, and `last`.
fn doubling(first: usize, last: usize) -> impl Iterator<Item = usize> {
    std::iter::successors(Some(first), |n| n.checked_mul(2)).take_while(move |n| *n < last).chain([last])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_cover_the_grid_from_aligned_starts() {
        for (points, segments) in [(1, 1), (1024, 4), (1025, 2), (150_000, 16), (150_000, 147), (5_000_000, 7)] {
            let extent = Extent::new(0..20, 8, points, segments, 1 << 20);
            assert!(extent.segments.len() <= segments);
            assert_eq!((extent.segments[0].start, extent.segments[extent.segments.len() - 1].end), (0, points));
            assert!(
                extent.segments.windows(2).all(|s| s[0].end == s[1].start && s[0].len() == extent.segment_points())
            );
            assert!(extent.segments.iter().all(|s| s.start.is_multiple_of(SEGMENT_MULTIPLE)));
        }
        let batches: Vec<_> = Extent::new(3..20, 8, 100, 1, 1).batches().collect();
        assert_eq!(batches, [3..11, 11..19, 19..20]);
    }

    #[test]
    fn candidates_reach_from_everything_at_once_to_the_smallest_pieces() {
        let candidates =
            Extent::candidates(150_000, 0..200, 8, None, DeviceClass::Processor, |e| e.cost(DeviceClass::Processor, 1));
        let has = |batch, segments: usize| {
            let length = 150_000usize.div_ceil(segments).next_multiple_of(SEGMENT_MULTIPLE).min(150_000);
            candidates.iter().any(|e| e.batch == batch && e.segment_points() == length)
        };
        assert!(has(200, 1) && has(8, 1) && has(200, 16) && has(8, 147) && has(64, 48));
        assert_eq!(doubling(8, 20).collect::<Vec<_>>(), [8, 16, 20]);
        assert_eq!(doubling(8, 5).collect::<Vec<_>>(), [5]);
    }
}
