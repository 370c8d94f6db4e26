//! The sums over lines at all node temperatures, filled block by block.
//!
//! S_t\[node\]\[lane\]: a line adds its strength at t, times 8 Lagrange weights for the nodes and its class's weights
//! for the lanes. The nodes are divided into regions of one width, whatever the number of threads. A block of lines is
//! sorted by region; regions of even number are filled in parallel, then those of odd number, so that no two tasks
//! write one node, though lines reach some nodes beyond their region. Within a region the loop over temperatures is
//! outside and that over lines inside: what is written stays in the cache. A node's sum is taken in an order that
//! depends on the order of the lines alone.

use multiversion::multiversion;
use rayon::prelude::*;

use super::cells::{Cells, MAX_LANES};
use super::classes::{Classes, NONE};
use super::plan::Plan;
use crate::constants::{C2, T_REF};
use crate::grid::Grid;
use crate::grid::lagrange::{SPREAD, lagrange8};
use crate::lines::Line;
use crate::numerics::exp;

/// Nodes of a region: with 8 lanes 64 KiB, which fit the caches; and many times what a line reaches beyond it.
const REGION: usize = 1024;

/// What is summed at one temperature.
#[derive(Debug)]
pub struct Target {
    /// Its cells.
    pub cells: Cells,
    /// The level whose nodes lines are spread to.
    pub level: i32,
    /// Sums \[node\]\[lane\], lanes padded to a stride.
    pub values: Vec<f64>,
    /// Values of a node.
    pub stride: usize,
    /// First node of `values`, in nodes of the level from the first output node.
    pub first: i64,
    /// Weights of classes \[class\]\[lane\].
    weights: Vec<f64>,
}

/// The sums at some temperatures whose lines are spread on one level.
#[derive(Debug)]
pub struct Sums {
    grid: Grid,
    level: i32,
    /// First node of the first region; a multiple of [`REGION`].
    origin: i64,
    regions: usize,
    targets: Vec<Target>,
}

/// A line on its way into the sums: all but its width.
#[derive(Clone, Copy)]
struct Entry {
    /// Position in nodes from the first region's start.
    position: f64,
    /// ln of S/nu at infinite temperature, without stimulated emission and with the partition function of 296 K.
    ln_strength: f64,
    /// c2 times the lower-state energy \[K\].
    energy: f64,
    /// Natural half width \[cm-1\].
    natural: f64,
    class: u32,
    /// Of the block.
    line: u32,
}

/// The lines of one region, in the form that the innermost loops take.
#[derive(Default)]
struct Bucket {
    ln_strength: Vec<f64>,
    energy: Vec<f64>,
    natural: Vec<f64>,
    class: Vec<u32>,
    line: Vec<u32>,
    /// First of the 8 nodes, in nodes of a piece, and the nodes' weights.
    spread: Vec<(u32, [f64; SPREAD])>,
    /// Strengths at one temperature.
    strength: Vec<f64>,
    /// Weights at one temperature of lines without class.
    weights: Vec<f64>,
}

impl Sums {
    /// Bytes of the sums of one temperature.
    pub fn bytes(plan: &Plan) -> u64 {
        let (lo, hi) = plan.positions;
        let nodes = ((hi - lo) * 2f64.powi(-plan.level)) as u64 + 3 * REGION as u64;
        8 * nodes * padded(plan.cells.lanes()) as u64
    }

    /// Nothing summed yet at temperatures of these cells, for lines at positions `lo` to `hi` in output nodes, on one
    /// level.
    pub fn new(grid: Grid, level: i32, at: &[Cells], (lo, hi): (f64, f64)) -> Self {
        let node = |p: f64| (p * 2f64.powi(-level)).floor() as i64;
        let region = REGION as i64;
        let origin = node(lo).div_euclid(region) * region;
        let regions = ((node(hi) - origin).div_euclid(region) + 1) as usize;
        let stride = padded(at.iter().map(Cells::lanes).max().unwrap_or(1));
        let target = |&cells: &Cells| Target {
            cells,
            level,
            values: vec![0.0; (regions + 1) * REGION * stride],
            stride,
            // half a region before the first, and one after the last
            first: origin - region / 2,
            weights: Vec::new(),
        };
        Self { grid, level, origin, regions, targets: at.iter().map(target).collect() }
    }

