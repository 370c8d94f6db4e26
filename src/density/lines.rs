//! The exact tier: every line with its own strength and width at every layer.
//!
//! A [`LineTable`] holds lines in the form both backends start from: positions on the output grid, logarithms of strengths at
//! the highest temperature of the declared range, energies above the list's lowest. So a line's Boltzmann factor relative to that
//! reference is at most 1, and float32 neither overflows where lines grow by e^100 from one end of the range to the other nor loses
//! strengths that at 296 K would be 1e-120. Widths refer to `t_mid`, the middle of the range in 1/T, where the exponent's lever is
//! shortest. 32 bytes a line on the device.

use super::summary::LineSummary;
use crate::Result;
use crate::constants::{C2, T_REF};
use crate::cross_section::Settings;
use crate::grid::channels::Channels;
use crate::grid::lagrange::{SPREAD, lagrange8};
use crate::grid::level::LevelNodes;
use crate::grid::{Grid, TemperatureRange};
use crate::lines::{Line, Species};

/// Lines per bin of [`LineTable::bins`], in output nodes.
pub const BIN_NODES: i64 = 16;

/// One line in the form the kernels use.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub struct TableLine {
    /// Position in steps of the output grid, from its first node.
    pub position: f64,
    /// ln of S/nu at the range's highest temperature without stimulated emission, less the table's [`ln_scale`](LineTable::ln_scale).
    pub ln_strength: f64,
    /// Lower-state energy above the table's lowest \[cm-1\].
    pub energy: f64,
    /// ln of the relative Lorentz width at 1 bar and `t_mid`.
    pub ln_gamma: f64,
    /// Temperature exponent of the width.
    pub exponent: f64,
    /// Wavenumber \[cm-1\].
    pub wavenumber: f64,
}

/// What of a layer all its lines share.
#[derive(Clone, Copy, Debug)]
pub struct LayerFactors {
    /// Temperature \[K\].
    pub temperature: f64,
    /// Pressure \[bar\].
    pub pressure: f64,
    /// Doppler standard deviation, relative.
    pub sigma: f64,
    /// c2 (1/T - 1/t_hi) \[cm\], at least 0; t_hi is the highest temperature of the range.
    pub boltzmann: f64,
    /// c2 / T \[cm\].
    pub c2_over_t: f64,
    /// ln(t_mid / T).
    pub ln_t_ratio: f64,
    /// Q(t_hi) / Q(T).
    pub partition_ratio: f64,
    /// d ln Q / d ln T.
    pub partition_slope: f64,
}

impl LayerFactors {
    /// Factors of a layer at `temperature` \[K\] and `pressure` \[bar\].
    ///
    /// # Errors
    /// The temperature is outside `range` or outside the partition function's table.
    pub fn new(species: &Species, range: &TemperatureRange, temperature: f64, pressure: f64) -> Result<Self> {
        range.check(temperature)?;
        let mid = range.mid();
        Ok(Self {
            temperature,
            pressure,
            sigma: species.doppler_sigma(temperature),
            boltzmann: C2 * (1.0 / temperature - 1.0 / range.hi),
            c2_over_t: C2 / temperature,
            ln_t_ratio: (mid / temperature).ln(),
            partition_ratio: species.partition.at(range.hi)? / species.partition.at(temperature)?,
            partition_slope: species.partition.ln_slope(temperature)?,
        })
    }

    /// d ln(1 - exp(-c2 nu/T)) / d ln T of stimulated emission at `wavenumber` \[cm-1\]: -1 towards 0 cm-1, 0 towards infinity.
    #[inline(always)]
    pub fn stimulated_slope(&self, wavenumber: f64) -> f64 {
        let x = self.c2_over_t * wavenumber;
        -x / x.exp_m1()
    }
}

impl TableLine {
    /// A line on a grid, its strength not yet scaled.
    fn new(line: &Line, grid: &Grid, partition_ratio: f64, range: &TemperatureRange, lowest_energy: f64) -> Self {
        let nu = line.wavenumber;
        let stimulated = -(-C2 * nu / T_REF).exp_m1();
        Self {
            position: grid.position(nu),
            ln_strength: (line.strength / stimulated).ln()
                - C2 * line.lower_energy * (1.0 / range.hi - 1.0 / T_REF)
                - nu.ln()
                + partition_ratio.ln(),
            energy: line.lower_energy - lowest_energy,
            ln_gamma: (line.gamma_ref / nu).ln() + line.temperature_exponent * (T_REF / range.mid()).ln(),
            exponent: line.temperature_exponent,
            wavenumber: nu,
        }
    }

    /// S(T)/nu in the scale of the table at the layer's temperature, [`LineTable::ln_scale_at`].
    #[inline(always)]
    pub fn strength(&self, layer: &LayerFactors) -> f64 {
        (self.ln_strength - layer.boltzmann * self.energy).exp()
            * -(-layer.c2_over_t * self.wavenumber).exp_m1()
            * layer.partition_ratio
    }

    /// d ln S / dT \[K-1\], S in cm molecule-1; `common` is [`LineTable::common_slope`].
    #[inline(always)]
    pub fn ln_strength_slope(&self, layer: &LayerFactors, common: f64) -> f64 {
        (common + layer.c2_over_t * self.energy + layer.stimulated_slope(self.wavenumber)) / layer.temperature
    }

    /// Lorentz half width relative to the line centre.
    #[inline(always)]
    pub fn gamma(&self, layer: &LayerFactors) -> f64 {
        (self.ln_gamma + self.exponent * layer.ln_t_ratio).exp() * layer.pressure
    }

