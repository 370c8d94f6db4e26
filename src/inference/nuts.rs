//! The no-U-turn sampler (Hoffman and Gelman 2014), by the crate `nuts-rs`: dual averaging of the step size, a mass
//! matrix from draws and gradients during warm-up, diagonal but for the directions in which parameters are correlated (low rank: temperature and
//! its exponent nearly always are), multinomial sampling of trajectories after Betancourt (2017).

use std::path::PathBuf;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};

use nuts_rs::rand::rngs::ChaCha8Rng;
use nuts_rs::rand::{RngExt, SeedableRng};
use nuts_rs::{Chain as _, CpuMath, LowRankNutsSettings, Settings as _};

use super::evaluation_log::{Answer, EvaluationLog};
use super::logged_density::{LoggedDensity, Tally, answer};
use super::posterior::Posterior;
use super::priors::Priors;
use super::trace::{Chain, DrawStatistics, Trace};
use crate::objective::LogDensity;
use crate::output::prepare_folder;
use crate::{Error, Progress, Result, threads};

/// How many chains of what length, and how they adapt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NutsSettings {
    /// Chains. R-hat wants four.
    pub chains: usize,
    /// Draws per chain during which step size and mass matrix adapt; they are not kept.
    pub warmup: usize,
    /// Draws per chain that are kept.
    pub draws: usize,
    /// Mean acceptance probability aimed at. More (0.9, 0.95) means smaller steps, against divergences.
    pub target_acceptance: f64,
    /// Most doublings of a trajectory; it has less than 2 to this power steps.
    pub max_depth: u64,
    /// Seed. Chain k uses stream k of it, whatever the number of chains.
    pub seed: u64,
    /// Chains start within this distance of the given start along each unconstrained coordinate.
    pub jitter: f64,
}

impl Default for NutsSettings {
    fn default() -> Self {
        Self { chains: 4, warmup: 500, draws: 1000, target_acceptance: 0.8, max_depth: 10, seed: 0, jitter: 0.1 }
    }
}

impl NutsSettings {
    fn check(&self) -> Result<()> {
        let wrong = |what: &str, given: String, required: &str| Err(Error::invalid(what, given, required));
        if self.chains == 0 || self.draws == 0 {
            return wrong("chains and draws", format!("{} and {}", self.chains, self.draws), "at least one of each");
        }
        if !(self.target_acceptance > 0.0 && self.target_acceptance < 1.0) {
            return wrong("target acceptance", self.target_acceptance.to_string(), "a number between 0 and 1");
        }
        if !(1..=30).contains(&self.max_depth) {
            return wrong("max depth", self.max_depth.to_string(), "a number from 1 to 30");
        }
        if !(self.jitter.is_finite() && self.jitter >= 0.0) {
            return wrong("jitter", self.jitter.to_string(), "a finite number from 0");
        }
        Ok(())
    }
}

/// Where chains are kept while they run, so that an interrupted run can go on with the same bits.
///
/// Each chain has a file `chain-K.log` of its evaluations in `folder`. A resumed run may ask for more draws or chains than the
/// interrupted one; everything else must be equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The folder, which is made if it is not there.
    pub folder: PathBuf,
    /// What model and data this is, in lines of `key: value` (a digest of the data, the configuration, the device): resuming is
    /// refused where they differ.
    pub run: String,
    /// Whether to go on from the files that are there. If false, they are replaced.
    pub resume: bool,
}

impl Checkpoint {
    /// The log of chain `k`.
    fn log(&self, k: usize) -> PathBuf {
        self.folder.join(format!("chain-{k}.log"))
    }
}

/// Samples the posterior of `likelihood` and `priors`, one chain after the other.
///
/// `starts` holds one start for all chains or one for each. Parameters that the model refuses ([`Error::Invalid`]) and values that
/// are not finite end a trajectory as a divergence; other errors end the run, and a checkpoint keeps what was done.
///
/// # Errors
/// Settings out of range; a start outside the priors' support, or around which the model refuses 100 tries; a checkpoint of another
/// run or that cannot be written; fatal errors of the likelihood.
pub fn sample(
    likelihood: &mut dyn LogDensity,
    priors: &Priors,
    starts: &[Vec<f64>],
    settings: &NutsSettings,
    checkpoint: Option<&Checkpoint>,
    progress: &dyn Progress,
) -> Result<Trace> {
    let starts = prepare(priors, starts, settings, checkpoint)?;
    let stop = AtomicBool::new(false);
    let mut chains = Vec::with_capacity(settings.chains);
    for (k, start) in starts.iter().enumerate() {
        let length = (settings.warmup + settings.draws) as u64;
        progress.begin(&format!("chain {} of {}", k + 1, settings.chains), Some(length));
        let run = Run { k, priors, start, settings, checkpoint, progress, stop: &stop };
        chains.push(run.chain(&mut *likelihood)?);
        progress.finish();
    }
    Ok(trace(priors, chains, settings))
}