    /// The sums, at each temperature.
    pub fn into_targets(self) -> Vec<Target> {
        self.targets
    }

    /// Adds a block of lines, `class` being those of its lines. A line outside the positions that this was made for is
    /// left out.
    pub fn add(&mut self, lines: &[Line], class: &[u32], classes: &Classes, natural_width: bool) {
        for target in &mut self.targets {
            let mut lanes = [0.0; MAX_LANES];
            for width in &classes.widths[target.weights.len() / target.stride..] {
                target.cells.weights(width, &mut lanes);
                target.weights.extend_from_slice(&lanes[..target.stride]);
            }
        }
        let scale = 2f64.powi(-self.level);
        let entry = |(i, (line, class)): (usize, (&Line, &u32))| {
            let nu = line.wavenumber;
            Entry {
                position: self.grid.position(nu) * scale - self.origin as f64,
                ln_strength: (line.strength / -(-C2 * nu / T_REF).exp_m1() / nu).ln() + C2 * line.lower_energy / T_REF,
                energy: C2 * line.lower_energy,
                natural: if natural_width { line.natural_width } else { 0.0 },
                class: *class,
                line: i as u32,
            }
        };
        let entries: Vec<Entry> = lines.par_iter().zip(class).enumerate().with_min_len(1 << 12).map(entry).collect();
        let order = self.by_region(&entries);
        for parity in 0..2 {
            self.fill(parity, &entries, &order, lines);
        }
    }

    /// The entries of each region, in their order.
    fn by_region(&self, entries: &[Entry]) -> Vec<Vec<u32>> {
        let mut order = vec![Vec::new(); self.regions];
        for (i, entry) in entries.iter().enumerate() {
            let region = (entry.position / REGION as f64).floor();
            if (0.0..self.regions as f64).contains(&region) {
                order[region as usize].push(i as u32);
            }
        }
        order
    }

    /// Fills the regions of one parity.
    fn fill(&mut self, parity: usize, entries: &[Entry], order: &[Vec<u32>], lines: &[Line]) {
        let count = (self.regions + 1 - parity) / 2;
        // [region]: what it may write, by temperature: a region's nodes, and half as many on either side.
        let mut pieces: Vec<Vec<Piece<'_>>> = (0..count).map(|_| Vec::new()).collect();
        for Target { cells, values, stride, weights, .. } in &mut self.targets {
            let values = &mut values[parity * REGION * *stride..];
            for (piece, values) in pieces.iter_mut().zip(values.chunks_mut(2 * REGION * *stride)) {
                piece.push(Piece { cells, weights, stride: *stride, values });
            }
        }
        pieces.into_par_iter().enumerate().for_each_init(Bucket::default, |bucket, (k, mut pieces)| {
            let region = 2 * k + parity;
            let (classed, rest): (Vec<u32>, Vec<u32>) =
                order[region].iter().partition(|i| entries[**i as usize].class != NONE);
            for (chosen, lines) in [(classed, None), (rest, Some(lines))] {
                if !chosen.is_empty() {
                    let start = region as f64 * REGION as f64 - (REGION / 2) as f64;
                    bucket.take(chosen.iter().map(|i| &entries[*i as usize]), start);
                    pieces.iter_mut().for_each(|piece| bucket.add(piece, lines));
                }
            }
        });
    }
}

/// What one region may write at one temperature.
struct Piece<'a> {
    cells: &'a Cells,
    weights: &'a [f64],
    stride: usize,
    values: &'a mut [f64],
}

