//! Density by temperature: the sums over all lines of a list at node temperatures, from one reading.
//!
//! **Theory.** At a node temperature t the strength and the width of every line are numbers, so neither an axis of
//! lower-state energies nor one of exponents is needed: S_t\[node\]\[cell\] is the sum of S(t)/nu, spread over 8 nodes
//! of the grid's finest level (PreMODIT of Kawahara et al. 2024, arXiv:2410.06900, shares strengths the same way over
//! three axes) and over 4 to 6 Chebyshev nodes of ln gamma(t) ([`cells`]). Every pressure is served by the same sums: a
//! layer's profiles take from the cells by a small matrix ([`sources`]). Between node temperatures nothing is known;
//! tables interpolate.
//!
//! **Practice.** [`densities`] reads a list once, whatever its order and length, and fills all temperatures
//! ([`reading`], [`sums`]). A line costs an exponential and 8 nodes x 8 lanes of multiply-adds for each temperature.
//! Host memory is that of the sums, in f64, and of a block of lines. Where the sums of all temperatures do not fit in
//! [`Resources::host_bytes`] the list is read several times, each for some temperatures. The result has the same bits
//! for any number of threads and readings; it depends on the order of the file by rounding. Each temperature is an
//! entry of the cache, in f32.

pub mod cells;
pub mod classes;
pub mod plan;
pub mod reading;
pub mod sources;
mod stored;
pub mod sums;

use std::sync::Arc;

use rayon::prelude::*;

use cells::Cells;
use plan::{Demand, FinestLevel, Plan};
use reading::Found;
pub use sources::TemperatureDensity;
use sums::Sums;

use super::distant::DistantLines;
use super::kept;
use crate::cache::{Entry, Key, KeyHasher};
use crate::grid::Grid;
use crate::lines::{LineSource, LoadReport, Species};
use crate::settings::Settings;
use crate::{Error, Resources, Result};

/// Kinds of cache entries.
const SUMMARY: &str = "temperature-lines";
const DENSITY: &str = "temperature-density";

/// The densities of a list.
#[derive(Debug)]
pub struct Densities {
    /// The isotopologue.
    pub species: Species,
    /// In the order of the temperatures asked for; on their finest level only.
    pub at: Vec<TemperatureDensity>,
    /// Lines far outside the grid.
    pub distant: DistantLines,
    /// What the list was found to be.
    pub found: Found,
    /// What became of the records.
    pub records: LoadReport,
    /// True if the cache had all.
    pub cached: bool,
}

/// Sums the lines of `source` on `grid` at each of `temperatures` \[K\] for layers of `pressures` \[bar\], or finds the
/// sums in the cache. `levels` tells the finest level on which any layer puts its lines.
///
/// # Errors
/// No temperature or pressure, temperatures outside the settings' range or the partition function's; no line within
/// reach; pressure shifts, if they are wanted; widths too different for the tolerance; more host memory than there is;
/// what the source cannot read.
pub fn densities(
    grid: Grid,
    source: &dyn LineSource,
    temperatures: &[f64],
    pressures: &[f64],
    settings: &Settings,
    levels: &dyn FinestLevel,
    resources: &Resources<'_>,
) -> Result<Densities> {
    for (what, count) in [("temperatures", temperatures.len()), ("pressures", pressures.len())] {
        if count == 0 {
            return Err(Error::invalid(format!("{what} of a density"), "none", "at least one"));
        }
    }
    temperatures.iter().try_for_each(|t| settings.temperature_range.check(*t))?;
    let species = source.species()?;
    let within = kept::within(&grid, settings);
    let greatest = pressures.iter().copied().fold(0.0, f64::max);
    let distant = DistantLines::new(&grid, &species, settings, greatest)?;
    let ln_partition =
        temperatures.iter().map(|t| Ok(species.partition_ratio(*t)?.ln())).collect::<Result<Vec<f64>>>()?;
    let keys = match resources.cache.folder() {
        Some(_) => Keys::new(&grid, source, &species, temperatures, pressures, settings, &distant, resources)?,
        None => None,
    };
    let mut at: Vec<Option<TemperatureDensity>> = vec![None; temperatures.len()];
    let mut summary = None;
    if let Some(keys) = &keys {
        summary = kept::find(resources, SUMMARY, &keys.list, |entry| stored::summary(entry.payload(), &distant));
        let finest = |cells: &Cells, positions| levels.finest(&species, cells, positions).ok();
        for ((found, key), t) in at.iter_mut().zip(&keys.at).zip(temperatures) {
            let decode = |entry: &Arc<Entry>| TemperatureDensity::decode(entry, *t, grid.step(), &finest);
            *found = kept::find(resources, DENSITY, key, decode);
        }
    }
    let missing: Vec<usize> = (0..at.len()).filter(|i| at[*i].is_none()).collect();
    let cached = missing.is_empty() && summary.is_some();
    if !cached {
        // Without a summary all that it says is found by reading.
        let wanted = if missing.is_empty() { vec![0] } else { missing };
        let chosen: Vec<f64> = wanted.iter().map(|i| temperatures[*i]).collect();
        let demand = Demand { grid, species: &species, temperatures: &chosen, pressures, settings, levels };
        let ln_partition: Vec<f64> = wanted.iter().map(|i| ln_partition[*i]).collect();
        let mut distant = distant;
        let (found, records, made) = fill(&demand, source, within, &mut distant, &ln_partition, resources)?;
        for (i, density) in wanted.iter().zip(made) {
            at[*i] = Some(density);
        }
        if let Some(keys) = &keys {
            let about = format!(
                "{} lines of {}, {} points {} to {} cm-1",
                found.count,
                species.name,
                grid.len(),
                grid.lo(),
                grid.hi()
            );
            for i in &wanted {
                let Some(density) = &at[*i] else { continue };
                let about = format!("density at {} K, {about}", temperatures[*i]);
                density.encode(|parts| kept::store(resources, DENSITY, &keys.at[*i], &about, parts));
            }
            let parts = stored::summary_parts(&found, &distant, &records);
            let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
            kept::store(resources, SUMMARY, &keys.list, &format!("summary of {about}"), &parts);
        }
        summary = Some((found, distant, records));
    }
    let (Some((found, distant, records)), Some(at)) = (summary, at.into_iter().collect::<Option<Vec<_>>>()) else {
        return Err(plan::changed(&species));
    };
    Ok(Densities { species, at, distant, found, records, cached })
}

