//! Joint priors: coordinates and densities against differences, draws against known distributions, fits by both kinds of method.

use nalgebra::DMatrix;
use nuts_rs::rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};
use statrs::function::beta::beta_reg;

use super::super::prior::Prior;
use super::super::priors::Priors;
use super::super::testing::Linear;
use super::super::{LbfgsSettings, LeastSquaresSettings, lbfgs, levenberg_marquardt};

const NAMES: [&str; 3] = ["a", "b", "c"];

fn part(concentration: f64, log10: bool) -> Prior {
    Prior::Dirichlet { concentration, rest: 2.5, log10 }
}

fn priors(each: [Prior; 3], ordered: bool) -> Priors {
    let names = NAMES.map(String::from);
    let priors = Priors::new(&names, NAMES.iter().zip(each)).unwrap();
    if ordered { priors.ordered(&["b", "a", "c"]).unwrap() } else { priors }
}

fn examples() -> Vec<Priors> {
    let uniform = Prior::Uniform { lower: 500.0, upper: 3000.0 };
    vec![
        priors([part(1.0, false), part(3.0, false), part(1.5, false)], false),
        priors([part(1.0, true), part(3.0, false), part(1.5, true)], false),
        priors([part(1.0, true), Prior::Normal { mean: 0.0, sd: 1.0 }, part(2.0, true)], false),
        priors([uniform; 3], true),
        priors([Prior::LogNormal { mu: 1.0, sigma: 0.6 }; 3], true),
        priors([Prior::StudentT { location: 2.0, scale: 0.5, degrees_of_freedom: 4.0 }; 3], true),
        priors([Prior::TruncatedNormal { mean: 0.0, sd: 1.0, lower: f64::NEG_INFINITY, upper: 0.3 }; 3], true),
    ]
}

const POINTS: [[f64; 3]; 3] = [[0.3, -0.8, 0.1], [-2.0, 1.5, 0.7], [0.0, 0.4, -3.0]];

/// Central difference of a function of several numbers.
fn difference(at: &[f64], k: usize, h: f64, f: impl Fn(&[f64]) -> Vec<f64>) -> Vec<f64> {
    let beside = |d: f64| {
        let mut z = at.to_vec();
        z[k] += d;
        f(&z)
    };
    beside(h).iter().zip(beside(-h)).map(|(up, down)| (up - down) / (2.0 * h)).collect()
}

#[test]
fn coordinates_go_there_and_back_and_their_slopes_are_those_of_differences() {
    for priors in examples() {
        for z in POINTS {
            let x = priors.to_constrained(&z);
            assert!(priors.outside(&x).is_none(), "{priors:?} {x:?}");
            let back = priors.to_unconstrained(&x).unwrap();
            assert!(back.iter().zip(z).all(|(b, z)| (b - z).abs() < 1e-9), "{back:?}");
            let mut slopes = DMatrix::zeros(3, 3);
            priors.slopes(&z).into_iter().for_each(|(i, k, slope)| slopes[(i, k)] = slope);
            let (mut ln, mut gradient) = (0.0, [0.0; 3]);
            priors.add_ln_jacobian(&z, &mut ln, &mut gradient);
            assert!((ln - slopes.determinant().abs().ln()).abs() < 1e-9, "{priors:?}: {ln}");
            for k in 0..3 {
                for (i, d) in difference(&z, k, 1e-5, |z| priors.to_constrained(z)).iter().enumerate() {
                    assert!((slopes[(i, k)] - d).abs() < 1e-7 * (1.0 + x[i].abs()), "{priors:?}: {i} {k} {d}");
                }
                let value = |z: &[f64]| {
                    let mut value = 0.0;
                    priors.add_ln_jacobian(z, &mut value, &mut [0.0; 3]);
                    vec![value]
                };
                let d = difference(&z, k, 1e-5, value)[0];
                assert!((gradient[k] - d).abs() < 1e-8 * (1.0 + d.abs()), "{priors:?}: {k} {d} {gradient:?}");
            }
        }
    }
}

