//! Noise whose points are correlated: a dense covariance, its Cholesky factor, and derivatives by the noise's own parameters.
//!
//! ```text
//! C = error_scale^2 C_0 + jitter^2 1 + amplitude^2 k(d / length)        C_0: the file's matrix, or the squares of the errors
//! ln L = -1/2 r^T C^-1 r - 1/2 ln det C - n/2 ln 2 pi                   r = y - d
//! d ln L / d theta = 1/2 sum over i, k of (a a^T - C^-1)_ik (dC / d theta)_ik       a = C^-1 r
//! ```
//!
//! With C = L L^T, the whitened residuals L^-1 r have a sum of squares r^T C^-1 r: least squares goes on as with independent points.

use std::f64::consts::TAU;
use std::sync::{Arc, Mutex, PoisonError};

use nalgebra::{Cholesky, DMatrix, DVector, Dyn};

use super::noise::{Noise, NoiseSlots};
use super::process::PlacedProcess;
use super::{DataSet, MOST_POINTS};
use crate::instrument::Parameters;
use crate::{Error, Result};

type Factor = Cholesky<f64, Dyn>;

/// Correlated noise of one data set.
#[derive(Debug)]
pub(super) struct Correlated {
    slots: NoiseSlots,
    /// C_0; `None`: the squares of the errors.
    base: Option<DMatrix<f64>>,
    error: Vec<f64>,
    process: Option<PlacedProcess>,
    /// The latest factor, with the parameters of the noise that it is for: fixed noise has one for ever.
    latest: Mutex<Option<([f64; 4], Arc<Factor>)>>,
}

impl Correlated {
    /// `None` where points are independent.
    pub fn new(noise: &Noise, slots: NoiseSlots, set: &DataSet, parameters: &mut Parameters) -> Result<Option<Self>> {
        if noise.covariance.is_none() && noise.process.is_none() {
            return Ok(None);
        }
        if set.len() > MOST_POINTS {
            let required = format!("{MOST_POINTS} at most");
            return Err(Error::invalid("points with correlated noise", set.len(), required));
        }
        let base = noise.covariance.as_ref().map(|c| c.sorted(set)).transpose()?;
        let process = noise.process.as_ref();
        let process = process.map(|p| PlacedProcess::new(p, set.wavenumber(), parameters)).transpose()?;
        Ok(Some(Self { slots, base, error: set.error().to_vec(), process, latest: Mutex::new(None) }))
    }