/// Reads the list as often as memory asks for, and sums it at the demand's temperatures.
fn fill(
    demand: &Demand<'_>,
    source: &dyn LineSource,
    within: (f64, f64),
    distant: &mut DistantLines,
    ln_partition: &[f64],
    resources: &Resources<'_>,
) -> Result<(Found, LoadReport, Vec<TemperatureDensity>)> {
    let mut made: Vec<Option<TemperatureDensity>> = vec![None; demand.temperatures.len()];
    let mut plans = None;
    loop {
        let group = |plans: &[Plan]| {
            let missing: Vec<usize> = (0..made.len()).filter(|i| made[*i].is_none()).collect();
            let each = missing.iter().map(|i| Sums::bytes(&plans[*i])).max().unwrap_or(1);
            let fit = usize::try_from(resources.host_bytes / each.max(1)).unwrap_or(usize::MAX);
            missing.into_iter().take(fit.max(1)).collect()
        };
        let read = reading::read(demand, source, within, distant, plans, &group, resources)?;
        // float32 holds what is e^60 times the scale, and nothing is left of lines e^60 weaker than those far away.
        let least = distant.ln_strength - 60.0;
        let mut next = read.plans;
        let covered = read.sums.into_par_iter().filter(|(i, _)| next[*i].covers(*i, &read.spans));
        let new = covered.map(|(i, sums)| (i, TemperatureDensity::of(sums, next[i].positions, ln_partition[i], least)));
        for (i, density) in new.collect::<Vec<_>>() {
            made[i] = Some(density);
        }
        if made.iter().all(Option::is_some) {
            return Ok((read.found, read.records, made.into_iter().flatten().collect()));
        }
        for (i, plan) in next.iter_mut().enumerate().filter(|(i, plan)| !plan.covers(*i, &read.spans)) {
            if plan.exact {
                return Err(plan::changed(demand.species));
            }
            *plan = Plan::new(demand, i, &read.spans, true)?;
        }
        plans = Some(next);
    }
}

/// Names of the entries.
struct Keys {
    list: Key,
    at: Vec<Key>,
}

impl Keys {
    #[allow(clippy::too_many_arguments)] // all that a density depends on
    fn new(
        grid: &Grid,
        source: &dyn LineSource,
        species: &Species,
        temperatures: &[f64],
        pressures: &[f64],
        settings: &Settings,
        distant: &DistantLines,
        resources: &Resources<'_>,
    ) -> Result<Option<Self>> {
        let inputs = kept::key_of_inputs(SUMMARY, source, grid, species, settings, distant, resources)?;
        let Some(inputs) = inputs else { return Ok(None) };
        let of = |t: &f64| {
            let mut key = KeyHasher::new(DENSITY);
            key.key("lines", &inputs).numbers("tolerance", &[settings.tolerance]).numbers("pressures", pressures);
            key.numbers("temperature", &[*t]);
            key.finish()
        };
        let at = temperatures.iter().map(of).collect::<Option<_>>();
        Ok(at.map(|at| Self { list: inputs, at }))
    }
}
