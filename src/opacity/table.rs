//! A species' cross sections in layers of fixed pressure, from a table in temperature.
//!
//! A retrieval evaluates thousands of spectra on the same pressures. What depends on pressure and on the lists can then be paid for once: ln of the cross section of every
//! layer and point at some temperatures, and between them an interpolant whose error is measured. A spectrum costs some multiply-adds and one exponential a layer and point, whatever the
//! number of lines; the derivative by temperature is the interpolant's own.
//!
//! | module | idea |
//! | --- | --- |
//! | `axis` | where nodes lie, and how values between them follow |
//! | `source` | where nodes come from: [`NodeSource`] |
//! | `rows` | what is stored, made when it is first wanted |
//! | `nodes` | how many nodes a layer has, found by measuring errors |
//! | `errors` | how errors are measured |
//! | `kernel` | the inner loops |
//! | `stored` | a table on disk |
//! | `device` | all rows on a device |

mod axis;
pub(crate) mod device;
mod errors;
mod kernel;
mod nodes;
mod rows;
mod source;
mod stored;

use std::any::Any;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use self::axis::Axis;
use self::kernel::LayerNodes;
use self::nodes::Nodes;
pub(crate) use self::nodes::USUAL_NODES;
use self::source::Exhausted;
pub(crate) use self::source::{LineNodes, NodeSource, summed_at};
use self::stored::Shelf;
use super::traits::{CpuOpacity, DeviceTables, HostBytes, Layers, Opacity, OpticalRows, Setting};
use crate::atmosphere::{PressureGrid, State};
use crate::cache::Key;
use crate::cross_section::Prepared;
use crate::cross_section::extent::Extent;
use crate::dual::Dual;
use crate::gpu::DeviceClass;
use crate::{Note, Result, Settings, host_memory};

/// A table, what it is made from, and where it is kept.
#[derive(Debug)]
struct Table {
    nodes: Nodes,
    source: Box<dyn NodeSource>,
    shelf: Option<Shelf>,
    /// What went wrong with the cache.
    trouble: Mutex<Option<String>>,
    /// True if it is for a plan: no more rows are made.
    sketch: bool,
    /// What its source took while the table was made, if that was let go \[bytes\].
    building: u64,
}

impl Table {
    /// What its source takes for a while.
    fn work_bytes(&self) -> u64 {
        self.source.work_bytes(0..rows::RUN.min(self.nodes.levels.len()))
    }

    fn keep(&self, growth: usize) {
        if let Some(Err(trouble)) = self.shelf.as_ref().map(|shelf| shelf.keep(&self.nodes, growth)) {
            *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(trouble);
        }
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        self.keep(1);
    }
}

/// Where a table is kept, and what of it is there.
pub(super) struct Found {
    axis: Axis,
    shelf: Option<Shelf>,
    nodes: Option<Nodes>,
}

impl Found {
    /// Looks for the table of a species. `key` names all that its nodes depend on besides the layers and the settings; without it, or without a cache, a table is not kept.
    ///
    /// # Errors
    /// A range of temperatures without width.
    pub(super) fn look(name: &str, key: Option<Key>, at: &Setting<'_>) -> Result<Self> {
        let axis = Axis::new(at.settings.temperature_range)?;
        let (points, pressure) = (at.grid.len(), at.pressure.pressure_bar());
        let about = format!("table of {name}, {points} points, {} layers", pressure.len());
        let shelf = key.and_then(|key| Shelf::new(at.resources.cache, &key, pressure, at.settings, about));
        let found = shelf.as_ref().map_or(Err(None), |shelf| shelf.find(axis, points, pressure.len()));
        if let Err(Some(damaged)) = &found {
            at.resources.progress.warn(damaged);
        }
        Ok(Self { axis, shelf, nodes: found.ok() })
    }

    /// True if no row is left to be made.
    pub(super) fn is_whole(&self) -> bool {
        self.nodes.as_ref().is_some_and(Nodes::is_whole)
    }
}

