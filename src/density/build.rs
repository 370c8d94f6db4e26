//! Building a density from lines that come in portions.
//!
//! Lines come ascending in position, in any number of portions; what is held besides them is a few rows in f64, and the result. A node's
//! sum is taken in the order of the lines, whichever portion, block or thread they fall in, so the result has the same bits for
//! any division of the work.

use rayon::prelude::*;

use super::line_shape::{Axes, Density};
use super::lines::LineTable;
use super::span::Span;
use super::storage::{Rows, Storage};
use super::table_line::TableLine;
use crate::grid::lagrange::{SPREAD, lagrange8};
use crate::{Error, Result};

/// Most nodes of one block of the parallel build.
const BLOCK: i64 = 512;
/// Bytes of one block's sums, if it has more than a few rows.
const BLOCK_BYTES: usize = 8 << 20;
/// Nodes below a line's own that it is spread to; above it are one more.
const BELOW: i64 = SPREAD as i64 / 2 - 1;
const ABOVE: i64 = SPREAD as i64 / 2;

/// The density of one level in the making.
#[derive(Debug)]
pub struct DensityBuilder<'a> {
    axes: &'a Axes,
    level: i32,
    /// First node, and one past the last.
    range: (i64, i64),
    /// Nodes that lines to come may still reach.
    open: Block,
    rows: Vec<Rows>,
}

/// Sums of consecutive nodes, \[node\]\[column\].
#[derive(Debug, Default)]
struct Block {
    first: i64,
    sums: Vec<f64>,
    occupied: Vec<bool>,
}

impl Block {
    fn zero(first: i64, nodes: i64, columns: usize) -> Self {
        Self { first, sums: vec![0.0; nodes as usize * columns], occupied: vec![false; nodes as usize] }
    }

    /// One past the last node.
    fn end(&self) -> i64 {
        self.first + self.occupied.len() as i64
    }

    /// Takes over what another block holds of the same nodes.
    fn take_over(&mut self, other: &Self, columns: usize) {
        for n in self.first.max(other.first)..self.end().min(other.end()) {
            let (to, from) = ((n - self.first) as usize, (n - other.first) as usize);
            self.occupied[to] = other.occupied[from];
            self.sums[to * columns..][..columns].copy_from_slice(&other.sums[from * columns..][..columns]);
        }
    }

    /// The occupied entries, nodes counted from `origin`.
    fn rows(&self, origin: i64, columns: usize) -> Rows {
        let mut rows = Rows::default();
        for (j, row) in self.sums.chunks(columns).enumerate().filter(|(j, _)| self.occupied[*j]) {
            rows.push((self.first - origin) as u32 + j as u32, row);
        }
        rows
    }
}

impl<'a> DensityBuilder<'a> {
    /// For lines at the positions given, on one level.
    pub fn new(axes: &'a Axes, level: i32, position: Span) -> Self {
        let node = |p: f64| (p * 2f64.powi(-level)).floor() as i64;
        let range = (node(position.lo) - BELOW, node(position.hi) + ABOVE + 1);
        Self { axes, level, range, open: Block { first: range.0, ..Block::default() }, rows: Vec::new() }
    }

    /// First node, and one past the last.
    pub fn range(&self) -> (i64, i64) {
        self.range
    }

    /// The level.
    pub fn level(&self) -> i32 {
        self.level
    }

    /// Entries of a node.
    pub fn columns(&self) -> usize {
        self.axes.columns()
    }

