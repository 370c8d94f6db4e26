//! The line-shape density: all that depends on the line list alone, summed once.
//!
//! LSD\[node\]\[energy\]\[cell\] is the sum of the lines' strengths, each spread over 8 grid nodes, 6 lower-state energies and all
//! broadening cells (PreMODIT of Kawahara et al. 2024, arXiv:2410.06900, with other rules of spreading). At a layer the source of channel k at a node
//! is a scalar product of the density's row with weights\[energy, cell\]\[k\] = exp(-c2 E (1/T - 1/t_hi)) w_k(g_cell(T, P)), whatever
//! the number of lines. Strengths are held at the highest temperature t_hi, where no weight exceeds those of the lowest energies by
//! much and float32 keeps all that matters; interpolation in E is of factors relative to the middle of the range, where it is best
//! ([`EnergyAxis::weights`]).
//!
//! There is one density per level on which some layer is finest, so that broad layers never touch the fine one. Rows are held
//! dense, or sparse (occupied entries only), whichever is smaller. Values are float32 on both backends: rounding at 6e-8 is far below
//! any tolerance.

use std::ops::Range;

use rayon::prelude::*;

use super::broadening::{BroadeningAxes, NaturalAxis};
use super::layer_factors::LayerFactors;
use super::span::Span;
pub use super::storage::Storage;
use super::summary::LineSummary;
use super::width::WidthRange;
use crate::grid::TemperatureRange;
use crate::grid::channels::{Channels, MAX_CHANNELS};
use crate::grid::energy::EnergyAxis;
use crate::grid::level::LevelNodes;
use crate::numerics::voigt;
use crate::{Error, Result};

/// Most entries of a dense row. A node's loop over them stays below the 65 535 turns at which some drivers give up.
pub const MAX_COLUMNS: usize = 60_000;

/// The axes that all densities of a list share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Axes {
    /// Lower-state energies.
    pub energy: EnergyAxis,
    /// Broadening cells.
    pub broadening: BroadeningAxes,
    /// Largest relative error through the axis of natural widths, at the layers it was set up for.
    pub natural_error: f64,
}

impl Axes {
    /// Axes that represent every line of a list at every temperature of the range and from `least_pressure` \[bar\] up: a quarter of the
    /// tolerance goes to energy, an eighth to broadening. Natural widths that differ by less than a tenth of the tolerance of the narrowest
    /// width are taken as one.
    ///
    /// # Errors
    /// Widths too different ([`BroadeningAxes::new`]); more than [`MAX_COLUMNS`] columns.
    pub fn new(lines: &LineSummary, range: &TemperatureRange, least_pressure: f64, tolerance: f64) -> Result<Self> {
        let spans = [lines.ln_gamma, lines.exponent, lines.curvature].map(|span| (span.lo, span.hi));
        let narrowest = lines.widths.at(least_pressure, lines.natural).0;
        let natural = NaturalAxis::new(lines.natural.lo, lines.natural.hi, 0.1 * tolerance * narrowest);
        let axes = Self {
            energy: EnergyAxis::new(0.0, lines.energy.hi - lines.energy.lo, range, 0.25 * tolerance),
            broadening: BroadeningAxes::new(spans, natural, range, 0.125 * tolerance)?,
            natural_error: 0.0,
        };
        if axes.columns() > MAX_COLUMNS {
            return Err(Error::invalid(
                "line-shape density",
                format!("{} energies x {} broadening cells", axes.energy.count, axes.broadening.cells()),
                format!(
                    "at most {MAX_COLUMNS} columns: raise the tolerance, narrow the temperature range, or use the lines tier"
                ),
            ));
        }
        Ok(axes)
    }

    /// Entries of a dense row, energy slowest.
    pub fn columns(&self) -> usize {
        self.energy.count * self.broadening.cells()
    }

