//! Where a table's nodes come from: exact cross sections of some layers at one temperature.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use super::axis::{Axis, COARSEST, FINEST};
use crate::cache::{Key, KeyHasher};
use crate::cross_section::Prepared;
use crate::cross_section::at_temperatures::AtTemperatures;
use crate::cross_section::cpu::{add_layers, batch_work};
use crate::grid::TemperatureRange;
use crate::{Error, Result};

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

/// Width of ln T between the temperatures that a list's lines are summed at, at most.
const SUMMED_STEP: f64 = 0.055;

/// The level of the temperatures that long lists are summed at: a table's own is coarser by one at least.
fn summed_level(range: TemperatureRange) -> u32 {
    let steps = (range.hi / range.lo).ln() / SUMMED_STEP;
    (steps.log2().ceil().max(0.0) as u32).clamp(COARSEST + 1, FINEST + 1)
}

/// The temperatures that long lists are summed at \[K\], ascending.
pub fn summed_at(range: TemperatureRange) -> Vec<f64> {
    Axis::new(range).map_or_else(|_| vec![range.lo], |axis| axis.temperatures(summed_level(range)))
}

/// Lines of a species' isotopologues: their cross sections add up.
#[derive(Debug)]
pub struct LineNodes {
    /// One for each isotopologue, all with the same grid and layers; at least one.
    pub parts: Arc<Vec<Prepared>>,
    /// In their order: the sums at all temperatures of a long list, in place of its lines or their density over all temperatures.
    pub summed: Vec<Option<AtTemperatures>>,
}

impl LineNodes {
    /// What cross sections depend on besides pressures and settings, where all lists have a key; each with the way in which it is taken.
    pub fn key(lists: &[(Option<Key>, i64)]) -> Option<Key> {
        let mut key = KeyHasher::new("nodes of a table");
        for (list, way) in lists {
            key.key("lines", list.as_ref()?).integers("tier", &[*way]);
        }
        key.finish()
    }

    fn points(&self) -> usize {
        self.parts.first().map_or(0, |part| part.grid.len())
    }
}

/// In place of a source, once all that a table needs is there.
#[derive(Debug)]
pub struct Exhausted;

impl NodeSource for Exhausted {
    fn cross_sections(&self, temperature_k: f64, _: Range<usize>) -> Result<Vec<f64>> {
        Err(Error::Internal(format!("a whole table lacks a row at {temperature_k} K")))
    }

    fn work_bytes(&self, _: Range<usize>) -> u64 {
        0
    }
}

impl NodeSource for LineNodes {
    fn finest_level(&self) -> u32 {
        let of_long = self.summed.iter().flatten().map(|sums| (sums.temperatures().len() - 1).max(1).ilog2());
        of_long.min().unwrap_or(FINEST + 1)
    }

    fn cross_sections(&self, temperature_k: f64, layers: Range<usize>) -> Result<Vec<f64>> {
        let mut xs = vec![0.0; layers.len() * self.points()];
        let (temperatures, factors) = (vec![temperature_k; layers.len()], vec![1.0; layers.len()]);
        for (part, summed) in self.parts.iter().zip(&self.summed) {
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
        let work = |(part, summed): (&Prepared, &Option<AtTemperatures>)| match summed {
            Some(summed) => values + summed.work_bytes(0, layers.clone()),
            None => batch_work(part, layers.clone(), threads, part.grid.len(), false),
        };
        values + self.parts.iter().zip(&self.summed).map(work).max().unwrap_or(0)
    }

    fn held_bytes(&self) -> u64 {
        self.summed.iter().flatten().map(AtTemperatures::host_bytes).sum()
    }
}
