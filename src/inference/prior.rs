//! Priors of one parameter: ln pdf, its derivative, and where it is not zero.

use std::f64::consts::{PI, SQRT_2};
use std::fmt;

use serde::{Deserialize, Serialize};
use statrs::function::erf::{erfc, erfc_inv};

use super::bijection::Bijection;
use crate::{Error, Result};

/// The prior of one parameter, in the parameter's own unit.
///
/// In configuration files: `{ kind = "normal", mean = 900.0, sd = 50.0 }`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Prior {
    /// Constant over the whole line. It is improper: for fits, where it means "no prior"; a posterior may not exist.
    Flat {},
    /// Constant between two values, both outside the support.
    Uniform {
        /// Lower end.
        lower: f64,
        /// Upper end.
        upper: f64,
    },
    /// Normal.
    Normal {
        /// Mean.
        mean: f64,
        /// Standard deviation.
        sd: f64,
    },
    /// ln x is normal.
    LogNormal {
        /// Mean of ln x.
        mu: f64,
        /// Standard deviation of ln x.
        sigma: f64,
    },
    /// The positive half of a normal distribution about zero.
    HalfNormal {
        /// Standard deviation of the whole.
        sd: f64,
    },
    /// rate exp(-rate x) for x > 0; its mean is 1 / rate.
    Exponential {
        /// Inverse of the mean.
        rate: f64,
    },
    /// Normal, cut off and renormalised between two values; either may be infinite.
    TruncatedNormal {
        /// Mean before the cut.
        mean: f64,
        /// Standard deviation before the cut.
        sd: f64,
        /// Lower end; minus infinity if left out of a configuration.
        #[serde(default = "minus_infinity")]
        lower: f64,
        /// Upper end; infinity if left out of a configuration.
        #[serde(default = "infinity")]
        upper: f64,
    },
}

impl Prior {
    /// Checks that the numbers define a distribution; `name` is the parameter's, for the message.
    ///
    /// # Errors
    /// [`Error::Invalid`]: a value that is not finite, a scale not above zero, ends in the wrong order.
    pub fn check(&self, name: &str) -> Result<()> {
        let positive = |v: f64| v.is_finite() && v > 0.0;
        let (sound, required) = match *self {
            Self::Flat {} => (true, ""),
            Self::Uniform { lower, upper } => {
                ((upper - lower).is_finite() && lower < upper, "finite ends, `lower` below `upper`")
            }
            Self::Normal { mean, sd } => (mean.is_finite() && positive(sd), "a finite mean and an sd above 0"),
            Self::LogNormal { mu, sigma } => (mu.is_finite() && positive(sigma), "a finite mu and a sigma above 0"),
            Self::HalfNormal { sd } => (positive(sd), "an sd above 0"),
            Self::Exponential { rate } => (positive(rate), "a rate above 0"),
            Self::TruncatedNormal { mean, sd, lower, upper } => (
                mean.is_finite() && positive(sd) && lower < upper && self.ln_mass().is_finite(),
                "a finite mean, an sd above 0, `lower` below `upper`, and some probability between them",
            ),
        };
        if sound { Ok(()) } else { Err(Error::invalid(format!("prior of `{name}`"), self, required)) }
    }

    /// The open interval where the density is not zero.
    pub fn support(&self) -> (f64, f64) {
        match *self {
            Self::Flat {} | Self::Normal { .. } => (f64::NEG_INFINITY, f64::INFINITY),
            Self::Uniform { lower, upper } | Self::TruncatedNormal { lower, upper, .. } => (lower, upper),
            Self::LogNormal { .. } | Self::HalfNormal { .. } | Self::Exponential { .. } => (0.0, f64::INFINITY),
        }
    }

    /// Whether `x` lies inside the support.
    pub fn contains(&self, x: f64) -> bool {
        let (lower, upper) = self.support();
        x.is_finite() && lower < x && x < upper
    }

    /// The map between the support and the whole line.
    pub fn bijection(&self) -> Bijection {
        let (lower, upper) = self.support();
        Bijection::of(lower, upper)
    }

