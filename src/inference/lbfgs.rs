//! L-BFGS (Liu and Nocedal 1989) with the line search of Moré and Thuente (1994), by the crate `argmin`.

use std::cell::RefCell;
use std::rc::Rc;

use argmin::core::{CostFunction, Executor, Gradient, State, TerminationReason, TerminationStatus};
use argmin::solver::linesearch::MoreThuenteLineSearch;
use argmin::solver::quasinewton::LBFGS;

use super::descent::{Descent, Place, check_settings};
use super::fit::Fit;
use super::posterior::recoverable;
use super::priors::Priors;
use crate::objective::LogDensity;
use crate::{Error, Progress, Result};

/// When an L-BFGS fit ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LbfgsSettings {
    /// Most steps (each with one or a few evaluations).
    pub steps: usize,
    /// Norm of the gradient, relative to that at the start, below which the fit has converged.
    pub gradient_tolerance: f64,
    /// Change of ln posterior in one step below which the fit has converged.
    pub value_tolerance: f64,
    /// Pairs of steps and gradients that are remembered.
    pub memory: usize,
    /// Whether to compute the covariance from differences of the gradient: 4 evaluations a parameter.
    pub covariance: bool,
}

impl Default for LbfgsSettings {
    fn default() -> Self {
        Self { steps: 200, gradient_tolerance: 1e-8, value_tolerance: 1e-6, memory: 10, covariance: true }
    }
}

/// Finds the most probable parameters within the priors' support, from `start`.
///
/// The maximum is that of likelihood times priors as densities of the parameters themselves; the search moves in unconstrained
/// coordinates. Parameters that the model refuses ([`Error::Invalid`]) count as a step too long.
///
/// # Errors
/// A start outside the priors' support or the model; settings not above zero; fatal errors of the density.
pub fn lbfgs(
    density: &mut dyn LogDensity,
    priors: &Priors,
    start: &[f64],
    settings: &LbfgsSettings,
    progress: &dyn Progress,
) -> Result<Fit> {
    let tolerances =
        [("gradient tolerance", settings.gradient_tolerance), ("value tolerance", settings.value_tolerance)];
    check_settings("L-BFGS", settings.steps.min(settings.memory), &tolerances)?;
    // A fit of so many steps has no more pairs to remember. The solver reserves two vectors (24 bytes) for each at once.
    let memory = settings.memory.min(settings.steps);
    let pairs = (memory as u64).saturating_mul(2 * (24 + 8 * start.len() as u64));
    crate::host_memory::require("the pairs that L-BFGS remembers", pairs)?;
    progress.begin("L-BFGS", None);
    let descent = Descent::new(density, priors, start, progress)?;
    let first = descent.best.clone();
    let steepness = first.gradient.iter().map(|g| g * g).sum::<f64>().sqrt();
    // Measured in units of the first gradient, the first step has length 1 whatever the noise of the data.
    let unit = if steepness > 0.0 { steepness } else { 1.0 };
    let shared = Rc::new(RefCell::new(Shared { descent, latest: first.clone(), failure: None }));
    let problem = Problem { shared: Rc::clone(&shared), unit };
    let solver = LBFGS::new(MoreThuenteLineSearch::new(), memory)
        .with_tolerance_grad(settings.gradient_tolerance)
        .and_then(|s| s.with_tolerance_cost(settings.value_tolerance / unit))
        .map_err(|e| Error::invalid("L-BFGS settings", e, "tolerances from 0"))?;
    let executor = Executor::new(problem, solver)
        .configure(|state| state.param(first.z).max_iters(settings.steps as u64))
        .timer(false);
    let outcome = executor.run().map(|done| done.state().get_termination_status().clone());
    let Shared { descent, failure, .. } = match Rc::try_unwrap(shared) {
        Ok(cell) => cell.into_inner(),
        Err(_) => return Err(Error::Internal("L-BFGS kept its objective".into())),
    };
    if let Some(error) = failure {
        return Err(error);
    }
    let (converged, reason) = match outcome {
        Ok(TerminationStatus::Terminated(TerminationReason::SolverConverged)) => {
            (true, "the gradient or the change is below its tolerance".to_owned())
        }
        Ok(TerminationStatus::Terminated(TerminationReason::MaxItersReached)) => (false, "all steps were used".into()),
        Ok(status) => (false, format!("{status}")),
        // The line search can find no better point: at the optimum to rounding, or in trouble; the distance decides.
        Err(e) => (false, format!("{e}")),
    };
    descent.finish("L-BFGS", converged, reason, settings.covariance)
}

struct Shared<'a> {
    descent: Descent<'a>,
    latest: Place,
    failure: Option<Error>,
}

struct Problem<'a> {
    shared: Rc<RefCell<Shared<'a>>>,
    unit: f64,
}

