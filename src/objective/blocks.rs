//! Which data sets share a model.

use std::ops::Range;

use super::Observation;
use crate::instrument::Instrument;
use crate::{Error, Result};

/// How data sets share models. The values are the same; time and memory differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// [`Batched`](Self::Batched) if the range of all data sets is at most 1.25 times the sum of their own ranges, else [`Blocked`](Self::Blocked): time goes
    /// with the number of grid points, and one evaluation saves the fixed costs of the others.
    #[default]
    Auto,
    /// One model, on one grid, for all data sets.
    Batched,
    /// One model for each data set, on a grid no wider than it needs, evaluated one after the other.
    Blocked,
}

/// Widest range of a batch, relative to the sum of the ranges of its data sets.
const BATCH_LIMIT: f64 = 1.25;

/// A model that an objective needs.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Needs {
    /// Data sets it is for.
    pub data_sets: Vec<String>,
    /// First and last wavenumber \[cm-1\] that its grid must hold.
    pub range: (f64, f64),
    /// Its share of a budget of memory for all models, which are held together. They sum to one: half of it in equal parts, since some of what a model
    /// holds does not depend on its grid, half by the widths of the ranges in ln nu.
    pub share: f64,
}

/// Data sets that share a model, by their places, and what it must hold.
pub(super) type Share = (Range<usize>, Needs);

/// The mode chosen, and for each model the data sets it serves and what it must hold on a grid of resolution `resolution`.
pub(super) fn plan(observations: &[Observation], mode: Mode, resolution: f64) -> Result<(Mode, Vec<Share>)> {
    if observations.is_empty() {
        return Err(Error::invalid("number of data sets", 0, "one or more"));
    }
    let need = |o: &Observation| {
        Instrument::required_range(&o.instrument, &o.data.sampling(), 1.0 / resolution).map_err(|e| o.locate(e))
    };
    let ranges = observations.iter().map(need).collect::<Result<Vec<_>>>()?;
    let low = ranges.iter().map(|r| r.0).fold(f64::INFINITY, f64::min);
    let high = ranges.iter().map(|r| r.1).fold(0.0, f64::max);
    let apart: f64 = ranges.iter().map(|r| (r.1 / r.0).ln()).sum();
    let mode = match mode {
        Mode::Auto if observations.len() == 1 || (high / low).ln() <= BATCH_LIMIT * apart => Mode::Batched,
        Mode::Auto => Mode::Blocked,
        chosen => chosen,
    };
    let names =
        |members: &Range<usize>| observations[members.clone()].iter().map(|o| o.data.name().to_owned()).collect();
    let blocks: Vec<(Range<usize>, (f64, f64))> = match mode {
        Mode::Blocked => ranges.into_iter().enumerate().map(|(k, range)| (k..k + 1, range)).collect(),
        _ => vec![(0..observations.len(), (low, high))],
    };
    let width = |range: (f64, f64)| (range.1 / range.0).ln();
    let (count, widths) = (blocks.len() as f64, blocks.iter().map(|(_, range)| width(*range)).sum::<f64>());
    let needs = |(members, range): (Range<usize>, (f64, f64))| {
        // One point alone has no width.
        let by_width = if widths > 0.0 { width(range) / widths } else { 1.0 / count };
        let needs = Needs { data_sets: names(&members), range, share: 0.5 / count + 0.5 * by_width };
        (members, needs)
    };
    Ok((mode, blocks.into_iter().map(needs).collect()))
}
