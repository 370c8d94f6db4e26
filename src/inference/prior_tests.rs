//! Densities against their integrals, quantiles against distribution functions, derivatives against differences.

use super::*;

const EXAMPLES: [Prior; 16] = [
    Prior::Uniform { lower: 800.0, upper: 1000.0 },
    Prior::Normal { mean: -3.0, sd: 0.5 },
    Prior::LogNormal { mu: 0.4, sigma: 0.7 },
    Prior::HalfNormal { sd: 2.5 },
    Prior::Exponential { rate: 1e-3 },
    Prior::TruncatedNormal { mean: 1.0, sd: 2.0, lower: 0.0, upper: 3.5 },
    Prior::TruncatedNormal { mean: 1.0, sd: 1.0, lower: 7.0, upper: f64::INFINITY },
    Prior::TruncatedNormal { mean: 0.0, sd: 1.0, lower: f64::NEG_INFINITY, upper: -0.5 },
    Prior::LogUniform { lower: 1e-6, upper: 1e-1 },
    Prior::Beta { alpha: 2.5, beta: 4.0, lower: 0.0, upper: 1.0 },
    Prior::Beta { alpha: 0.6, beta: 1.0, lower: -2.0, upper: 3.0 },
    Prior::Beta { alpha: 30.0, beta: 1.2, lower: 0.0, upper: 1.0 },
    Prior::StudentT { location: 900.0, scale: 20.0, degrees_of_freedom: 8.0 },
    Prior::StudentT { location: 0.0, scale: 1.0, degrees_of_freedom: 40.0 },
    Prior::Dirichlet { concentration: 1.5, rest: 3.0, log10: false },
    Prior::Dirichlet { concentration: 1.5, rest: 3.0, log10: true },
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
            // Short against the width of the density, and against the way to its end.
            let h = (1e-5 * (prior.quantile(0.6) - prior.quantile(0.4))).min(1e-3 * (x - prior.quantile(0.9 * p)));
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
        Prior::LogUniform { lower: 0.0, upper: 1.0 },
        Prior::Beta { alpha: 0.0, beta: 1.0, lower: 0.0, upper: 1.0 },
        Prior::Beta { alpha: 1.0, beta: 1.0, lower: 1.0, upper: 1.0 },
        Prior::StudentT { location: 0.0, scale: 1.0, degrees_of_freedom: 0.0 },
        Prior::Dirichlet { concentration: -1.0, rest: 1.0, log10: false },
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
