//! The exact tier: every line with its own strength and width at every layer.
//!
//! A [`LineTable`] holds lines in the form both backends start from: positions on the output grid, logarithms of strengths at
//! the highest temperature of the declared range, energies above the list's lowest. So a line's Boltzmann factor relative to that
//! reference is at most 1, and float32 neither overflows where lines grow by e^100 from one end of the range to the other nor loses
//! strengths that at 296 K would be 1e-120. Widths refer to `t_mid`, the middle of the range in 1/T, where the exponent's lever is
//! shortest. A line that its pressure shift moves by epsilon = delta P / nu has its centre at nu (1 + epsilon): its relative width and
//! S/nu are smaller by that factor, and its position is further on by ln(1 + epsilon) / h. 48 bytes a line on the device.

use super::shift::Neglect;
use super::summary::LineSummary;
use crate::Result;
use crate::constants::{C2, T_REF};
use crate::cross_section::{ProfileSettings, Settings};
use crate::grid::channels::Channels;
use crate::grid::lagrange::{SPREAD, lagrange8};
use crate::grid::level::LevelNodes;
use crate::grid::{Grid, TemperatureRange};
use crate::lines::{Line, Species};

pub use super::width::{Broadening, WidthRange};

/// A pressure shift moves no line by more than this part of its wavenumber. Shifts are measured near 1 bar and proportional to
/// pressure there; at hundreds of bar the law would move microwave lines below 0.
pub const MOST_SHIFT: f64 = 0.25;

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
    /// Temperature exponent of the width at `t_mid`: -d ln gamma / d ln T.
    pub exponent: f64,
    /// Second-order term: with v = ln(t_mid/T) the width from collisions is exp(ln_gamma + exponent v + curvature v^2) P.
    pub curvature: f64,
    /// Natural half width, relative; 0 where it is not wanted.
    pub natural: f64,
    /// Pressure shift, relative \[bar-1\]; 0 where it is not wanted.
    pub shift: f64,
    /// Wavenumber without shift \[cm-1\].
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
    fn new(line: &Line, conversion: &Conversion, lowest_energy: f64) -> Self {
        let Conversion { grid, range, partition_ratio, profile, .. } = conversion;
        let nu = line.wavenumber;
        let stimulated = -(-C2 * nu / T_REF).exp_m1();
        // The law in u = ln(T/296 K) = -(v + to_mid), expanded about t_mid.
        let to_mid = (T_REF / range.mid()).ln();
        let (n, c) = (line.temperature_exponent, line.width_curvature);
        Self {
            position: grid.position(nu),
            ln_strength: (line.strength / stimulated).ln()
                - C2 * line.lower_energy * (1.0 / range.hi - 1.0 / T_REF)
                - nu.ln()
                + partition_ratio.ln(),
            energy: line.lower_energy - lowest_energy,
            ln_gamma: (line.gamma_ref / nu).ln() + (n + c * to_mid) * to_mid,
            exponent: n + 2.0 * c * to_mid,
            curvature: c,
            natural: if profile.natural_width { line.natural_width / nu } else { 0.0 },
            shift: if profile.pressure_shift { line.shift / nu } else { 0.0 },
            wavenumber: nu,
        }
    }

    /// S(T)/nu in the scale of the table at the layer's temperature, [`LineTable::ln_scale_at`].
    #[inline(always)]
    pub fn strength(&self, layer: &LayerFactors) -> f64 {
        (self.ln_strength - layer.boltzmann * self.energy).exp()
            * -(-layer.c2_over_t * self.wavenumber).exp_m1()
            * layer.partition_ratio
            / (1.0 + self.moved(layer.pressure))
    }

    /// By how much of its wavenumber the line is moved at `pressure` \[bar\]; see [`MOST_SHIFT`].
    #[inline(always)]
    pub fn moved(&self, pressure: f64) -> f64 {
        (self.shift * pressure).clamp(-MOST_SHIFT, MOST_SHIFT)
    }

    /// Position at `pressure` \[bar\] on a grid of step `step` in ln nu.
    #[inline(always)]
    pub fn position_at(&self, pressure: f64, step: f64) -> f64 {
        match self.shift == 0.0 {
            true => self.position,
            false => self.position + self.moved(pressure).ln_1p() / step,
        }
    }

    /// What its Lorentz width follows from, where it is not moved.
    #[inline(always)]
    pub fn broadening(&self) -> Broadening {
        let Self { ln_gamma, exponent, curvature, natural, .. } = *self;
        Broadening { ln_gamma, exponent, curvature, natural }
    }

    /// d ln S / dT \[K-1\], S in cm molecule-1; `common` is [`LineTable::common_slope`].
    #[inline(always)]
    pub fn ln_strength_slope(&self, layer: &LayerFactors, common: f64) -> f64 {
        (common + layer.c2_over_t * self.energy + layer.stimulated_slope(self.wavenumber)) / layer.temperature
    }

    /// Lorentz half width relative to the line centre, natural width included.
    #[inline(always)]
    pub fn gamma(&self, layer: &LayerFactors) -> f64 {
        self.broadening().gamma(layer) / (1.0 + self.moved(layer.pressure))
    }

    /// d ln g / dT \[K-1\] of [`gamma`](Self::gamma).
    #[inline(always)]
    pub fn ln_gamma_slope(&self, layer: &LayerFactors) -> f64 {
        -self.broadening().exponent_at(layer) / layer.temperature
    }

    /// Strength in each channel, into `values[..channels.count()]`. Twin of `shaders/density/strength.wgsl`.
    #[inline]
    pub fn channels(&self, layer: &LayerFactors, channels: &Channels, values: &mut [f64]) {
        channels.weights(self.gamma(layer), values);
        let strength = self.strength(layer);
        values[..channels.count()].iter_mut().for_each(|v| *v *= strength);
    }

    /// [`channels`](Self::channels) and their derivatives by temperature \[K-1\], into `slopes`; `common` is [`LineTable::common_slope`].
    /// Twin of `shaders/density/strength.wgsl` with `lanes_slope.wgsl`.
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
        let of_width = self.ln_gamma_slope(layer);
        for (value, slope) in values.iter_mut().zip(slopes).take(channels.count()) {
            *slope = strength * (of_strength * *value + of_width * *slope);
            *value *= strength;
        }
    }
}