    /// Narrowest and widest relative width from collisions at 1 bar of any cell over the temperature range: corners of the box of cells may
    /// be empty of lines, but their weights are still evaluated.
    pub fn widths(&self, range: &TemperatureRange) -> WidthRange {
        let mut widths = WidthRange::EMPTY;
        for cell in 0..self.broadening.cells() {
            widths.include(&self.broadening.cell(cell), range);
        }
        widths
    }

    /// Least and greatest natural width of any cell, relative.
    pub fn natural(&self) -> Span {
        let nodes = self.broadening.natural.nodes();
        Span { lo: nodes[0], hi: nodes[nodes.len() - 1] }
    }

    /// Largest relative error of a profile from the natural widths of cells, for Doppler standard deviations `sigma` and the width `narrowest`
    /// from collisions: of one natural width standing for those in `lines`, or of V being linear between two, sampled.
    pub fn natural_error(&self, lines: Span, sigma: (f64, f64), narrowest: f64) -> f64 {
        let NaturalAxis::Two([lo, hi]) = self.broadening.natural else {
            // dV/V is at most dg/g
            return 0.5 * (lines.hi - lines.lo) / (narrowest + lines.lo);
        };
        let mut worst = 0.0f64;
        for s in [sigma.0, sigma.1] {
            let far = 30.0 * (s + narrowest + hi);
            let near = 0.02 * s;
            let x = (0..64).map(|i| near * (far / near).powf(f64::from(i) / 63.0));
            for x in std::iter::once(0.0).chain(x) {
                let v = |natural: f64| voigt::profile(x, s, narrowest + natural);
                let (v_lo, v_hi) = (v(lo), v(hi));
                for f in [0.003, 0.03, 0.15, 0.5, 0.85] {
                    let linear = (1.0 - f) * v_lo + f * v_hi;
                    worst = worst.max((linear / v(lo + f * (hi - lo)) - 1.0).abs());
                }
            }
        }
        worst
    }

    /// The axes as shaders/density/weights.wgsl reads them: energies, then (ln gamma, n, c, natural width) of each cell.
    pub fn device_values(&self) -> Vec<u8> {
        let energies = (0..self.energy.count).map(|e| self.energy.node(e) as f32);
        let cells = (0..self.broadening.cells()).map(|c| self.broadening.cell(c));
        let cells = cells.flat_map(|c| [c.ln_gamma, c.exponent, c.curvature, c.natural].map(|v| v as f32));
        let values: Vec<f32> = energies.chain(cells).collect();
        bytemuck::cast_slice(&values).to_vec()
    }

    /// Floats of [`device_values`](Self::device_values).
    pub fn device_floats(&self) -> usize {
        self.energy.count + 4 * self.broadening.cells()
    }

    /// Weights of all columns for a layer, \[column\]\[channel\]. Twin of `shaders/density/weights.wgsl`.
    pub fn weights(&self, layer: &LayerFactors, channels: &Channels) -> Vec<f64> {
        let count = channels.count();
        let cells = self.broadening.cells();
        let mut of_cell = vec![0.0; cells * count];
        let mut w = [0.0; MAX_CHANNELS];
        for (cell, of_cell) in of_cell.chunks_mut(count).enumerate() {
            channels.weights(self.broadening.cell(cell).gamma(layer), &mut w);
            of_cell.copy_from_slice(&w[..count]);
        }
        (0..self.energy.count)
            .flat_map(|e| {
                let boltzmann = (-layer.boltzmann * self.energy.node(e)).exp();
                of_cell.iter().map(move |w| boltzmann * w)
            })
            .collect()
    }

