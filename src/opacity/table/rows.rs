//! The rows of a table: ln of the cross sections of one layer at one node, each made when it is first wanted.

use std::ops::Range;
use std::sync::OnceLock;

use rayon::prelude::*;

use super::axis::{Axis, STEPS};
use super::kernel::store;
use super::source::NodeSource;
use crate::cache::Numbers;
use crate::{Result, interrupt};

/// Most layers that a source is asked for at once.
pub const RUN: usize = 8;

/// Rows are made in groups of so many jobs for each thread, and between them a caller may end the work.
const JOBS_PER_THREAD: usize = 4;

/// ln of the cross sections of a layer at a node \[point\], cm2.
#[derive(Clone, Debug)]
pub struct Row {
    /// The values, in memory or in a mapped file.
    pub ln: Numbers<f32>,
    /// True if there are points that have nothing.
    pub nothing: bool,
}

/// What a row is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The node.
    pub node: usize,
    /// The layer.
    pub layer: usize,
}

/// All rows that there are so far. Several threads may make the same row at a time: they make the same one.
#[derive(Debug)]
pub struct Rows(Vec<OnceLock<Row>>);

impl Rows {
    /// None yet, of so many layers.
    pub fn new(layers: usize) -> Self {
        Self(std::iter::repeat_with(OnceLock::new).take(layers * (STEPS + 1)).collect())
    }

    fn index(place: Place) -> usize {
        place.layer * (STEPS + 1) + place.node
    }

    /// A row, if it is there.
    pub fn get(&self, layer: usize, node: usize) -> Option<&Row> {
        self.0[Self::index(Place { node, layer })].get()
    }

    /// Keeps a row, unless it is there.
    pub fn keep(&self, place: Place, row: Row) {
        // Another thread's row has the same bits.
        let _ = self.0[Self::index(place)].set(row);
    }

    /// Lets go of the rows that are not wanted.
    pub fn retain(&mut self, wanted: impl Fn(Place) -> bool) {
        for (index, row) in self.0.iter_mut().enumerate() {
            if !wanted(Place { layer: index / (STEPS + 1), node: index % (STEPS + 1) }) {
                row.take();
            }
        }
    }

    /// All that are there, layer by layer.
    pub fn all(&self) -> impl Iterator<Item = (Place, &Row)> {
        let place = |index| Place { layer: index / (STEPS + 1), node: index % (STEPS + 1) };
        self.0.iter().enumerate().filter_map(move |(index, row)| Some((place(index), row.get()?)))
    }
}

/// Neighbouring layers that want the same node.
fn jobs(wanted: &mut Vec<Place>) -> Vec<(usize, Range<usize>)> {
    wanted.sort_unstable();
    wanted.dedup();
    let mut jobs: Vec<(usize, Range<usize>)> = Vec::new();
    for Place { node, layer } in wanted.iter().copied() {
        match jobs.last_mut() {
            Some((last, layers)) if *last == node && layers.end == layer && layers.len() < RUN => layers.end += 1,
            _ => jobs.push((node, layer..layer + 1)),
        }
    }
    jobs
}

/// Makes rows.
///
/// # Errors
/// Those of the source.
pub fn make(source: &dyn NodeSource, axis: &Axis, mut wanted: Vec<Place>) -> Result<Vec<(Place, Row)>> {
    let one = |(node, layers): &(usize, Range<usize>)| {
        let xs = source.cross_sections(axis.temperature(*node), layers.clone())?;
        let rows = layers.clone().zip(xs.chunks(xs.len() / layers.len())).map(|(layer, xs)| {
            let (ln, nothing) = store(xs);
            (Place { node: *node, layer }, Row { ln: ln.into(), nothing })
        });
        Ok(rows.collect::<Vec<_>>())
    };
    let mut made = Vec::with_capacity(wanted.len());
    for group in jobs(&mut wanted).chunks(JOBS_PER_THREAD * rayon::current_num_threads()) {
        interrupt::check()?;
        made.extend(group.par_iter().map(one).collect::<Result<Vec<_>>>()?.into_iter().flatten());
    }
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbouring_layers_are_asked_for_together() {
        let place = |node, layer| Place { node, layer };
        let mut wanted = vec![place(4, 2), place(0, 7), place(4, 3), place(4, 2), place(4, 5)];
        assert_eq!(jobs(&mut wanted), [(0, 7..8), (4, 2..4), (4, 5..6)]);
        let mut many = (0..RUN + 3).map(|layer| place(1, layer)).collect();
        assert_eq!(jobs(&mut many), [(1, 0..RUN), (1, RUN..RUN + 3)]);
    }

    #[test]
    fn rows_are_kept_once_and_let_go() {
        let mut rows = Rows::new(3);
        let row = |v: f32| Row { ln: vec![v].into(), nothing: false };
        rows.keep(Place { node: 8, layer: 1 }, row(1.0));
        rows.keep(Place { node: 8, layer: 1 }, row(2.0));
        rows.keep(Place { node: STEPS, layer: 2 }, row(3.0));
        assert_eq!(rows.get(1, 8).unwrap().ln[0], 1.0);
        assert_eq!(rows.all().map(|(p, _)| (p.layer, p.node)).collect::<Vec<_>>(), [(1, 8), (2, STEPS)]);
        rows.retain(|place| place.layer == 2);
        assert!(rows.get(1, 8).is_none() && rows.get(2, STEPS).is_some());
    }
}