    /// ln pdf at `x` and its derivative by `x`; minus infinity and zero outside the support. The flat prior's density is 1.
    pub fn ln_pdf(&self, x: f64) -> (f64, f64) {
        if !self.contains(x) {
            return (f64::NEG_INFINITY, 0.0);
        }
        match *self {
            Self::Flat {} => (0.0, 0.0),
            Self::Uniform { lower, upper } => (-(upper - lower).ln(), 0.0),
            Self::Normal { mean, sd } => normal(x, mean, sd),
            Self::LogNormal { mu, sigma } => {
                let (value, slope) = normal(x.ln(), mu, sigma);
                (value - x.ln(), (slope - 1.0) / x)
            }
            Self::HalfNormal { sd } => {
                let (value, slope) = normal(x, 0.0, sd);
                (value + 2f64.ln(), slope)
            }
            Self::Exponential { rate } => (rate.ln() - rate * x, -rate),
            Self::TruncatedNormal { mean, sd, .. } => {
                let (value, slope) = normal(x, mean, sd);
                (value - self.ln_mass(), slope)
            }
        }
    }

    /// The value below which a fraction `p` of the probability lies; draws from the prior are quantiles of uniform numbers.
    /// NaN for the flat prior and for `p` outside 0..=1.
    pub fn quantile(&self, p: f64) -> f64 {
        if !(0.0..=1.0).contains(&p) {
            return f64::NAN;
        }
        match *self {
            Self::Flat {} => f64::NAN,
            Self::Uniform { lower, upper } => lower + p * (upper - lower),
            Self::Normal { mean, sd } => mean + sd * normal_quantile(p),
            Self::LogNormal { mu, sigma } => (mu + sigma * normal_quantile(p)).exp(),
            Self::HalfNormal { sd } => sd * SQRT_2 * erfc_inv(1.0 - p),
            Self::Exponential { rate } => -(-p).ln_1p() / rate,
            Self::TruncatedNormal { mean, sd, lower, upper } => {
                let (a, b) = ((lower - mean) / sd, (upper - mean) / sd);
                // On the side of the smaller tail, where the distribution function keeps its digits.
                if a > 0.0 {
                    let tail = normal_cdf(-a) * (1.0 - p) + normal_cdf(-b) * p;
                    mean - sd * normal_quantile(tail)
                } else {
                    mean + sd * normal_quantile(normal_cdf(a) * (1.0 - p) + normal_cdf(b) * p)
                }
            }
        }
    }

    /// Where the prior pulls like a Gaussian measurement: its mean and standard deviation.
    pub(super) fn as_measurement(&self) -> Option<(f64, f64)> {
        match *self {
            Self::Normal { mean, sd } | Self::TruncatedNormal { mean, sd, .. } => Some((mean, sd)),
            Self::HalfNormal { sd } => Some((0.0, sd)),
            _ => None,
        }
    }

    /// ln of the probability that a truncated normal keeps; 0 for the others.
    fn ln_mass(&self) -> f64 {
        let Self::TruncatedNormal { mean, sd, lower, upper } = *self else { return 0.0 };
        let (a, b) = ((lower - mean) / sd, (upper - mean) / sd);
        let kept = if a > 0.0 { normal_cdf(-a) - normal_cdf(-b) } else { normal_cdf(b) - normal_cdf(a) };
        kept.ln()
    }
}

impl fmt::Display for Prior {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Flat {} => write!(f, "flat"),
            Self::Uniform { lower, upper } => write!(f, "uniform({lower}, {upper})"),
            Self::Normal { mean, sd } => write!(f, "normal({mean}, {sd})"),
            Self::LogNormal { mu, sigma } => write!(f, "log-normal({mu}, {sigma})"),
            Self::HalfNormal { sd } => write!(f, "half-normal({sd})"),
            Self::Exponential { rate } => write!(f, "exponential({rate})"),
            Self::TruncatedNormal { mean, sd, lower, upper } => {
                write!(f, "normal({mean}, {sd}) between {lower} and {upper}")
            }
        }
    }
}

fn minus_infinity() -> f64 {
    f64::NEG_INFINITY
}

fn infinity() -> f64 {
    f64::INFINITY
}

/// ln of the normal density and its derivative.
fn normal(x: f64, mean: f64, sd: f64) -> (f64, f64) {
    let d = (x - mean) / sd;
    (-0.5 * d * d - sd.ln() - 0.5 * (2.0 * PI).ln(), -d / sd)
}

/// Distribution function of the standard normal.
fn normal_cdf(x: f64) -> f64 {
    0.5 * erfc(-x / SQRT_2)
}

