//! The exact tier: every line with its own strength and width at every layer.
//!
//! A [`LineTable`] holds lines in the form both backends start from: positions on the output grid, logarithms of strengths at
//! the highest temperature of the declared range, energies above the list's lowest. So a line's Boltzmann factor relative to that
//! reference is at most 1, and float32 neither overflows where lines grow by e^100 from one end of the range to the other nor loses
//! strengths that at 296 K would be 1e-120. Widths refer to `t_mid`, the middle of the range in 1/T, where the exponent's lever is
//! shortest. A line that its pressure shift moves by epsilon = delta P / nu has its centre at nu (1 + epsilon): its relative width and
//! S/nu are smaller by that factor, and its position is further on by ln(1 + epsilon) / h. 48 bytes a line on the device.

use super::conversion::Conversion;
use super::layer_factors::LayerFactors;
use super::summary::LineSummary;
use super::table_line::TableLine;
use crate::Result;
use crate::grid::Grid;
use crate::grid::channels::Channels;
use crate::grid::lagrange::{SPREAD, lagrange8};
use crate::grid::level::LevelNodes;
use crate::lines::{Line, Species};
use crate::settings::Settings;

/// Lines per bin of [`LineTable::bins`], in output nodes.
pub const BIN_NODES: i64 = 16;

/// The lines of one list that matter for a grid.
#[derive(Clone, Debug)]
pub struct LineTable {
    /// Ascending in position; none where only their line-shape density is used.
    pub lines: Vec<TableLine>,
    /// What is known of the lines together, whether they are held or not.
    pub summary: LineSummary,
    /// Step of the output grid in ln nu.
    pub step: f64,
}

impl LineTable {
    /// A table of the given lines, ascending in wavenumber.
    ///
    /// # Errors
    /// The partition function does not cover the range.
    pub fn new(lines: &[Line], grid: &Grid, species: &Species, settings: &Settings) -> Result<Self> {
        let conversion = Conversion::new(grid, species, settings)?;
        let mut summary = LineSummary::empty();
        conversion.include(&mut summary, lines);
        let lines = lines.iter().map(|l| conversion.line(l, &summary)).collect();
        Ok(Self { lines, summary, step: grid.step() })
    }

    /// ln of the largest S/nu at the range's highest temperature: what the table's strengths are divided by.
    pub fn ln_scale(&self) -> f64 {
        self.summary.ln_strength.hi
    }

    /// ln of what strengths and sources are to be multiplied with at a layer's temperature: the scale, and the Boltzmann factor
    /// of the lowest energy.
    pub fn ln_scale_at(&self, layer: &LayerFactors) -> f64 {
        self.ln_scale() - layer.boltzmann * self.summary.energy.lo
    }

    /// What all lines share of d ln S / d ln T: the lowest energy's Boltzmann factor, which [`ln_scale_at`](Self::ln_scale_at) holds, and
    /// the partition function.
    pub fn common_slope(&self, layer: &LayerFactors) -> f64 {
        layer.c2_over_t * self.summary.energy.lo - layer.partition_slope
    }

    /// Most lines within any stretch of `width` output nodes.
    pub fn most_lines_within(&self, width: f64) -> usize {
        let mut first = 0;
        let mut most = 0;
        for (i, line) in self.lines.iter().enumerate() {
            while line.position - self.lines[first].position > width {
                first += 1;
            }
            most = most.max(i + 1 - first);
        }
        most
    }

    /// First line at or after each bin of [`BIN_NODES`] output nodes, for nodes from `first` on; one more entry than bins.
    pub fn bins(&self, first: i64, bins: usize) -> Vec<u32> {
        let mut at = 0;
        (0..=bins)
            .map(|b| {
                let start = (first + b as i64 * BIN_NODES) as f64;
                while at < self.lines.len() && self.lines[at].position < start {
                    at += 1;
                }
                at as u32
            })
            .collect()
    }

    /// Spreads the lines onto the source nodes of one level: result \[channel\]\[node\]. What falls outside the nodes is left out. Twin of
    /// `shaders/density/gather.wgsl`.
    pub fn spread(&self, layer: &LayerFactors, channels: &Channels, nodes: &LevelNodes) -> Vec<Vec<f64>> {
        self.spread_rows(layer.pressure, nodes, channels.count(), |line, row| line.channels(layer, channels, row))
    }

    /// [`spread`](Self::spread), then the same of the derivatives by temperature \[K-1\], those of [`ln_scale_at`](Self::ln_scale_at)
    /// included: result \[2 channels\]\[node\].
    pub fn spread_and_slope(&self, layer: &LayerFactors, channels: &Channels, nodes: &LevelNodes) -> Vec<Vec<f64>> {
        let (count, common) = (channels.count(), self.common_slope(layer));
        self.spread_rows(layer.pressure, nodes, 2 * count, |line, rows| {
            let (values, slopes) = rows.split_at_mut(count);
            line.channels_and_slopes(layer, channels, common, values, slopes);
        })
    }

    /// Spreads what `rows_of` puts into `rows` values for each line, where it lies at `pressure` \[bar\]: result \[row\]\[node\].
    fn spread_rows(
        &self,
        pressure: f64,
        nodes: &LevelNodes,
        rows: usize,
        rows_of: impl Fn(&TableLine, &mut [f64]),
    ) -> Vec<Vec<f64>> {
        let mut source = vec![vec![0.0; nodes.sources()]; rows];
        let mut values = vec![0.0; rows];
        let scale = 2f64.powi(-nodes.level);
        let reach = SPREAD as i64;
        // Lines are in the order of their positions without shift.
        let moved = self.summary.shift.steps(pressure, self.step) * scale;
        let before = |node: f64| self.lines.partition_point(|l| l.position * scale < node);
        let first = before((nodes.source.0 - reach) as f64 - moved);
        let end = before((nodes.source.1 + reach) as f64 + moved);
        for line in &self.lines[first..end] {
            let t = line.position_at(pressure, self.step) * scale;
            let node = t.floor();
            let first = node as i64 - 3 - nodes.source.0;
            let (begin, end) = (first.max(0), (first + reach).min(nodes.sources() as i64));
            if begin >= end {
                continue;
            }
            rows_of(line, &mut values);
            let spread = lagrange8(t - node);
            let spread = &spread[(begin - first) as usize..(end - first) as usize];
            for (source, value) in source.iter_mut().zip(&values) {
                for (s, w) in source[begin as usize..end as usize].iter_mut().zip(spread) {
                    *s += value * w;
                }
            }
        }
        source
    }
}
