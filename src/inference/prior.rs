//! Priors of one parameter: ln pdf, its derivative, and where it is not zero.

use std::f64::consts::{PI, SQRT_2};
use std::fmt;

use serde::{Deserialize, Serialize};
use statrs::function::beta::ln_beta;
use statrs::function::erf::{erfc, erfc_inv};
use statrs::function::gamma::ln_gamma;

use super::bijection::Bijection;
use super::parts::Parts;
use super::quantiles::{beta_quantile, student_t_quantile};
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
    /// ln x is uniform between two positive values: 1 / (x ln(upper / lower)), the prior of a scale whose order of magnitude is unknown.
    LogUniform {
        /// Lower end, above zero.
        lower: f64,
        /// Upper end.
        upper: f64,
    },
    /// The beta distribution between two values: (x - lower)^(alpha - 1) (upper - x)^(beta - 1), normalised.
    Beta {
        /// Shape at the lower end, above zero.
        alpha: f64,
        /// Shape at the upper end, above zero.
        beta: f64,
        /// Lower end; 0 if left out of a configuration.
        #[serde(default)]
        lower: f64,
        /// Upper end; 1 if left out of a configuration.
        #[serde(default = "one")]
        upper: f64,
    },
    /// Student's t: like a normal distribution in the middle, with tails that fall as a power of the distance.
    StudentT {
        /// Middle.
        location: f64,
        /// Width; the standard deviation is scale sqrt(nu / (nu - 2)) for nu > 2 degrees of freedom.
        scale: f64,
        /// Degrees of freedom, above zero; 1 is Cauchy's distribution.
        degrees_of_freedom: f64,
    },
    /// One of several parts of a whole, such as mixing ratios, whose sum leaves a rest above zero: the density of all parts of a model
    /// together is Dirichlet's, the product of part^(concentration - 1) and rest^(rest - 1). All parameters with this prior are parts of the
    /// same whole ([`Priors`](super::Priors)); one alone has the beta distribution.
    Dirichlet {
        /// Concentration of this part, above zero; 1, with 1 for all, makes every composition equally probable.
        #[serde(default = "one")]
        concentration: f64,
        /// Concentration of the rest, the same for all parts.
        #[serde(default = "one")]
        rest: f64,
        /// Whether the parameter is log10 of the part. The prior is still that of the part itself.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        log10: bool,
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
            Self::LogUniform { lower, upper } => {
                (positive(lower) && upper.is_finite() && lower < upper, "finite ends above 0, `lower` below `upper`")
            }
            Self::Beta { alpha, beta, lower, upper } => (
                positive(alpha) && positive(beta) && (upper - lower).is_finite() && lower < upper,
                "alpha and beta above 0, and finite ends, `lower` below `upper`",
            ),
            Self::StudentT { location, scale, degrees_of_freedom } => (
                location.is_finite() && positive(scale) && positive(degrees_of_freedom),
                "a finite location, a scale and degrees of freedom above 0",
            ),
            Self::Dirichlet { concentration, rest, .. } => {
                (positive(concentration) && positive(rest), "a concentration and a rest above 0")
            }
        };
        if sound { Ok(()) } else { Err(Error::invalid(format!("prior of `{name}`"), self, required)) }
    }

    /// The open interval where the density is not zero.
    pub fn support(&self) -> (f64, f64) {
        match *self {
            Self::Flat {} | Self::Normal { .. } | Self::StudentT { .. } => (f64::NEG_INFINITY, f64::INFINITY),
            Self::Uniform { lower, upper }
            | Self::TruncatedNormal { lower, upper, .. }
            | Self::LogUniform { lower, upper }
            | Self::Beta { lower, upper, .. } => (lower, upper),
            Self::Dirichlet { log10: false, .. } => (0.0, 1.0),
            Self::Dirichlet { log10: true, .. } => (f64::NEG_INFINITY, 0.0),
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
            Self::LogUniform { lower, upper } => (-x.ln() - (upper / lower).ln().ln(), -1.0 / x),
            Self::Beta { alpha, beta, lower, upper } => {
                let (below, above, width) = (x - lower, upper - x, upper - lower);
                let shape = (alpha - 1.0) * (below / width).ln() + (beta - 1.0) * (above / width).ln();
                (shape - ln_beta(alpha, beta) - width.ln(), (alpha - 1.0) / below - (beta - 1.0) / above)
            }
            Self::StudentT { location, scale, degrees_of_freedom: nu } => {
                let t = (x - location) / scale;
                let norm = ln_gamma(0.5 * (nu + 1.0)) - ln_gamma(0.5 * nu) - 0.5 * (nu * PI).ln() - scale.ln();
                (norm - 0.5 * (nu + 1.0) * (t * t / nu).ln_1p(), -(nu + 1.0) * t / (scale * (nu + t * t)))
            }
            Self::Dirichlet { .. } => {
                let (value, slopes) = self.part_alone().ln_pdf(&[x]);
                (value, slopes[0])
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
            Self::LogUniform { lower, upper } => lower * (upper / lower).powf(p),
            Self::Beta { alpha, beta, lower, upper } => lower + (upper - lower) * beta_quantile(alpha, beta, p),
            Self::StudentT { location, scale, degrees_of_freedom } => {
                location + scale * student_t_quantile(degrees_of_freedom, p)
            }
            Self::Dirichlet { .. } => self.part_alone().quantiles(&[p])[0],
        }
    }

    /// Concentration of a part of a whole, whether the parameter is its log10, and the concentration of the rest; `None` of other priors.
    pub(super) fn part(&self) -> Option<((f64, bool), f64)> {
        match *self {
            Self::Dirichlet { concentration, rest, log10 } => Some(((concentration, log10), rest)),
            _ => None,
        }
    }

    /// The part as if it were alone with the rest.
    pub(super) fn part_alone(&self) -> Parts {
        let (part, rest) = self.part().unwrap_or(((1.0, false), 1.0));
        Parts::new(&[part], rest)
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
            Self::LogUniform { lower, upper } => write!(f, "log-uniform({lower}, {upper})"),
            Self::Beta { alpha, beta, lower, upper } if (lower, upper) == (0.0, 1.0) => {
                write!(f, "beta({alpha}, {beta})")
            }
            Self::Beta { alpha, beta, lower, upper } => {
                write!(f, "beta({alpha}, {beta}) between {lower} and {upper}")
            }
            Self::StudentT { location, scale, degrees_of_freedom } => {
                write!(f, "student-t({location}, {scale}) of {degrees_of_freedom} degrees of freedom")
            }
            Self::Dirichlet { concentration, rest, .. } => write!(f, "Dirichlet({concentration}; rest {rest})"),
        }
    }
}

fn minus_infinity() -> f64 {
    f64::NEG_INFINITY
}

fn infinity() -> f64 {
    f64::INFINITY
}

fn one() -> f64 {
    1.0
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
#[path = "prior_tests.rs"]
mod tests;
