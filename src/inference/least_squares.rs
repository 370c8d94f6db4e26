//! Levenberg-Marquardt least squares (Moré 1978, as in MINPACK), by the crate `levenberg-marquardt`.

use std::cell::RefCell;

use levenberg_marquardt::{LeastSquaresProblem, LevenbergMarquardt, TerminationReason};
use nalgebra::{DMatrix, DVector, Dyn, Owned};

use super::fit::{Fit, Step, check_shape};
use super::posterior::recoverable;
use super::priors::Priors;
use crate::objective::Residuals;
use crate::{Error, Progress, Result};

/// When a least-squares fit ends, and what the priors do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LeastSquaresSettings {
    /// Relative change of chi-square or of the parameters (in unconstrained coordinates) below which the fit has converged. Spectra
    /// computed in f32 hardly allow less than 1e-8.
    pub tolerance: f64,
    /// Evaluations of the residuals, per parameter plus one, after which the fit gives up.
    pub patience: usize,
    /// Every prior with a largest density counts as residuals, a normal one as a datum, which makes the result the most probable parameters
    /// (maximum a posteriori). Constant ones, and beta distributions that grow beyond all bounds at an end, only bound the parameters. If
    /// false, all priors do no more than that.
    pub priors_as_data: bool,
}

impl Default for LeastSquaresSettings {
    fn default() -> Self {
        Self { tolerance: 1e-8, patience: 50, priors_as_data: true }
    }
}

/// Minimises the sum of squared residuals within the priors' support, from `start`.
///
/// The search moves in unconstrained coordinates with the exact chain rule. Parameters that the model refuses
/// ([`Error::Invalid`]) count as a step too long. The noise must not be among the parameters: residuals know nothing of the
/// likelihood's normalisation; fit such models with [`lbfgs`](super::lbfgs()).
///
/// # Errors
/// A start outside the priors' support or the model; a tolerance outside 0..1; fatal errors of the residuals.
pub fn levenberg_marquardt(
    residuals: &mut dyn Residuals,
    priors: &Priors,
    start: &[f64],
    settings: &LeastSquaresSettings,
    progress: &dyn Progress,
) -> Result<Fit> {
    if !(settings.tolerance > 0.0 && settings.tolerance < 1.0) || settings.patience == 0 {
        let given = format!("tolerance {}, patience {}", settings.tolerance, settings.patience);
        return Err(Error::invalid("least-squares settings", given, "a tolerance between 0 and 1, a patience above 0"));
    }
    priors.check_names(residuals.names())?;
    let z = priors.to_unconstrained(start)?;
    let terms = if settings.priors_as_data { priors.terms(start).len() } else { 0 };
    if residuals.count() + terms < z.len() {
        let given = format!("{} residuals for {} parameters", residuals.count(), z.len());
        return Err(Error::invalid("least squares", given, "at least as many residuals as parameters"));
    }
    progress.begin("least squares", None);
    let mut search = Search {
        residuals,
        priors,
        priors_as_data: settings.priors_as_data,
        evaluations: 0,
        latest: None,
        failure: None,
        history: Vec::new(),
        progress,
    };
    // The start must be inside the model: with nothing to go back to, its refusal is final.
    search.evaluate(&priors.to_constrained(&z))?;
    let problem = Problem { z: DVector::from_vec(z), search: RefCell::new(search) };
    let solver = LevenbergMarquardt::new()
        .with_ftol(settings.tolerance)
        .with_xtol(settings.tolerance)
        .with_gtol(settings.tolerance)
        .with_patience(settings.patience);
    let (problem, report) = solver.minimize(problem);
    let search = problem.search.into_inner();
    progress.finish();
    if let Some(error) = search.failure {
        return Err(error);
    }
    let (converged, reason) = verdict(&report.termination);
    let mut fit = Fit {
        method: "Levenberg-Marquardt".into(),
        names: priors.names().to_vec(),
        labels: priors.labels().to_vec(),
        parameters: priors.to_constrained(problem.z.as_slice()),
        covariance: None,
        standard_errors: None,
        chi_square: None,
        reduced_chi_square: None,
        data: None,
        value: report.objective_function,
        iterations: search.history.len().saturating_sub(1),
        evaluations: search.evaluations,
        converged,
        reason,
        history: search.history,
    };
    let flat = Priors::flat(priors.names());
    fit.assess(search.residuals, if settings.priors_as_data { priors } else { &flat })?;
    Ok(fit)
}

