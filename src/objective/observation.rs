//! One data set behind its instrument.

use std::f64::consts::TAU;

use super::correlated::Correlated;
use super::noise::NoiseSlots;
use super::observable::{Conversion, converted, converted_rows};
use super::{DataSet, Noise, Observable};
use crate::grid::Grid;
use crate::instrument::{Instrument, Operator, Parameters, Settings};
use crate::{Error, Result};

/// Data with what lies between them and the model.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// The data.
    pub data: DataSet,
    /// What their values are.
    pub observable: Observable,
    /// The instrument.
    pub instrument: Settings,
    /// The noise.
    pub noise: Noise,
}

impl Observation {
    /// Says in an error which data set it is about.
    pub(super) fn locate(&self, error: Error) -> Error {
        match error {
            Error::Invalid { what, given, required } => {
                Error::Invalid { what: format!("data set `{}`: {what}", self.data.name()), given, required }
            }
            other => other,
        }
    }
}

/// An observation on the grid of its model.
pub(super) struct Member {
    pub data: DataSet,
    pub observable: Observable,
    conversion: Option<Conversion>,
    instrument: Instrument,
    /// Place of each instrument parameter among those of instruments and noise.
    pub places: Vec<usize>,
    noise: NoiseSlots,
    /// Noise that is not independent from point to point.
    correlated: Option<Correlated>,
}

impl Member {
    pub fn new(observation: &Observation, grid: Grid, extra: &mut Parameters) -> Result<Self> {
        let data = observation.data.clone();
        let instrument = Instrument::new(&observation.instrument, grid, &data.sampling())?;
        let observable = observation.observable.clone();
        let conversion = observable.at(&grid.wavenumbers())?;
        let places = instrument.parameters().iter().map(|p| extra.merge(p)).collect::<Result<Vec<_>>>()?;
        let noise = NoiseSlots::new(&observation.noise, extra)?;
        let correlated = Correlated::new(&observation.noise, noise, &data, extra)?;
        Ok(Self { data, observable, conversion, instrument, places, noise, correlated })
    }

    /// Takes other values and errors at the same points.
    ///
    /// # Errors
    /// [`Error::Invalid`]: other points.
    pub fn replace_data(&mut self, data: &DataSet) -> Result<()> {
        if data.wavenumber() != self.data.wavenumber() || data.sampling() != self.data.sampling() {
            let what = format!("data in place of `{}`", self.data.name());
            return Err(Error::invalid(what, "other points", "the same points"));
        }
        self.data = data.clone();
        if let Some(correlated) = &mut self.correlated {
            correlated.set_error(data.error());
        }
        Ok(())
    }

    /// Places of the parameters of noise that are free.
    pub fn free_noise(&self) -> impl Iterator<Item = usize> {
        self.noise.free().chain(self.correlated.iter().flat_map(Correlated::free))
    }

    /// Rows \[point\]\[column\] in units of the noise: over the standard deviation, or times the inverse of the Cholesky factor.
    pub fn whiten(&self, extra_x: &[f64], mut rows: Vec<f64>, columns: usize) -> Result<Vec<f64>> {
        match &self.correlated {
            Some(correlated) => correlated.whiten(extra_x, &rows, columns),
            None => {
                let sigma = self.sigma(extra_x);
                rows.chunks_exact_mut(columns.max(1))
                    .zip(&sigma)
                    .for_each(|(row, s)| row.iter_mut().for_each(|v| *v /= s));
                Ok(rows)
            }
        }
    }

    /// Noise of independent standard normal numbers \[point\].
    pub fn draw_noise(&self, extra_x: &[f64], normal: Vec<f64>) -> Result<Vec<f64>> {
        match &self.correlated {
            Some(correlated) => correlated.draw(extra_x, &normal),
            None => Ok(normal.iter().zip(self.sigma(extra_x)).map(|(n, s)| n * s).collect()),
        }
    }

    /// ln L of what the instrument would record \[point\].
    pub fn ln_likelihood_of(&self, extra_x: &[f64], values: &[f64]) -> Result<f64> {
        match &self.correlated {
            Some(correlated) => {
                let mut unused = vec![0.0; extra_x.len()];
                Ok(correlated.log_likelihood(extra_x, &self.residuals(values), &mut unused)?.0)
            }
            None => {
                let points = values.iter().zip(self.sigma(extra_x)).zip(self.data.value());
                Ok(points.map(|((y, s), d)| -0.5 * (((y - d) / s).powi(2) + (TAU * s * s).ln())).sum())
            }
        }
    }

