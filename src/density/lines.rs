//! The exact tier: every line with its own strength and width at every layer.
//!
//! A [`LineTable`] holds lines in the form both backends start from: positions on the output grid and logarithms at the
//! temperature `t_mid` in the middle (in 1/T) of the declared range, so that float32 holds strengths that at 296 K would
//! be 1e-120. 32 bytes a line on the device.

use crate::constants::{C2, T_REF};
use crate::cross_section::convolve::{SPREAD, lagrange8};
use crate::cross_section::levels::LevelNodes;
use crate::cross_section::widths::{Channels, MAX_CHANNELS};
use crate::grid::Grid;
use crate::lines::{Line, Species};
use crate::{Error, Result};

/// Lines per bin of [`LineTable::bins`], in output nodes.
pub const BIN_NODES: i64 = 16;

/// Temperature range over which a set-up is valid \[K\].
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct TemperatureRange {
    /// Lowest temperature \[K\].
    pub lo: f64,
    /// Highest temperature \[K\].
    pub hi: f64,
}

impl TemperatureRange {
    /// A range; `lo == hi` is allowed.
    ///
    /// # Errors
    /// Not finite, not positive, or descending.
    pub fn new(lo: f64, hi: f64) -> Result<Self> {
        if !(lo.is_finite() && hi.is_finite() && lo > 0.0 && lo <= hi) {
            return Err(Error::invalid("temperature range [K]", format!("{lo}:{hi}"), "0 < LO <= HI, both finite"));
        }
        Ok(Self { lo, hi })
    }

    /// The temperature whose inverse is in the middle of the inverses \[K\].
    pub fn mid(&self) -> f64 {
        2.0 / (1.0 / self.lo + 1.0 / self.hi)
    }

    /// Refuses a temperature outside the range.
    pub fn check(&self, temperature: f64) -> Result<()> {
        if temperature.is_finite() && (self.lo..=self.hi).contains(&temperature) {
            return Ok(());
        }
        Err(Error::invalid("temperature [K]", temperature, format!("{} to {}, the declared range", self.lo, self.hi)))
    }
}

/// One line in the form the kernels use.
#[derive(Clone, Copy, Debug)]
pub struct TableLine {
    /// Position in steps of the output grid, from its first node.
    pub position: f64,
    /// ln of S/nu at `t_mid` without stimulated emission, less the table's `ln_scale`.
    pub ln_strength: f64,
    /// Lower-state energy \[cm-1\].
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
    /// c2 (1/T - 1/t_mid) \[cm\].
    pub boltzmann: f64,
    /// c2 / T \[cm\].
    pub c2_over_t: f64,
    /// ln(t_mid / T).
    pub ln_t_ratio: f64,
    /// Q(t_mid) / Q(T).
    pub partition_ratio: f64,
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
            boltzmann: C2 * (1.0 / temperature - 1.0 / mid),
            c2_over_t: C2 / temperature,
            ln_t_ratio: (mid / temperature).ln(),
            partition_ratio: species.partition.at(mid)? / species.partition.at(temperature)?,
        })
    }
}

impl TableLine {
    /// A line on a grid, its strength not yet scaled.
    pub fn new(line: &Line, grid: &Grid, species: &Species, t_mid: f64) -> Result<Self> {
        let nu = line.wavenumber;
        let stimulated = -(-C2 * nu / T_REF).exp_m1();
        let partition = species.partition_ratio(t_mid)?;
        Ok(Self {
            position: grid.position(nu),
            ln_strength: (line.strength / stimulated).ln()
                - C2 * line.lower_energy * (1.0 / t_mid - 1.0 / T_REF)
                - nu.ln()
                + partition.ln(),
            energy: line.lower_energy,
            ln_gamma: (line.gamma_ref / nu).ln() + line.temperature_exponent * (T_REF / t_mid).ln(),
            exponent: line.temperature_exponent,
            wavenumber: nu,
        })
    }

    /// S(T)/nu in the table's scale.
    #[inline(always)]
    pub fn strength(&self, layer: &LayerFactors) -> f64 {
        (self.ln_strength - layer.boltzmann * self.energy).exp()
            * -(-layer.c2_over_t * self.wavenumber).exp_m1()
            * layer.partition_ratio
    }

    /// Lorentz half width relative to the line centre.
    #[inline(always)]
    pub fn gamma(&self, layer: &LayerFactors) -> f64 {
        (self.ln_gamma + self.exponent * layer.ln_t_ratio).exp() * layer.pressure
    }
}

/// Narrowest and widest relative Lorentz width at 1 bar over a set of lines and a temperature range.
#[derive(Clone, Copy, Debug)]
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

/// The lines of one list that matter for a grid.
#[derive(Clone, Debug)]
pub struct LineTable {
    /// Ascending in position.
    pub lines: Vec<TableLine>,
    /// ln of the largest S/nu at `t_mid`: what the table's strengths are divided by.
    pub ln_scale: f64,
    /// Widths over the temperature range.
    pub widths: WidthRange,
}

impl LineTable {
    /// A table of the given lines.
    ///
    /// # Errors
    /// No lines, or the partition function does not cover the range.
    pub fn new(lines: &[Line], grid: &Grid, species: &Species, range: &TemperatureRange) -> Result<Self> {
        let mid = range.mid();
        let mut table: Vec<TableLine> =
            lines.iter().map(|l| TableLine::new(l, grid, species, mid)).collect::<Result<_>>()?;
        let ln_scale = table.iter().map(|l| l.ln_strength).fold(f64::NEG_INFINITY, f64::max);
        let mut widths = WidthRange::EMPTY;
        for line in &mut table {
            line.ln_strength -= ln_scale;
            widths.include(line, range);
        }
        Ok(Self { lines: table, ln_scale, widths })
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

    /// Spreads all lines onto the source nodes of one level: result \[channel\]\[node\]. Twin of `shaders/density/gather.wgsl`.
    pub fn spread(&self, layer: &LayerFactors, channels: &Channels, nodes: &LevelNodes) -> Vec<Vec<f64>> {
        let mut source = vec![vec![0.0; nodes.sources()]; channels.count()];
        let mut weights = [0.0; MAX_CHANNELS];
        let scale = 2f64.powi(-nodes.level);
        for line in &self.lines {
            let t = line.position * scale;
            let node = t.floor();
            let first = node as i64 - 3 - nodes.source.0;
            debug_assert!(first >= 0 && first + SPREAD as i64 <= nodes.sources() as i64);
            let strength = line.strength(layer);
            channels.weights(line.gamma(layer), &mut weights);
            let spread = lagrange8(t - node);
            for (source, weight) in source.iter_mut().zip(weights) {
                for (s, w) in source[first as usize..first as usize + SPREAD].iter_mut().zip(spread) {
                    *s += strength * weight * w;
                }
            }
        }
        source
    }
}
