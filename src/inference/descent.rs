//! What optimisers on the gradient share: -ln posterior in unconstrained coordinates, the best point so far, the covariance.

use nalgebra::{DMatrix, DVector};

use super::fit::{Fit, Step, invert};
use super::posterior::{Posterior, recoverable};
use super::priors::Priors;
use crate::objective::LogDensity;
use crate::{Error, Progress, Result};

/// A place where -ln posterior is known.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub z: Vec<f64>,
    pub value: f64,
    pub gradient: Vec<f64>,
}

/// A descent in progress.
pub(super) struct Descent<'a> {
    posterior: Posterior<&'a mut dyn LogDensity>,
    progress: &'a dyn Progress,
    evaluations: usize,
    pub best: Place,
    history: Vec<Step>,
}

impl<'a> Descent<'a> {
    /// Evaluates the start, which must be inside the priors' support and the model.
    pub fn new(
        density: &'a mut dyn LogDensity,
        priors: &Priors,
        start: &[f64],
        progress: &'a dyn Progress,
    ) -> Result<Self> {
        let z = priors.to_unconstrained(start)?;
        // The most probable x is wanted, which must not depend on the coordinates of the search.
        let posterior = Posterior::new(density, priors.clone())?.without_jacobian();
        let best = Place { z: z.clone(), value: f64::INFINITY, gradient: vec![0.0; z.len()] };
        let mut descent = Self { posterior, progress, evaluations: 0, best, history: Vec::new() };
        descent.at(&z)?;
        Ok(descent)
    }

    /// -ln posterior and its gradient at `z`.
    pub fn at(&mut self, z: &[f64]) -> Result<Place> {
        self.evaluations += 1;
        self.progress.advance(1);
        let mut gradient = vec![0.0; z.len()];
        let value = -self.posterior.value_and_gradient(z, &mut gradient)?;
        gradient.iter_mut().for_each(|g| *g = -*g);
        let place = Place { z: z.to_vec(), value, gradient };
        if value < self.best.value {
            self.best = place.clone();
            let parameters = self.posterior.priors().to_constrained(z);
            self.history.push(Step { evaluations: self.evaluations, value, parameters });
        }
        Ok(place)
    }

    /// The inverse of the Hessian at the best place by central differences of the gradient: 4 evaluations a parameter.
    fn covariance(&mut self) -> Result<Option<DMatrix<f64>>> {
        let best = self.best.clone();
        let n = best.z.len();
        let mut hessian = DMatrix::zeros(n, n);
        for i in 0..n {
            // The first step only learns the parameter's scale; the second is a third of its conditional standard deviation.
            let mut h = 1e-3 * (1.0 + best.z[i].abs());
            for _ in 0..2 {
                let (up, down) = match (self.beside(&best.z, i, h), self.beside(&best.z, i, -h)) {
                    (Ok(up), Ok(down)) => (up, down),
                    (Err(e), _) | (_, Err(e)) if recoverable(&e) => return Ok(None),
                    (Err(e), _) | (_, Err(e)) => return Err(e),
                };
                for k in 0..n {
                    hessian[(i, k)] = (up.gradient[k] - down.gradient[k]) / (2.0 * h);
                }
                let curvature: f64 = hessian[(i, i)];
                if curvature <= 0.0 {
                    return Ok(None);
                }
                h = curvature.sqrt().recip() / 3.0;
            }
        }
        Ok(invert(0.5 * (&hessian + hessian.transpose())))
    }

    fn beside(&mut self, z: &[f64], i: usize, h: f64) -> Result<Place> {
        let mut z = z.to_vec();
        z[i] += h;
        self.at(&z)
    }

    /// The result. Without a verdict of the method's own, the descent has converged if a Newton step would lower -ln posterior by
    /// less than 1e-3 (the "estimated distance to the minimum" of James and Roos 1975), which needs the covariance.
    pub fn finish(mut self, method: &str, converged: bool, reason: String, covariance: bool) -> Result<Fit> {
        let iterations = self.history.len().saturating_sub(1);
        let priors = self.posterior.priors().clone();
        let unconstrained = if covariance { self.covariance()? } else { None };
        let best = self.best;
        let gradient = DVector::from_column_slice(&best.gradient);
        let distance = unconstrained.as_ref().map(|c| 0.5 * gradient.dot(&(c * &gradient)));
        let (converged, reason) = match distance {
            Some(d) if !converged => (d < 1e-3, format!("{reason}; estimated distance to the minimum {d:.1e}")),
            _ => (converged, reason),
        };
        let slopes = slope_matrix(&priors, &best.z);
        let mut fit = Fit {
            method: method.into(),
            names: priors.names().to_vec(),
            labels: priors.labels().to_vec(),
            parameters: priors.to_constrained(&best.z),
            covariance: None,
            standard_errors: None,
            chi_square: None,
            reduced_chi_square: None,
            data: None,
            value: best.value,
            iterations,
            evaluations: self.evaluations,
            converged,
            reason,
            history: self.history,
        };
        fit.set_covariance(unconstrained.map(|c| &slopes * c * slopes.transpose()));
        self.progress.finish();
        Ok(fit)
    }
}

/// dx/dz \[parameter\]\[coordinate\].
pub(super) fn slope_matrix(priors: &Priors, z: &[f64]) -> DMatrix<f64> {
    let mut matrix = DMatrix::zeros(z.len(), z.len());
    for (i, k, slope) in priors.slopes(z) {
        matrix[(i, k)] = slope;
    }
    matrix
}

/// Checks a whole number of steps and a number above zero, by name.
pub(super) fn check_settings(what: &str, steps: usize, positive: &[(&str, f64)]) -> Result<()> {
    if steps == 0 {
        return Err(Error::invalid(format!("{what}: number of steps"), 0, "at least 1"));
    }
    for (name, value) in positive {
        if !(value.is_finite() && *value > 0.0) {
            return Err(Error::invalid(format!("{what}: {name}"), value, "a finite number above 0"));
        }
    }
    Ok(())
}
