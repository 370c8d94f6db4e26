//! Draws from a posterior, with what the sampler says of each.

use serde::{Deserialize, Serialize};

/// What the sampler says of one draw.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DrawStatistics {
    /// ln posterior, up to a constant, in unconstrained coordinates.
    pub lp: f64,
    /// Energy: potential plus kinetic.
    pub energy: f64,
    /// Whether the trajectory ended in a divergence: an energy error above 1000, or parameters that the model refused.
    pub diverging: bool,
    /// Doublings of the trajectory.
    pub tree_depth: u64,
    /// Whether the largest depth ended the trajectory.
    pub reached_max_depth: bool,
    /// Leapfrog steps, each with one evaluation of the gradient.
    pub n_steps: u64,
    /// Step size after adaptation.
    pub step_size: f64,
    /// Mean acceptance probability along the trajectory.
    pub acceptance_rate: f64,
}

/// One chain after its warm-up.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Chain {
    /// Parameters \[draw\]\[parameter\].
    pub draws: Vec<f64>,
    /// Statistics \[draw\].
    pub statistics: Vec<DrawStatistics>,
    /// Divergences during warm-up, which do no harm.
    pub warmup_divergences: usize,
    /// Evaluations of the density, warm-up included.
    pub evaluations: u64,
    /// Of these, taken from a checkpoint instead of the model.
    pub replayed: u64,
}

/// Draws of all chains.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Trace {
    /// Names of the parameters.
    pub names: Vec<String>,
    /// The same as people read them, as [`Priors::labels`](super::Priors::labels); empty where they are the names.
    #[serde(default)]
    pub labels: Vec<String>,
    /// The chains, equally long.
    pub chains: Vec<Chain>,
    /// Draws of warm-up, which are not kept.
    pub warmup: usize,
    /// ln of the probability of each datum at each draw, by data set; none where that was not asked for.
    #[serde(default)]
    pub log_likelihood: Vec<Pointwise>,
}

/// ln of the probability of each point of a data set at each draw.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Pointwise {
    /// The data set.
    pub name: String,
    /// Its number of points.
    pub points: usize,
    /// \[chain\]\[draw\]\[point\].
    pub values: Vec<f64>,
}

impl Trace {
    /// The name of a parameter as people read it.
    pub fn label(&self, index: usize) -> &str {
        self.labels.get(index).unwrap_or(&self.names[index])
    }

    /// Draws per chain.
    pub fn draws(&self) -> usize {
        self.chains.first().map_or(0, |c| c.statistics.len())
    }

    /// Draws of one parameter \[chain\]\[draw\].
    pub fn parameter(&self, index: usize) -> Vec<Vec<f64>> {
        let n = self.names.len();
        self.chains.iter().map(|c| c.draws.iter().skip(index).step_by(n.max(1)).copied().collect()).collect()
    }

    /// One statistic of every draw \[chain\]\[draw\].
    pub fn statistic(&self, f: impl Fn(&DrawStatistics) -> f64) -> Vec<Vec<f64>> {
        self.chains.iter().map(|c| c.statistics.iter().map(&f).collect()).collect()
    }

    /// Divergences after warm-up, all chains together.
    pub fn divergences(&self) -> usize {
        self.chains.iter().flat_map(|c| &c.statistics).filter(|s| s.diverging).count()
    }
}