/// Samples as [`sample`] does, all chains at once, each in a thread of its own on the likelihood that `make` gives for it.
///
/// The draws are those of [`sample`], if the likelihoods are equal. An error in one chain stops the others.
///
/// # Errors
/// As [`sample`], and those of `make`.
pub fn sample_parallel<L: LogDensity>(
    make: impl Fn(usize) -> Result<L> + Sync,
    priors: &Priors,
    starts: &[Vec<f64>],
    settings: &NutsSettings,
    checkpoint: Option<&Checkpoint>,
    progress: &dyn Progress,
) -> Result<Trace> {
    let starts = prepare(priors, starts, settings, checkpoint)?;
    let stop = AtomicBool::new(false);
    let length = (settings.chains * (settings.warmup + settings.draws)) as u64;
    progress.begin(&format!("{} chains", settings.chains), Some(length));
    let one = |k: usize, start: &[f64]| {
        let run = Run { k, priors, start, settings, checkpoint, progress, stop: &stop };
        let chain = make(k).and_then(|mut likelihood| run.chain(&mut likelihood));
        if chain.is_err() {
            stop.store(true, Ordering::Relaxed);
        }
        chain
    };
    let results: Vec<Result<Chain>> = std::thread::scope(|scope| {
        let chains: Vec<_> = starts
            .iter()
            .enumerate()
            .map(|(k, start)| {
                let one = &one;
                // Where there is no thread for a chain, this one draws it.
                threads::spawn(scope, "a chain", move || one(k, start)).map_err(|_| one(k, start))
            })
            .collect();
        let died = |_| Err(Error::Internal("a chain's thread panicked".into()));
        chains.into_iter().map(|t| t.map_or_else(|done| done, |t| t.join().unwrap_or_else(died))).collect()
    });
    progress.finish();
    // A chain that was stopped because of another is shorter; the other's error comes first.
    let chains = results.into_iter().collect::<Result<_>>()?;
    Ok(trace(priors, chains, settings))
}

fn trace(priors: &Priors, chains: Vec<Chain>, settings: &NutsSettings) -> Trace {
    let (names, labels) = (priors.names().to_vec(), priors.labels().to_vec());
    Trace { names, labels, chains, warmup: settings.warmup, ..Trace::default() }
}

/// Checks everything that can be checked before the first evaluation; gives the unconstrained start of each chain.
fn prepare(
    priors: &Priors,
    starts: &[Vec<f64>],
    settings: &NutsSettings,
    checkpoint: Option<&Checkpoint>,
) -> Result<Vec<Vec<f64>>> {
    settings.check()?;
    if starts.len() != 1 && starts.len() != settings.chains {
        let required = format!("one, or one for each of {} chains", settings.chains);
        return Err(Error::invalid("starts", format!("{} of them", starts.len()), required));
    }
    if let Some(checkpoint) = checkpoint {
        prepare_folder(&checkpoint.folder)?;
        (0..settings.chains).try_for_each(|k| EvaluationLog::check(&checkpoint.log(k)))?;
    }
    (0..settings.chains).map(|k| priors.to_unconstrained(&starts[k % starts.len()])).collect()
}

/// What one chain needs to know.
struct Run<'a> {
    k: usize,
    priors: &'a Priors,
    /// Unconstrained, before the jitter.
    start: &'a [f64],
    settings: &'a NutsSettings,
    checkpoint: Option<&'a Checkpoint>,
    progress: &'a dyn Progress,
    stop: &'a AtomicBool,
}

