//! The linear operator of an instrument at given parameters.

use rayon::prelude::*;

use super::kernel::{Kernel, Part};
use super::row::{Row, Stencil};
use super::settings::{Instrument, ResponsePart};
use super::{LIGHT_KM_S, Slot};
use crate::{Error, Result};

/// Data points whose rows are transposed together, so that sums do not depend on the number of threads.
const CHUNK: usize = 128;

/// y = gain (S K F) + offset at fixed parameters: K broadens, S samples. Made by [`Instrument::at`].
#[derive(Debug)]
pub struct Operator<'a> {
    instrument: &'a Instrument,
    part: Part,
    /// Doppler shift \[steps\] and its derivative by the velocity \[steps per km s-1\].
    shift: f64,
    shift_slope: f64,
    scale: f64,
    offset: f64,
    /// 1 + continuum polynomial at each data point.
    continuum: Vec<f64>,
}

impl Instrument {
    /// The linear operator at the free parameters `x`.
    ///
    /// # Errors
    /// [`Error::Invalid`] for another number of parameters, or one outside its range.
    pub fn at(&self, x: &[f64]) -> Result<Operator<'_>> {
        let parameters = self.parameters();
        if x.len() != parameters.len() {
            return Err(Error::invalid("number of instrument parameters", x.len(), parameters.len().to_string()));
        }
        parameters.iter().zip(x).try_for_each(|(parameter, x)| parameter.check(*x))?;
        Ok(Operator::new(self, x))
    }
}

impl<'a> Operator<'a> {
    fn new(instrument: &'a Instrument, x: &[f64]) -> Self {
        let step = instrument.grid.step();
        let response = match &instrument.response {
            ResponsePart::None => Part::fixed(Kernel::identity()),
            ResponsePart::Gaussian(gaussian) => gaussian.part(x, step),
            ResponsePart::Table(table) => table.part(step),
        };
        let part = match &instrument.rotation {
            None => response,
            Some(rotation) => response.then(rotation.part(x, step)),
        };
        let beta = instrument.velocity.value(x) / LIGHT_KM_S;
        let mut continuum = vec![1.0; instrument.count()];
        for (slot, basis) in instrument.continuum.iter().zip(&instrument.basis) {
            let coefficient = slot.value(x);
            continuum.iter_mut().zip(basis).for_each(|(sum, t)| *sum += coefficient * t);
        }
        Self {
            instrument,
            part,
            shift: beta.atanh() / step,
            shift_slope: 1.0 / (LIGHT_KM_S * (1.0 - beta * beta) * step),
            scale: instrument.scale.value(x),
            offset: instrument.offset.value(x),
            continuum,
        }
    }

    /// What the instrument records \[point\] of a spectrum \[nu\].
    ///
    /// # Errors
    /// [`Error::Invalid`] for a spectrum of another length than the grid's.
    pub fn apply(&self, spectrum: &[f64]) -> Result<Vec<f64>> {
        self.check("points of the spectrum", spectrum.len(), self.instrument.grid.len())?;
        let record = |row: &mut Row, point| {
            row.fill(&self.part.value, &self.stencil(point));
            self.gain(point) * row.dot(spectrum) + self.offset
        };
        Ok((0..self.instrument.count()).into_par_iter().map_init(Row::default, record).collect())
    }

    /// The linear part, without the offset, for columns \[column\]\[nu\] such as those of a Jacobian: \[point\]\[column\].
    ///
    /// # Errors
    /// [`Error::Invalid`] if the columns are not of the grid's length.
    pub fn apply_tangents(&self, columns: &[f64]) -> Result<Vec<f64>> {
        let n = self.instrument.grid.len();
        let count = columns.len() / n;
        self.check("points of all columns", columns.len(), count * n)?;
        let mut out = vec![0.0; count * self.instrument.count()];
        if count > 0 {
            out.par_chunks_mut(count).enumerate().for_each_init(Row::default, |row, (point, out)| {
                row.fill(&self.part.value, &self.stencil(point));
                let gain = self.gain(point);
                out.iter_mut().zip(columns.chunks_exact(n)).for_each(|(out, column)| *out = gain * row.dot(column));
            });
        }
        Ok(out)
    }