impl Bucket {
    /// Takes over what does not depend on a temperature; `start` is the first node of a piece.
    fn take<'e>(&mut self, entries: impl Iterator<Item = &'e Entry>, start: f64) {
        let Self { ln_strength, energy, natural, class, line, spread, .. } = self;
        [&mut *ln_strength, energy, natural].into_iter().for_each(Vec::clear);
        [&mut *class, line].into_iter().for_each(Vec::clear);
        spread.clear();
        for entry in entries {
            ln_strength.push(entry.ln_strength);
            energy.push(entry.energy);
            natural.push(entry.natural);
            class.push(entry.class);
            line.push(entry.line);
            let t = entry.position - start;
            let node = t.floor();
            spread.push((node as u32 - (SPREAD / 2 - 1) as u32, lagrange8(t - node)));
        }
    }

    /// Adds the lines to one temperature's piece of the sums. `unclassed` are the block's lines if these have no class.
    fn add(&mut self, piece: &mut Piece<'_>, unclassed: Option<&[Line]>) {
        let (cells, stride) = (piece.cells, piece.stride);
        strengths(&self.ln_strength, &self.energy, 1.0 / cells.temperature, &mut self.strength);
        let mut weights = piece.weights;
        if let Some(all) = unclassed {
            let mut lanes = [0.0; MAX_LANES];
            self.weights.clear();
            for line in &self.line {
                cells.weights(&all[*line as usize].width(), &mut lanes);
                self.weights.extend_from_slice(&lanes[..stride]);
            }
            // each line has its own
            self.class.iter_mut().zip(0..).for_each(|(class, n)| *class = n);
            weights = &self.weights;
        }
        let lines = Lines {
            spread: &self.spread,
            strength: &self.strength,
            natural: &self.natural,
            class: &self.class,
            weights,
            plain: cells.ln_gamma.count,
            inverse_natural: if cells.correction.is_some() { 1.0 / cells.natural.1 } else { 0.0 },
        };
        match stride {
            4 => add_lines::<4>(&lines, piece.values),
            8 => add_lines::<8>(&lines, piece.values),
            16 => add_lines::<16>(&lines, piece.values),
            _ => add_lines::<MAX_LANES>(&lines, piece.values),
        }
    }
}

/// Columns of one table, and what goes with them at one temperature.
struct Lines<'a> {
    spread: &'a [(u32, [f64; SPREAD])],
    strength: &'a [f64],
    natural: &'a [f64],
    class: &'a [u32],
    /// \[class\]\[lane\].
    weights: &'a [f64],
    /// Lanes of the strength; in those after it is multiplied by the natural width and `inverse_natural`.
    plain: usize,
    inverse_natural: f64,
}

/// Lanes with padding: 4, 8, 16 or [`MAX_LANES`].
fn padded(lanes: usize) -> usize {
    [4, 8, 16].into_iter().find(|n| lanes <= *n).unwrap_or(MAX_LANES)
}

/// exp(ln_strength - energy / T) into `strengths`.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2+fma"))]
fn strengths(ln_strength: &[f64], energy: &[f64], inverse_temperature: f64, strengths: &mut Vec<f64>) {
    strengths.resize(ln_strength.len(), 0.0);
    for ((s, ln), e) in strengths.iter_mut().zip(ln_strength).zip(energy) {
        *s = exp::<false>(ln - e * inverse_temperature);
    }
}

/// Adds lines to the nodes they are spread to.
// Arrays and indices of known length: nothing else becomes vectors here.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2+fma"))]
#[allow(clippy::needless_range_loop)]
fn add_lines<const L: usize>(lines: &Lines<'_>, values: &mut [f64]) {
    let (nodes, weights) = (values.as_chunks_mut::<L>().0, lines.weights.as_chunks::<L>().0);
    let mut is_plain = [0.0; L];
    is_plain[..lines.plain].fill(1.0);
    let count = lines.spread.len();
    let (strength, natural, class) = (&lines.strength[..count], &lines.natural[..count], &lines.class[..count]);
    for i in 0..count {
        let (first, spread) = &lines.spread[i];
        let corrected = strength[i] * natural[i] * lines.inverse_natural;
        let plain = strength[i] - corrected;
        let weights = &weights[class[i] as usize];
        let mut line = [0.0; L];
        for lane in 0..L {
            line[lane] = weights[lane] * (is_plain[lane] * plain + corrected);
        }
        // One by one: as a loop these become vectors over nodes, which are gathered and scattered.
        let Some([a, b, c, d, e, f, g, h]) = nodes[*first as usize..].first_chunk_mut() else { continue };
        add_row(a, spread[0], &line);
        add_row(b, spread[1], &line);
        add_row(c, spread[2], &line);
        add_row(d, spread[3], &line);
        add_row(e, spread[4], &line);
        add_row(f, spread[5], &line);
        add_row(g, spread[6], &line);
        add_row(h, spread[7], &line);
    }
}

/// `row[lane] += weight x line[lane]`.
#[inline(always)]
fn add_row<const L: usize>(row: &mut [f64; L], weight: f64, line: &[f64; L]) {
    for lane in 0..L {
        row[lane] += weight * line[lane];
    }
}
