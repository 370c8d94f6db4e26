//! All layers of a table: how many nodes each has, their rows, and how large errors are.
//!
//! **How many nodes.** Errors change slowly with pressure. So some layers, two in a decade of pressure, are surveyed when a table is set up: from five nodes on their number is doubled
//! until the cross sections half way between nodes, at each of these temperatures, are within the tolerance (99 of 100 points, and none beyond ten times it). The
//! other layers take the number of their neighbours above and below, whichever is larger. It is thus chosen before any state is known, and a spectrum does not depend on which others
//! were computed before.
//!
//! **When rows are made.** When a temperature is first asked for, the six about it. In a layer that was not surveyed, a seventh half way between then measures the error there.

use std::ops::Range;
use std::sync::OnceLock;

use rayon::prelude::*;

use super::axis::{Axis, COARSEST, FINEST, STEPS, Stencil};
use super::errors::{Errors, Measured};
use super::kernel::LayerNodes;
use super::rows::{Place, Rows, make};
use super::source::NodeSource;
use crate::{Error, Result, host_memory};

/// Surveyed layers lie at least this far apart in log10 of pressure.
const SURVEY_STEP: f64 = 0.5;

/// The level that most layers have at a tolerance of 1e-3, before it is known what they need.
const USUAL: u32 = 3;
/// Nodes of that level.
pub const USUAL_NODES: u64 = (1 << USUAL) + 1;

/// A table's layers.
#[derive(Debug)]
pub struct Nodes {
    pub axis: Axis,
    pub points: usize,
    /// \[layer\].
    pub levels: Vec<u32>,
    pub rows: Rows,
    /// \[layer\]; none where no row was made yet.
    pub measured: Vec<OnceLock<Measured>>,
}

impl Nodes {
    /// Chooses the number of nodes of every layer.
    ///
    /// # Errors
    /// Those of the source; too little memory.
    pub fn survey(
        source: &dyn NodeSource,
        axis: Axis,
        points: usize,
        pressure_bar: &[f64],
        tolerance: f64,
    ) -> Result<Self> {
        let layers = pressure_bar.len();
        let surveyed = surveyed(pressure_bar);
        let measured = std::iter::repeat_with(OnceLock::new).take(layers).collect();
        let mut nodes = Self { axis, points, levels: vec![COARSEST; layers], rows: Rows::new(layers), measured };
        let places = |layers: &[usize], nodes: Vec<usize>| -> Vec<Place> {
            layers.iter().flat_map(|layer| nodes.iter().map(|node| Place { node: *node, layer: *layer })).collect()
        };
        let finest = source.finest_level().saturating_sub(1).clamp(COARSEST, FINEST);
        nodes.make(source, places(&surveyed, Axis::nodes(COARSEST).collect()))?;
        let mut left = surveyed.clone();
        for level in COARSEST..=finest {
            nodes.make(source, places(&left, Axis::between(level).collect()))?;
            let measured: Vec<Measured> = left.par_iter().map(|layer| nodes.errors(*layer, level)).collect();
            let mut coarse = Vec::new();
            for (layer, measured) in left.into_iter().zip(measured) {
                nodes.levels[layer] = level;
                match measured.within(tolerance) || level == finest {
                    true => drop(nodes.measured[layer].set(measured)),
                    false => coarse.push(layer),
                }
            }
            left = coarse;
        }
        for pair in surveyed.windows(2) {
            let level = nodes.levels[pair[0]].max(nodes.levels[pair[1]]);
            nodes.levels[pair[0] + 1..pair[1]].fill(level);
        }
        let Self { rows, levels, .. } = &mut nodes;
        rows.retain(|place| place.node.is_multiple_of(STEPS >> levels[place.layer]));
        Ok(nodes)
    }

    /// As many nodes as tables usually have, and no rows: for plans.
    pub fn sketch(axis: Axis, points: usize, layers: usize) -> Self {
        let measured = std::iter::repeat_with(OnceLock::new).take(layers).collect();
        Self { axis, points, levels: vec![USUAL; layers], rows: Rows::new(layers), measured }
    }

    /// Makes rows and keeps them.
    fn make(&self, source: &dyn NodeSource, wanted: Vec<Place>) -> Result<()> {
        let layers = self.levels.len();
        let bytes = (4 * self.points as u64).saturating_mul(wanted.len() as u64);
        let work = source.work_bytes(0..super::rows::RUN.min(layers));
        host_memory::require(
            &format!("{} rows of a table, {} points each", wanted.len(), self.points),
            bytes.saturating_add(work),
        )?;
        make(source, &self.axis, wanted)?.into_iter().for_each(|(place, row)| self.rows.keep(place, row));
        Ok(())
    }

    /// Errors of a layer half way between the nodes of a level, as far as the rows there are held.
    fn errors(&self, layer: usize, level: u32) -> Measured {
        let rows = Axis::between(level).filter_map(|node| Some((node, self.rows.get(layer, node)?)));
        rows.fold(Measured::default(), |all, (node, row)| all.or(&self.compare(layer, level, node, &row.ln)))
    }

    /// Errors of a layer at a node that is not one of its own, whose cross sections are known. Without its rows they are infinite.
    fn compare(&self, layer: usize, level: u32, node: usize, exact: &[f32]) -> Measured {
        let stencil = self.axis.stencil(level, self.axis.temperature(node));
        let Ok(nodes) = stencil.and_then(|stencil| self.layer(layer, &stencil, 0.0)) else {
            return Measured { most_points: f64::INFINITY, largest: f64::INFINITY };
        };
        let mut errors = Errors::new();
        errors.compare(&nodes.logarithms(self.points), exact);
        errors.measured()
    }

