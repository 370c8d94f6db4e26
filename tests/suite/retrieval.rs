//! The classic retrieval at reduced size, and whether posteriors are calibrated.

use photosphere::inference::{NutsSettings, Prior, Priors, Summary, calibration, diagnostics, sample};
use photosphere::objective::{Noise, Observation, SpectrumObjective};
use photosphere::{Backend, gpu::Device};

#[allow(dead_code)]
#[path = "../../examples/retrieval.rs"]
mod example;
use example::{Size, TRUTH, exercise, mock, model};

fn check(backend: &Backend) {
    let size = Size { range: (2144.0, 2147.0), points: 600, layers: 20 };
    let nuts = NutsSettings { warmup: 100, draws: 200, seed: 3, ..NutsSettings::default() };
    let outcome = exercise(backend, size, &nuts, &()).expect("an outcome");
    for fit in [&outcome.least_squares, &outcome.adamw] {
        let errors = fit.standard_errors.as_ref().expect("errors");
        for i in 0..2 {
            assert!((fit.parameters[i] - TRUTH[i]).abs() < 3.0 * errors[i], "{fit}");
        }
    }
    let trace = &outcome.trace;
    println!("{}", Summary::of(trace));
    assert_eq!((trace.chains.len(), trace.divergences()), (4, 0));
    for (i, truth) in TRUTH.iter().enumerate() {
        let chains = trace.parameter(i);
        let all = chains.concat();
        let mean = all.iter().sum::<f64>() / all.len() as f64;
        let sd = (all.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / all.len() as f64).sqrt();
        assert!((mean - truth).abs() < 3.0 * sd, "{}: {mean} +- {sd}", trace.names[i]);
        let r_hat = diagnostics::r_hat(&chains);
        assert!(r_hat < 1.05, "{}: R-hat {r_hat}", trace.names[i]);
    }
}

#[test]
fn cpu_classic_exercise() {
    check(&Backend::Cpu);
}

#[test]
#[ignore = "minutes on a software driver; `scripts/test --long` runs it"]
fn gpu_classic_exercise() {
    check(&Backend::Device(Device::from_env().expect("a device; `scripts/test` installs one")));
}

/// Parameters from the prior, data from them, a posterior from the data: the ranks of the true values are uniform (Talts et al. 2018).
#[test]
#[ignore = "minutes; `scripts/test --long` runs it"]
fn ranks_of_sixty_retrievals_are_uniform() {
    const RETRIEVALS: usize = 60;
    const KEPT: usize = 19;
    let size = Size { range: (2145.0, 2146.0), points: 160, layers: 10 };
    let given = [Prior::Uniform { lower: 800.0, upper: 1000.0 }, Prior::Uniform { lower: 0.05, upper: 0.15 }];
    let mut simulator = model(&Backend::Cpu, size).expect("a model");
    let mut ranks = vec![Vec::new(); 2];
    for k in 0..RETRIEVALS {
        // Low-discrepancy numbers fill the prior evenly, so that 60 of them are a sample of all of it.
        let part = |ratio: f64| (0.5 + ratio * (k + 1) as f64).fract();
        let truth = [given[0].quantile(part(0.7548776662466927)), given[1].quantile(part(0.5698402909980532))];
        let data = mock(&mut simulator, &truth, TRUTH[2], 1000 + k as u64).expect("data");
        let noise = Noise { error_scale: TRUTH[2].into(), ..Noise::default() };
        let observation = Observation { data, observable: Default::default(), instrument: Default::default(), noise };
        let one = model(&Backend::Cpu, size).expect("a model");
        let mut objective = SpectrumObjective::with_model(vec![observation], one).expect("an objective");
        let names = objective.names().to_vec();
        let priors = Priors::new(&names, names.iter().zip(given)).expect("priors");
        let thin = 20;
        let nuts =
            NutsSettings { chains: 1, warmup: 200, draws: KEPT * thin, seed: k as u64, ..NutsSettings::default() };
        // From the middle, not from the truth: a start that knows the answer would hide a sampler that stays where it is.
        let trace = sample(&mut objective, &priors, &[vec![900.0, 0.1]], &nuts, None, &()).expect("a trace");
        for (i, ranks) in ranks.iter_mut().enumerate() {
            ranks.push(calibration::rank(&trace.parameter(i)[0], truth[i], thin));
        }
    }
    for (ranks, name) in ranks.iter().zip(["T0", "alpha"]) {
        let p = calibration::uniformity(ranks, KEPT, 10).expect("a probability");
        println!("{name}: p = {p}, ranks {ranks:?}");
        assert!(p > 0.01, "{name}: p = {p}, ranks {ranks:?}");
    }
}
