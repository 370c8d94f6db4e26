//! The fit that a configuration asks for.

use super::config::{Config, FitMethod};
use super::memory::Derivative;
use super::retrieval::RetrievalSetup;
use crate::inference::{Fit, LbfgsSettings, LeastSquaresSettings, adamw, lbfgs, levenberg_marquardt};
use crate::{Error, Progress, Result};

impl RetrievalSetup {
    /// How `config` wants to fit, or what suits: least squares, and a quasi-Newton method where noise is free. Device memory is found to
    /// suffice.
    ///
    /// # Errors
    /// Least squares with free noise; [`Error::OutOfMemory`], with the budget that would do.
    pub fn fit_method(&self, config: &Config) -> Result<FitMethod> {
        let least_squares = self.objective.check_least_squares();
        let has_residuals = least_squares.is_ok();
        let method = match (config.retrieval.fit, least_squares) {
            (Some(FitMethod::LevenbergMarquardt(_)), Err(e)) => {
                let key = "retrieval.fit.method".into();
                return Err(Error::Config { path: config.path.clone(), key, message: e.to_string() });
            }
            (Some(method), _) => method,
            (None, Ok(())) => FitMethod::LevenbergMarquardt(LeastSquaresSettings::default()),
            (None, Err(_)) => FitMethod::Lbfgs(LbfgsSettings::default()),
        };
        // L-BFGS and AdamW follow the gradient; errors of the parameters come from the Jacobian, where residuals are defined.
        if !matches!(method, FitMethod::LevenbergMarquardt(_)) {
            self.check_memory(Derivative::Gradient)?;
        }
        if has_residuals {
            self.check_memory(Derivative::Jacobian)?;
        }
        Ok(method)
    }

    /// Fits from the start values.
    ///
    /// # Errors
    /// What the optimiser and the model report.
    pub fn fit(&mut self, method: FitMethod, progress: &dyn Progress) -> Result<Fit> {
        let start = self.start();
        let (objective, priors) = (&mut self.objective, &self.priors);
        let mut fit = match method {
            FitMethod::LevenbergMarquardt(settings) => {
                return levenberg_marquardt(objective, priors, &start, &settings, progress);
            }
            FitMethod::Lbfgs(settings) => lbfgs(objective, priors, &start, &settings, progress)?,
            FitMethod::AdamW(settings) => adamw(objective, priors, &start, &settings, progress)?,
        };
        if objective.check_least_squares().is_ok() {
            fit.assess(objective, priors)?;
        } else {
            fit.chi_square = Some(objective.chi_square(&fit.parameters)?);
            fit.data = Some(objective.data_sets().map(|set| set.len()).sum());
        }
        Ok(fit)
    }
}