/// What the model gave at its latest evaluation.
struct Evaluation {
    x: Vec<f64>,
    /// With rows for the priors at the end.
    residuals: Vec<f64>,
    /// \[residual\]\[parameter\]
    jacobian: Vec<f64>,
    norm: f64,
}

struct Search<'a> {
    residuals: &'a mut dyn Residuals,
    priors: &'a Priors,
    priors_as_data: bool,
    evaluations: usize,
    latest: Option<Evaluation>,
    failure: Option<Error>,
    history: Vec<Step>,
    progress: &'a dyn Progress,
}

impl Search<'_> {
    /// Residuals and their Jacobian at x, with rows for the priors below. Both at once: nearly every trial step is accepted, and then its
    /// Jacobian is the next thing asked for; residuals alone would cost a spectrum more, and memory for it.
    fn evaluate(&mut self, x: &[f64]) -> Result<&Evaluation> {
        if self.latest.as_ref().is_none_or(|l| l.x != x) {
            self.evaluations += 1;
            self.progress.advance(1);
            let (mut residuals, mut jacobian) = self.residuals.residuals_and_jacobian(x)?;
            check_shape(&residuals, Some(&jacobian), self.residuals.count(), x.len())?;
            if self.priors_as_data {
                for (residual, row) in self.priors.terms(x) {
                    residuals.push(residual);
                    jacobian.extend(row);
                }
            }
            let norm = residuals.iter().map(|r| r * r).sum::<f64>().sqrt();
            if !norm.is_finite() || jacobian.iter().any(|j| !j.is_finite()) {
                return Err(Error::invalid(
                    "residuals",
                    format!("norm {norm} at {x:?}"),
                    "finite residuals and derivatives",
                ));
            }
            self.latest = Some(Evaluation { x: x.to_vec(), residuals, jacobian, norm });
        }
        Ok(self.latest.as_ref().expect("just made"))
    }
}

struct Problem<'a> {
    z: DVector<f64>,
    search: RefCell<Search<'a>>,
}

impl LeastSquaresProblem<f64, Dyn, Dyn> for Problem<'_> {
    type ResidualStorage = Owned<f64, Dyn>;
    type JacobianStorage = Owned<f64, Dyn, Dyn>;
    type ParameterStorage = Owned<f64, Dyn>;

    fn set_params(&mut self, z: &DVector<f64>) {
        self.z.copy_from(z);
    }

    fn params(&self) -> DVector<f64> {
        self.z.clone()
    }

    fn residuals(&self) -> Option<DVector<f64>> {
        let mut search = self.search.borrow_mut();
        let x = search.priors.to_constrained(self.z.as_slice());
        match search.evaluate(&x) {
            Ok(at) => Some(DVector::from_column_slice(&at.residuals)),
            // Outside the model: so much worse than any point inside that the step is taken back and shortened.
            Err(e) if recoverable(&e) => {
                let inside = search.latest.as_ref()?;
                Some(DVector::from_element(inside.residuals.len(), 1e3 * (1.0 + inside.norm)))
            }
            Err(e) => {
                search.failure = Some(e);
                None
            }
        }
    }

    fn jacobian(&self) -> Option<DMatrix<f64>> {
        let mut search = self.search.borrow_mut();
        let x = search.priors.to_constrained(self.z.as_slice());
        match search.evaluate(&x) {
            Ok(at) => {
                let j = DMatrix::from_row_slice(at.residuals.len(), x.len(), &at.jacobian);
                let value = 0.5 * at.norm * at.norm;
                let step = Step { evaluations: search.evaluations, value, parameters: x };
                search.history.push(step);
                let mut by_z = DMatrix::zeros(j.nrows(), j.ncols());
                for (i, k, slope) in search.priors.slopes(self.z.as_slice()) {
                    by_z.column_mut(k).axpy(slope, &j.column(i), 1.0);
                }
                Some(by_z)
            }
            Err(e) => {
                search.failure = Some(e);
                None
            }
        }
    }
}

