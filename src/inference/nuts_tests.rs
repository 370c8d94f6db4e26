//! Tests of the sampler: known posteriors, refusals, failures, chains killed and resumed, calibration.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::super::calibration::{rank, uniformity};
use super::super::prior::Prior;
use super::super::summary::Summary;
use super::super::testing::{Line, Valley};
use super::*;

fn quick(chains: usize, warmup: usize, draws: usize) -> NutsSettings {
    NutsSettings { chains, warmup, draws, seed: 7, ..NutsSettings::default() }
}

fn line_priors(sd: f64) -> Priors {
    let prior = Prior::Normal { mean: 0.0, sd };
    Priors::new(LogDensity::names(&Line::new(1.0)), [("a", prior), ("b", prior)]).unwrap()
}

#[test]
fn a_normal_posterior_has_its_mean_and_covariance() {
    let (mut line, priors) = (Line::new(0.3), line_priors(2.0));
    let trace = sample(&mut line, &priors, &[vec![1.5, 2.5]], &quick(4, 300, 1000), None, &()).unwrap();
    let summary = Summary::of(&trace);
    let (mean, [aa, _, bb]) = line.answer(2.0);
    for (i, row) in summary.rows.iter().enumerate() {
        let sd = [aa, bb][i].sqrt();
        // Five standard errors of the mean, and of the standard deviation.
        assert!((row.mean - mean[i]).abs() < 5.0 * sd / row.ess_bulk.sqrt(), "{summary}");
        assert!((row.sd / sd - 1.0).abs() < 5.0 / (2.0 * row.ess_bulk.min(4000.0)).sqrt(), "{summary}");
        assert!(row.r_hat < 1.01 && row.ess_bulk > 1000.0, "{summary}");
    }
    assert!(summary.warnings().is_empty(), "{summary}");
    assert!((summary.acceptance_rate - 0.8).abs() < 0.15, "{summary}");
}

#[test]
fn draws_through_bijections_follow_the_prior() {
    // A likelihood without information: the draws are those of the priors, whose quantiles are known.
    struct Nothing(Vec<String>);
    impl LogDensity for Nothing {
        fn names(&self) -> &[String] {
            &self.0
        }
        fn value_and_gradient(&mut self, _: &[f64], gradient: &mut [f64]) -> Result<f64> {
            gradient.fill(0.0);
            Ok(0.0)
        }
    }
    let all = [
        Prior::Uniform { lower: 800.0, upper: 1000.0 },
        Prior::LogNormal { mu: 1.0, sigma: 0.5 },
        Prior::HalfNormal { sd: 3.0 },
        Prior::Exponential { rate: 1e-3 },
        Prior::TruncatedNormal { mean: 0.0, sd: 1.0, lower: f64::NEG_INFINITY, upper: 0.3 },
    ];
    let names: Vec<String> = (0..5).map(|i| format!("p{i}")).collect();
    let priors = Priors::new(&names, names.iter().zip(all)).unwrap();
    let start: Vec<f64> = all.iter().map(|p| p.quantile(0.5)).collect();
    let trace = sample(&mut Nothing(names), &priors, &[start], &quick(4, 500, 1000), None, &()).unwrap();
    let effective = Summary::of(&trace).rows.iter().map(|r| r.ess_bulk.min(r.ess_tail)).fold(4000.0, f64::min);
    for (i, prior) in all.iter().enumerate() {
        let draws = trace.parameter(i).concat();
        for p in [0.1, 0.5, 0.9] {
            let below = draws.iter().filter(|d| **d < prior.quantile(p)).count() as f64 / draws.len() as f64;
            assert!((below - p).abs() < 5.0 * (p * (1.0 - p) / effective).sqrt(), "{prior}: {below} below {p}");
        }
    }
}

#[test]
fn chains_in_threads_draw_the_same() {
    let priors = line_priors(2.0);
    let settings = quick(3, 50, 50);
    let starts = [vec![1.0, 2.0], vec![2.0, 2.0], vec![2.0, 3.0]];
    let one_by_one = sample(&mut Line::new(0.3), &priors, &starts, &settings, None, &()).unwrap();
    let at_once = sample_parallel(|_| Ok(Line::new(0.3)), &priors, &starts, &settings, None, &()).unwrap();
    assert_eq!(one_by_one, at_once);
    assert_ne!(one_by_one.chains[0].draws, one_by_one.chains[1].draws);
}