    /// Strength in each channel, into `values[..channels.count()]`. Twin of `shaders/density/strength.wgsl`.
    #[inline]
    pub fn channels(&self, layer: &LayerFactors, channels: &Channels, values: &mut [f64]) {
        channels.weights(self.gamma(layer), values);
        let strength = self.strength(layer);
        values[..channels.count()].iter_mut().for_each(|v| *v *= strength);
    }

    /// [`channels`](Self::channels) and their derivatives by temperature \[K-1\], into `slopes`; `common` is [`LineTable::common_slope`].
    /// Twin of `shaders/density/strength_slope.wgsl`.
    #[inline]
    pub fn channels_and_slopes(
        &self,
        layer: &LayerFactors,
        channels: &Channels,
        common: f64,
        values: &mut [f64],
        slopes: &mut [f64],
    ) {
        channels.weights_and_slopes(self.gamma(layer), values, slopes);
        let (strength, of_strength) = (self.strength(layer), self.ln_strength_slope(layer, common));
        // d ln g / dT
        let of_width = -self.exponent / layer.temperature;
        for (value, slope) in values.iter_mut().zip(slopes).take(channels.count()) {
            *slope = strength * (of_strength * *value + of_width * *slope);
            *value *= strength;
        }
    }
}

/// Narrowest and widest relative Lorentz width at 1 bar over a set of lines and a temperature range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WidthRange {
    /// Narrowest.
    pub min: f64,
    /// Widest.
    pub max: f64,
}

impl WidthRange {
    /// The range that includes nothing.
    pub const EMPTY: Self = Self { min: f64::INFINITY, max: 0.0 };

    /// Includes a line.
    pub fn include(&mut self, line: &TableLine, range: &TemperatureRange) {
        let mid = range.mid();
        for t in [range.lo, range.hi] {
            let g = (line.ln_gamma + line.exponent * (mid / t).ln()).exp();
            self.min = self.min.min(g);
            self.max = self.max.max(g);
        }
    }
}

/// Turns lines of a list into those of a table for one grid and temperature range.
#[derive(Clone, Copy, Debug)]
pub struct Conversion {
    grid: Grid,
    range: TemperatureRange,
    partition_ratio: f64,
}

impl Conversion {
    /// For a species' lines.
    ///
    /// # Errors
    /// The partition function does not cover the range.
    pub fn new(grid: &Grid, species: &Species, settings: &Settings) -> Result<Self> {
        let range = settings.temperature_range;
        species.partition.at(range.lo)?;
        Ok(Self { grid: *grid, range, partition_ratio: species.partition_ratio(range.hi)? })
    }

    /// The position of a wavenumber \[cm-1\] in steps of the grid.
    pub fn position(&self, wavenumber: f64) -> f64 {
        self.grid.position(wavenumber)
    }

    /// Includes lines in a summary.
    pub fn include(&self, summary: &mut LineSummary, lines: &[Line]) {
        for line in lines {
            summary.include(&self.unscaled(line, 0.0), &self.range);
        }
    }

    /// A line as the table of a summarised list has it.
    pub fn line(&self, line: &Line, summary: &LineSummary) -> TableLine {
        let unscaled = self.unscaled(line, summary.energy.lo);
        TableLine { ln_strength: unscaled.ln_strength - summary.ln_strength.hi, ..unscaled }
    }

    fn unscaled(&self, line: &Line, lowest_energy: f64) -> TableLine {
        TableLine::new(line, &self.grid, self.partition_ratio, &self.range, lowest_energy)
    }
}

/// The lines of one list that matter for a grid.
#[derive(Clone, Debug)]
pub struct LineTable {
    /// Ascending in position; none where only their line-shape density is used.
    pub lines: Vec<TableLine>,
    /// What is known of the lines together, whether they are held or not.
    pub summary: LineSummary,
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
        Ok(Self { lines: lines.iter().map(|l| conversion.line(l, &summary)).collect(), summary })
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
        self.spread_rows(nodes, channels.count(), |line, row| line.channels(layer, channels, row))
    }

    /// [`spread`](Self::spread), then the same of the derivatives by temperature \[K-1\], those of [`ln_scale_at`](Self::ln_scale_at)
    /// included: result \[2 channels\]\[node\].
    pub fn spread_and_slope(&self, layer: &LayerFactors, channels: &Channels, nodes: &LevelNodes) -> Vec<Vec<f64>> {
        let (count, common) = (channels.count(), self.common_slope(layer));
        self.spread_rows(nodes, 2 * count, |line, rows| {
            let (values, slopes) = rows.split_at_mut(count);
            line.channels_and_slopes(layer, channels, common, values, slopes);
        })
    }

    /// Spreads what `rows_of` puts into `rows` values for each line: result \[row\]\[node\].
    fn spread_rows(&self, nodes: &LevelNodes, rows: usize, rows_of: impl Fn(&TableLine, &mut [f64])) -> Vec<Vec<f64>> {
        let mut source = vec![vec![0.0; nodes.sources()]; rows];
        let mut values = vec![0.0; rows];
        let scale = 2f64.powi(-nodes.level);
        let reach = SPREAD as i64;
        let before = |node: i64| self.lines.partition_point(|l| l.position * scale < node as f64);
        for line in &self.lines[before(nodes.source.0 - reach)..before(nodes.source.1 + reach)] {
            let t = line.position * scale;
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
