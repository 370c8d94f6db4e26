//! How many lines meet in one place.

use crate::density::summary::LineSummary;

/// How close the lines of a list are to each other.
#[derive(Clone, Debug)]
pub struct Crowding {
    /// Mean number of lines per output node.
    pub lines_per_node: f64,
    /// A bound on the lines in any 2^k consecutive output nodes, by k.
    most: Vec<usize>,
}

impl Crowding {
    /// Of the lines of a list on `nodes` output nodes, those outside the grid included.
    pub fn of(lines: &LineSummary, nodes: f64) -> Self {
        let most = (0..31).map(|k| lines.places.most_within(2f64.powi(k))).collect();
        Self { lines_per_node: lines.count as f64 / nodes, most }
    }

    /// At least the most lines within any `nodes` consecutive nodes.
    pub fn most_within(&self, nodes: f64) -> usize {
        let k = nodes.max(1.0).log2().ceil() as usize;
        self.most[k.min(self.most.len() - 1)]
    }
}

#[cfg(test)]
impl Crowding {
    /// Of evenly distributed lines.
    pub fn even(lines_per_node: f64, nodes: usize) -> Self {
        let within = |width: f64| (width.min(nodes as f64) * lines_per_node).ceil() as usize;
        Self { lines_per_node, most: (0..31).map(|k| within(2f64.powi(k)).max(1)).collect() }
    }
}
