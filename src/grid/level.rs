//! The nodes of one level of a ladder of grids.

/// Nodes kept beyond both ends of the evaluated ones, for the interpolation to the next finer level.
pub const GUARD: i64 = 8;

/// Levels from this one on are *far*: computed once for the whole range, where a segment of it is computed at a time.
///
/// What they hold is a sixteenth of the output at most; what a segment has to compute beyond its ends, for the levels below, is some
/// 300 output nodes each side.
pub const FAR: i32 = 4;

/// Nodes within one softening radius: the interpolation error of the softened wing is 4e-4 at 8 nodes and falls as the
/// fifth power (measured, 6-point rules, softening of fourth degree).
pub fn nodes_per_radius(tolerance: f64) -> f64 {
    (8.0 * (tolerance / 1e-3).powf(-0.2)).ceil().clamp(6.0, 64.0)
}

/// Nodes of one level: which are evaluated, and which may hold sources. Node j lies at j 2^level h from the first output
/// node. Ranges are half open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LevelNodes {
    /// The level.
    pub level: i32,
    /// First and one past the last evaluated node; for negative levels in units of output nodes.
    pub output: (i64, i64),
    /// First and one past the last source node.
    pub source: (i64, i64),
    /// Nodes each side that the term reaches.
    pub reach: i64,
    /// Source nodes per evaluated node.
    pub stride: i64,
}

impl LevelNodes {
    /// The next finer level, to gather sources on: nodes whose restriction reaches all of this level's sources.
    pub fn finer(&self) -> Self {
        Self { level: self.level - 1, source: (2 * self.source.0 - 8, 2 * self.source.1 + 8), ..*self }
    }

    /// Node of a level at or above 0 on which the first output node of the stretch lies.
    pub fn start(&self) -> i64 {
        self.output.0 + GUARD
    }

    /// Index of the source that the first tap of the first evaluated node meets.
    pub fn offset(&self) -> usize {
        (self.output.0 * self.stride - self.reach - self.source.0) as usize
    }

    /// Index of node `node` among the sources, if it is one of them.
    pub fn source_index(&self, node: i64) -> Option<usize> {
        (self.source.0..self.source.1).contains(&node).then(|| (node - self.source.0) as usize)
    }

    /// Number of source nodes.
    pub fn sources(&self) -> usize {
        (self.source.1 - self.source.0) as usize
    }

    /// Number of evaluated nodes.
    pub fn outputs(&self) -> usize {
        (self.output.1 - self.output.0) as usize
    }
}
