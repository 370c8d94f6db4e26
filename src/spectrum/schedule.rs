//! The one loop over a spectrum: batches of layers, and in each the segments of the grid.
//!
//! A geometry that goes from the top down takes batch after batch, each with all its segments, so that only a batch's optical depths are held. One that needs all
//! layers of a wavenumber at once, and derivatives by the layers, have a single batch: there the loop is over segments. Both backends walk the same steps.

use std::ops::Range;

use super::model::Model;
use crate::cross_section::device::Extent;
use crate::cross_section::levels::SEGMENT_MULTIPLE;
use crate::transfer::Order;

/// Layers of a batch per thread of the CPU backend.
const LAYERS_PER_THREAD: usize = 4;

/// Bytes of a segment's rows on the CPU backend, if fewer points help.
const ROW_BYTES: usize = 48 << 20;

/// The same where opacities hold nothing but what a segment needs: short segments then cost nothing, and stay in the processor's caches.
const CACHED_ROW_BYTES: usize = 4 << 20;

/// How a job is cut: plain data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Layers, in the order in which they are taken.
    pub batches: Vec<Range<usize>>,
    /// Points of the grid, ascending and without gaps, the same for every batch.
    pub segments: Vec<Range<usize>>,
}

/// A step of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'s> {
    /// A batch of layers begins.
    Begin(&'s Range<usize>),
    /// The batch's layers at a segment of the grid.
    Block {
        /// The layers.
        layers: &'s Range<usize>,
        /// Index of the segment.
        segment: usize,
        /// Its points.
        points: &'s Range<usize>,
    },
    /// The batch is done.
    End,
}

impl Schedule {
    /// All steps in order.
    pub fn steps(&self) -> impl Iterator<Item = Step<'_>> {
        self.batches.iter().flat_map(|layers| {
            let blocks = self.segments.iter().enumerate();
            let blocks = blocks.map(move |(segment, points)| Step::Block { layers, segment, points });
            std::iter::once(Step::Begin(layers)).chain(blocks).chain(std::iter::once(Step::End))
        })
    }

    /// The cut of a device's program.
    pub fn of(extent: &Extent) -> Self {
        Self { batches: extent.batches().collect(), segments: extent.segments.clone() }
    }

    /// Values on the CPU backend with so many threads.
    pub fn cpu_values(model: &Model, threads: usize) -> Self {
        let (n, layers) = (model.grid().len(), model.layers());
        match model.geometry().order() {
            Order::TopDown { multiple } => {
                // The bits of a result do not depend on batches that are multiples, nor then on the number of threads.
                let batch = (LAYERS_PER_THREAD * threads).next_multiple_of(multiple).min(layers);
                let batches = (0..layers).step_by(batch).map(|first| first..(first + batch).min(layers));
                Self { batches: batches.collect(), segments: std::iter::once(0..n).collect() }
            }
            Order::AllLayers => Self::all_layers(n, layers, 1, row_bytes(model)),
        }
    }

    /// Derivatives on the CPU backend.
    pub fn cpu_derivatives(model: &Model) -> Self {
        let rows = model.rows_of_opacities() + model.geometry().rows_held();
        Self::all_layers(model.grid().len(), model.layers(), rows, row_bytes(model))
    }

    /// One batch of all layers, of each of which so many rows are held, of so many bytes in all if fewer points help.
    fn all_layers(points: usize, layers: usize, rows: usize, bytes: usize) -> Self {
        let fits = bytes / (8 * layers * rows) / SEGMENT_MULTIPLE * SEGMENT_MULTIPLE;
        let longest = fits.max(SEGMENT_MULTIPLE).min(points);
        let segments = (0..points).step_by(longest).map(|first| first..(first + longest).min(points));
        Self { batches: std::iter::once(0..layers).collect(), segments: segments.collect() }
    }

    /// Most layers of a batch.
    pub fn batch(&self) -> usize {
        self.batches.iter().map(Range::len).max().unwrap_or(0)
    }

    /// Most points of a segment.
    pub fn segment_points(&self) -> usize {
        self.segments.iter().map(Range::len).max().unwrap_or(0)
    }
}

/// Bytes of a segment's rows: ladders hold levels beyond a segment, which short ones would compute again and again.
fn row_bytes(model: &Model) -> usize {
    let has_ladders = model.opacities().any(|o| o.finest_level(&(0..model.layers())).is_some());
    if has_ladders { ROW_BYTES } else { CACHED_ROW_BYTES }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_block_comes_once_and_batches_are_outermost() {
        let schedule = Schedule { batches: vec![0..8, 8..11], segments: vec![0..1024, 1024..1500] };
        let block = |layers, segment: usize| Step::Block { layers, segment, points: &schedule.segments[segment] };
        let (first, second) = (&schedule.batches[0], &schedule.batches[1]);
        let expected = [
            Step::Begin(first),
            block(first, 0),
            block(first, 1),
            Step::End,
            Step::Begin(second),
            block(second, 0),
            block(second, 1),
            Step::End,
        ];
        assert_eq!(schedule.steps().collect::<Vec<_>>(), expected);
        assert_eq!((schedule.batch(), schedule.segment_points()), (8, 1024));
    }

    #[test]
    fn all_layers_at_once_are_cut_along_the_grid() {
        let schedule = Schedule::all_layers(150_000, 200, 6, ROW_BYTES);
        assert_eq!((schedule.batches.len(), &schedule.batches[0]), (1, &(0..200)));
        assert_eq!((schedule.segments[0].start, schedule.segments.last().unwrap().end), (0, 150_000));
        assert!(schedule.segments.windows(2).all(|s| s[0].end == s[1].start));
        assert!(8 * 200 * 6 * schedule.segment_points() <= ROW_BYTES);
        let short = Schedule::all_layers(100, 100_000, 6, ROW_BYTES).segments;
        assert_eq!((short.len(), &short[0]), (1, &(0..100)));
    }
}
