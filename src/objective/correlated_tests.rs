//! Correlated noise: likelihood against a dense solve, derivatives against differences, every method on it, and whether posteriors are calibrated.

use nalgebra::{DMatrix, DVector};
use nuts_rs::rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};

use super::*;
use crate::grid::Grid;
use crate::inference::calibration::{rank, uniformity};
use crate::inference::{
    LbfgsSettings, LeastSquaresSettings, NutsSettings, Prior, Priors, lbfgs, levenberg_marquardt, sample,
};
use crate::instrument::{Setting, Settings};
use crate::{Error, Result};

/// F = a + b (nu - 2000): a straight line, whose posterior with any Gaussian noise is normal.
struct Straight {
    wavenumber: Vec<f64>,
    names: Vec<String>,
}

impl Straight {
    fn new() -> Self {
        let wavenumber = Grid::with_resolution(1997.0, 2005.0, 2e4).unwrap().wavenumbers();
        Self { wavenumber, names: vec!["a".into(), "b".into()] }
    }
}

impl SpectrumModel for Straight {
    fn wavenumber(&self) -> &[f64] {
        &self.wavenumber
    }

    fn names(&self) -> &[String] {
        &self.names
    }

    fn spectrum(&mut self, x: &[f64]) -> Result<Vec<f64>> {
        Ok(self.wavenumber.iter().map(|nu| x[0] + x[1] * (nu - 2000.0)).collect())
    }

    fn spectrum_and_jacobian(&mut self, x: &[f64]) -> Result<(Vec<f64>, Vec<f64>)> {
        let spectrum = self.spectrum(x)?;
        let jacobian = vec![1.0; spectrum.len()].into_iter().chain(self.wavenumber.iter().map(|nu| nu - 2000.0));
        Ok((spectrum, jacobian.collect()))
    }

    fn value_and_gradient(
        &mut self,
        x: &[f64],
        scalar: &mut dyn FnMut(&[f64]) -> Result<(f64, Vec<f64>)>,
    ) -> Result<(f64, Vec<f64>)> {
        let (spectrum, jacobian) = self.spectrum_and_jacobian(x)?;
        let (value, slopes) = scalar(&spectrum)?;
        let columns = jacobian.chunks_exact(spectrum.len());
        Ok((value, columns.map(|c| c.iter().zip(&slopes).map(|(c, s)| c * s).sum()).collect()))
    }
}

const POINTS: usize = 24;

fn data() -> DataSet {
    let nu: Vec<f64> = (0..POINTS).map(|k| 1998.0 + 6.0 * k as f64 / (POINTS - 1) as f64).collect();
    let value: Vec<f64> = (0..POINTS).map(|k| 3.0 + 0.2 * (nu[k] - 2000.0) + 0.3 * (2.1 * k as f64).sin()).collect();
    let error: Vec<f64> = (0..POINTS).map(|k| 0.2 + 0.02 * (k % 3) as f64).collect();
    // Not in ascending order: a covariance follows its rows.
    let reversed = |v: &[f64]| v.iter().rev().copied().collect::<Vec<_>>();
    DataSet::new("d", &reversed(&nu), &reversed(&value), &reversed(&error)).unwrap()
}

fn process(shape: CovarianceShape, distance: Distance, free: bool) -> Process {
    let long = if distance == Distance::Velocity { 150.0 } else { 1.0 };
    let setting = |name: &str, value: f64, high: f64| {
        if free { Setting::free(name, 1e-3 * value, high) } else { value.into() }
    };
    Process {
        shape,
        distance,
        length: setting("length", 0.8 * long, 10.0 * long),
        amplitude: setting("amplitude", 0.3, 5.0),
    }
}

/// A covariance of the file's order of points: it falls with the distance, and its variances differ.
fn covariance() -> Covariance {
    let entry = |i: usize, k: usize| {
        let size = |i: usize| 0.2 + 0.01 * i as f64;
        size(i) * size(k) * (-0.5 * (i as f64 - k as f64).abs()).exp()
    };
    let values: Vec<f64> = (0..POINTS * POINTS).map(|at| entry(at / POINTS, at % POINTS)).collect();
    Covariance::new(POINTS, &values).unwrap()
}

fn noises(free: bool) -> Vec<Noise> {
    let (jitter, error_scale) = match free {
        true => (Setting::free("jitter", 0.0, 3.0), Setting::free("factor", 0.1, 5.0)),
        false => (0.1.into(), 1.2.into()),
    };
    let noise =
        |covariance, process| Noise { jitter: jitter.clone(), error_scale: error_scale.clone(), covariance, process };
    use CovarianceShape::{Matern32, SquaredExponential};
    vec![
        noise(Some(covariance()), None),
        noise(None, Some(process(Matern32, Distance::Wavenumber, free))),
        noise(None, Some(process(SquaredExponential, Distance::Velocity, free))),
        noise(Some(covariance()), Some(process(Matern32, Distance::Velocity, free))),
    ]
}

