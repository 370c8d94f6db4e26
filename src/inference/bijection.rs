//! Maps between a parameter's support and the whole line, where optimisers and samplers move freely.
//!
//! With x = f(z), a density p(x) becomes p(f(z)) |f'(z)| in z; ln |f'| and its derivative by z are here too.

/// x = f(z) from the whole line onto an open interval, increasing or decreasing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bijection {
    /// x = z.
    Identity,
    /// x = lower + exp(z).
    Above(f64),
    /// x = upper - exp(z).
    Below(f64),
    /// x = lower + (upper - lower) / (1 + exp(-z)).
    Between(f64, f64),
}

impl Bijection {
    /// The map onto the open interval from `lower` to `upper`, either of which may be infinite.
    pub fn of(lower: f64, upper: f64) -> Self {
        match (lower.is_finite(), upper.is_finite()) {
            (true, true) => Self::Between(lower, upper),
            (true, false) => Self::Above(lower),
            (false, true) => Self::Below(upper),
            (false, false) => Self::Identity,
        }
    }

    /// x at z.
    pub fn to_constrained(&self, z: f64) -> f64 {
        match *self {
            Self::Identity => z,
            Self::Above(lower) => lower + z.exp(),
            Self::Below(upper) => upper - z.exp(),
            // From the nearer end, so that values close to either keep their digits.
            Self::Between(lower, upper) if z < 0.0 => lower + (upper - lower) * logistic(z),
            Self::Between(lower, upper) => upper - (upper - lower) * logistic(-z),
        }
    }

    /// z at x; not finite where x is not inside the interval.
    pub fn to_unconstrained(&self, x: f64) -> f64 {
        match *self {
            Self::Identity => x,
            Self::Above(lower) => (x - lower).ln(),
            Self::Below(upper) => (upper - x).ln(),
            Self::Between(lower, upper) => ((x - lower) / (upper - x)).ln(),
        }
    }

    /// dx/dz at z.
    pub fn derivative(&self, z: f64) -> f64 {
        match *self {
            Self::Identity => 1.0,
            Self::Above(_) => z.exp(),
            Self::Below(_) => -z.exp(),
            Self::Between(lower, upper) => (upper - lower) * logistic(z) * logistic(-z),
        }
    }

    /// ln |dx/dz| and its derivative by z.
    pub fn ln_jacobian(&self, z: f64) -> (f64, f64) {
        match *self {
            Self::Identity => (0.0, 0.0),
            Self::Above(_) | Self::Below(_) => (z, 1.0),
            // ln s(z) + ln s(-z) with ln s(z) = -ln(1 + exp(-z)); s(-z) - s(z) is its derivative.
            Self::Between(lower, upper) => {
                let a = z.abs();
                ((upper - lower).ln() - a - 2.0 * (-a).exp().ln_1p(), logistic(-z) - logistic(z))
            }
        }
    }
}

/// 1 / (1 + exp(-z)), without overflow.
fn logistic(z: f64) -> f64 {
    if z < 0.0 { z.exp() / (1.0 + z.exp()) } else { 1.0 / (1.0 + (-z).exp()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Bijection; 4] =
        [Bijection::Identity, Bijection::Above(-2.0), Bijection::Below(5.0), Bijection::Between(800.0, 1000.0)];

    #[test]
    fn there_and_back() {
        for b in ALL {
            for z in [-12.0, -1.3, 0.0, 0.2, 4.0, 12.0] {
                let back = b.to_unconstrained(b.to_constrained(z));
                // Near an end of 1000 a spacing of 1e-13 is left for 200 exp(-12).
                assert!((back - z).abs() < 1e-9 * (1.0 + z.abs()), "{b:?} {z} {back}");
            }
        }
    }

    #[test]
    fn derivatives_are_those_of_differences() {
        let h = 1e-5;
        for b in ALL {
            for z in [-3.0, -0.4, 0.0, 1.7, 3.0] {
                let slope = (b.to_constrained(z + h) - b.to_constrained(z - h)) / (2.0 * h);
                assert!((b.derivative(z) - slope).abs() < 1e-7 * slope.abs(), "{b:?} {z}");
                let (ln, d) = b.ln_jacobian(z);
                assert!((ln - slope.abs().ln()).abs() < 1e-7, "{b:?} {z}");
                assert!((d - (b.ln_jacobian(z + h).0 - b.ln_jacobian(z - h).0) / (2.0 * h)).abs() < 1e-8, "{b:?} {z}");
            }
        }
    }

    #[test]
    fn far_out_values_stay_finite() {
        let b = Bijection::Between(0.0, 1.0);
        assert_eq!((b.to_constrained(-800.0), b.to_constrained(800.0)), (0.0, 1.0));
        assert_eq!(b.ln_jacobian(800.0), (-800.0, -1.0));
        assert_eq!(b.ln_jacobian(-800.0), (-800.0, 1.0));
    }
}