    /// [`weights`](Self::weights), then their derivatives by temperature \[K-1\], \[column\]\[2 channels\]: those of the Boltzmann factor, of
    /// the cell's width and of what all lines share ([`LineTable::common_slope`](super::lines::LineTable::common_slope)); stimulated emission, which depends on the node,
    /// is left to [`stimulated_and_slope`]. Twin of `shaders/density/weights.wgsl` with `lanes_slope.wgsl`.
    pub fn weights_and_slopes(&self, layer: &LayerFactors, channels: &Channels, common: f64) -> Vec<f64> {
        let count = channels.count();
        let (mut values, mut slopes) = ([0.0; MAX_CHANNELS], [0.0; MAX_CHANNELS]);
        let mut of_cell = Vec::with_capacity(2 * count * self.broadening.cells());
        for cell in 0..self.broadening.cells() {
            let cell = self.broadening.cell(cell);
            let exponent = cell.exponent_at(layer);
            channels.weights_and_slopes(cell.gamma(layer), &mut values, &mut slopes);
            of_cell.extend_from_slice(&values[..count]);
            of_cell.extend(slopes[..count].iter().map(|s| -exponent * s));
        }
        (0..self.energy.count)
            .flat_map(|e| {
                let energy = self.energy.node(e);
                let (boltzmann, slope) = ((-layer.boltzmann * energy).exp(), common + layer.c2_over_t * energy);
                of_cell.chunks_exact(2 * count).flat_map(move |cell| {
                    let (values, slopes) = cell.split_at(count);
                    let slopes =
                        values.iter().zip(slopes).map(move |(w, s)| boltzmann * (slope * w + s) / layer.temperature);
                    values.iter().map(move |w| boltzmann * w).chain(slopes)
                })
            })
            .collect()
    }

    /// Weights of the columns that a line touches, into `weights`; the first of them is returned.
    pub(super) fn spread(&self, energy: f64, cells: &[f64], weights: &mut Vec<f64>) -> usize {
        weights.clear();
        if self.energy.count == 1 {
            let factor = self.energy.to_node(0, energy);
            weights.extend(cells.iter().map(|w| factor * w));
            return 0;
        }
        let (first, of_energy) = self.energy.weights(energy);
        for we in of_energy {
            weights.extend(cells.iter().map(|w| we * w));
        }
        first * cells.len()
    }
}

/// Stimulated emission and the partition function's ratio at `wavenumber` \[cm-1\]: what the product of a density's row with
/// [`Axes::weights`] lacks.
pub fn stimulated(layer: &LayerFactors, wavenumber: f64, row: &mut [f64]) {
    let factor = -(-layer.c2_over_t * wavenumber).exp_m1() * layer.partition_ratio;
    row.iter_mut().for_each(|v| *v *= factor);
}

/// [`stimulated`] for a row of products with [`Axes::weights_and_slopes`]: values, then derivatives.
pub fn stimulated_and_slope(layer: &LayerFactors, wavenumber: f64, row: &mut [f64]) {
    stimulated(layer, wavenumber, row);
    let slope = layer.stimulated_slope(wavenumber) / layer.temperature;
    let (values, slopes) = row.split_at_mut(row.len() / 2);
    slopes.iter_mut().zip(values).for_each(|(s, v)| *s += slope * *v);
}

/// The density on one level.
#[derive(Clone, Debug)]
pub struct Density {
    /// The level.
    pub level: i32,
    /// First node, in nodes of the level from the first output node.
    pub first: i64,
    /// Number of nodes.
    pub nodes: usize,
    /// Entries of a dense row.
    pub columns: usize,
    /// The values.
    pub storage: Storage,
}

impl Density {
    /// Bytes of the values and their indices.
    pub fn bytes(&self) -> u64 {
        match &self.storage {
            Storage::Dense(v) => 4 * v.len() as u64,
            Storage::Sparse { node, value, .. } => 8 * node.len() as u64 + 8 * value.len() as u64,
        }
    }

    /// Which rows of the stretch `part`, counted from its start, belong to source nodes in `nodes`.
    pub fn rows_within(&self, part: &Range<usize>, nodes: &LevelNodes) -> Range<usize> {
        let row = |node: i64| match &self.storage {
            Storage::Dense(_) => (node - self.first).clamp(part.start as i64, part.end as i64) as usize,
            Storage::Sparse { node: occupied, .. } => {
                part.start + occupied[part.clone()].partition_point(|n| i64::from(*n) + self.first < node)
            }
        };
        row(nodes.source.0) - part.start..row(nodes.source.1) - part.start
    }