fn objective(noise: Noise) -> SpectrumObjective<Straight> {
    let observation =
        Observation { data: data(), observable: Observable::Computed, instrument: Settings::default(), noise };
    SpectrumObjective::with_model(vec![observation], Straight::new()).unwrap()
}

/// The covariance of ascending points, put together without the code that is tested.
fn dense(noise: &Noise, jitter: f64, factor: f64, length: f64, amplitude: f64) -> DMatrix<f64> {
    let set = data();
    let nu = set.wavenumber();
    DMatrix::from_fn(POINTS, POINTS, |i, k| {
        let base = match &noise.covariance {
            // The file's rows run the other way.
            Some(c) => c.values()[(POINTS - 1 - i) * POINTS + POINTS - 1 - k],
            None if i == k => set.error()[i].powi(2),
            None => 0.0,
        };
        let d = match noise.process.as_ref().map(|p| p.distance) {
            Some(Distance::Velocity) => 299_792.458 * (nu[i] / nu[k]).ln().abs(),
            _ => (nu[i] - nu[k]).abs(),
        };
        let u = 3f64.sqrt() * d / length;
        let shape = match noise.process.as_ref().map(|p| p.shape) {
            Some(CovarianceShape::Matern32) => (1.0 + u) * (-u).exp(),
            Some(CovarianceShape::SquaredExponential) => (-d * d / (2.0 * length * length)).exp(),
            None => 0.0,
        };
        factor * factor * base + if i == k { jitter * jitter } else { 0.0 } + amplitude * amplitude * shape
    })
}

fn free_values(noise: &Noise) -> Vec<f64> {
    match noise.process.as_ref().map(|p| p.distance) {
        None => vec![0.13, 1.1],
        Some(Distance::Wavenumber) => vec![0.13, 1.1, 0.7, 0.4],
        Some(Distance::Velocity) => vec![0.13, 1.1, 105.0, 0.4],
    }
}

#[test]
fn the_likelihood_is_that_of_a_dense_solve() {
    for noise in noises(true) {
        let mut objective = objective(noise.clone());
        let free = free_values(&noise);
        let x = [&[2.8, 0.25][..], &free].concat();
        let value = |k: usize| free.get(k).copied().unwrap_or(1.0);
        let c = dense(&noise, free[0], free[1], value(2), if free.len() > 2 { free[3] } else { 0.0 });
        let r = DVector::from_iterator(
            POINTS,
            objective.predict(&x).unwrap()[0].value.iter().zip(data().value()).map(|(y, d)| y - d),
        );
        let chi_square = r.dot(&c.clone().lu().solve(&r).unwrap());
        let expected = -0.5 * (chi_square + c.determinant().ln() + POINTS as f64 * (2.0 * std::f64::consts::PI).ln());
        let found = objective.log_likelihood(&x).unwrap();
        assert!((found - expected).abs() < 1e-9 * expected.abs(), "{noise:?}: {found} {expected}");
        assert!((objective.chi_square(&x).unwrap() - chi_square).abs() < 1e-9 * chi_square, "{noise:?}");
        let sigma = &objective.predict(&x).unwrap()[0].sigma;
        assert!(sigma.iter().zip(c.diagonal().iter()).all(|(s, v)| (s * s / v - 1.0).abs() < 1e-12));
    }
}

#[test]
fn probabilities_of_points_are_those_given_all_others() {
    let ln_normal = |c: &DMatrix<f64>, r: &DVector<f64>| {
        let chi_square = r.dot(&c.clone().lu().solve(r).unwrap());
        -0.5 * (chi_square + c.determinant().ln() + r.len() as f64 * (2.0 * std::f64::consts::PI).ln())
    };
    let x = [2.8, 0.25];
    for noise in noises(false) {
        let process = noise.process.as_ref();
        let (length, amplitude) = process.map_or((1.0, 0.0), |p| (p.length.range().0, p.amplitude.range().0));
        let c = dense(&noise, 0.1, 1.2, length, amplitude);
        let mut objective = objective(noise);
        let predictions = objective.predict(&x).unwrap();
        assert_eq!(predictions, objective.predict_by_gradient(&x).unwrap());
        let terms = objective.pointwise(&x, &predictions).unwrap().remove(0);
        let prediction = &predictions[0];
        let r = DVector::from_iterator(POINTS, prediction.value.iter().zip(data().value()).map(|(y, d)| y - d));
        for j in [0, 7, POINTS - 1] {
            let without = ln_normal(&c.clone().remove_row(j).remove_column(j), &r.clone().remove_row(j));
            let expected = ln_normal(&c, &r) - without;
            assert!((terms[j] - expected).abs() < 1e-8 * (1.0 + expected.abs()), "{j}: {} {expected}", terms[j]);
        }
    }
    let mut independent = objective(Noise::default());
    let predictions = independent.predict(&x).unwrap();
    let terms = independent.pointwise(&x, &predictions).unwrap().remove(0);
    let sum: f64 = terms.iter().sum();
    assert!((sum - independent.log_likelihood(&x).unwrap()).abs() < 1e-10 * sum.abs());
}

