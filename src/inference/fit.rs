//! What every optimiser returns.

use std::fmt;

use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};

use super::priors::Priors;
use crate::objective::Residuals;
use crate::{Error, Result};

/// A step of an optimiser.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Step {
    /// Evaluations of the objective so far.
    pub evaluations: usize,
    /// What is minimised: half of chi-square for least squares, -ln posterior otherwise.
    pub value: f64,
    /// Parameters \[parameter\].
    pub parameters: Vec<f64>,
}

/// The best parameters that an optimiser found, with their uncertainties.
///
/// The covariance is that of measurement errors as given; it is not scaled by the reduced chi-square.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Fit {
    /// The optimiser.
    pub method: String,
    /// Names of the parameters.
    pub names: Vec<String>,
    /// The same as people read them; empty where they are the names.
    #[serde(default)]
    pub labels: Vec<String>,
    /// Best parameters \[parameter\].
    pub parameters: Vec<f64>,
    /// Covariance of the parameters \[parameter\]\[parameter\]; `None` where the curvature at the best parameters is not
    /// positive (a parameter without influence, or at the end of its support).
    pub covariance: Option<Vec<f64>>,
    /// Square roots of the covariance's diagonal \[parameter\].
    pub standard_errors: Option<Vec<f64>>,
    /// Sum of squared residuals of the data; `None` where only a density was given.
    pub chi_square: Option<f64>,
    /// Chi-square over (number of data - number of parameters), where that is positive.
    pub reduced_chi_square: Option<f64>,
    /// Number of data, where residuals were given.
    pub data: Option<usize>,
    /// The least value of what was minimised: half of chi-square with the priors' share, or -ln posterior.
    pub value: f64,
    /// Accepted steps.
    pub iterations: usize,
    /// Evaluations of the objective, with or without derivatives.
    pub evaluations: usize,
    /// Whether a criterion of convergence was met.
    pub converged: bool,
    /// The criterion that ended the search, in words.
    pub reason: String,
    /// The steps taken.
    pub history: Vec<Step>,
}

impl Fit {
    /// Fills in chi-square, and the covariance (J^T J)^-1 from the Jacobian at the best parameters, with the curvature of the priors that
    /// count as residuals. For fits on a density whose residuals are known as well.
    ///
    /// # Errors
    /// Those of the residuals; a Jacobian of another shape than the residuals'.
    pub fn assess(&mut self, residuals: &mut dyn Residuals, priors: &Priors) -> Result<()> {
        let n = self.parameters.len();
        let (r, jacobian) = residuals.residuals_and_jacobian(&self.parameters)?;
        self.evaluations += 1;
        check_shape(&r, Some(&jacobian), residuals.count(), n)?;
        let j = DMatrix::from_row_slice(r.len(), n, &jacobian);
        let mut information = j.tr_mul(&j);
        for (i, k, curvature) in priors.curvature(&self.parameters) {
            information[(i, k)] += curvature;
        }
        self.set_covariance(invert(information));
        let chi_square = r.iter().map(|r| r * r).sum();
        self.chi_square = Some(chi_square);
        self.data = Some(r.len());
        self.reduced_chi_square = (r.len() > n).then(|| chi_square / (r.len() - n) as f64);
        Ok(())
    }

    pub(super) fn set_covariance(&mut self, covariance: Option<DMatrix<f64>>) {
        self.standard_errors = covariance.as_ref().map(|c| c.diagonal().iter().map(|v| v.sqrt()).collect());
        self.covariance = covariance.map(|c| c.as_slice().to_vec());
    }

    /// Correlation of parameters `i` and `j`.
    pub fn correlation(&self, i: usize, j: usize) -> Option<f64> {
        let (c, n) = (self.covariance.as_ref()?, self.parameters.len());
        Some(c[i * n + j] / (c[i * n + i] * c[j * n + j]).sqrt())
    }
}

/// Checks what residuals gave against what they said.
pub(super) fn check_shape(r: &[f64], jacobian: Option<&[f64]>, count: usize, parameters: usize) -> Result<()> {
    if r.len() != count || jacobian.is_some_and(|j| j.len() != count * parameters) {
        let given = format!("{} residuals, {} derivatives", r.len(), jacobian.map_or(0, <[f64]>::len));
        return Err(Error::invalid("residuals", given, format!("{count}, and {parameters} derivatives of each")));
    }
    Ok(())
}