    /// The same for other errors of the same points.
    pub fn set_error(&mut self, error: &[f64]) {
        self.error = error.to_vec();
        *self.latest.get_mut().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Places of the parameters of the process that are free.
    pub fn free(&self) -> impl Iterator<Item = usize> {
        self.process.iter().flat_map(|p| [p.length.index(), p.amplitude.index()]).flatten()
    }

    /// Error scale, jitter, length and amplitude.
    fn values(&self, x: &[f64]) -> [f64; 4] {
        let process = self.process.as_ref().map_or((1.0, 0.0), |p| (p.length.value(x), p.amplitude.value(x)));
        [self.slots.error_scale.value(x), self.slots.jitter.value(x), process.0, process.1]
    }

    fn base(&self, i: usize, k: usize) -> f64 {
        match &self.base {
            Some(base) => base[(i, k)],
            None if i == k => self.error[i] * self.error[i],
            None => 0.0,
        }
    }

    /// C.
    fn matrix(&self, [scale, jitter, length, amplitude]: [f64; 4]) -> DMatrix<f64> {
        let n = self.error.len();
        let mut matrix = DMatrix::zeros(n, n);
        for k in 0..n {
            for i in k..n {
                let process = self.process.as_ref().map_or(0.0, |p| amplitude * amplitude * p.shape(i, k, length).0);
                let jitter = if i == k { jitter * jitter } else { 0.0 };
                let value = scale * scale * self.base(i, k) + jitter + process;
                matrix[(i, k)] = value;
                matrix[(k, i)] = value;
            }
        }
        matrix
    }

    /// The Cholesky factor of C.
    fn factor(&self, x: &[f64]) -> Result<Arc<Factor>> {
        let values = self.values(x);
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, factor)) = latest.as_ref().filter(|(at, _)| *at == values) {
            return Ok(Arc::clone(factor));
        }
        let [scale, jitter, length, amplitude] = values;
        let factor = Cholesky::new(self.matrix(values)).ok_or_else(|| {
            let given = format!("error scale {scale}, jitter {jitter}, length {length}, amplitude {amplitude}");
            let required = "a positive definite matrix: larger independent errors, or a shorter length";
            Error::invalid("covariance of the noise", given, required)
        })?;
        let factor = Arc::new(factor);
        *latest = Some((values, Arc::clone(&factor)));
        Ok(factor)
    }

    /// Standard deviations \[point\].
    pub fn sigma(&self, x: &[f64]) -> Vec<f64> {
        let [scale, jitter, _, amplitude] = self.values(x);
        let variance = |i: usize| scale * scale * self.base(i, i) + jitter * jitter + amplitude * amplitude;
        (0..self.error.len()).map(|i| variance(i).sqrt()).collect()
    }

    /// L^-1 times columns, in rows of `columns` numbers \[point\]\[column\].
    pub fn whiten(&self, x: &[f64], rows: &[f64], columns: usize) -> Result<Vec<f64>> {
        if columns == 0 {
            return Ok(Vec::new());
        }
        let factor = self.factor(x)?;
        let mut matrix = DMatrix::from_row_slice(self.error.len(), columns, rows);
        // The diagonal of a factor has no zero.
        factor.l_dirty().solve_lower_triangular_mut(&mut matrix);
        Ok(matrix.transpose().as_slice().to_vec())
    }

    /// L times independent standard normal numbers: noise.
    pub fn draw(&self, x: &[f64], normal: &[f64]) -> Result<Vec<f64>> {
        let factor = self.factor(x)?;
        Ok((factor.l() * DVector::from_column_slice(normal)).as_slice().to_vec())
    }

    /// ln L of residuals y - d, and its derivatives by them; those by free parameters of the noise are added to `by_extra`.
    pub fn log_likelihood(&self, x: &[f64], residual: &[f64], by_extra: &mut [f64]) -> Result<(f64, Vec<f64>)> {
        let factor = self.factor(x)?;
        let r = DVector::from_column_slice(residual);
        let a = factor.solve(&r);
        let ln_det: f64 = 2.0 * factor.l_dirty().diagonal().iter().map(|d| d.ln()).sum::<f64>();
        let value = -0.5 * (r.dot(&a) + ln_det + r.len() as f64 * TAU.ln());
        let slots = [self.slots.error_scale.index(), self.slots.jitter.index()];
        if slots.iter().flatten().next().is_some() || self.free().next().is_some() {
            self.by_noise(x, &factor, &a, by_extra);
        }
        Ok((value, a.iter().map(|a| -a).collect()))
    }

    /// ln of each point's probability given all others \[point\]: with a = C^-1 r and v = 1 / (C^-1)_jj it is normal about d_j's prediction, off by a_j v with variance v
    /// (Sundararajan & Keerthi 2001).
    pub fn pointwise(&self, x: &[f64], residual: &[f64]) -> Result<Vec<f64>> {
        let factor = self.factor(x)?;
        let a = factor.solve(&DVector::from_column_slice(residual));
        let inverse = factor.inverse();
        let term = |(j, a): (usize, &f64)| {
            let variance = inverse[(j, j)].recip();
            -0.5 * (a * a * variance + (TAU * variance).ln())
        };
        Ok(a.iter().enumerate().map(term).collect())
    }

    /// Adds the derivatives of ln L by free parameters of the noise.
    fn by_noise(&self, x: &[f64], factor: &Factor, a: &DVector<f64>, by_extra: &mut [f64]) {
        let [scale, jitter, length, amplitude] = self.values(x);
        let inverse = factor.inverse();
        // By error scale, jitter, length and amplitude; the lower triangle counts twice.
        let mut slopes = [0.0; 4];
        for k in 0..a.len() {
            for i in k..a.len() {
                let weight = if i == k { 0.5 } else { 1.0 } * (a[i] * a[k] - inverse[(i, k)]);
                slopes[0] += weight * 2.0 * scale * self.base(i, k);
                if i == k {
                    slopes[1] += weight * 2.0 * jitter;
                }
                if let Some(process) = &self.process {
                    let (shape, by_length) = process.shape(i, k, length);
                    slopes[2] += weight * amplitude * amplitude * by_length;
                    slopes[3] += weight * 2.0 * amplitude * shape;
                }
            }
        }
        let process = self.process.as_ref().map(|p| [p.length.index(), p.amplitude.index()]);
        let [length, amplitude] = process.unwrap_or_default();
        let places = [self.slots.error_scale.index(), self.slots.jitter.index(), length, amplitude];
        for (place, slope) in places.into_iter().zip(slopes) {
            if let Some(place) = place {
                by_extra[place] += slope;
            }
        }
    }
}