#[test]
fn densities_terms_and_curvatures_agree() {
    for priors in examples() {
        let ln_pdf = |x: &[f64]| priors.ln_pdf(x, &mut [0.0; 3]);
        let square = |x: &[f64]| 0.5 * priors.terms(x).iter().map(|t| t.0 * t.0).sum::<f64>();
        let mut falls = Vec::new();
        for z in POINTS {
            let x = priors.to_constrained(&z);
            let mut gradient = [0.0; 3];
            priors.ln_pdf(&x, &mut gradient);
            let mut curvature = DMatrix::<f64>::zeros(3, 3);
            priors.curvature(&x).into_iter().for_each(|(i, k, v)| curvature[(i, k)] = v);
            for k in 0..3 {
                let h = 1e-6 * priors.slopes(&z).iter().filter(|s| s.0 == k).map(|s| s.2.abs()).fold(0.0, f64::max);
                let d = difference(&x, k, h, |x| vec![ln_pdf(x)])[0];
                assert!((gradient[k] - d).abs() < 1e-8 / h * 1e-3 + 1e-5 * d.abs(), "{priors:?}: {k} {d} {gradient:?}");
                let rows = difference(&x, k, h, |x| priors.terms(x).iter().map(|t| t.0).collect());
                for (term, d) in priors.terms(&x).iter().zip(rows) {
                    assert!((term.1[k] - d).abs() < 1e-5 * (d.abs() + 1e-3 / h * 1e-4), "{priors:?}: {k} {d}");
                }
                let second = difference(&x, k, h, |x| {
                    let mut gradient = vec![0.0; 3];
                    priors.ln_pdf(x, &mut gradient);
                    gradient
                });
                for (i, d) in second.iter().enumerate() {
                    let scale = (curvature[(i, i)] * curvature[(k, k)]).abs().sqrt() + d.abs();
                    assert!((curvature[(i, k)] + d).abs() < 1e-5 * scale + 1e-9, "{priors:?}: {i} {k} {d}");
                }
            }
            if !priors.terms(&x).is_empty() {
                falls.push(square(&x) + ln_pdf(&x));
            }
        }
        // The same constant everywhere: ln pdf at the mode.
        assert!(falls.windows(2).all(|f| (f[0] - f[1]).abs() < 1e-9 * (1.0 + f[0].abs())), "{priors:?}: {falls:?}");
    }
}

/// Largest distance of a sample from a distribution function (Kolmogorov-Smirnov), times the square root of its size.
fn distance(mut draws: Vec<f64>, cdf: impl Fn(f64) -> f64) -> f64 {
    draws.sort_by(f64::total_cmp);
    let n = draws.len() as f64;
    let each = draws.iter().enumerate().map(|(i, x)| {
        let f = cdf(*x);
        (f - i as f64 / n).abs().max((f - (i + 1) as f64 / n).abs())
    });
    each.fold(0.0, f64::max) * n.sqrt()
}

#[test]
fn draws_from_the_unit_cube_follow_the_distribution_functions() {
    let mut random = ChaCha8Rng::seed_from_u64(11);
    let mut draws = |priors: &Priors| -> Vec<Vec<f64>> {
        (0..4000).map(|_| priors.quantiles(&[(); 3].map(|()| random.random()))).collect()
    };
    // A part of Dirichlet's distribution by itself has a beta distribution, whatever the order in which the stick is broken.
    for log10 in [false, true] {
        let a = [1.0, 3.0, 1.5];
        let parts = draws(&priors(a.map(|a| part(a, log10)), false));
        for (i, a) in a.iter().enumerate() {
            let of = |x: &Vec<f64>| if log10 { 10f64.powf(x[i]) } else { x[i] };
            let d = distance(parts.iter().map(of).collect(), |r| beta_reg(*a, 8.0 - a, r));
            assert!(d < 1.95, "{i}: {d}"); // 1e-3 of samples are further
        }
    }
    // The k-th of n ordered uniform numbers has a beta distribution.
    let uniform = Prior::Uniform { lower: 500.0, upper: 3000.0 };
    let ordered = draws(&priors([uniform; 3], true));
    assert!(ordered.iter().all(|x| x[1] < x[0] && x[0] < x[2]));
    for (place, i) in [1, 0, 2].into_iter().enumerate() {
        let u = |x: &Vec<f64>| (x[i] - 500.0) / 2500.0;
        let d = distance(ordered.iter().map(u).collect(), |u| beta_reg(1.0 + place as f64, 3.0 - place as f64, u));
        assert!(d < 1.95, "{place}: {d}");
    }
    assert!(priors([part(1.0, false); 3], false).quantiles(&[0.5, 1.5, 0.5]).iter().all(|x| x.is_nan()));
}

