//! What a posterior says of the spectrum and of the temperature: bands that hold 68% and 95% of the draws.

use super::retrieval::RetrievalSetup;
use crate::inference::{Pointwise, Trace, diagnostics::quantile};
use crate::objective::Prediction;
use crate::{Backend, Progress, Result};

/// The fractions of draws below each row of a band: the ends of 95% and of 68%, and the median between.
pub const FRACTIONS: [f64; 5] = [0.025, 0.16, 0.5, 0.84, 0.975];

/// Values below which [`FRACTIONS`] of the draws lie, at each place: a band.
pub type Band = [Vec<f64>; 5];

/// Bands of a posterior.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Predictive {
    /// Of what the instruments would record without noise: data set and band \[point\].
    pub spectra: Vec<(String, Band)>,
    /// Pressures at the centres of the layers \[bar\].
    pub pressure_bar: Vec<f64>,
    /// Of the temperatures there \[K\].
    pub temperature_k: Band,
    /// Draws that they are made of.
    pub draws: usize,
}

impl RetrievalSetup {
    /// Temperatures of the layers \[K\] at the parameters `x`.
    ///
    /// # Errors
    /// Parameters that make no atmosphere.
    pub fn temperature(&self, x: &[f64]) -> Result<Vec<f64>> {
        let value = |p: &super::config::Parameter| {
            let at = self.parameters.iter().position(|own| own.name == p.name).map_or(p.start, |i| x[i]);
            p.value(&at)
        };
        let all: Vec<f64> = self.all.iter().map(value).collect();
        Ok(self.profiles.state(&all, &self.pressure).map_err(|(_, e)| e)?.temperature_k)
    }

    /// Bands of spectra and temperatures from `draws` draws spread over a trace, or of all if it has fewer.
    ///
    /// # Errors
    /// Device failures.
    pub fn predictive(&mut self, trace: &Trace, draws: usize, progress: &dyn Progress) -> Result<Predictive> {
        let n = trace.names.len();
        let all: Vec<&[f64]> = trace.chains.iter().flat_map(|c| c.draws.chunks_exact(n.max(1))).collect();
        let count = draws.min(all.len());
        if count == 0 {
            return Ok(Predictive::default());
        }
        progress.begin("predictions", Some(count as u64));
        let sets: Vec<(String, usize)> = self.objective.data_sets().map(|s| (s.name().to_owned(), s.len())).collect();
        let mut spectra: Vec<Vec<f64>> = vec![Vec::new(); sets.len()];
        let mut temperatures = Vec::new();
        for k in 0..count {
            let x = all[k * all.len() / count];
            for (all, prediction) in spectra.iter_mut().zip(self.predict_after_sampling(x)?) {
                all.extend(prediction.value);
            }
            temperatures.extend(self.temperature(x)?);
            progress.advance(1);
        }
        progress.finish();
        let pressure_bar = self.pressure.pressure_bar().to_vec();
        Ok(Predictive {
            spectra: sets.into_iter().zip(&spectra).map(|((name, points), all)| (name, band(all, points))).collect(),
            temperature_k: band(&temperatures, pressure_bar.len()),
            pressure_bar,
            draws: count,
        })
    }

    /// Predictions within the device memory that a sampling has planned.
    fn predict_after_sampling(&mut self, x: &[f64]) -> Result<Vec<Prediction>> {
        match self.backend {
            Backend::Cpu => self.objective.predict(x),
            Backend::Device(_) => self.objective.predict_by_gradient(x),
        }
    }

    /// Fills in the probability of each datum at each draw of a trace: a spectrum a draw.
    ///
    /// # Errors
    /// Device failures.
    pub fn add_pointwise(&mut self, trace: &mut Trace, progress: &dyn Progress) -> Result<()> {
        let n = trace.names.len().max(1);
        let sets = self.objective.data_sets();
        let empty = |(name, points)| Pointwise { name, points, values: Vec::new() };
        let mut all: Vec<Pointwise> = sets.map(|s| (s.name().to_owned(), s.len())).map(empty).collect();
        progress.begin("probabilities of data", Some((trace.chains.len() * trace.draws()) as u64));
        for x in trace.chains.iter().flat_map(|c| c.draws.chunks_exact(n)) {
            let predictions = self.predict_after_sampling(x)?;
            for (set, terms) in all.iter_mut().zip(self.objective.pointwise(x, &predictions)?) {
                set.values.extend(terms);
            }
            progress.advance(1);
        }
        progress.finish();
        trace.log_likelihood = all;
        Ok(())
    }
}

/// The band of rows \[draw\]\[place\].
fn band(rows: &[f64], places: usize) -> Band {
    let mut out = [const { Vec::new() }; 5];
    for place in 0..places {
        let column: Vec<f64> = rows.iter().skip(place).step_by(places).copied().collect();
        out.iter_mut().zip(FRACTIONS).for_each(|(out, fraction)| out.push(quantile(&column, fraction)));
    }
    out
}
