//! Objectives with known answers, for the tests of this folder.

use crate::objective::{LogDensity, Residuals};
use crate::{Error, Result};

/// Independent normal densities.
#[derive(Clone, Debug)]
pub(super) struct Gaussian {
    pub names: Vec<String>,
    mean: Vec<f64>,
    sd: Vec<f64>,
}

impl Gaussian {
    pub fn new(names: &[&str], mean: &[f64], sd: &[f64]) -> Self {
        Self { names: names.iter().map(|n| (*n).into()).collect(), mean: mean.to_vec(), sd: sd.to_vec() }
    }
}

impl LogDensity for Gaussian {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn value_and_gradient(&mut self, x: &[f64], gradient: &mut [f64]) -> Result<f64> {
        let mut value = 0.0;
        for i in 0..x.len() {
            let d = (x[i] - self.mean[i]) / self.sd[i];
            value -= 0.5 * d * d;
            gradient[i] = -d / self.sd[i];
        }
        Ok(value)
    }
}

/// A straight line through points with errors: data = a + b t, whose posterior with normal priors is normal.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub names: Vec<String>,
    pub t: Vec<f64>,
    pub data: Vec<f64>,
    pub sd: f64,
}

impl Line {
    /// Twenty points of 2 + 3 t on -1..1 with a fixed, noise-like pattern of errors.
    pub fn new(sd: f64) -> Self {
        let t: Vec<f64> = (0..20).map(|i| -1.0 + f64::from(i) / 9.5).collect();
        let data = (0..20).map(|i| 2.0 + 3.0 * t[i] + sd * (2.3 * i as f64 + 0.4).sin()).collect();
        Self { names: vec!["a".into(), "b".into()], t, data, sd }
    }

    /// Mean and covariance (aa, ab, bb) of the posterior with priors of mean zero and standard deviation `prior`.
    pub fn answer(&self, prior: f64) -> ([f64; 2], [f64; 3]) {
        let w = self.sd.powi(-2);
        let sum = |f: &dyn Fn(usize) -> f64| (0..self.t.len()).map(f).sum::<f64>() * w;
        let p = prior.powi(-2);
        let (aa, ab, bb) = (sum(&|_| 1.0) + p, sum(&|i| self.t[i]), sum(&|i| self.t[i] * self.t[i]) + p);
        let (a, b) = (sum(&|i| self.data[i]), sum(&|i| self.data[i] * self.t[i]));
        let det = aa * bb - ab * ab;
        ([(bb * a - ab * b) / det, (aa * b - ab * a) / det], [bb / det, -ab / det, aa / det])
    }
}

impl Residuals for Line {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn count(&self) -> usize {
        self.t.len()
    }

    fn residuals(&mut self, x: &[f64]) -> Result<Vec<f64>> {
        Ok(self.t.iter().zip(&self.data).map(|(t, d)| (d - x[0] - x[1] * t) / self.sd).collect())
    }

    fn residuals_and_jacobian(&mut self, x: &[f64]) -> Result<(Vec<f64>, Vec<f64>)> {
        let jacobian = self.t.iter().flat_map(|t| [-1.0 / self.sd, -t / self.sd]).collect();
        Ok((Residuals::residuals(self, x)?, jacobian))
    }
}

impl LogDensity for Line {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn value_and_gradient(&mut self, x: &[f64], gradient: &mut [f64]) -> Result<f64> {
        density_of(self, x, gradient)
    }
}

/// The valley of Rosenbrock (1960), r = (10 (y - x^2), 1 - x); parameters beyond `limit` are outside the model.
#[derive(Clone, Debug)]
pub(super) struct Valley {
    pub names: Vec<String>,
    pub limit: f64,
    pub fatal: bool,
    pub evaluations: usize,
}

impl Valley {
    pub fn new() -> Self {
        Self { names: vec!["x".into(), "y".into()], limit: f64::INFINITY, fatal: false, evaluations: 0 }
    }
}

impl Residuals for Valley {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn count(&self) -> usize {
        2
    }

    fn residuals(&mut self, x: &[f64]) -> Result<Vec<f64>> {
        Ok(self.residuals_and_jacobian(x)?.0)
    }

    fn residuals_and_jacobian(&mut self, x: &[f64]) -> Result<(Vec<f64>, Vec<f64>)> {
        self.evaluations += 1;
        if x.iter().any(|v| v.abs() > self.limit) {
            let lost = Error::DeviceLost("lost".into());
            return Err(if self.fatal { lost } else { Error::invalid("x", format!("{x:?}"), self.limit.to_string()) });
        }
        let r = vec![10.0 * (x[1] - x[0] * x[0]), 1.0 - x[0]];
        Ok((r, vec![-20.0 * x[0], 10.0, -1.0, 0.0]))
    }
}

impl LogDensity for Valley {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn value_and_gradient(&mut self, x: &[f64], gradient: &mut [f64]) -> Result<f64> {
        density_of(self, x, gradient)
    }
}

/// -chi-square / 2 and its gradient -J^T r.
fn density_of(objective: &mut dyn Residuals, x: &[f64], gradient: &mut [f64]) -> Result<f64> {
    let (r, jacobian) = objective.residuals_and_jacobian(x)?;
    gradient.fill(0.0);
    for (r, row) in r.iter().zip(jacobian.chunks(x.len())) {
        gradient.iter_mut().zip(row).for_each(|(g, j)| *g -= r * j);
    }
    Ok(-0.5 * r.iter().map(|r| r * r).sum::<f64>())
}

/// data = A x with errors `sd`, any number of parameters: a model on which every prior can be tried.
#[derive(Clone, Debug)]
pub(super) struct Linear {
    pub names: Vec<String>,
    /// \[point\]\[parameter\]
    pub a: Vec<f64>,
    pub data: Vec<f64>,
    pub sd: f64,
}

impl Linear {
    /// `points` rows that look in different directions; no data yet.
    pub fn new(names: &[&str], points: usize, sd: f64) -> Self {
        let n = names.len();
        let a = (0..points * n).map(|i| 1.0 + (1.7 * i as f64).sin() + f64::from(u8::from(i % n == (i / n) % n)));
        let names = names.iter().map(|name| (*name).into()).collect();
        Self { names, a: a.collect(), data: vec![0.0; points], sd }
    }

    pub fn model(&self, x: &[f64]) -> Vec<f64> {
        self.a.chunks(x.len()).map(|row| row.iter().zip(x).map(|(a, x)| a * x).sum()).collect()
    }
}

impl Residuals for Linear {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn count(&self) -> usize {
        self.data.len()
    }

    fn residuals(&mut self, x: &[f64]) -> Result<Vec<f64>> {
        Ok(self.model(x).iter().zip(&self.data).map(|(y, d)| (y - d) / self.sd).collect())
    }

    fn residuals_and_jacobian(&mut self, x: &[f64]) -> Result<(Vec<f64>, Vec<f64>)> {
        Ok((Residuals::residuals(self, x)?, self.a.iter().map(|a| a / self.sd).collect()))
    }
}

impl LogDensity for Linear {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn value_and_gradient(&mut self, x: &[f64], gradient: &mut [f64]) -> Result<f64> {
        density_of(self, x, gradient)
    }
}
