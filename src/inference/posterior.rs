//! Likelihood times priors, in coordinates without bounds.

use super::priors::Priors;
use crate::objective::LogDensity;
use crate::{Error, Result};

/// ln posterior of a likelihood and priors, as a [`LogDensity`] of the unconstrained coordinates z.
///
/// With x = f(z) for each parameter: ln p(z) = ln L(x) + sum of ln prior(x) + ln |dx/dz|. The sampler moves in z; its draws of x
/// then follow the posterior in x.
#[derive(Clone, Debug)]
pub struct Posterior<L> {
    likelihood: L,
    priors: Priors,
    jacobian: bool,
}

impl<L: LogDensity> Posterior<L> {
    /// The posterior of `likelihood` with `priors`.
    ///
    /// # Errors
    /// Priors for other parameters than the likelihood's.
    pub fn new(likelihood: L, priors: Priors) -> Result<Self> {
        priors.check_names(likelihood.names())?;
        Ok(Self { likelihood, priors, jacobian: true })
    }

    /// The same without the term ln |dx/dz|: its largest value lies at the most probable x, whatever the coordinates.
    pub(super) fn without_jacobian(self) -> Self {
        Self { jacobian: false, ..self }
    }

    /// The priors.
    pub fn priors(&self) -> &Priors {
        &self.priors
    }
}

impl<L: LogDensity> LogDensity for Posterior<L> {
    fn names(&self) -> &[String] {
        self.priors.names()
    }

    /// ln p at the coordinates `z` and its gradient by them.
    ///
    /// # Errors
    /// Those of the likelihood; [`Error::Invalid`] for values or gradients that are not finite.
    fn value_and_gradient(&mut self, z: &[f64], gradient: &mut [f64]) -> Result<f64> {
        let x = self.priors.to_constrained(z);
        // Far out in z a parameter rounds to the end of its support: no probability there, and nothing to ask the model.
        if let Some((i, required)) = self.priors.outside(&x) {
            let name = &self.priors.names()[i];
            return Err(Error::invalid(format!("parameter `{name}`"), x[i], required));
        }
        let mut value = self.likelihood.value_and_gradient(&x, gradient)?;
        value += self.priors.ln_pdf(&x, gradient);
        let by_x = gradient.to_vec();
        gradient.fill(0.0);
        for (i, k, slope) in self.priors.slopes(z) {
            gradient[k] += by_x[i] * slope;
        }
        if self.jacobian {
            self.priors.add_ln_jacobian(z, &mut value, gradient);
        }
        if !value.is_finite() || gradient.iter().any(|g| !g.is_finite()) {
            let given = format!("value {value}, gradient {gradient:?} at {x:?}");
            return Err(Error::invalid("ln posterior", given, "finite numbers"));
        }
        Ok(value)
    }
}

/// Whether a run may go on after this error: the parameters were outside the model, or gave no finite number, and other parameters
/// may do better. A lost device or a full disk is fatal.
pub(super) fn recoverable(error: &Error) -> bool {
    matches!(error, Error::Invalid { .. })
}

#[cfg(test)]
mod tests {
    use super::super::prior::Prior;
    use super::super::testing::Gaussian;
    use super::*;

    #[test]
    fn the_gradient_is_that_of_differences() {
        let likelihood = Gaussian::new(&["a", "b", "c"], &[900.0, 2.0, -0.5], &[30.0, 1.0, 0.4]);
        let priors = Priors::new(
            likelihood.names(),
            [
                ("a", Prior::Uniform { lower: 800.0, upper: 1000.0 }),
                ("b", Prior::LogNormal { mu: 0.2, sigma: 0.8 }),
                ("c", Prior::Normal { mean: 0.0, sd: 1.0 }),
            ],
        )
        .unwrap();
        for with_jacobian in [true, false] {
            let mut posterior = Posterior::new(likelihood.clone(), priors.clone()).unwrap();
            if !with_jacobian {
                posterior = posterior.without_jacobian();
            }
            let z = [0.4, -0.7, 0.3];
            let mut gradient = [0.0; 3];
            posterior.value_and_gradient(&z, &mut gradient).unwrap();
            for i in 0..3 {
                let mut at = |d: f64| {
                    let mut z = z;
                    z[i] += d;
                    posterior.value_and_gradient(&z, &mut [0.0; 3]).unwrap()
                };
                let difference = (at(1e-5) - at(-1e-5)) / 2e-5;
                assert!((gradient[i] - difference).abs() < 1e-7 * (1.0 + difference.abs()), "{i}: {difference}");
            }
        }
    }

    #[test]
    fn what_is_not_finite_or_out_of_reach_is_recoverable() {
        let likelihood = Gaussian::new(&["a"], &[f64::NAN], &[1.0]);
        let priors = Priors::new(likelihood.names(), [("a", Prior::Exponential { rate: 1.0 })]).unwrap();
        let mut posterior = Posterior::new(likelihood, priors).unwrap();
        for z in [0.0, -1e4] {
            assert!(recoverable(&posterior.value_and_gradient(&[z], &mut [0.0]).unwrap_err()));
        }
        assert!(!recoverable(&Error::DeviceLost("lost".into())));
    }

    #[test]
    fn priors_of_other_parameters_are_refused() {
        let likelihood = Gaussian::new(&["a"], &[0.0], &[1.0]);
        assert!(Posterior::new(likelihood, Priors::flat(&["b".into()])).is_err());
    }
}