/// The inverse of a symmetric positive definite matrix; `None` if it is not. Rows are scaled first, so that units do not matter.
pub(super) fn invert(matrix: DMatrix<f64>) -> Option<DMatrix<f64>> {
    let scale: Vec<f64> = matrix.diagonal().iter().map(|d| d.sqrt().recip()).collect();
    let scaled = |m: &DMatrix<f64>| m.map_with_location(|i, j, v| v * scale[i] * scale[j]);
    let unit = scaled(&matrix);
    // A diagonal of ones and a determinant near the rounding error: some direction is not constrained at all.
    let factor = unit.iter().all(|v| v.is_finite()).then(|| unit.cholesky()).flatten()?;
    if factor.l_dirty().diagonal().iter().any(|d| *d < 1e-7) {
        return None;
    }
    Some(scaled(&factor.inverse()))
}

impl fmt::Display for Fit {
    /// A table of the parameters, and below it what is to be said of the fit.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let labels = if self.labels.len() == self.names.len() { &self.labels } else { &self.names };
        let width = labels.iter().map(|n| n.chars().count()).max().unwrap_or(0).max(9);
        writeln!(f, "{:width$}  {:>14}  {:>14}", "parameter", "value", "standard error")?;
        for (i, (name, value)) in labels.iter().zip(&self.parameters).enumerate() {
            let error = self.standard_errors.as_ref().map_or("-".into(), |e| format!("{:.3e}", e[i]));
            writeln!(f, "{name:width$}  {value:>14.6e}  {error:>14}")?;
        }
        if let (Some(chi_square), Some(data)) = (self.chi_square, self.data) {
            write!(f, "chi-square {chi_square:.4} for {data} data and {} parameters", self.names.len())?;
            writeln!(f, "{}", self.reduced_chi_square.map_or(String::new(), |r| format!(", reduced {r:.4}")))?;
        } else {
            writeln!(f, "-ln posterior {:.6}", self.value)?;
        }
        let verdict = if self.converged { "converged" } else { "NOT converged" };
        write!(
            f,
            "{}: {verdict} ({}), {} steps, {} evaluations",
            self.method, self.reason, self.iterations, self.evaluations
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inverses_do_not_mind_units_and_notice_degeneracy() {
        let m = DMatrix::from_row_slice(2, 2, &[4e20, 2.0, 2.0, 3e-20]);
        let inverse = invert(m.clone()).unwrap();
        assert!((m * inverse - DMatrix::identity(2, 2)).iter().all(|v| v.abs() < 1e-12 || v.abs() < 1e-9 * 1e20));
        assert!(invert(DMatrix::from_row_slice(2, 2, &[1.0, 2.0, 2.0, 4.0])).is_none());
        assert!(invert(DMatrix::from_row_slice(2, 2, &[1.0, 0.0, 0.0, 0.0])).is_none());
    }

    #[test]
    fn the_table_says_what_was_found() {
        let fit = Fit {
            method: "Levenberg-Marquardt".into(),
            names: vec!["T0".into(), "alpha".into()],
            labels: vec!["T0 [K]".into(), "alpha".into()],
            parameters: vec![901.25, 0.1013],
            covariance: Some(vec![4.0, 0.0, 0.0, 1e-6]),
            standard_errors: Some(vec![2.0, 1e-3]),
            chi_square: Some(98.5),
            reduced_chi_square: Some(1.005),
            data: Some(100),
            value: 49.25,
            iterations: 6,
            evaluations: 15,
            converged: true,
            reason: "the step is below the tolerance".into(),
            history: vec![],
        };
        insta::assert_snapshot!(fit, @r"
        parameter           value  standard error
        T0 [K]         9.012500e2         2.000e0
        alpha         1.013000e-1        1.000e-3
        chi-square 98.5000 for 100 data and 2 parameters, reduced 1.0050
        Levenberg-Marquardt: converged (the step is below the tolerance), 6 steps, 15 evaluations
        ");
        let text = serde_json::to_string(&fit).unwrap();
        assert_eq!(serde_json::from_str::<Fit>(&text).unwrap(), fit);
    }
}