/// Turns lines of a list into those of a table for one grid and temperature range.
#[derive(Clone, Copy, Debug)]
pub struct Conversion {
    grid: Grid,
    range: TemperatureRange,
    partition_ratio: f64,
    profile: ProfileSettings,
    neglect: Neglect,
}

impl Conversion {
    /// For a species' lines.
    ///
    /// # Errors
    /// The partition function does not cover the range.
    pub fn new(grid: &Grid, species: &Species, settings: &Settings) -> Result<Self> {
        let range = settings.temperature_range;
        species.partition.at(range.lo)?;
        let partition_ratio = species.partition_ratio(range.hi)?;
        let (profile, neglect) = (settings.profile, Neglect::new(species, &range, &settings.profile));
        Ok(Self { grid: *grid, range, partition_ratio, profile, neglect })
    }

    /// What a line's profile is made of.
    pub fn profile(&self) -> &ProfileSettings {
        &self.profile
    }

    /// The position of a wavenumber \[cm-1\] in steps of the grid.
    pub fn position(&self, wavenumber: f64) -> f64 {
        self.grid.position(wavenumber)
    }

    /// Includes lines in a summary.
    pub fn include(&self, summary: &mut LineSummary, lines: &[Line]) {
        for line in lines {
            let converted = self.unscaled(line, 0.0);
            summary.include(&converted, &self.range);
            if self.profile.pressure_shift {
                let outside = (-converted.position).max(converted.position - (self.grid.len() - 1) as f64);
                summary.shift.include(converted.shift, outside * self.grid.step(), outside);
            } else {
                self.neglect.include(&mut summary.neglected, line);
            }
        }
    }

    /// A line as the table of a summarised list has it.
    pub fn line(&self, line: &Line, summary: &LineSummary) -> TableLine {
        let unscaled = self.unscaled(line, summary.energy.lo);
        TableLine { ln_strength: unscaled.ln_strength - summary.ln_strength.hi, ..unscaled }
    }

    fn unscaled(&self, line: &Line, lowest_energy: f64) -> TableLine {
        TableLine::new(line, self, lowest_energy)
    }
}

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