    /// True if rows are held dense.
    pub fn is_dense(&self) -> bool {
        matches!(self.storage, Storage::Dense(_))
    }

    /// Sources of several layers at once, \[layer\]\[channel\]\[source node\]: each row of the density is read once.
    /// `weights` are [`Axes::weights`] of each layer, or [`Axes::weights_and_slopes`], whose slopes are channels too; `finish` multiplies the row of
    /// a layer's channels at a position in output nodes by what depends on the wavenumber. Twin of `shaders/density/{dense,sparse}.wgsl`.
    pub fn sources(
        &self,
        weights: &[Vec<f64>],
        nodes: &[&LevelNodes],
        finish: &[impl Fn(f64, &mut [f64])],
    ) -> Vec<Vec<Vec<f64>>> {
        let counts: Vec<usize> = weights.iter().map(|w| w.len() / self.columns).collect();
        let total: usize = counts.iter().sum();
        // [column][layer, channel]
        let mut all = vec![0.0; self.columns * total];
        let mut at = 0;
        for (w, &count) in weights.iter().zip(&counts) {
            for c in 0..self.columns {
                all[c * total + at..][..count].copy_from_slice(&w[c * count..][..count]);
            }
            at += count;
        }
        let all_rows = match &self.storage {
            Storage::Dense(_) => self.nodes,
            Storage::Sparse { node, .. } => node.len(),
        };
        let met = nodes.iter().map(|n| self.rows_within(&(0..all_rows), n)).filter(|r| !r.is_empty());
        let rows = met.reduce(|a, b| a.start.min(b.start)..a.end.max(b.end)).unwrap_or(0..0);
        let mut product = vec![0.0; rows.len() * total];
        product.par_chunks_mut(64 * total).enumerate().for_each(|(chunk, out)| {
            let first = rows.start + chunk * 64;
            match &self.storage {
                Storage::Dense(values) => {
                    for (out, row) in out.chunks_mut(total).zip(values[first * self.columns..].chunks(self.columns)) {
                        accumulate(row, None, &all, out);
                    }
                }
                Storage::Sparse { start, column, value, .. } => {
                    for (out, r) in out.chunks_mut(total).zip(first..) {
                        let entries = start[r] as usize..start[r + 1] as usize;
                        accumulate(&value[entries.clone()], Some(&column[entries]), &all, out);
                    }
                }
            }
        });
        let mut at = 0;
        let mut sources = Vec::new();
        for ((&count, nodes), finish) in counts.iter().zip(nodes).zip(finish) {
            let mut of_layer = vec![vec![0.0; nodes.sources()]; count];
            for (r, row) in rows.clone().zip(product.chunks_mut(total)) {
                let node = match &self.storage {
                    Storage::Dense(_) => r as i64,
                    Storage::Sparse { node, .. } => i64::from(node[r]),
                } + self.first;
                let Some(j) = nodes.source_index(node) else { continue };
                let row = &mut row[at..at + count];
                finish(node as f64 * 2f64.powi(self.level), row);
                for (source, v) in of_layer.iter_mut().zip(row) {
                    source[j] = *v;
                }
            }
            at += count;
            sources.push(of_layer);
        }
        sources
    }
}

/// `out[m] += sum over entries of row x weights[column][m]`.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2+fma"))]
fn accumulate(row: &[f32], column: Option<&[u32]>, weights: &[f64], out: &mut [f64]) {
    let m = out.len();
    for (i, v) in row.iter().enumerate() {
        let c = column.map_or(i, |c| c[i] as usize);
        let v = f64::from(*v);
        for (out, w) in out.iter_mut().zip(&weights[c * m..][..m]) {
            *out += v * w;
        }
    }
}