/// A species that absorbs by lines, from a table.
#[derive(Clone, Debug)]
pub(crate) struct LayerTable {
    /// What the table stands for.
    species: Arc<dyn Opacity>,
    table: Arc<Table>,
}

impl LayerTable {
    /// Refuses settings that no table can be made for.
    ///
    /// # Errors
    /// A range of temperatures without width.
    pub(super) fn check(settings: &Settings) -> Result<()> {
        Axis::new(settings.temperature_range).map(drop)
    }

    /// For a species, whose nodes come from `source`. The first of its quantities is ln of its column, with values. Adds to `notes` how large it is and how large its errors are. With `whole` all
    /// rows are made now, and the source is let go; or a plan is given a size that such tables usually have.
    ///
    /// # Errors
    /// Too little memory; what the source refuses.
    pub(super) fn new(
        species: Arc<dyn Opacity>,
        source: Box<dyn NodeSource>,
        found: Found,
        whole: bool,
        at: &Setting<'_>,
        notes: &mut Vec<Note>,
    ) -> Result<Self> {
        let (points, pressure) = (at.grid.len(), at.pressure.pressure_bar());
        let Found { axis, shelf, nodes } = found;
        let nodes = match nodes {
            Some(nodes) => nodes,
            None if whole && at.sketch => Nodes::sketch(axis, points, pressure.len()),
            None => Nodes::survey(&*source, axis, points, pressure, at.settings.tolerance)?,
        };
        let held: u64 = nodes.rows.all().map(|(_, row)| 4 * row.ln.len() as u64).sum();
        let what = format!("the table of {}: {points} points, {} layers", species.name(), pressure.len());
        host_memory::require(&what, nodes.bytes().saturating_sub(held))?;
        let mut table = Table { nodes, source, shelf, trouble: Mutex::new(None), sketch: at.sketch, building: 0 };
        if whole && !at.sketch {
            if table.nodes.complete(&*table.source)? {
                table.building = table.source.held_bytes() + table.work_bytes();
            }
            table.source = Box::new(Exhausted);
        }
        notes.push(describe(species.name(), &table.nodes, whole && at.sketch, at));
        table.keep(1);
        Ok(Self { species, table: Arc::new(table) })
    }

    /// Bytes of all rows.
    pub(super) fn bytes(&self) -> u64 {
        self.table.nodes.bytes()
    }

    /// True if the errors measured so far are within a tolerance.
    pub(super) fn is_accurate(&self, tolerance: f64) -> bool {
        self.table.nodes.worst().is_none_or(|(_, measured)| measured.within(tolerance))
    }

    /// ln of the molecules cm-2 in all layers.
    fn ln_columns(&self, state: &State, layers: &PressureGrid) -> Result<Vec<f64>> {
        let quantities = self.species.quantities(&state.as_dual(), layers)?;
        Ok(quantities.first().map_or_else(Vec::new, |column| column.iter().map(Dual::value).collect()))
    }

    /// The rows of some layers, ready for the temperatures of a state.
    fn ready<'a>(&'a self, at: &Layers<'_>) -> Result<Vec<LayerNodes<'a>>> {
        let Table { nodes, source, .. } = &*self.table;
        let columns = self.ln_columns(at.state, at.pressure)?;
        let temperatures = &at.state.temperature_k[at.range.clone()];
        let (stencils, made) = nodes.fill(&**source, at.range.clone(), temperatures)?;
        if made {
            self.table.keep(2);
        }
        let each = at.range.clone().zip(&stencils);
        each.map(|(layer, stencil)| nodes.layer(layer, stencil, columns[layer])).collect()
    }
}

/// Of a layer and point: six for the logarithm, and an exponential.
const MULTIPLY_ADDS: f64 = 20.0;

