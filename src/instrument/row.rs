//! One data point as weights of grid points.

use super::interpolation::{FIRST, NODES, cell, slopes, weights};
use super::kernel::Kernel;

/// A few weights on nodes, from which the weights of a data point before broadening follow: w(i) = tap(i) + `ratio` w(i - 1).
///
/// With `ratio` zero the taps are the weights. A mean over a bin has weights that grow by the factor e^h from node to node except at its edges, so that
/// it too needs few taps.
#[derive(Clone, Debug)]
pub(super) struct Stencil {
    /// Node and tap, nodes in any order.
    pub taps: Vec<(isize, f64)>,
    pub ratio: f64,
}

impl Stencil {
    /// The value at a position \[steps\].
    pub fn value(position: f64) -> Self {
        Self::six(position, weights)
    }

    /// The derivative at a position, per step.
    pub fn slope(position: f64) -> Self {
        Self::six(position, slopes)
    }

    fn six(position: f64, weights: impl Fn(f64) -> [f64; NODES]) -> Self {
        let (left, t) = cell(position);
        let taps = weights(t).into_iter().enumerate().map(|(k, w)| (left + FIRST + k as isize, w)).collect();
        Self { taps, ratio: 0.0 }
    }

    /// First and last node.
    pub fn span(&self) -> (isize, isize) {
        let nodes = || self.taps.iter().map(|(node, _)| *node);
        (nodes().min().unwrap_or(0), nodes().max().unwrap_or(0))
    }
}

/// Weights of consecutive grid points from `start`; its memory is used again for every row.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    pub start: usize,
    pub weight: Vec<f64>,
}

impl Row {
    /// The row of a stencil behind a kernel. The grid must reach that far, which [`Instrument::new`](super::Instrument::new) has made sure.
    pub fn fill(&mut self, kernel: &Kernel, stencil: &Stencil) {
        let (first, last) = stencil.span();
        self.start = (first + kernel.first) as usize;
        self.weight.clear();
        self.weight.resize((last - first) as usize + kernel.weight.len(), 0.0);
        for (node, tap) in &stencil.taps {
            for (sum, w) in self.weight[(node - first) as usize..].iter_mut().zip(&kernel.weight) {
                *sum += tap * w;
            }
        }
        if stencil.ratio != 0.0 {
            let mut before = 0.0;
            for w in &mut self.weight {
                before = *w + stencil.ratio * before;
                *w = before;
            }
        }
    }

    /// The row times a column of the whole grid.
    pub fn dot(&self, column: &[f64]) -> f64 {
        let column = &column[self.start..self.start + self.weight.len()];
        // Eight sums at once let the compiler use vector instructions.
        let mut sums = [0.0; 8];
        let (a, b) = (self.weight.chunks_exact(8), column.chunks_exact(8));
        let rest: f64 = a.remainder().iter().zip(b.remainder()).map(|(a, b)| a * b).sum();
        for (a, b) in a.zip(b) {
            for k in 0..8 {
                sums[k] += a[k] * b[k];
            }
        }
        sums.iter().sum::<f64>() + rest
    }
}