impl Run<'_> {
    fn chain(&self, likelihood: &mut dyn LogDensity) -> Result<Chain> {
        let settings = self.settings;
        let mut posterior = Posterior::new(likelihood, self.priors.clone())?;
        let log = self
            .checkpoint
            .map(|c| EvaluationLog::open(&c.log(self.k), &self.fingerprint(c), self.start.len(), c.resume));
        let mut log = log.transpose()?;
        let tally = Rc::new(Tally::default());
        let mut rng = ChaCha8Rng::seed_from_u64(settings.seed);
        rng.set_stream(self.k as u64);
        let start = self.find_start(&mut posterior, &mut log, &tally, &mut rng)?;

        let mut options = LowRankNutsSettings {
            num_tune: settings.warmup as u64,
            num_draws: settings.draws as u64,
            maxdepth: settings.max_depth,
            ..LowRankNutsSettings::default()
        };
        options.adapt_options.step_size_settings.target_accept = settings.target_acceptance;
        let density = LoggedDensity { posterior, log, tally: Rc::clone(&tally) };
        let failed = |e: &dyn std::fmt::Display| match tally.failure.take() {
            Some(error) => error,
            None => Error::invalid(format!("chain {}", self.k), e, "a density that can be sampled"),
        };
        let mut chain = options.new_chain(self.k as u64, CpuMath::new(density), &mut rng).map_err(|e| failed(&e))?;
        chain.set_position(&start).map_err(|e| failed(&e))?;
        let mut out = Chain::default();
        for draw in 0..settings.warmup + settings.draws {
            let (z, _, s, _) = chain.expanded_draw().map_err(|e| failed(&e))?;
            self.progress.advance(1);
            let diverging = s.divergence.diverging;
            if draw < settings.warmup {
                out.warmup_divergences += usize::from(diverging);
            } else {
                out.draws.extend(self.priors.to_constrained(&z));
                out.statistics.push(DrawStatistics {
                    lp: s.point.logp,
                    energy: s.point.energy,
                    diverging,
                    tree_depth: s.depth,
                    reached_max_depth: s.maxdepth_reached,
                    n_steps: s.adapt.step_size.n_steps,
                    step_size: s.adapt.step_size.step_size_bar,
                    acceptance_rate: s.adapt.step_size.mean_tree_accept,
                });
            }
            if self.stop.load(Ordering::Relaxed) {
                break;
            }
        }
        (out.evaluations, out.replayed) = (tally.evaluations.get(), tally.replayed.get());
        Ok(out)
    }

    /// A place near the start that the model accepts.
    fn find_start<L: LogDensity>(
        &self,
        posterior: &mut Posterior<L>,
        log: &mut Option<EvaluationLog>,
        tally: &Tally,
        rng: &mut ChaCha8Rng,
    ) -> Result<Vec<f64>> {
        let mut gradient = vec![0.0; self.start.len()];
        for _ in 0..100 {
            let away = |z: &f64, rng: &mut ChaCha8Rng| z + self.settings.jitter * (2.0 * rng.random::<f64>() - 1.0);
            let z: Vec<f64> = self.start.iter().map(|z| away(z, rng)).collect();
            if let Answer::Value(_) = answer(posterior, log, tally, &z, &mut gradient)? {
                return Ok(z);
            }
        }
        // Asked once more, for its own words.
        let at = self.priors.to_constrained(self.start);
        let reason = posterior.value_and_gradient(self.start, &mut gradient).err().map(|e| format!(" ({e})"));
        let given = format!("{at:?}, refused by the model in 100 tries{}", reason.unwrap_or_default());
        Err(Error::invalid(format!("start of chain {}", self.k), given, "parameters inside the model"))
    }

    /// All that decides the bits of this chain, apart from the model.
    fn fingerprint(&self, checkpoint: &Checkpoint) -> String {
        let s = self.settings;
        let mut lines = vec![
            format!("program: photosphere {}, sampler of 0.19, mass matrix of low rank", env!("CARGO_PKG_VERSION")),
            format!("chain: {}", self.k),
            format!("seed: {}", s.seed),
            format!("warmup: {}", s.warmup),
            format!("target acceptance: {}", s.target_acceptance),
            format!("max depth: {}", s.max_depth),
            format!("jitter: {}", s.jitter),
        ];
        let start = self.priors.to_constrained(self.start);
        for ((name, prior), start) in self.priors.names().iter().zip(self.priors.priors()).zip(start) {
            lines.push(format!("parameter {name}: {prior}, start {start}"));
        }
        lines.extend(self.priors.orders());
        lines.push(checkpoint.run.clone());
        lines.join("\n")
    }
}

#[cfg(test)]
#[path = "nuts_tests.rs"]
mod tests;