/// How large a table is, and how large its errors; with `assumed` nothing is known of it yet.
fn describe(name: &str, nodes: &Nodes, assumed: bool, at: &Setting<'_>) -> Note {
    let count = |level: Option<&u32>| (1 << level.copied().unwrap_or(0)) + 1;
    let (least, most) = (count(nodes.levels.iter().min()), count(nodes.levels.iter().max()));
    let megabytes = nodes.bytes() as f64 / 1e6;
    let mut text = format!("table of {least} to {most} temperatures a layer, {megabytes:.1} MB");
    if assumed {
        text += ", as is usual; how many it needs shows when it is made, at the first spectrum";
    }
    if let Some((layer, measured)) = nodes.worst() {
        let known = nodes.measured.iter().filter(|m| m.get().is_some()).count();
        text += &format!(
            "; its error beside that of the method, measured half way between in {known} layers: at each temperature 99 % of points within {:.1e}, at most {:.1e} (at {:.1e} bar)",
            measured.most_points,
            measured.largest,
            at.pressure.pressure_bar()[layer]
        );
        if !measured.within(at.settings.tolerance) {
            text += ", beyond the tolerance";
        }
    }
    Note::new(name, text, None)
}

impl Opacity for LayerTable {
    fn name(&self) -> &str {
        self.species.name()
    }

    fn quantities(&self, state: &State<Dual>, layers: &PressureGrid) -> Result<Vec<Vec<Dual>>> {
        self.species.quantities(state, layers)
    }

    fn check(&self, state: &State, layers: &PressureGrid) -> Result<()> {
        self.species.check(state, layers)
    }

    fn on_cpu<'a>(&'a self, at: &Layers<'a>, _: bool) -> Result<Box<dyn CpuOpacity + 'a>> {
        Ok(Box::new(OnCpu(self.ready(at)?)))
    }

    fn for_device(&self, _: usize) -> Result<Box<dyn DeviceTables>> {
        let Table { nodes, source, sketch, .. } = &*self.table;
        if !sketch && nodes.complete(&**source)? {
            self.table.keep(1);
        }
        Ok(Box::new(device::Tables(self.clone())))
    }

    fn has_lines(&self) -> bool {
        true
    }

    fn lists(&self) -> &[Prepared] {
        self.species.lists()
    }

    fn notes(&self, _: &[f64]) -> Vec<Note> {
        let trouble = self.table.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone();
        trouble.map(|text| Note::new(self.name(), text, None)).into_iter().collect()
    }

    fn cost(&self, extent: &Extent, points: usize, _: DeviceClass) -> f64 {
        MULTIPLY_ADDS * (extent.layers.len() * points) as f64
    }

    fn multiply_adds(&self) -> f64 {
        MULTIPLY_ADDS * (self.table.nodes.points * self.table.nodes.levels.len()) as f64
    }

    fn host_bytes(&self) -> HostBytes {
        let species = self.species.host_bytes();
        HostBytes {
            prepared: species.prepared + self.bytes() + self.table.source.held_bytes(),
            building: species.building.max(self.table.work_bytes()).max(self.table.building),
            ..species
        }
    }

    fn cpu_work(&self, layers: Range<usize>, _: usize, _: usize, _: bool) -> u64 {
        self.table.source.work_bytes(layers.start..layers.end.min(layers.start + rows::RUN))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// Layers at their temperatures.
struct OnCpu<'a>(Vec<LayerNodes<'a>>);

impl CpuOpacity for OnCpu<'_> {
    fn add(&self, rows: &mut OpticalRows<'_>) -> Result<()> {
        let n = rows.points.len();
        let layers = self.0.par_iter().map(|layer| layer.at(&rows.points));
        let depths = rows.depth.par_chunks_mut(n);
        match &mut rows.slope {
            Some(slopes) => layers
                .zip(depths.zip(slopes.par_chunks_mut(n)))
                .for_each(|(layer, (depth, slope))| layer.add_with_slopes(depth, slope)),
            None => layers.zip(depths).for_each(|(layer, depth)| layer.add(depth)),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