/// Quantile of the standard normal.
pub(super) fn normal_quantile(p: f64) -> f64 {
    -SQRT_2 * erfc_inv(2.0 * p)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLES: [Prior; 8] = [
        Prior::Uniform { lower: 800.0, upper: 1000.0 },
        Prior::Normal { mean: -3.0, sd: 0.5 },
        Prior::LogNormal { mu: 0.4, sigma: 0.7 },
        Prior::HalfNormal { sd: 2.5 },
        Prior::Exponential { rate: 1e-3 },
        Prior::TruncatedNormal { mean: 1.0, sd: 2.0, lower: 0.0, upper: 3.5 },
        Prior::TruncatedNormal { mean: 1.0, sd: 1.0, lower: 7.0, upper: f64::INFINITY },
        Prior::TruncatedNormal { mean: 0.0, sd: 1.0, lower: f64::NEG_INFINITY, upper: -0.5 },
    ];

    /// Midpoint rule over the unconstrained line, where every density falls off smoothly (trapezium converges geometrically).
    fn integral(prior: &Prior, f: impl Fn(f64) -> f64) -> f64 {
        let b = prior.bijection();
        let (lo, hi) = (b.to_unconstrained(prior.quantile(1e-9)), b.to_unconstrained(prior.quantile(1.0 - 1e-9)));
        let (a, n) = (2.0 * (hi - lo).abs(), 20_000);
        let h = 2.0 * a / f64::from(n);
        (0..n)
            .map(|i| 0.5 * (lo + hi) - a + h * (f64::from(i) + 0.5))
            .map(|z| (z, b.to_constrained(z)))
            .filter(|(_, x)| prior.contains(*x))
            .map(|(z, x)| h * f(x) * (prior.ln_pdf(x).0 + b.ln_jacobian(z).0).exp())
            .sum()
    }

    #[test]
    fn densities_integrate_to_one_and_quantiles_to_their_probability() {
        for prior in EXAMPLES {
            prior.check("p").unwrap();
            let total = integral(&prior, |_| 1.0);
            assert!((total - 1.0).abs() < 1e-6, "{prior}: {total}");
            for p in [0.1, 0.5, 0.9] {
                let at = prior.quantile(p);
                let below = integral(&prior, |x| f64::from(x < at));
                assert!((below - p).abs() < 2e-3, "{prior}: {below} below the quantile of {p}");
            }
        }
    }

    #[test]
    fn derivatives_are_those_of_differences() {
        for prior in EXAMPLES {
            for p in [0.02, 0.3, 0.77] {
                let x = prior.quantile(p);
                let h = 1e-5 * (prior.quantile(0.6) - prior.quantile(0.4));
                let difference = (prior.ln_pdf(x + h).0 - prior.ln_pdf(x - h).0) / (2.0 * h);
                let slope = prior.ln_pdf(x).1;
                assert!((slope - difference).abs() < 1e-5 * (1.0 + difference.abs()), "{prior} at {x}: {slope}");
            }
        }
    }

    #[test]
    fn outside_the_support_is_impossible() {
        let prior = Prior::Uniform { lower: 0.0, upper: 1.0 };
        for x in [-0.1, 0.0, 1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(prior.ln_pdf(x), (f64::NEG_INFINITY, 0.0));
        }
        assert!(Prior::Flat {}.contains(-1e300));
    }

    #[test]
    fn impossible_priors_are_refused_by_name() {
        for prior in [
            Prior::Uniform { lower: 2.0, upper: 1.0 },
            Prior::Uniform { lower: 0.0, upper: f64::INFINITY },
            Prior::Normal { mean: 0.0, sd: 0.0 },
            Prior::LogNormal { mu: f64::NAN, sigma: 1.0 },
            Prior::HalfNormal { sd: -1.0 },
            Prior::Exponential { rate: f64::INFINITY },
            Prior::TruncatedNormal { mean: 0.0, sd: 1.0, lower: 60.0, upper: 61.0 },
        ] {
            let message = prior.check("alpha").unwrap_err().to_string();
            assert!(message.contains("prior of `alpha`") && message.contains("required"), "{message}");
        }
    }

    #[test]
    fn priors_are_read_from_configuration() {
        let prior: Prior = serde_json::from_str(r#"{"kind": "log_normal", "mu": 0.0, "sigma": 1.0}"#).unwrap();
        assert_eq!(prior, Prior::LogNormal { mu: 0.0, sigma: 1.0 });
        assert!(serde_json::from_str::<Prior>(r#"{"kind": "normal", "mean": 0.0, "sigma": 1.0}"#).is_err());
    }
}
