//! AdamW (Loshchilov and Hutter 2019, algorithm 2; arXiv:1711.05101), with a learning rate that falls to zero along a cosine.
//!
//! No crate has it without a deep-learning framework around it.

use std::f64::consts::PI;

use super::descent::{Descent, check_settings};
use super::fit::Fit;
use super::posterior::recoverable;
use super::priors::Priors;
use crate::objective::LogDensity;
use crate::{Error, Progress, Result};

/// How AdamW steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamWSettings {
    /// Steps, with one evaluation each.
    pub steps: usize,
    /// Length of the first steps along each unconstrained coordinate; it falls to zero along a cosine.
    pub learning_rate: f64,
    /// Decay rates of the running means of the gradient and of its square.
    pub betas: (f64, f64),
    /// Pull of the unconstrained coordinates towards zero. It moves the result; leave it at zero where the priors say it all.
    pub weight_decay: f64,
    /// Whether to compute the covariance from differences of the gradient: 4 evaluations a parameter.
    pub covariance: bool,
}

impl Default for AdamWSettings {
    fn default() -> Self {
        Self { steps: 300, learning_rate: 0.1, betas: (0.9, 0.999), weight_decay: 0.0, covariance: true }
    }
}

/// Refusals in a row after which the model is taken to have no way out.
const REFUSALS: usize = 20;

/// Walks down -ln posterior within the priors' support, from `start`, and returns the best place met.
///
/// It takes many steps, but none of them depends on a line search, so it bears noisy gradients. The maximum is that of
/// likelihood times priors as densities of the parameters themselves. After parameters that the model refuses
/// ([`Error::Invalid`]) it goes halfway back to the best place.
///
/// # Errors
/// A start outside the priors' support or the model; settings out of range; a model that refuses 20 steps in a row; fatal
/// errors of the density.
pub fn adamw(
    density: &mut dyn LogDensity,
    priors: &Priors,
    start: &[f64],
    settings: &AdamWSettings,
    progress: &dyn Progress,
) -> Result<Fit> {
    check_settings("AdamW", settings.steps, &[("learning rate", settings.learning_rate)])?;
    let (b1, b2) = settings.betas;
    if !((0.0..1.0).contains(&b1) && (0.0..1.0).contains(&b2) && (0.0..1.0).contains(&settings.weight_decay)) {
        let given = format!("betas {b1}, {b2}, weight decay {}", settings.weight_decay);
        return Err(Error::invalid("AdamW", given, "numbers from 0, below 1"));
    }
    progress.begin("AdamW", Some(settings.steps as u64));
    let mut descent = Descent::new(density, priors, start, progress)?;
    let mut place = descent.best.clone();
    let mut moments = vec![(0.0, 0.0); place.z.len()];
    let (mut refused, mut t) = (0, 0);
    for step in 0..settings.steps {
        t += 1;
        let rate = settings.learning_rate * 0.5 * (1.0 + (PI * step as f64 / settings.steps as f64).cos());
        let mut z = place.z.clone();
        for ((z, g), (m, v)) in z.iter_mut().zip(&place.gradient).zip(&mut moments) {
            *m = b1 * *m + (1.0 - b1) * g;
            *v = b2 * *v + (1.0 - b2) * g * g;
            let (m, v) = (*m / (1.0 - b1.powi(t)), *v / (1.0 - b2.powi(t)));
            *z -= rate * (m / (v.sqrt() + 1e-8) + settings.weight_decay * *z);
        }
        match descent.at(&z) {
            Ok(next) => (place, refused) = (next, 0),
            Err(e) if recoverable(&e) && refused < REFUSALS => {
                refused += 1;
                // Towards the best place, from rest.
                let best = descent.best.clone();
                place.z.iter_mut().zip(&best.z).for_each(|(z, b)| *z = 0.5 * (*z + b));
                place.gradient = best.gradient;
                moments.fill((0.0, 0.0));
                t = 0;
            }
            Err(e) => return Err(e),
        }
    }
    descent.finish("AdamW", false, format!("{} steps", settings.steps), settings.covariance)
}

#[cfg(test)]
mod tests {
    use super::super::prior::Prior;
    use super::super::testing::{Line, Valley};
    use super::*;

    #[test]
    fn a_line_gets_its_analytic_answer() {
        let mut line = Line::new(0.2);
        let prior = Prior::Normal { mean: 0.0, sd: 2.0 };
        let priors = Priors::new(LogDensity::names(&line), [("a", prior), ("b", prior)]).unwrap();
        let found = adamw(&mut line.clone(), &priors, &[0.0, 0.0], &AdamWSettings::default(), &()).unwrap();
        let (mean, [aa, ab, bb]) = line.answer(2.0);
        assert!(found.converged, "{found}");
        for i in 0..2 {
            assert!((found.parameters[i] - mean[i]).abs() < 0.05 * [aa, bb][i].sqrt(), "{found} {mean:?}");
        }
        for (found, expected) in found.covariance.unwrap().iter().zip([aa, ab, ab, bb]) {
            assert!((found - expected).abs() < 1e-6 * aa.max(bb), "{found} {expected}");
        }
        // Half-way there is not there.
        line.sd = 0.2;
        let short = AdamWSettings { steps: 10, ..Default::default() };
        assert!(!adamw(&mut line, &priors, &[0.0, 0.0], &short, &()).unwrap().converged);
    }

    #[test]
    fn the_valley_is_walked_down_within_bounds_and_the_model() {
        let names = LogDensity::names(&Valley::new()).to_vec();
        let bounds = Prior::Uniform { lower: -2.0, upper: 3.0 };
        let priors = Priors::new(&names, [("x", bounds), ("y", bounds)]).unwrap();
        let settings = AdamWSettings { steps: 3000, ..Default::default() };
        for limit in [f64::INFINITY, 1.5] {
            let mut valley = Valley { limit, ..Valley::new() };
            let found = adamw(&mut valley, &priors, &[-1.2, 1.0], &settings, &()).unwrap();
            assert!(found.converged && (found.parameters[0] - 1.0).abs() < 0.05, "{found}");
        }
    }

    #[test]
    fn impossible_settings_and_lost_devices_end_it() {
        let mut valley = Valley { limit: 1.25, fatal: true, ..Valley::new() };
        let priors = Priors::flat(LogDensity::names(&valley));
        let run = |valley: &mut Valley, settings| adamw(valley, &priors, &[-1.2, 1.0], &settings, &());
        let far = AdamWSettings { learning_rate: 2.0, ..Default::default() };
        assert!(matches!(run(&mut valley, far), Err(Error::DeviceLost(_))));
        for bad in [
            AdamWSettings { steps: 0, ..Default::default() },
            AdamWSettings { learning_rate: f64::NAN, ..Default::default() },
            AdamWSettings { betas: (1.0, 0.9), ..Default::default() },
        ] {
            assert!(matches!(run(&mut valley, bad), Err(Error::Invalid { .. })));
        }
    }
}
