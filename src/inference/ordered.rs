//! Parameters in ascending order, such as the temperatures of knots from the top down.
//!
//! n parameters with one prior, each above the one before: the density of n independent draws put in order, n! times the product of theirs.
//! Each moves between the one before it and the upper end of the prior's support.

use super::bijection::Bijection;
use super::prior::Prior;

/// The joint prior of parameters in ascending order.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ordered {
    prior: Prior,
}

impl Ordered {
    pub fn new(prior: Prior) -> Self {
        Self { prior }
    }

    /// The map of a parameter above another one, `before`, if there is one.
    fn bijection(&self, before: Option<f64>) -> Bijection {
        let (lower, upper) = self.prior.support();
        Bijection::of(before.unwrap_or(lower), upper)
    }

    /// dx/d(before) at a parameter `x`: how far it is pushed by the one before.
    fn push(&self, before: f64, x: f64) -> f64 {
        let upper = self.prior.support().1;
        if upper.is_finite() { (upper - x) / (upper - before) } else { 1.0 }
    }

    pub fn contains(&self, x: &[f64]) -> bool {
        x.iter().all(|x| self.prior.contains(*x)) && x.windows(2).all(|p| p[0] < p[1])
    }

    pub fn to_constrained(&self, z: &[f64]) -> Vec<f64> {
        let mut before = None;
        let each = z.iter().map(|z| {
            let x = self.bijection(before).to_constrained(*z);
            before = Some(x);
            x
        });
        each.collect()
    }

    pub fn to_unconstrained(&self, x: &[f64]) -> Vec<f64> {
        let before = |i: usize| i.checked_sub(1).map(|k| x[k]);
        x.iter().enumerate().map(|(i, x)| self.bijection(before(i)).to_unconstrained(*x)).collect()
    }

    /// dx/dz \[parameter\]\[coordinate\].
    pub fn slopes(&self, z: &[f64]) -> Vec<f64> {
        let (n, x) = (z.len(), self.to_constrained(z));
        let mut slopes = vec![0.0; n * n];
        for i in 0..n {
            if i > 0 {
                let push = self.push(x[i - 1], x[i]);
                (0..i).for_each(|k| slopes[i * n + k] = push * slopes[(i - 1) * n + k]);
            }
            slopes[i * n + i] = self.bijection(i.checked_sub(1).map(|k| x[k])).derivative(z[i]);
        }
        slopes
    }

    /// ln |det dx/dz| and its derivatives.
    pub fn ln_jacobian(&self, z: &[f64]) -> (f64, Vec<f64>) {
        let (n, x, dx) = (z.len(), self.to_constrained(z), self.slopes(z));
        let upper = self.prior.support().1;
        let (mut value, mut slopes) = (0.0, vec![0.0; n]);
        for i in 0..n {
            let (ln, slope) = self.bijection(i.checked_sub(1).map(|k| x[k])).ln_jacobian(z[i]);
            value += ln;
            slopes[i] += slope;
            if i > 0 && upper.is_finite() {
                // ln(upper - before), the width of the interval, falls as the one before rises.
                (0..i).for_each(|k| slopes[k] -= dx[(i - 1) * n + k] / (upper - x[i - 1]));
            }
        }
        (value, slopes)
    }

    /// ln pdf inside the support, and its derivatives.
    pub fn ln_pdf(&self, x: &[f64]) -> (f64, Vec<f64>) {
        let ways: f64 = (1..=x.len()).map(|k| (k as f64).ln()).sum();
        let (values, slopes): (Vec<f64>, Vec<f64>) = x.iter().map(|x| self.prior.ln_pdf(*x)).unzip();
        (ways + values.iter().sum::<f64>(), slopes)
    }

    /// Parameters of the probabilities `u`, each given those before it: the least of those that are left.
    pub fn quantiles(&self, u: &[f64]) -> Vec<f64> {
        let (mut below, count) = (0.0, u.len());
        let each = u.iter().enumerate().map(|(i, u)| {
            let left = (count - i) as f64;
            // 1 - (1 - u)^(1 / left) of what lies above.
            below -= (1.0 - below) * ((-u).ln_1p() / left).exp_m1();
            self.prior.quantile(below.min(1.0))
        });
        each.collect()
    }

    /// The priors as residuals with their derivatives \[parameter\].
    pub fn terms(&self, x: &[f64]) -> Vec<(f64, Vec<f64>)> {
        let n = x.len();
        let of = |i: usize| {
            let row = move |(r, slope): (f64, f64)| (r, (0..n).map(|k| if k == i { slope } else { 0.0 }).collect());
            self.prior.terms(x[i]).into_iter().map(row)
        };
        (0..n).flat_map(of).collect()
    }

    /// -d^2 ln pdf \[parameter\]\[parameter\], where the prior counts as residuals.
    pub fn curvature(&self, x: &[f64]) -> Vec<f64> {
        let n = x.len();
        (0..n * n).map(|at| if at / n == at % n { self.prior.curvature(x[at / n]) } else { 0.0 }).collect()
    }
}