#[test]
fn gradients_and_whitened_jacobians_are_those_of_differences() {
    let step = |x: &[f64], k: usize, d: f64| {
        let mut x = x.to_vec();
        x[k] += d * x[k];
        x
    };
    for noise in noises(true) {
        let mut objective = objective(noise.clone());
        let x = [&[2.8, 0.25][..], &free_values(&noise)].concat();
        let mut gradient = vec![0.0; x.len()];
        let value = objective.value_and_gradient(&x, &mut gradient).unwrap();
        assert!((value - objective.log_likelihood(&x).unwrap()).abs() < 1e-10 * value.abs());
        for (k, found) in gradient.iter().enumerate() {
            let mut at = |d: f64| objective.log_likelihood(&step(&x, k, d)).unwrap();
            let expected = (at(-2e-4) - 8.0 * at(-1e-4) + 8.0 * at(1e-4) - at(2e-4)) / (12e-4 * x[k]);
            assert!((found - expected).abs() < 1e-6 * (1.0 + expected.abs()), "{noise:?}: {k} {found} {expected}");
        }
        assert!(objective.check_least_squares().is_err());
    }
    for noise in noises(false) {
        let mut objective = objective(noise.clone());
        let x = [2.8, 0.25];
        let (residuals, jacobian) = objective.residuals_and_jacobian(&x).unwrap();
        assert_eq!(residuals, objective.residuals(&x).unwrap());
        for k in 0..2 {
            let mut at = |d: f64| objective.residuals(&step(&x, k, d)).unwrap();
            for (i, (up, down)) in at(1e-4).iter().zip(at(-1e-4)).enumerate() {
                let expected = (up - down) / (2e-4 * x[k]);
                assert!((jacobian[2 * i + k] - expected).abs() < 1e-7 * (1.0 + expected.abs()), "{noise:?}: {i} {k}");
            }
        }
    }
}

#[test]
fn fits_have_the_answer_of_generalised_least_squares() {
    for noise in noises(false) {
        let mut objective = objective(noise.clone());
        let process = noise.process.as_ref();
        let (length, amplitude) = process.map_or((1.0, 0.0), |p| (p.length.range().0, p.amplitude.range().0));
        let inverse = dense(&noise, 0.1, 1.2, length, amplitude).try_inverse().unwrap();
        let set = data();
        let a = DMatrix::from_fn(POINTS, 2, |i, k| if k == 0 { 1.0 } else { set.wavenumber()[i] - 2000.0 });
        let covariance = (a.transpose() * &inverse * &a).try_inverse().unwrap();
        let best = &covariance * a.transpose() * inverse * DVector::from_column_slice(set.value());
        let priors = Priors::flat(objective.names());
        let squares =
            levenberg_marquardt(&mut objective, &priors, &[1.0, 0.0], &LeastSquaresSettings::default(), &()).unwrap();
        let density = lbfgs(&mut objective, &priors, &[1.0, 0.0], &LbfgsSettings::default(), &()).unwrap();
        for (fit, tolerance) in [(squares, 1e-6), (density, 1e-2)] {
            for k in 0..2 {
                let sd = covariance[(k, k)].sqrt();
                assert!((fit.parameters[k] - best[k]).abs() < tolerance * sd, "{noise:?}: {fit} {best}");
                assert!((fit.standard_errors.as_ref().unwrap()[k] / sd - 1.0).abs() < 1e-3, "{noise:?}: {fit}");
            }
        }
    }
}