/// Whether the fit converged, and why it ended.
fn verdict(reason: &TerminationReason) -> (bool, String) {
    let words = match reason {
        TerminationReason::ResidualsZero => "the residuals are zero",
        TerminationReason::Orthogonal => "no direction lowers chi-square",
        TerminationReason::Converged { ftol: true, .. } => "the change of chi-square is below the tolerance",
        TerminationReason::Converged { .. } => "the step is below the tolerance",
        // The step or the change has reached rounding error; there is nothing left to gain.
        TerminationReason::NoImprovementPossible(_) => return (true, "rounding allows no further step".into()),
        TerminationReason::LostPatience => "too many evaluations",
        TerminationReason::Numerical(what) => return (false, format!("not finite: {what}")),
        other => return (false, format!("{other:?}")),
    };
    (reason.was_successful(), words.into())
}

#[cfg(test)]
mod tests {
    use super::super::prior::Prior;
    use super::super::testing::{Line, Valley};
    use super::*;

    fn fit(residuals: &mut dyn Residuals, priors: &Priors, start: &[f64]) -> Result<Fit> {
        levenberg_marquardt(residuals, priors, start, &LeastSquaresSettings::default(), &())
    }

    #[test]
    fn a_line_gets_its_analytic_answer() {
        let mut line = Line::new(0.2);
        let names = Residuals::names(&line).to_vec();
        for sd in [0.05, 1e6] {
            let prior = Prior::Normal { mean: 0.0, sd };
            let priors = Priors::new(&names, [("a", prior), ("b", prior)]).unwrap();
            let found = fit(&mut line, &priors, &[0.0, 0.0]).unwrap();
            let (mean, [aa, ab, bb]) = line.answer(sd);
            assert!(found.converged, "{found}");
            assert!(found.parameters.iter().zip(mean).all(|(f, m)| (f - m).abs() < 1e-7), "{found}");
            for (found, expected) in found.covariance.unwrap().iter().zip([aa, ab, ab, bb]) {
                assert!((found - expected).abs() < 1e-10, "{found} {expected}");
            }
        }
    }

    #[test]
    fn the_valleys_end_is_found_with_and_without_bounds() {
        let names = Residuals::names(&Valley::new()).to_vec();
        let bounds = Prior::Uniform { lower: -2.0, upper: 3.0 };
        for priors in [Priors::flat(&names), Priors::new(&names, [("x", bounds), ("y", bounds)]).unwrap()] {
            let found = fit(&mut Valley::new(), &priors, &[-1.2, 1.0]).unwrap();
            assert!(found.converged && found.chi_square.unwrap() < 1e-12, "{found}");
            assert!((found.parameters[1] - 1.0).abs() < 1e-6, "{found}");
            assert!(found.history.windows(2).all(|w| w[1].value <= w[0].value));
            // (J^T J)^-1 at (1, 1), J = [[-20, 10], [-1, 0]].
            for (c, expected) in found.covariance.unwrap().iter().zip([1.0, 2.0, 2.0, 4.01]) {
                assert!((c - expected).abs() < 1e-5, "{c} {expected}");
            }
        }
    }

    #[test]
    fn steps_out_of_the_model_are_taken_back_and_lost_devices_end_the_fit() {
        let mut valley = Valley { limit: 1.5, ..Valley::new() };
        let priors = Priors::flat(Residuals::names(&valley));
        let found = fit(&mut valley, &priors, &[-1.2, 1.0]).unwrap();
        assert!(found.converged && (found.parameters[0] - 1.0).abs() < 1e-6, "{found}");
        let mut lost = Valley { fatal: true, limit: 1.1, ..valley.clone() };
        assert!(matches!(fit(&mut lost, &priors, &[-1.0, 1.0]), Err(Error::DeviceLost(_))));
        assert!(fit(&mut valley, &priors, &[2.0, 0.0]).unwrap_err().to_string().contains("1.5"));
    }

    #[test]
    fn a_bound_that_excludes_the_minimum_holds() {
        let names = Residuals::names(&Valley::new()).to_vec();
        let below = Prior::Uniform { lower: -2.0, upper: 0.5 };
        let priors = Priors::new(&names, [("x", below), ("y", Prior::Flat {})]).unwrap();
        let found = fit(&mut Valley::new(), &priors, &[-1.2, 1.0]).unwrap();
        assert!((found.parameters[0] - 0.5).abs() < 1e-3 && found.parameters[0] <= 0.5, "{found}");
    }

    #[test]
    fn fewer_data_than_parameters_are_refused() {
        let mut line = Line::new(0.1);
        line.t.truncate(1);
        line.data.truncate(1);
        let priors = Priors::flat(Residuals::names(&line));
        assert!(fit(&mut line, &priors, &[0.0, 0.0]).unwrap_err().to_string().contains("1 residuals for 2"));
    }
}
