//! Quantiles of the beta and the t distribution, from the incomplete beta function of `statrs`.
//!
//! The crate's own inverse of that function is off in its third digit at places (its tests say so), hence a bisection here.

use statrs::function::beta::beta_reg;

/// The value u from 0 to 1 with I_u(a, b) = p.
pub(super) fn beta_quantile(a: f64, b: f64, p: f64) -> f64 {
    match p {
        _ if p <= 0.0 => 0.0,
        _ if p >= 1.0 => 1.0,
        // Both ends keep their digits: near 1 it is the distance from 1 that is found.
        _ if p > 0.5 => 1.0 - logistic(logit(b, a, 1.0 - p)),
        _ => logistic(logit(a, b, p)),
    }
}

/// The value below which a fraction `p` of Student's t with `nu` degrees of freedom lies.
pub(super) fn student_t_quantile(nu: f64, p: f64) -> f64 {
    let tail = p.min(1.0 - p);
    if tail <= 0.0 {
        return if p < 0.5 { f64::NEG_INFINITY } else { f64::INFINITY };
    }
    if tail >= 0.5 {
        return 0.0;
    }
    // I_y(nu / 2, 1 / 2) = 2 tail with y = nu / (nu + t^2), whose logit is -ln(t^2 / nu).
    let t = (nu * (-logit(0.5 * nu, 0.5, 2.0 * tail)).exp()).sqrt();
    if p < 0.5 { -t } else { t }
}

/// ln(u / (1 - u)) of the u with I_u(a, b) = p, by bisection.
fn logit(a: f64, b: f64, p: f64) -> f64 {
    let (mut low, mut high) = (-744.0, 36.0);
    while high - low > 1e-14 * (1.0 + f64::abs(low)) {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if beta_reg(a, b, logistic(middle)) < p { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

fn logistic(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_closed_forms() {
        for (a, b, p, expected) in [(1.0, 1.0, 0.25, 0.25), (2.0, 1.0, 0.81, 0.9), (1.0, 3.0, 0.488, 0.2)] {
            let found = beta_quantile(a, b, p);
            assert!((found - expected).abs() < 1e-12, "{a} {b} {p}: {found}");
        }
        // One degree of freedom is Cauchy's tan(pi (p - 1/2)), two have a closed form as well.
        for p in [1e-9, 0.01, 0.3, 0.5, 0.8, 0.999] {
            let cauchy = -1.0 / (std::f64::consts::PI * p).tan();
            assert!((student_t_quantile(1.0, p) - cauchy).abs() < 1e-9 * (1.0 + cauchy.abs()), "{p}");
            let two = (2.0 * p - 1.0) / (2.0 * p * (1.0 - p)).sqrt();
            assert!((student_t_quantile(2.0, p) - two).abs() < 1e-9 * (1.0 + two.abs()), "{p}");
        }
    }

    #[test]
    fn quantiles_invert_the_distribution_function() {
        for (a, b) in [(0.5, 0.5), (2.5, 4.0), (30.0, 0.5), (0.2, 3.0), (200.0, 300.0)] {
            for p in [1e-6, 0.1, 0.5, 0.75, 0.999] {
                let u = beta_quantile(a, b, p);
                assert!((beta_reg(a, b, u) - p).abs() < 1e-9, "{a} {b} {p}: {u}");
            }
            assert_eq!((beta_quantile(a, b, 0.0), beta_quantile(a, b, 1.0)), (0.0, 1.0));
        }
    }
}