#[test]
fn noise_that_cannot_be_is_refused() {
    let wrong = |noise: Noise| {
        let observation =
            Observation { data: data(), observable: Observable::Computed, instrument: Settings::default(), noise };
        SpectrumObjective::with_model(vec![observation], Straight::new()).map(drop).unwrap_err().to_string()
    };
    let two = Covariance::new(2, &[1.0, 0.0, 0.0, 1.0]).unwrap();
    let message = wrong(Noise { covariance: Some(two), ..Noise::default() });
    assert!(message.contains("data set `d`: points of the covariance matrix: given 2, required 24"), "{message}");
    let zero = Process { length: 0.0.into(), ..process(CovarianceShape::Matern32, Distance::Wavenumber, false) };
    let message = wrong(Noise { process: Some(zero), ..Noise::default() });
    assert!(message.contains("length of correlated noise: given 0, required a finite number above zero"), "{message}");
    // A smooth process without independent noise has a covariance that rounds to a singular one.
    let smooth =
        Process { length: 50.0.into(), ..process(CovarianceShape::SquaredExponential, Distance::Wavenumber, false) };
    let noise = Noise { error_scale: 1e-9.into(), process: Some(smooth), ..Noise::default() };
    let error = objective(noise).log_likelihood(&[3.0, 0.2]).unwrap_err();
    assert!(matches!(error, Error::Invalid { .. }) && error.to_string().contains("positive definite"), "{error}");
}

/// Probabilities that ranks are uniform: parameters from the priors, data and noise from them, a posterior of the data.
fn calibrate(noise: Noise, logarithms: bool, runs: u64, seed: u64) -> Vec<f64> {
    const MOST: usize = 49;
    let mut objective = objective(noise);
    let names = objective.names().to_vec();
    let prior = |name: &String| match name.as_str() {
        "a" => Prior::Normal { mean: 3.0, sd: 1.0 },
        "b" => Prior::Normal { mean: 0.0, sd: 0.5 },
        _ if logarithms => Prior::Uniform { lower: -1.0, upper: 0.3 },
        "jitter" => Prior::HalfNormal { sd: 0.3 },
        "length" => Prior::LogUniform { lower: 0.3, upper: 3.0 },
        _ => Prior::LogUniform { lower: 0.15, upper: 1.0 },
    };
    if logarithms {
        objective = objective.on_log10(["jitter", "factor", "length", "amplitude"]);
    }
    let priors = Priors::new(&names, names.iter().map(|n| (n, prior(n)))).unwrap();
    let mut ranks = vec![Vec::new(); names.len()];
    for run in 0..runs {
        let mut random = ChaCha8Rng::seed_from_u64(seed + run);
        let truth = priors.quantiles(&names.iter().map(|_| random.random_range(1e-9..1.0)).collect::<Vec<f64>>());
        let clean = objective.predict(&truth).unwrap().remove(0).value;
        let standard = Prior::Normal { mean: 0.0, sd: 1.0 };
        let drawn = objective.draw_noise(&truth, &mut || standard.quantile(random.random_range(1e-12..1.0))).unwrap();
        let noisy: Vec<f64> = clean.iter().zip(&drawn[0]).map(|(y, n)| y + n).collect();
        let set = data();
        objective.replace_data(&[set.with_values(&noisy, set.error()).unwrap()]).unwrap();
        let settings = NutsSettings { chains: 1, warmup: 150, draws: 3 * MOST, seed: run, ..NutsSettings::default() };
        let trace = sample(&mut objective, &priors, std::slice::from_ref(&truth), &settings, None, &()).unwrap();
        (0..names.len()).for_each(|i| ranks[i].push(rank(&trace.parameter(i)[0], truth[i], 3)));
    }
    ranks.iter().map(|ranks| uniformity(ranks, MOST, 5).unwrap()).collect()
}

/// Every kind of noise, with the numbers that are free in it; whether they are on log10.
fn kinds() -> Vec<(&'static str, Noise, bool)> {
    let free = |name: &str| Setting::free(name, 1e-4, 50.0);
    let process =
        |shape| Process { shape, distance: Distance::Wavenumber, length: free("length"), amplitude: free("amplitude") };
    use CovarianceShape::{Matern32, SquaredExponential};
    let plain = Noise::default;
    vec![
        ("covariance", Noise { covariance: Some(covariance()), error_scale: free("factor"), ..plain() }, false),
        ("jitter", Noise { jitter: free("jitter"), ..plain() }, false),
        ("Matern-3/2", Noise { process: Some(process(Matern32)), ..plain() }, false),
        ("squared exponential", Noise { process: Some(process(SquaredExponential)), ..plain() }, false),
        ("Matern-3/2 on log10", Noise { process: Some(process(Matern32)), ..plain() }, true),
    ]
}

#[test]
fn every_kind_of_noise_is_calibrated() {
    for (name, noise, logarithms) in kinds() {
        let p = calibrate(noise, logarithms, 20, 7000);
        assert!(p.iter().all(|p| *p > 1e-4), "{name}: {p:?}");
    }
}

#[test]
#[ignore = "some minutes"]
fn calibration_at_length_of_noise() {
    for (name, noise, logarithms) in kinds() {
        let p = calibrate(noise, logarithms, 400, 90_000);
        println!("{name}: {p:.3?}");
        assert!(p.iter().all(|p| *p > 1e-4), "{name}: {p:?}");
    }
}