    /// ln of each point's probability given all others, for what the instrument would record \[point\].
    pub fn pointwise(&self, extra_x: &[f64], values: &[f64]) -> Result<Vec<f64>> {
        let residuals = self.residuals(values);
        match &self.correlated {
            Some(correlated) => correlated.pointwise(extra_x, &residuals),
            None => {
                let points = residuals.iter().zip(self.sigma(extra_x));
                Ok(points.map(|(r, s)| -0.5 * ((r / s).powi(2) + (TAU * s * s).ln())).collect())
            }
        }
    }

    /// What the instrument would record less the data \[point\].
    pub fn residuals(&self, values: &[f64]) -> Vec<f64> {
        values.iter().zip(self.data.value()).map(|(y, d)| y - d).collect()
    }

    /// The instrument at the parameters of instruments and noise.
    fn operator(&self, extra_x: &[f64]) -> Result<Operator<'_>> {
        let x: Vec<f64> = self.places.iter().map(|place| extra_x[*place]).collect();
        self.instrument.at(&x)
    }

    /// What the instrument would record of a spectrum \[nu\]: \[point\].
    pub fn predict(&self, extra_x: &[f64], spectrum: &[f64]) -> Result<Vec<f64>> {
        self.operator(extra_x)?.apply(&converted(&self.conversion, spectrum))
    }

    /// What the instrument would record \[point\], its derivatives by its own parameters \[point\]\[place\], and by those of the model \[point\]\[column\], from the
    /// spectrum's \[column\]\[nu\].
    pub fn linearized(&self, extra_x: &[f64], spectrum: &[f64], tangents: &[f64]) -> Result<[Vec<f64>; 3]> {
        let operator = self.operator(extra_x)?;
        let (values, slopes) = operator.apply_with_derivatives(&converted(&self.conversion, spectrum))?;
        let tangents = operator.apply_tangents(&converted_rows(&self.conversion, spectrum, tangents))?;
        Ok([values, slopes, tangents])
    }

    /// Standard deviations \[point\].
    pub fn sigma(&self, extra_x: &[f64]) -> Vec<f64> {
        match &self.correlated {
            Some(correlated) => correlated.sigma(extra_x),
            None => self.data.error().iter().map(|e| self.noise.variance(*e, extra_x).sqrt()).collect(),
        }
    }

    /// ln L of the data set and its derivatives by the spectrum \[nu\]; those by parameters of instrument and noise are added to `by_extra`.
    pub fn log_likelihood(&self, extra_x: &[f64], spectrum: &[f64], by_extra: &mut [f64]) -> Result<(f64, Vec<f64>)> {
        let operator = self.operator(extra_x)?;
        let (values, slopes) = operator.apply_with_derivatives(&converted(&self.conversion, spectrum))?;
        if let Some(correlated) = &self.correlated {
            let (total, by_value) = correlated.log_likelihood(extra_x, &self.residuals(&values), by_extra)?;
            for (j, by_value) in by_value.iter().enumerate() {
                for (place, slope) in self.places.iter().zip(&slopes[j * self.places.len()..]) {
                    by_extra[*place] += by_value * slope;
                }
            }
            let back = operator.transpose(&by_value)?;
            return Ok((total, converted_rows(&self.conversion, spectrum, &back).into_owned()));
        }
        let (mut total, mut back) = (0.0, Vec::with_capacity(values.len()));
        for (j, (y, (d, e))) in values.iter().zip(self.data.value().iter().zip(self.data.error())).enumerate() {
            let (difference, variance) = (y - d, self.noise.variance(*e, extra_x));
            total -= 0.5 * (difference * difference / variance + (TAU * variance).ln());
            let by_value = -difference / variance;
            back.push(by_value);
            for (place, slope) in self.places.iter().zip(&slopes[j * self.places.len()..]) {
                by_extra[*place] += by_value * slope;
            }
            let by_variance = 0.5 * (by_value * by_value - 1.0 / variance);
            for (place, slope) in self.noise.variance_slopes(*e, extra_x) {
                by_extra[place] += by_variance * slope;
            }
        }
        let back = operator.transpose(&back)?;
        Ok((total, converted_rows(&self.conversion, spectrum, &back).into_owned()))
    }
}
