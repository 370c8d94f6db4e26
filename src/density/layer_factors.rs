//! What of a layer all its lines share.

use crate::Result;
use crate::constants::C2;
use crate::grid::TemperatureRange;
use crate::lines::Species;

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