    /// The transpose of the linear part: weights of the data points \[point\] to weights of the grid points \[nu\].
    ///
    /// # Errors
    /// [`Error::Invalid`] for another number of weights than of data points.
    pub fn transpose(&self, weights: &[f64]) -> Result<Vec<f64>> {
        self.check("weights of data points", weights.len(), self.instrument.count())?;
        let spread = |(chunk, weights): (usize, &[f64])| {
            let stencils: Vec<_> = (0..weights.len()).map(|k| self.stencil(chunk * CHUNK + k)).collect();
            let spans = || stencils.iter().map(Stencil::span);
            let first = (spans().map(|s| s.0).min().unwrap_or(0) + self.part.value.first) as usize;
            let last = spans().map(|s| s.1).max().unwrap_or(0) + self.part.value.first;
            let mut sum = vec![0.0; last as usize + self.part.value.weight.len() - first];
            let mut row = Row::default();
            for (k, (stencil, weight)) in stencils.iter().zip(weights).enumerate() {
                row.fill(&self.part.value, stencil);
                let weight = weight * self.gain(chunk * CHUNK + k);
                sum[row.start - first..].iter_mut().zip(&row.weight).for_each(|(sum, w)| *sum += weight * w);
            }
            (first, sum)
        };
        let parts: Vec<_> = weights.par_chunks(CHUNK).enumerate().map(spread).collect();
        let mut out = vec![0.0; self.instrument.grid.len()];
        for (first, part) in parts {
            out[first..].iter_mut().zip(part).for_each(|(out, part)| *out += part);
        }
        Ok(out)
    }

    /// [`apply`](Self::apply), and the derivatives \[point\]\[parameter\] by the instrument's free parameters.
    ///
    /// # Errors
    /// As [`apply`](Self::apply).
    pub fn apply_with_derivatives(&self, spectrum: &[f64]) -> Result<(Vec<f64>, Vec<f64>)> {
        self.check("points of the spectrum", spectrum.len(), self.instrument.grid.len())?;
        let parameters = self.instrument.parameters().len();
        if parameters == 0 {
            return Ok((self.apply(spectrum)?, Vec::new()));
        }
        let mut values = vec![0.0; self.instrument.count()];
        let mut derivatives = vec![0.0; self.instrument.count() * parameters];
        let points = values.par_iter_mut().zip(derivatives.par_chunks_mut(parameters)).enumerate();
        points.for_each_init(Row::default, |row, (point, (value, derivatives))| {
            *value = self.derive(row, point, spectrum, derivatives);
        });
        Ok((values, derivatives))
    }

    /// Value of one data point; its derivatives are added to `derivatives` \[parameter\].
    fn derive(&self, row: &mut Row, point: usize, spectrum: &[f64], derivatives: &mut [f64]) -> f64 {
        let mut record = |kernel: &Kernel, stencil: &Stencil| {
            row.fill(kernel, stencil);
            row.dot(spectrum)
        };
        let (gain, stencil) = (self.gain(point), self.stencil(point));
        let broadened = record(&self.part.value, &stencil);
        for (index, kernel) in &self.part.slopes {
            derivatives[*index] += gain * record(kernel, &stencil);
        }
        let mut add = |slot: &Slot, slope: &mut dyn FnMut() -> f64| {
            if let Some(index) = slot.index() {
                derivatives[index] += slope();
            }
        };
        let instrument = self.instrument;
        let moved = &mut || gain * self.shift_slope * record(&self.part.value, &self.stencil_slope(point));
        add(&instrument.velocity, moved);
        add(&instrument.scale, &mut || self.continuum[point] * broadened);
        add(&instrument.offset, &mut || 1.0);
        for (slot, basis) in instrument.continuum.iter().zip(&instrument.basis) {
            add(slot, &mut || self.scale * basis[point] * broadened);
        }
        gain * broadened + self.offset
    }

    fn gain(&self, point: usize) -> f64 {
        self.scale * self.continuum[point]
    }

    fn stencil(&self, point: usize) -> Stencil {
        let [low, high] = self.instrument.ends[point].map(|x| x + self.shift);
        self.instrument.bins.as_ref().map_or_else(|| Stencil::value(low), |rule| rule.value(low, high))
    }

    /// Derivative of [`stencil`](Self::stencil) by the shift.
    fn stencil_slope(&self, point: usize) -> Stencil {
        let [low, high] = self.instrument.ends[point].map(|x| x + self.shift);
        self.instrument.bins.as_ref().map_or_else(|| Stencil::slope(low), |rule| rule.slope(low, high))
    }

    fn check(&self, what: &str, given: usize, required: usize) -> Result<()> {
        if given == required { Ok(()) } else { Err(Error::invalid(what, given, required.to_string())) }
    }
}