    /// Makes the rows for some layers at the given temperatures \[K\], `layers.len()` of them; gives their nodes and weights, and whether rows were made.
    ///
    /// # Errors
    /// A temperature outside the range; those of the source; too little memory.
    pub fn fill(
        &self,
        source: &dyn NodeSource,
        layers: Range<usize>,
        temperatures: &[f64],
    ) -> Result<(Vec<Stencil>, bool)> {
        let stencil = |(layer, t): (usize, &f64)| self.axis.stencil(self.levels[layer], *t);
        let stencils: Vec<Stencil> = layers.clone().zip(temperatures).map(stencil).collect::<Result<_>>()?;
        let of_layer = |(layer, stencil): (usize, &Stencil)| stencil.nodes.map(|node| Place { node, layer });
        let mut wanted: Vec<Place> = layers.clone().zip(&stencils).flat_map(of_layer).collect();
        wanted.retain(|place| self.rows.get(place.layer, place.node).is_none());
        let mut made = !wanted.is_empty();
        if made {
            self.make(source, wanted)?;
        }
        let unknown = layers.zip(temperatures).filter(|(layer, _)| self.measured[*layer].get().is_none());
        let checks = unknown.map(|(layer, t)| Place { node: self.axis.check_node(self.levels[layer], *t), layer });
        let checks: Vec<Place> = checks.collect();
        if !checks.is_empty() {
            made = true;
            self.check(source, checks)?;
        }
        Ok((stencils, made))
    }

    /// Makes all rows, and measures the error of every layer, at one temperature where none was measured yet; true if there were some to make.
    ///
    /// # Errors
    /// Those of the source; too little memory.
    pub fn complete(&self, source: &dyn NodeSource) -> Result<bool> {
        let wanted = self.lacking();
        let checks = self.levels.iter().enumerate().filter(|(layer, _)| self.measured[*layer].get().is_none());
        let checks: Vec<Place> = checks.map(|(layer, level)| Place { node: middle(*level), layer }).collect();
        if wanted.is_empty() && checks.is_empty() {
            return Ok(false);
        }
        self.make(source, wanted)?;
        self.check(source, checks)?;
        Ok(true)
    }

    /// Rows that are left to be made.
    fn lacking(&self) -> Vec<Place> {
        let all = self.levels.iter().enumerate();
        let all = all.flat_map(|(layer, level)| Axis::nodes(*level).map(move |node| Place { node, layer }));
        all.filter(|place| self.rows.get(place.layer, place.node).is_none()).collect()
    }

    /// True if no row and no error is left to be found.
    pub fn is_whole(&self) -> bool {
        self.lacking().is_empty() && self.measured.iter().all(|m| m.get().is_some())
    }

    /// Measures errors at nodes of the next finer level.
    fn check(&self, source: &dyn NodeSource, checks: Vec<Place>) -> Result<()> {
        for (Place { node, layer }, row) in make(source, &self.axis, checks)? {
            let _ = self.measured[layer].set(self.compare(layer, self.levels[layer], node, &row.ln));
        }
        Ok(())
    }

    /// The rows of a layer with their weights.
    ///
    /// # Errors
    /// A row that was not made.
    pub fn layer(&self, layer: usize, stencil: &Stencil, ln_factor: f64) -> Result<LayerNodes<'_>> {
        let mut rows: [&[f32]; super::axis::STENCIL] = [&[]; super::axis::STENCIL];
        let mut nothing = false;
        for (held, node) in rows.iter_mut().zip(stencil.nodes) {
            let row = self.rows.get(layer, node);
            let row = row.ok_or_else(|| Error::Internal(format!("a table lacks node {node} of layer {layer}")))?;
            (*held, nothing) = (&row.ln[..], nothing || row.nothing);
        }
        let Stencil { value, by_temperature, nearest, .. } = *stencil;
        Ok(LayerNodes { rows, value, by_temperature, bounds: nothing.then_some(nearest), ln_factor })
    }

    /// Bytes of all rows, once they are made.
    pub fn bytes(&self) -> u64 {
        self.levels.iter().map(|level| 4 * self.points as u64 * ((1 << level) + 1)).sum()
    }

    /// The errors measured so far: the largest of all layers, and the layer that has it.
    pub fn worst(&self) -> Option<(usize, Measured)> {
        let known = self.measured.iter().enumerate().filter_map(|(layer, m)| Some((layer, *m.get()?)));
        let worst = known.clone().max_by(|a, b| a.1.largest.total_cmp(&b.1.largest))?;
        Some((worst.0, known.fold(worst.1, |all, (_, m)| all.or(&m))))
    }
}

/// The node half way between those of a level, next to the middle of the range.
fn middle(level: u32) -> usize {
    STEPS / 2 + (STEPS >> level) / 2
}

/// The layers that are surveyed: the first, the last, and between them some.
fn surveyed(pressure_bar: &[f64]) -> Vec<usize> {
    let mut chosen = vec![0];
    for (layer, pressure) in pressure_bar.iter().enumerate().skip(1) {
        let last = pressure_bar[chosen[chosen.len() - 1]];
        if (pressure / last).log10().abs() >= SURVEY_STEP || layer + 1 == pressure_bar.len() {
            chosen.push(layer);
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_layers_of_a_decade_and_both_ends_are_surveyed() {
        let pressure: Vec<f64> = (0..81).map(|i| 10f64.powf(-6.0 + 0.1 * f64::from(i) + 1e-9)).collect();
        let chosen = surveyed(&pressure);
        assert_eq!((chosen[0], *chosen.last().unwrap()), (0, 80));
        assert!((17..=18).contains(&chosen.len()), "{chosen:?}");
        assert_eq!(surveyed(&[1.0]), [0]);
        assert_eq!(surveyed(&[1.0, 1.1]), [0, 1]);
    }
}