#[test]
fn refusals_are_divergences_and_lost_devices_end_the_run() {
    let mut valley = Valley { limit: 2.0, ..Valley::new() };
    let wide = Prior::Normal { mean: 0.0, sd: 2.0 };
    let priors = Priors::new(LogDensity::names(&valley), [("x", wide), ("y", wide)]).unwrap();
    let settings = quick(1, 100, 200);
    let trace = sample(&mut valley, &priors, &[vec![1.0, 1.0]], &settings, None, &()).unwrap();
    assert!(trace.divergences() > 0 && trace.draws() == 200);
    assert!(trace.chains[0].draws.iter().all(|v| v.abs() <= 2.0));
    assert!(Summary::of(&trace).warnings()[0].contains("divergences"));

    valley.fatal = true;
    let run = |valley: &Valley| sample(&mut valley.clone(), &priors, &[vec![1.0, 1.0]], &settings, None, &());
    assert!(matches!(run(&valley), Err(Error::DeviceLost(message)) if message == "lost"));
    let parallel = |k| Ok(Valley { limit: if k == 1 { 2.0 } else { 1e9 }, ..valley.clone() });
    let three = NutsSettings { chains: 3, ..settings };
    assert!(matches!(
        sample_parallel(parallel, &priors, &[vec![1.0, 1.0]], &three, None, &()),
        Err(Error::DeviceLost(_))
    ));
}

#[test]
fn impossible_runs_are_refused_before_they_begin() {
    let priors = line_priors(1.0);
    let start = [vec![0.0, 0.0]];
    let message = |settings: NutsSettings, starts: &[Vec<f64>]| {
        sample(&mut Line::new(1.0), &priors, starts, &settings, None, &()).unwrap_err().to_string()
    };
    let good = quick(2, 10, 10);
    assert!(message(NutsSettings { chains: 0, ..good }, &start).contains("given 0 and 10"));
    assert!(message(NutsSettings { target_acceptance: 1.0, ..good }, &start).contains("between 0 and 1"));
    assert!(message(NutsSettings { jitter: f64::NAN, ..good }, &start).contains("jitter"));
    assert!(message(good, &[vec![0.0, 0.0], vec![0.0, 0.0], vec![0.0, 0.0]]).contains("one for each of 2 chains"));
    assert!(message(good, &[vec![0.0]]).contains("1 values"));

    let mut valley = Valley { limit: 1.0, ..Valley::new() };
    let priors = Priors::flat(LogDensity::names(&valley));
    let refused = sample(&mut valley, &priors, &[vec![5.0, 5.0]], &good, None, &()).unwrap_err().to_string();
    assert!(refused.contains("start of chain 0") && refused.contains("100 tries (x: given [5.0, 5.0]"), "{refused}");
}

/// The run that is killed and resumed; every evaluation takes `pause`, an endless one being an error.
fn checkpointed(folder: &Path, resume: bool, pause: Duration, draws: usize) -> Result<Trace> {
    struct Slow(Valley, Duration);
    impl LogDensity for Slow {
        fn names(&self) -> &[String] {
            LogDensity::names(&self.0)
        }
        fn value_and_gradient(&mut self, x: &[f64], gradient: &mut [f64]) -> Result<f64> {
            if self.1 == Duration::MAX {
                return Err(Error::DeviceLost("asked".into()));
            }
            std::thread::sleep(self.1);
            self.0.value_and_gradient(x, gradient)
        }
    }
    // With refusals, so that these are replayed as well.
    let valley = Valley { limit: 2.0, ..Valley::new() };
    let wide = Prior::Normal { mean: 0.0, sd: 2.0 };
    let priors = Priors::new(LogDensity::names(&valley), [("x", wide), ("y", wide)])?;
    let checkpoint = Checkpoint { folder: folder.to_owned(), run: "model: valley".into(), resume };
    let start = [vec![1.0, 1.0]];
    sample(&mut Slow(valley, pause), &priors, &start, &quick(2, 60, draws), Some(&checkpoint), &())
}

/// Draws and statistics as bits.
fn bits(trace: &Trace) -> Vec<u64> {
    let of = |c: &Chain| {
        let mut all: Vec<u64> = c.draws.iter().map(|v| v.to_bits()).collect();
        for s in &c.statistics {
            all.extend([s.lp, s.energy, s.step_size, s.acceptance_rate].map(f64::to_bits));
            all.extend([s.n_steps, s.tree_depth, u64::from(s.diverging)]);
        }
        all
    };
    trace.chains.iter().flat_map(of).collect()
}