    /// Adds lines, ascending in position, none before those added earlier.
    pub fn add(&mut self, lines: &[TableLine]) {
        let (Some(a), Some(b)) = (lines.first(), lines.last()) else { return };
        let scale = 2f64.powi(-self.level);
        let node = |line: &TableLine| (line.position * scale).floor() as i64;
        let columns = self.axes.columns();
        let open = std::mem::take(&mut self.open);
        let begin = if open.occupied.is_empty() { node(a) - BELOW } else { open.first };
        // Lines to come are at or after the last of these.
        let (complete, end) = (node(b) - BELOW, node(b) + ABOVE + 1);
        let most = BLOCK.min((BLOCK_BYTES / (8 * columns)) as i64);
        let fair = (complete - begin) / (4 * rayon::current_num_threads() as i64);
        let size = fair.clamp(2 * SPREAD as i64, most.max(2 * SPREAD as i64));
        let blocks = ((complete - begin) as u64).div_ceil(size as u64) as i64;
        // Each block gathers the lines that reach into it: no two threads write one node.
        let sum = |first: i64, nodes: i64| {
            let from = lines.partition_point(|l| node(l) < first - ABOVE);
            let to = lines.partition_point(|l| node(l) < first + nodes + BELOW);
            if from == to && (open.end() <= first || open.first >= first + nodes) {
                return None;
            }
            let mut block = Block::zero(first, nodes, columns);
            block.take_over(&open, columns);
            self.spread(&lines[from..to], &mut block);
            Some(block)
        };
        let rows: Vec<Rows> = (0..blocks)
            .into_par_iter()
            .filter_map(|i| {
                let first = begin + i * size;
                Some(sum(first, size.min(complete - first))?.rows(self.range.0, columns))
            })
            .collect();
        let open = sum(complete, end - complete).unwrap_or_default();
        self.rows.extend(rows);
        self.open = open;
    }

    /// Adds lines to the nodes of a block that they reach.
    fn spread(&self, lines: &[TableLine], block: &mut Block) {
        let scale = 2f64.powi(-self.level);
        let columns = self.axes.columns();
        let mut cells = vec![0.0; self.axes.broadening.cells()];
        let mut weights = Vec::new();
        for line in lines {
            let t = line.position * scale;
            let n = t.floor();
            self.axes.broadening.weights(&line.broadening(), &mut cells);
            let first = self.axes.spread(line.energy, &cells, &mut weights);
            let strength = line.ln_strength.exp();
            for (node, w) in (n as i64 - BELOW..).zip(lagrange8(t - n)) {
                let j = node - block.first;
                if (0..block.occupied.len() as i64).contains(&j) && w != 0.0 {
                    block.occupied[j as usize] = true;
                    let row = &mut block.sums[j as usize * columns + first..][..weights.len()];
                    add_multiple(row, strength * w, &weights);
                }
            }
        }
    }

    /// The density of all lines added.
    ///
    /// # Errors
    /// More than 2^32 nodes or entries.
    pub fn finish(mut self) -> Result<Density> {
        let columns = self.axes.columns();
        self.rows.push(self.open.rows(self.range.0, columns));
        let nodes = (self.range.1 - self.range.0) as usize;
        let entries: usize = self.rows.iter().map(Rows::entries).sum();
        if nodes > u32::MAX as usize || entries > u32::MAX as usize {
            return Err(Error::invalid(
                "line-shape density",
                format!("{nodes} nodes, {entries} entries on level {}", self.level),
                "fewer than 2^32 of either: a narrower grid or a larger tolerance",
            ));
        }
        let storage = Storage::smaller(self.rows, nodes, columns);
        Ok(Density { level: self.level, first: self.range.0, nodes, columns, storage })
    }
}

impl Density {
    /// Sums the lines of a table on one level.
    ///
    /// # Errors
    /// No lines; more than 2^32 nodes or entries.
    pub fn build(table: &LineTable, axes: &Axes, level: i32) -> Result<Self> {
        if table.lines.is_empty() {
            return Err(Error::invalid("line-shape density", "no lines", "at least one line"));
        }
        let mut builder = DensityBuilder::new(axes, level, table.summary.position);
        builder.add(&table.lines);
        builder.finish()
    }
}

/// `sums[i] += factor x values[i]`.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2+fma"))]
fn add_multiple(sums: &mut [f64], factor: f64, values: &[f64]) {
    for (sum, v) in sums.iter_mut().zip(values) {
        *sum += factor * v;
    }
}
