//! Priors as residuals, for least squares.
//!
//! A sum of squares is minus twice the logarithm of a density. So a prior p becomes residuals r(x) with 1/2 sum r^2 = ln p(mode) - ln p(x): zero
//! at its most probable value and growing from there, which makes the least squares' result the most probable parameters (maximum a
//! posteriori), the same that a maximum of likelihood times priors has. For a normal prior that is (x - mean) / sd, as if it were a datum.
//! A prior without a largest density (a beta distribution that grows beyond all bounds at an end) has no such form and only bounds its parameter.

use super::prior::Prior;
use super::shares::{Term, root, shares};

impl Prior {
    /// The prior's residuals at a value inside its support: as many whatever the value, none where the density is constant or has no largest value.
    pub(super) fn terms(&self, x: f64) -> Vec<Term> {
        match *self {
            Self::Flat {} | Self::Uniform { .. } => Vec::new(),
            Self::Normal { mean, sd } | Self::TruncatedNormal { mean, sd, .. } => vec![((x - mean) / sd, 1.0 / sd)],
            Self::HalfNormal { sd } => vec![((x - 0.0) / sd, 1.0 / sd)],
            // A parabola in ln x about its most probable value exp(mu - sigma^2).
            Self::LogNormal { mu, sigma } => vec![((x.ln() - mu + sigma * sigma) / sigma, 1.0 / (sigma * x))],
            Self::Exponential { rate } => vec![root(rate * x, rate)],
            // Most probable at its lower end.
            Self::LogUniform { lower, .. } => vec![root(((x - lower) / lower).ln_1p(), 1.0 / x)],
            Self::StudentT { location, scale, degrees_of_freedom: nu } => {
                let t = (x - location) / scale;
                let r = ((nu + 1.0) * (t * t / nu).ln_1p()).sqrt().copysign(t);
                // At the mode the quotient's limit.
                let slope = if t.abs() < 1e-9 { ((nu + 1.0) / nu).sqrt() } else { (nu + 1.0) * t / ((nu + t * t) * r) };
                vec![(r, slope / scale)]
            }
            Self::Beta { alpha, beta, lower, upper } => {
                let width = upper - lower;
                let u = (x - lower) / width;
                let Some([a, b]) = shares(&[alpha - 1.0, beta - 1.0], &[u, (upper - x) / width]) else {
                    return Vec::new();
                };
                vec![(a.0, a.1 / width), (b.0, -b.1 / width)]
            }
            Self::Dirichlet { .. } => self.part_alone().terms(&[x]).into_iter().map(|(r, by)| (r, by[0])).collect(),
        }
    }

    /// -d^2 ln pdf / dx^2 where the prior counts as residuals, else 0: its part of the inverse covariance.
    pub(super) fn curvature(&self, x: f64) -> f64 {
        match *self {
            Self::Flat {} | Self::Uniform { .. } | Self::Exponential { .. } => 0.0,
            Self::Normal { sd, .. } | Self::TruncatedNormal { sd, .. } | Self::HalfNormal { sd } => sd.powi(-2),
            Self::LogNormal { mu, sigma } => ((1.0 - x.ln() + mu) / (sigma * sigma) - 1.0) / (x * x),
            Self::LogUniform { .. } => -1.0 / (x * x),
            Self::StudentT { location, scale, degrees_of_freedom: nu } => {
                let t = (x - location) / scale;
                (nu + 1.0) * (nu - t * t) / (scale * (nu + t * t)).powi(2)
            }
            Self::Beta { alpha, beta, lower, upper } if alpha >= 1.0 && beta >= 1.0 => {
                (alpha - 1.0) / (x - lower).powi(2) + (beta - 1.0) / (upper - x).powi(2)
            }
            Self::Beta { .. } => 0.0,
            Self::Dirichlet { .. } => self.part_alone().curvature(&[x])[0],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMOOTH: [(Prior, f64); 9] = [
        (Prior::Normal { mean: -3.0, sd: 0.5 }, -3.0),
        (Prior::LogNormal { mu: 0.4, sigma: 0.7 }, 0.913_931_185_271_228_2),
        (Prior::HalfNormal { sd: 2.5 }, 0.0),
        (Prior::Exponential { rate: 1e-3 }, 0.0),
        (Prior::LogUniform { lower: 1e-6, upper: 1e-1 }, 1e-6),
        (Prior::Beta { alpha: 2.5, beta: 4.0, lower: -1.0, upper: 1.0 }, -1.0 / 3.0),
        (Prior::Beta { alpha: 1.0, beta: 3.0, lower: 0.0, upper: 1.0 }, 0.0),
        (Prior::StudentT { location: 900.0, scale: 20.0, degrees_of_freedom: 3.0 }, 900.0),
        (Prior::Dirichlet { concentration: 1.5, rest: 3.0, log10: false }, 0.2),
    ];

    #[test]
    fn half_the_sum_of_squares_is_the_fall_from_the_most_probable_value() {
        for (prior, mode) in SMOOTH {
            let square = |x: f64| 0.5 * prior.terms(x).iter().map(|t| t.0 * t.0).sum::<f64>();
            // A mode at an end is outside the support; a value close to it has the same density to 1e-6.
            let near = if prior.contains(mode) { mode } else { mode + 1e-9 * (prior.quantile(0.5) - mode) };
            for p in [0.01, 0.2, 0.5, 0.9, 0.999] {
                let x = prior.quantile(p);
                let fall = prior.ln_pdf(near).0 - prior.ln_pdf(x).0;
                assert!((square(x) - fall).abs() < 3e-6 * (1.0 + fall), "{prior} at {x}: {} {fall}", square(x));
            }
            assert!(square(near) < 3e-6, "{prior}");
        }
    }

    #[test]
    fn derivatives_and_curvatures_are_those_of_differences() {
        for (prior, _) in SMOOTH {
            for p in [0.03, 0.3, 0.7, 0.95] {
                let x = prior.quantile(p);
                let h = 1e-4 * (x - prior.quantile(0.9 * p));
                for (k, (_, slope)) in prior.terms(x).iter().enumerate() {
                    let difference = (prior.terms(x + h)[k].0 - prior.terms(x - h)[k].0) / (2.0 * h);
                    assert!(
                        (slope - difference).abs() < 1e-6 * difference.abs(),
                        "{prior} at {x}: {slope} {difference}"
                    );
                }
                let second = -(prior.ln_pdf(x + h).1 - prior.ln_pdf(x - h).1) / (2.0 * h);
                let scale = second.abs() + (prior.quantile(0.84) - prior.quantile(0.16)).powi(-2);
                assert!((prior.curvature(x) - second).abs() < 1e-5 * scale, "{prior} at {x}: {second}");
            }
        }
    }

    #[test]
    fn densities_without_a_largest_value_are_bounds_only() {
        for (alpha, beta) in [(0.5, 2.0), (2.0, 0.5), (1.0, 1.0)] {
            let prior = Prior::Beta { alpha, beta, lower: 0.0, upper: 1.0 };
            assert!(prior.terms(0.3).is_empty());
            assert_eq!(prior.curvature(0.3), 0.0);
        }
    }
}
