//! The posterior as the sampler sees it: every evaluation comes from the log or goes into it, and errors are told apart.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use nuts_rs::rand::Rng;
use nuts_rs::{CpuLogpFunc, CpuMathError, HasDims, LogpError};

use super::evaluation_log::{Answer, EvaluationLog};
use super::posterior::{Posterior, recoverable};
use crate::objective::LogDensity;
use crate::{Error, Result};

/// What a chain leaves outside the sampler.
#[derive(Default)]
pub(super) struct Tally {
    /// Questions asked.
    pub evaluations: Cell<u64>,
    /// Of these, answered from the log.
    pub replayed: Cell<u64>,
    /// The error that ended the chain.
    pub failure: RefCell<Option<Error>>,
}

/// ln p and its gradient at `z`: from the log while it lasts, then from the model, and into the log.
pub(super) fn answer<L: LogDensity>(
    posterior: &mut Posterior<L>,
    log: &mut Option<EvaluationLog>,
    tally: &Tally,
    z: &[f64],
    gradient: &mut [f64],
) -> Result<Answer> {
    tally.evaluations.set(tally.evaluations.get() + 1);
    if let Some(log) = log
        && let Some(known) = log.replay(z, gradient)?
    {
        tally.replayed.set(log.replayed());
        return Ok(known);
    }
    let answer = match posterior.value_and_gradient(z, gradient) {
        Ok(value) => Answer::Value(value),
        Err(e) if recoverable(&e) => {
            gradient.fill(f64::NAN);
            Answer::Refused
        }
        Err(e) => return Err(e),
    };
    if let Some(log) = log {
        log.append(z, answer, gradient)?;
    }
    Ok(answer)
}

/// The posterior as nuts-rs sees it.
pub(super) struct LoggedDensity<L> {
    pub posterior: Posterior<L>,
    pub log: Option<EvaluationLog>,
    pub tally: Rc<Tally>,
}

/// Why there is no ln p.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoDensity {
    /// The parameters are outside the model, or the result is not finite.
    #[error("refused by the model")]
    Refused,
    /// The run must end; the error itself is in the tally.
    #[error("{0}")]
    Fatal(String),
}

impl LogpError for NoDensity {
    fn is_recoverable(&self) -> bool {
        matches!(self, Self::Refused)
    }
}

impl<L> HasDims for LoggedDensity<L> {
    fn dim_sizes(&self) -> HashMap<String, u64> {
        HashMap::new()
    }
}

impl<L: LogDensity> CpuLogpFunc for LoggedDensity<L> {
    type LogpError = NoDensity;
    type FlowParameters = ();
    type ExpandedVector = ();

    fn dim(&self) -> usize {
        self.posterior.priors().len()
    }

    fn logp(&mut self, z: &[f64], gradient: &mut [f64]) -> Result<f64, NoDensity> {
        match answer(&mut self.posterior, &mut self.log, &self.tally, z, gradient) {
            Ok(Answer::Value(value)) => Ok(value),
            Ok(Answer::Refused) => Err(NoDensity::Refused),
            Err(e) => {
                let message = e.to_string();
                self.tally.failure.replace(Some(e));
                Err(NoDensity::Fatal(message))
            }
        }
    }

    fn expand_vector<R: Rng + ?Sized>(&mut self, _: &mut R, _: &[f64]) -> Result<(), CpuMathError> {
        Ok(())
    }
}
