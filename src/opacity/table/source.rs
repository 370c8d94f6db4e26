//! Where a table's nodes come from: exact cross sections of some layers at one temperature.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use super::axis::{Axis, FINEST};
use crate::cache::{Key, KeyHasher};
use crate::cross_section::Prepared;
use crate::cross_section::at_temperatures::AtTemperatures;
use crate::cross_section::cpu::{add_layers, batch_work};
use crate::cross_section::prepared::Tier;
use crate::lines::LineSource;
use crate::opacity::traits::Setting;
use crate::{Error, Result, Settings};

/// Computes cross sections for the nodes of a table.
///
/// Bits must not depend on which layers are asked for together, nor on what was asked for before.
pub trait NodeSource: fmt::Debug + Send + Sync {
    /// The finest level of temperatures that it can be asked for (`Axis::temperatures`). A table's own is coarser by one at least, so that it can be checked.
    fn finest_level(&self) -> u32 {
        FINEST + 1
    }

    /// Cross sections \[layer\]\[point\] of some layers, all at one temperature \[K\]: cm2 molecule-1.
    ///
    /// # Errors
    /// A temperature outside the declared range.
    fn cross_sections(&self, temperature_k: f64, layers: Range<usize>) -> Result<Vec<f64>>;

    /// Host memory that [`cross_sections`](Self::cross_sections) takes for a while, the result included \[bytes\].
    fn work_bytes(&self, layers: Range<usize>) -> u64;

    /// Host memory that it holds besides the species that the table is of \[bytes\].
    fn held_bytes(&self) -> u64 {
        0
    }
}

/// The finest level of temperatures that lists of many lines are summed at: a table's own has 17 nodes at most.
const SUMMED: u32 = 5;

/// Sums a list's lines at the temperatures of a table's nodes: one reading of the list, or none where the cache has the sums.
///
/// # Errors
/// What [`AtTemperatures::new`] refuses.
pub fn summed(list: &dyn LineSource, at: &Setting<'_>, settings: &Settings) -> Result<AtTemperatures> {
    let temperatures = Axis::new(settings.temperature_range)?.temperatures(SUMMED);
    AtTemperatures::new(at.grid, list, &temperatures, at.pressure.pressure_bar(), settings, at.resources)
}

/// Lines of a species' isotopologues: their cross sections add up.
#[derive(Debug)]
pub struct LineNodes {
    /// One for each isotopologue, all with the same grid and layers; at least one.
    pub parts: Arc<Vec<Prepared>>,
    /// In their order: the sums at all temperatures of a list of many lines, in place of its lines or their density over all temperatures.
    pub summed: Vec<Option<AtTemperatures>>,
}

impl LineNodes {
    fn parts(&self) -> impl Iterator<Item = (&Prepared, Option<&AtTemperatures>)> {
        self.parts.iter().zip(self.summed.iter().map(Option::as_ref))
    }

    /// What its cross sections depend on besides pressures and settings, where all lists have a key.
    pub fn key(&self, lists: &[Option<Key>]) -> Option<Key> {
        let mut key = KeyHasher::new("nodes of a table");
        for (list, (part, summed)) in lists.iter().zip(self.parts()) {
            let tier = if summed.is_some() { 2 } else { matches!(part.tier, Tier::Lines).into() };
            key.key("lines", list.as_ref()?).integers("tier", &[tier]);
        }
        key.finish()
    }

    fn points(&self) -> usize {
        self.parts.first().map_or(0, |part| part.grid.len())
    }
}

impl NodeSource for LineNodes {
    fn finest_level(&self) -> u32 {
        if self.summed.iter().any(Option::is_some) { SUMMED } else { FINEST + 1 }
    }

    fn cross_sections(&self, temperature_k: f64, layers: Range<usize>) -> Result<Vec<f64>> {
        let mut xs = vec![0.0; layers.len() * self.points()];
        let (temperatures, factors) = (vec![temperature_k; layers.len()], vec![1.0; layers.len()]);
        for (part, summed) in self.parts() {
            let Some(summed) = summed else {
                add_layers(part, layers.start, &temperatures, &factors, &mut xs)?;
                continue;
            };
            let lacks = || Error::Internal(format!("a table asks for {temperature_k} K, where lines were not summed"));
            let node = summed.index_of(temperature_k).ok_or_else(lacks)?;
            let mut own = vec![0.0; xs.len()];
            summed.cross_sections(node, layers.clone(), 0..self.points(), &mut own)?;
            xs.iter_mut().zip(own).for_each(|(sum, own)| *sum += own);
        }
        Ok(xs)
    }

    fn work_bytes(&self, layers: Range<usize>) -> u64 {
        let (threads, values) = (rayon::current_num_threads(), 8 * (layers.len() * self.points()) as u64);
        let work = |(part, summed): (&Prepared, Option<&AtTemperatures>)| match summed {
            Some(summed) => values + summed.work_bytes(0, layers.clone()),
            None => batch_work(part, layers.clone(), threads, part.grid.len(), false),
        };
        values + self.parts().map(work).max().unwrap_or(0)
    }

    fn held_bytes(&self) -> u64 {
        self.summed.iter().flatten().map(AtTemperatures::host_bytes).sum()
    }
}
