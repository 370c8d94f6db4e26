//! Priors as residuals, for least squares.
//!
//! A sum of squares is minus twice the logarithm of a density. So a prior p becomes residuals r(x) with 1/2 sum r^2 = ln p(mode) - ln p(x): zero
//! at its most probable value and growing from there, which makes the least squares' result the most probable parameters (maximum a
//! posteriori), the same that a maximum of likelihood times priors has. For a normal prior that is (x - mean) / sd, as if it were a datum.
//! A prior without a largest density (a beta distribution that grows beyond all bounds at an end) has no such form and only bounds its parameter.

use super::parts::Parts;
use super::prior::Prior;

/// A residual and its derivative by the parameter.
pub(super) type Term = (f64, f64);

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
            Self::Dirichlet { .. } => Parts::alone(self).terms(&[x]).into_iter().map(|(r, by)| (r, by[0])).collect(),
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
            Self::Dirichlet { .. } => Parts::alone(self).curvature(&[x])[0],
        }
    }
}

/// sqrt(2 f) of a function f >= 0 of slope `slope`.
fn root(f: f64, slope: f64) -> Term {
    let r = (2.0 * f).sqrt();
    // At the mode itself, which is outside the support, rounding may have led here.
    if r > 0.0 { (r, slope / r) } else { (0.0, 0.0) }
}

/// Residuals of a density that is the product of powers part^exponent of parts u that add up to 1, each with its derivative by its own part.
///
/// With n the sum of the exponents, the most probable parts are m = exponent / n, and ln p(m) - ln p(u) = n sum m h(u / m) with
/// h(t) = t - 1 - ln t >= 0, because parts and their modes have the same sum. Each part gives sqrt(2 n m h) with the sign of u - m; a part of
/// exponent 0 gives sqrt(2 n u). `None` where an exponent is below 0, so that the density has no largest value, or all are 0.
pub(super) fn shares<const N: usize>(exponents: &[f64; N], parts: &[f64; N]) -> Option<[Term; N]> {
    let each = shares_of(exponents, parts)?;
    each.try_into().ok()
}

/// As [`shares`], of any number of parts.
pub(super) fn shares_of(exponents: &[f64], parts: &[f64]) -> Option<Vec<Term>> {
    let n: f64 = exponents.iter().sum();
    if exponents.iter().any(|e| *e < 0.0) || n <= 0.0 {
        return None;
    }
    let share = |(e, u): (&f64, &f64)| {
        if *e == 0.0 {
            return root(n * u, n);
        }
        let d = (u - e / n) * n / e;
        // d - ln(1 + d), of which near d = 0 only rounding would be left.
        let h = if d.abs() < 1e-4 { d * d * (0.5 - d / 3.0 + d * d / 4.0) } else { d - d.ln_1p() };
        let r = (2.0 * e * h).sqrt().copysign(d);
        // h' = d / (1 + d); r' = e h' / r by d, and the limit at d = 0.
        let by_d = if d.abs() < 1e-9 { e.sqrt() } else { e * d / ((1.0 + d) * r) };
        (r, by_d * n / e)
    };
    Some(exponents.iter().zip(parts).map(share).collect())
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
    fn residuals_are_smooth_through_the_mode() {
        for (e, m) in [(1.5, 0.3), (0.5, 0.1)] {
            let exponents = [e, e * (1.0 - m) / m];
            let at = |d: f64| shares(&exponents, &[m * (1.0 + d), 1.0 - m * (1.0 + d)]).unwrap()[0];
            // On both sides of the place where the series takes over, and through zero.
            for d in [-2e-4, -1e-4, -1e-6, 0.0, 1e-9, 9.9e-5, 1.01e-4, 1e-3] {
                let h = 1e-6;
                let difference = (at(d + h).0 - at(d - h).0) / (2.0 * h * m);
                assert!((at(d).1 / difference - 1.0).abs() < 1e-4, "{d}: {} {difference}", at(d).1);
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