#[test]
fn least_squares_finds_the_most_probable_parameters_of_every_smooth_prior() {
    let smooth = [
        Prior::LogNormal { mu: 0.0, sigma: 0.5 },
        Prior::Exponential { rate: 1.5 },
        Prior::LogUniform { lower: 0.01, upper: 10.0 },
        Prior::StudentT { location: 0.2, scale: 0.1, degrees_of_freedom: 2.0 },
        Prior::Beta { alpha: 2.0, beta: 5.0, lower: 0.0, upper: 2.0 },
        Prior::HalfNormal { sd: 0.2 },
    ];
    let mut all: Vec<Priors> = smooth.map(|prior| priors([prior; 3], false)).to_vec();
    all.push(priors([part(1.5, false), part(4.0, false), part(2.0, false)], false));
    all.push(priors([part(1.5, false); 3], false));
    all.push(priors([Prior::Normal { mean: 0.5, sd: 0.3 }; 3], true));
    for priors in all {
        let mut model = Linear::new(&NAMES, 8, 0.3);
        model.data =
            model.model(&[0.25, 0.15, 0.4]).iter().enumerate().map(|(i, y)| y + 0.2 * (2.3 * i as f64).sin()).collect();
        let start = [0.25, 0.2, 0.3];
        let tight = LeastSquaresSettings { tolerance: 1e-12, patience: 500, ..LeastSquaresSettings::default() };
        let squares = levenberg_marquardt(&mut model, &priors, &start, &tight, &()).unwrap();
        let tight = LbfgsSettings { value_tolerance: 1e-13, gradient_tolerance: 1e-10, ..LbfgsSettings::default() };
        let density = lbfgs(&mut model, &priors, &start, &tight, &()).unwrap();
        for i in 0..3 {
            let (a, b) = (squares.parameters[i], density.parameters[i]);
            assert!((a - b).abs() < 2e-4 * (1.0 + a.abs()), "{priors:?}: {squares} {density}");
        }
    }
}

#[test]
fn impossible_orders_are_refused() {
    let names = NAMES.map(String::from);
    let uniform = Prior::Uniform { lower: 0.0, upper: 1.0 };
    let all = || Priors::new(&names, NAMES.iter().zip([uniform, uniform, Prior::Flat {}])).unwrap();
    for (order, words) in [
        (vec!["a"], "two parameters or more"),
        (vec!["a", "x"], "given `x`"),
        (vec!["a", "a"], "given `a` twice"),
        (vec!["a", "c"], "given `a`, `c` with different priors, required the same prior for all"),
    ] {
        let message = all().ordered(&order).unwrap_err().to_string();
        assert!(message.contains(words), "{message}");
    }
    let message = all().ordered(&["a", "b"]).unwrap().to_unconstrained(&[0.5, 0.4, 0.0]).unwrap_err().to_string();
    assert!(
        message.contains("starts of parameters `a`, `b`: given [0.5, 0.4]") && message.contains("each above"),
        "{message}"
    );
    let parts = priors([part(1.0, false); 3], false);
    let message = parts.to_unconstrained(&[0.5, 0.4, 0.2]).unwrap_err().to_string();
    assert!(message.contains("parts above 0 that leave a rest above 0"), "{message}");
    let other = Prior::Dirichlet { concentration: 1.0, rest: 1.0, log10: false };
    let message = Priors::new(&names, NAMES.iter().zip([part(1.0, false), other, uniform])).unwrap_err().to_string();
    assert!(message.contains("prior of `b`: given rest 1, and 2.5 as of `a`"), "{message}");
}
