//! Where a table's nodes come from: exact cross sections of some layers at one temperature.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use super::axis::FINEST;
use crate::Result;
use crate::cache::{Key, KeyHasher};
use crate::cross_section::Prepared;
use crate::cross_section::cpu::{add_layers, batch_work};
use crate::cross_section::prepared::Tier;

/// Computes cross sections for the nodes of a table.
///
/// Bits must not depend on which layers are asked for together, nor on what was asked for before.
pub trait NodeSource: fmt::Debug + Send + Sync {
    /// Says which temperatures \[K\] will be asked for next, for sources that make several ready at once.
    ///
    /// # Errors
    /// What cannot be read; temperatures outside the declared range.
    fn announce(&self, temperatures_k: &[f64]) -> Result<()> {
        let _ = temperatures_k;
        Ok(())
    }

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
}

/// Lines of a species' isotopologues, one by one or by their densities: their cross sections add up.
#[derive(Clone, Debug)]
pub struct LineNodes {
    /// One for each isotopologue, all with the same grid and layers; at least one.
    pub parts: Arc<Vec<Prepared>>,
}

impl LineNodes {
    /// What its cross sections depend on besides pressures and settings, where all lists have a key.
    pub fn key(&self, lists: &[Option<Key>]) -> Option<Key> {
        let mut key = KeyHasher::new("nodes of a table");
        for (list, part) in lists.iter().zip(self.parts.iter()) {
            key.key("lines", list.as_ref()?).integers("tier", &[matches!(part.tier, Tier::Lines).into()]);
        }
        key.finish()
    }

    fn points(&self) -> usize {
        self.parts.first().map_or(0, |part| part.grid.len())
    }
}

impl NodeSource for LineNodes {
    fn cross_sections(&self, temperature_k: f64, layers: Range<usize>) -> Result<Vec<f64>> {
        let mut xs = vec![0.0; layers.len() * self.points()];
        let (temperatures, factors) = (vec![temperature_k; layers.len()], vec![1.0; layers.len()]);
        for part in self.parts.iter() {
            add_layers(part, layers.start, &temperatures, &factors, &mut xs)?;
        }
        Ok(xs)
    }

    fn work_bytes(&self, layers: Range<usize>) -> u64 {
        let threads = rayon::current_num_threads();
        let work = |part: &Prepared| batch_work(part, layers.clone(), threads, part.grid.len(), false);
        8 * (layers.len() * self.points()) as u64 + self.parts.iter().map(work).max().unwrap_or(0)
    }
}