/// Not a test of its own: the process that the next test kills.
#[test]
fn victim() {
    if let Some(folder) = std::env::var_os("PHOTOSPHERE_TEST_VICTIM") {
        checkpointed(Path::new(&folder), true, Duration::from_micros(100), 100).unwrap();
    }
}

#[cfg(unix)]
#[test]
fn a_chain_killed_at_any_moment_resumes_with_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let whole = checkpointed(&folder.path().join("whole"), false, Duration::ZERO, 100).unwrap();
    let torn = folder.path().join("torn");
    let recorded = || {
        let length = |k| std::fs::metadata(torn.join(format!("chain-{k}.log"))).map_or(0, |m| m.len());
        length(0) + length(1)
    };
    let (mut kills, mut seen) = (0, 0);
    for attempt in 0..12u64 {
        let name = "inference::nuts::tests::victim";
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([name, "--exact"])
            .env("PHOTOSPHERE_TEST_VICTIM", &torn)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // Let it get a little further than before, then SIGKILL.
        let deadline = std::time::Instant::now() + Duration::from_secs(60);
        while recorded() <= seen + 3000 + 1771 * (attempt % 5) && child.try_wait().unwrap().is_none() {
            assert!(std::time::Instant::now() < deadline, "the child makes no progress");
            std::thread::sleep(Duration::from_micros(300));
        }
        child.kill().unwrap();
        kills += usize::from(!child.wait().unwrap().success());
        assert!(recorded() >= seen);
        seen = recorded();
    }
    assert!(kills >= 5, "{kills} kills");
    let resumed = checkpointed(&torn, true, Duration::ZERO, 100).unwrap();
    assert_eq!(bits(&resumed), bits(&whole));
    assert!(resumed.chains[0].replayed > 0);

    // A finished chain is replayed whole without the model; asked for more draws, it goes on.
    let again = checkpointed(&torn, true, Duration::MAX, 100).unwrap();
    assert_eq!(bits(&again), bits(&whole));
    assert_eq!(again.chains[1].replayed, again.chains[1].evaluations);
    let longer = checkpointed(&torn, true, Duration::ZERO, 130).unwrap();
    assert_eq!(longer.chains[0].draws[..200], whole.chains[0].draws[..]);
    assert_eq!(longer.draws(), 130);
}

#[test]
fn a_run_ended_by_an_error_resumes() {
    let folder = tempfile::tempdir().unwrap();
    let whole = checkpointed(&folder.path().join("whole"), false, Duration::ZERO, 40).unwrap();
    let valley = Valley { limit: 2.0, ..Valley::new() };
    let wide = Prior::Normal { mean: 0.0, sd: 2.0 };
    let priors = Priors::new(LogDensity::names(&valley), [("x", wide), ("y", wide)]).unwrap();
    let lost = folder.path().join("lost");
    let checkpoint = |run: &str| Checkpoint { folder: lost.clone(), run: run.into(), resume: true };
    let run = |mut valley: Valley, name| {
        sample(&mut valley, &priors, &[vec![1.0, 1.0]], &quick(2, 60, 40), Some(&checkpoint(name)), &())
    };
    assert!(matches!(run(Valley { fatal: true, ..valley.clone() }, "model: valley"), Err(Error::DeviceLost(_))));
    assert_eq!(bits(&run(valley.clone(), "model: valley").unwrap()), bits(&whole));
    let other = run(valley, "model: hill").unwrap_err().to_string();
    assert!(other.contains("begun with `model: valley`, this run has `model: hill`"), "{other}");
}

#[test]
fn ranks_of_a_conjugate_model_are_uniform() {
    // Intercept and slope from their priors, data from them, 100 times.
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let (prior, priors) = (Prior::Normal { mean: 0.0, sd: 1.0 }, line_priors(1.0));
    let mut ranks = [vec![], vec![]];
    for seed in 0..100 {
        let mut normal = || prior.quantile(rng.random());
        let truth = [normal(), normal()];
        let mut line = Line::new(0.5);
        line.data = line.t.iter().map(|t| truth[0] + truth[1] * t + 0.5 * normal()).collect();
        let settings = NutsSettings { seed, ..quick(1, 150, 285) };
        let trace = sample(&mut line, &priors, &[truth.to_vec()], &settings, None, &()).unwrap();
        for i in 0..2 {
            ranks[i].push(rank(&trace.parameter(i)[0], truth[i], 15));
        }
    }
    for r in ranks {
        let p = uniformity(&r, 19, 10).unwrap();
        assert!(p > 0.01, "{p} {r:?}");
    }
}