impl Problem<'_> {
    /// Value and gradient at `z`; argmin asks for them one after the other, so the latest are kept.
    fn place(&self, z: &[f64]) -> Result<Place, argmin::core::Error> {
        let shared = &mut *self.shared.borrow_mut();
        if shared.latest.z != z {
            shared.latest = match shared.descent.at(z) {
                Ok(place) => place,
                Err(e) if recoverable(&e) => self.wall(&shared.descent.best, z),
                Err(e) => {
                    let message = e.to_string();
                    shared.failure = Some(e);
                    return Err(argmin::core::Error::msg(message));
                }
            };
        }
        Ok(shared.latest.clone())
    }

    /// Outside the model: a paraboloid that rises from the best point, steep against anything the first gradient led to expect, so
    /// that the line search comes back.
    fn wall(&self, best: &Place, z: &[f64]) -> Place {
        let steep = 1e3 * self.unit;
        let away: Vec<f64> = z.iter().zip(&best.z).map(|(z, b)| z - b).collect();
        let value = best.value + steep * away.iter().map(|d| d * d).sum::<f64>();
        Place { z: z.to_vec(), value, gradient: away.iter().map(|d| 2.0 * steep * d).collect() }
    }
}

impl CostFunction for Problem<'_> {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, z: &Vec<f64>) -> Result<f64, argmin::core::Error> {
        Ok(self.place(z)?.value / self.unit)
    }
}

impl Gradient for Problem<'_> {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;

    fn gradient(&self, z: &Vec<f64>) -> Result<Vec<f64>, argmin::core::Error> {
        Ok(self.place(z)?.gradient.iter().map(|g| g / self.unit).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::prior::Prior;
    use super::super::testing::{Line, Valley};
    use super::*;

    fn fit(density: &mut dyn LogDensity, priors: &Priors, start: &[f64]) -> Result<Fit> {
        lbfgs(density, priors, start, &LbfgsSettings::default(), &())
    }

    #[test]
    fn a_line_gets_its_analytic_answer_whatever_the_noise() {
        for sd in [1e-4, 0.2, 1e3] {
            let mut line = Line::new(sd);
            let prior = Prior::Normal { mean: 0.0, sd: 2.0 };
            let names = LogDensity::names(&line).to_vec();
            let priors = Priors::new(&names, [("a", prior), ("b", prior)]).unwrap();
            let found = fit(&mut line, &priors, &[0.0, 1.0]).unwrap();
            let (mean, [aa, ab, bb]) = line.answer(2.0);
            assert!(found.converged, "{found}");
            for i in 0..2 {
                assert!((found.parameters[i] - mean[i]).abs() < 1e-2 * [aa, bb][i].sqrt(), "{found} {mean:?}");
            }
            for (found, expected) in found.covariance.unwrap().iter().zip([aa, ab, ab, bb]) {
                assert!((found - expected).abs() < 1e-5 * aa.max(bb), "{found} {expected}");
            }
        }
    }

    #[test]
    fn the_valleys_end_is_found_with_and_without_bounds() {
        let names = LogDensity::names(&Valley::new()).to_vec();
        let bounds = Prior::Uniform { lower: -2.0, upper: 3.0 };
        for priors in [Priors::flat(&names), Priors::new(&names, [("x", bounds), ("y", bounds)]).unwrap()] {
            let found = fit(&mut Valley::new(), &priors, &[-1.2, 1.0]).unwrap();
            assert!(found.converged && (found.parameters[0] - 1.0).abs() < 1e-3, "{found}");
            for (c, expected) in found.covariance.unwrap().iter().zip([1.0, 2.0, 2.0, 4.01]) {
                // Differences over a third of a standard deviation of a function of fourth order.
                assert!((c / expected - 1.0).abs() < 0.3, "{c} {expected}");
            }
        }
    }

    #[test]
    fn steps_out_of_the_model_are_taken_back_and_lost_devices_end_the_fit() {
        let mut valley = Valley { limit: 1.5, ..Valley::new() };
        let priors = Priors::flat(LogDensity::names(&valley));
        let found = fit(&mut valley, &priors, &[-1.2, 1.0]).unwrap();
        assert!((found.parameters[0] - 1.0).abs() < 1e-2, "{found}");
        let mut lost = Valley { fatal: true, limit: 1.25, ..valley.clone() };
        assert!(matches!(fit(&mut lost, &priors, &[-1.2, 1.0]), Err(Error::DeviceLost(_))));
        assert!(fit(&mut valley, &priors, &[2.0, 0.0]).is_err());
    }

    #[test]
    fn the_most_probable_parameter_does_not_depend_on_coordinates() {
        // ln p = -x / 2 + 2 ln x has its maximum at 4; with the Jacobian of x = exp(z) it would be at 6.
        struct Gamma(Vec<String>);
        impl LogDensity for Gamma {
            fn names(&self) -> &[String] {
                &self.0
            }
            fn value_and_gradient(&mut self, x: &[f64], gradient: &mut [f64]) -> Result<f64> {
                gradient[0] = 2.0 / x[0];
                Ok(2.0 * x[0].ln())
            }
        }
        let mut gamma = Gamma(vec!["x".into()]);
        let priors = Priors::new(&gamma.0, [("x", Prior::Exponential { rate: 0.5 })]).unwrap();
        let found = fit(&mut gamma, &priors, &[1.0]).unwrap();
        assert!((found.parameters[0] - 4.0).abs() < 1e-2, "{found}");
    }
}
