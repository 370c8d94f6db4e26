//! What a person wants to know of a trace, in one table.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::diagnostics::{e_bfmi, ess_bulk, ess_tail, hdi, moments, quantile, r_hat};
use super::trace::Trace;

/// One parameter, or another quantity, over all draws.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Row {
    /// Name.
    pub name: String,
    /// The same as people read it.
    #[serde(default)]
    pub label: String,
    /// Mean.
    pub mean: f64,
    /// Standard deviation.
    pub sd: f64,
    /// Median.
    pub median: f64,
    /// Lower end of the shortest interval that holds 94% of the draws.
    pub hdi_low: f64,
    /// Its upper end.
    pub hdi_high: f64,
    /// Effective sample size of the bulk.
    pub ess_bulk: f64,
    /// Effective sample size of the tails.
    pub ess_tail: f64,
    /// Rank-normalised split R-hat.
    pub r_hat: f64,
}

/// Parameters and health of a trace. Prints as a table, followed by what is amiss.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Summary {
    /// One row a parameter.
    pub rows: Vec<Row>,
    /// Chains.
    pub chains: usize,
    /// Draws per chain.
    pub draws: usize,
    /// Divergences after warm-up.
    pub divergences: usize,
    /// Draws whose trajectory was ended by the largest depth.
    pub at_max_depth: usize,
    /// Mean acceptance rate.
    pub acceptance_rate: f64,
    /// Energy fraction of missing information \[chain\].
    pub e_bfmi: Vec<f64>,
    /// Evaluations of the density, warm-up included.
    pub evaluations: u64,
}

impl Summary {
    /// Summarises all chains of a trace.
    pub fn of(trace: &Trace) -> Self {
        let row = |(i, name): (usize, &String)| {
            let chains = trace.parameter(i);
            let all = chains.concat();
            let (mean, variance) = moments(&all);
            let (hdi_low, hdi_high) = hdi(&all, 0.94);
            Row {
                name: name.clone(),
                label: trace.label(i).to_owned(),
                mean,
                sd: variance.sqrt(),
                median: quantile(&all, 0.5),
                hdi_low,
                hdi_high,
                ess_bulk: ess_bulk(&chains),
                ess_tail: ess_tail(&chains),
                r_hat: r_hat(&chains),
            }
        };
        let statistics = || trace.chains.iter().flat_map(|c| &c.statistics);
        Self {
            rows: trace.names.iter().enumerate().map(row).collect(),
            chains: trace.chains.len(),
            draws: trace.draws(),
            divergences: trace.divergences(),
            at_max_depth: statistics().filter(|s| s.reached_max_depth).count(),
            acceptance_rate: moments(&statistics().map(|s| s.acceptance_rate).collect::<Vec<_>>()).0,
            e_bfmi: e_bfmi(&trace.statistic(|s| s.energy)),
            evaluations: trace.chains.iter().map(|c| c.evaluations).sum(),
        }
    }

    /// What speaks against trusting the draws, in words; empty if nothing does. The bounds are those of Vehtari et al. (2021) and
    /// Betancourt (2016).
    pub fn warnings(&self) -> Vec<String> {
        let mut out = Vec::new();
        if self.divergences > 0 {
            out.push(format!(
                "{} divergences: raise the target acceptance, or look for a place where the model refuses parameters",
                self.divergences
            ));
        }
        if self.at_max_depth > 0 {
            out.push(format!("{} draws at the largest tree depth: raise it, or warm up longer", self.at_max_depth));
        }
        let listed = |bad: &dyn Fn(&Row) -> bool| {
            self.rows.iter().filter(|r| bad(r)).map(|r| format!("`{}`", r.label)).collect::<Vec<_>>().join(", ")
        };
        let apart = listed(&|r| r.r_hat > 1.01);
        if !apart.is_empty() {
            out.push(format!("R-hat above 1.01 for {apart}: the chains disagree; sample longer"));
        }
        let least = 100.0 * self.chains as f64;
        let few = listed(&|r| r.ess_bulk.min(r.ess_tail) < least);
        if !few.is_empty() {
            out.push(format!("effective sample size below {least} for {few}: sample longer"));
        }
        let low = self.e_bfmi.iter().filter(|e| **e < 0.3).count();
        if low > 0 {
            out.push(format!("E-BFMI below 0.3 in {low} chains: heavy tails; choose other parameters"));
        }
        out
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.rows.iter().map(|r| r.label.chars().count()).max().unwrap_or(0).max(9);
        writeln!(
            f,
            "{:width$} {:>12} {:>10} {:>12} {:>12} {:>12} {:>8} {:>8} {:>6}",
            "parameter", "mean", "sd", "median", "hdi 3%", "hdi 97%", "ess bulk", "ess tail", "R-hat"
        )?;
        for r in &self.rows {
            writeln!(
                f,
                "{:width$} {:>12.5e} {:>10.3e} {:>12.5e} {:>12.5e} {:>12.5e} {:>8.0} {:>8.0} {:>6.3}",
                r.label, r.mean, r.sd, r.median, r.hdi_low, r.hdi_high, r.ess_bulk, r.ess_tail, r.r_hat
            )?;
        }
        let lowest = self.e_bfmi.iter().copied().fold(f64::INFINITY, f64::min);
        write!(
            f,
            "{} chains of {} draws, {} divergences, acceptance {:.2}, E-BFMI from {lowest:.2}, {} evaluations",
            self.chains, self.draws, self.divergences, self.acceptance_rate, self.evaluations
        )?;
        self.warnings().iter().try_for_each(|w| write!(f, "\nwarning: {w}"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::trace::{Chain, DrawStatistics};
    use super::*;

    /// Two chains of 100 draws of two parameters that circle on an incommensurate path.
    fn trace() -> Trace {
        let chain = |c: u32| {
            let at = |i: u32| f64::from(i * i % 101) / 101.0 + 0.001 * f64::from(c);
            let statistics = (0..100).map(|i| DrawStatistics {
                lp: -at(i),
                energy: at(i * 7),
                diverging: i == 5 && c == 1,
                tree_depth: 3,
                reached_max_depth: false,
                n_steps: 7,
                step_size: 0.8,
                acceptance_rate: 0.9,
            });
            Chain {
                draws: (0..100).flat_map(|i| [900.0 + at(i), 1e-6 * at(3 * i + 1)]).collect(),
                statistics: statistics.collect(),
                evaluations: 1000,
                ..Chain::default()
            }
        };
        Trace {
            names: vec!["T0".into(), "mmr".into()],
            chains: vec![chain(0), chain(1)],
            warmup: 50,
            ..Trace::default()
        }
    }

    #[test]
    fn the_table_reads_well() {
        let summary = Summary::of(&trace());
        insta::assert_snapshot!(summary);
        let text = serde_json::to_string(&summary).unwrap();
        assert_eq!(serde_json::from_str::<Summary>(&text).unwrap(), summary);
    }

    #[test]
    fn warnings_name_what_is_wrong() {
        let mut t = trace();
        for d in t.chains[0].draws.iter_mut().step_by(2) {
            *d += 5.0;
        }
        t.chains[1].statistics[9].reached_max_depth = true;
        let all = Summary::of(&t).warnings().join("\n");
        for piece in ["1 divergences", "1 draws at the largest", "R-hat above 1.01 for `T0`", "sample size below 200"] {
            assert!(all.contains(piece), "{piece} is not in\n{all}");
        }
        assert!(!all.contains("E-BFMI"));
    }
}
