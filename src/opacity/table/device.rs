//! The device side of [`table`](super): all rows lie in device memory, and a spectrum sends some twenty numbers a layer.
//!
//! Rows are held by segments of the grid and by groups of layers, so that none of the buffers exceeds what a device binds.

use std::borrow::Cow;
use std::ops::Range;

use super::LayerTable;
use super::axis::{Axis, MOST_BEYOND, STENCIL, STEPS, Stencil};
use crate::Result;
use crate::atmosphere::{PressureGrid, State};
use crate::cross_section::extent::Extent;
use crate::gpu::{BufferId, Element, HostLayout, Kernel, Limits, ProgramBuilder, Role, Workspace, host_struct};
use crate::grid::ROW_MULTIPLE;
use crate::opacity::device::points;
use crate::opacity::traits::{Constant, DeviceOpacity, DeviceTables, Inputs, OpticalBuffers};
use crate::stage::Stage;

host_struct! {
    /// Parameters of some layers at a segment.
    pub struct TableParams {
        /// Wavenumbers of the segment over four.
        quads: u32,
        /// Index of the first of these layers in the atmosphere.
        first_layer: u32,
        /// The same in the rows of the batch.
        first_row: u32,
        /// Zero.
        pad0: u32,
    }
}

host_struct! {
    /// Rows and weights of a layer: all weights add up to 1, all derivatives to 0, so those of the third row are left out.
    pub struct TableLayer {
        /// Row of the first node in the group's buffer.
        row0: u32,
        /// Of the second.
        row1: u32,
        /// Of the third.
        row2: u32,
        /// Of the fourth.
        row3: u32,
        /// Of the fifth.
        row4: u32,
        /// Of the sixth.
        row5: u32,
        /// Row of the node below the temperature.
        below: u32,
        /// Row of the node above it.
        above: u32,
        /// Weight of the first row.
        w0: f32,
        /// Of the second.
        w1: f32,
        /// Of the fourth.
        w3: f32,
        /// Of the fifth.
        w4: f32,
        /// Of the sixth.
        w5: f32,
        /// Derivative of the first weight by temperature \[K-1\].
        by_t0: f32,
        /// Of the second.
        by_t1: f32,
        /// Of the fourth.
        by_t3: f32,
        /// Of the fifth.
        by_t4: f32,
        /// Of the sixth.
        by_t5: f32,
        /// ln of the molecules cm-2.
        ln_column: f32,
        /// How far values may lie beyond those of `below` and `above`, in their logarithm.
        beyond: f32,
    }
}

/// Optical depths: `shaders/opacity/table.wgsl`.
pub static TABLE: Kernel = Kernel::new(
    "opacity/table",
    &[
        include_str!("../../../shaders/lib/math.wgsl"),
        include_str!("../../../shaders/opacity/table_add.wgsl"),
        include_str!("../../../shaders/opacity/table.wgsl"),
    ],
    &TableParams::LAYOUT,
)
.with_structs(&[&TableLayer::LAYOUT]);

/// The same and their derivatives by temperature.
pub static TABLE_WITH_DERIVATIVE: Kernel = Kernel::new(
    "opacity/table_with_derivative",
    &[
        include_str!("../../../shaders/lib/math.wgsl"),
        include_str!("../../../shaders/opacity/table_add_with_derivative.wgsl"),
        include_str!("../../../shaders/opacity/table.wgsl"),
    ],
    &TableParams::LAYOUT,
)
.with_structs(&[&TableLayer::LAYOUT]);

/// Wavenumbers over four of a workgroup.
const WORKGROUP: u32 = 64;
/// ln of a cross section beyond the end of the grid: nothing.
const PADDING: f32 = -1000.0;
/// Where all points have something, values may lie as far beyond their neighbours as they like.
const ANYWHERE: f32 = 1e30;
/// The row that others are told relative to.
const MIDDLE: usize = 2;

/// A table with all its rows.
#[derive(Debug)]
pub struct Tables(pub LayerTable);

impl Tables {
    fn rows(&self, layer: usize) -> usize {
        (1 << self.0.table.nodes.levels[layer]) + 1
    }

    /// Layers whose rows at `points` of the grid lie in one buffer of at most `most` bytes, or one layer where that alone has more.
    fn groups(&self, points: usize, most: u64) -> Vec<Range<usize>> {
        let mut groups: Vec<Range<usize>> = Vec::new();
        let mut bytes = u64::MAX;
        for layer in 0..self.0.table.nodes.levels.len() {
            let more = (4 * points * self.rows(layer)) as u64;
            bytes = bytes.saturating_add(more);
            match groups.last_mut() {
                Some(last) if bytes <= most => last.end = layer + 1,
                _ => {
                    groups.push(layer..layer + 1);
                    bytes = more;
                }
            }
        }
        groups
    }

    /// The rows of some layers at a segment, padded.
    fn content(&self, layers: Range<usize>, segment: &Range<usize>) -> Vec<f32> {
        let nodes = &self.0.table.nodes;
        let mut all = Vec::new();
        for layer in layers {
            for node in Axis::nodes(nodes.levels[layer]) {
                // All are there; were one not, it would be seen.
                match nodes.rows.get(layer, node) {
                    Some(row) => all.extend_from_slice(&row.ln[segment.clone()]),
                    None => all.resize(all.len() + segment.len(), f32::NAN),
                }
                all.resize(all.len() + segment.len().next_multiple_of(ROW_MULTIPLE) - segment.len(), PADDING);
            }
        }
        all
    }
}

impl DeviceTables for Tables {
    fn declare<'a>(
        &'a self,
        builder: &mut ProgramBuilder,
        name: &str,
        layers: usize,
        extent: &Extent,
        _: bool,
        limits: &Limits,
        constants: &mut Vec<Constant<'a>>,
    ) -> Box<dyn DeviceOpacity + 'a> {
        let longest = extent.segments.iter().map(Range::len).max().unwrap_or(0).next_multiple_of(ROW_MULTIPLE);
        let groups = self.groups(longest, limits.storage_binding_bytes.min(limits.buffer_bytes));
        let mut rows = Vec::new();
        for (i, segment) in extent.segments.iter().enumerate() {
            for (j, group) in groups.iter().enumerate() {
                let count: usize = group.clone().map(|layer| self.rows(layer)).sum();
                let shape = [count as u64, segment.len().next_multiple_of(ROW_MULTIPLE) as u64];
                let buffer = builder.buffer(format!("{name}.rows{i}_{j}"), Element::F32, &shape, Role::Constant);
                let (group, segment) = (group.clone(), segment.clone());
                let content = move || Cow::Owned(bytemuck::cast_slice(&self.content(group.clone(), &segment)).to_vec());
                constants.push((buffer, Box::new(content)));
                rows.push(buffer);
            }
        }
        let words = (size_of::<TableLayer>() / 16) as u64;
        let state = builder.buffer(format!("{name}.layers"), Element::UVec4, &[layers as u64, words], Role::Input);
        Box::new(OnDevice { tables: self, starts: starts(&extent.segments), groups, rows, state })
    }
}

fn starts(segments: &[Range<usize>]) -> Vec<usize> {
    segments.iter().map(|segment| segment.start).collect()
}

#[derive(Clone)]
struct OnDevice<'a> {
    tables: &'a Tables,
    /// First points of the segments.
    starts: Vec<usize>,
    groups: Vec<Range<usize>>,
    /// \[segment\]\[group\].
    rows: Vec<BufferId>,
    state: BufferId,
}

impl DeviceOpacity for OnDevice<'_> {
    fn inputs(&self) -> Box<dyn Inputs> {
        Box::new(LayerStates { table: self.tables.0.clone(), groups: self.groups.clone(), buffer: self.state })
    }

    fn values(&self) -> Box<dyn DeviceOpacity + '_> {
        Box::new(self.clone())
    }

    fn segment(
        &self,
        builder: &mut ProgramBuilder,
        layers: &Range<usize>,
        segment: &Range<usize>,
        into: &OpticalBuffers,
        _: bool,
    ) -> Result<()> {
        builder.stage(Stage::Output);
        let quads = points(segment)?.quads();
        let index = self.starts.partition_point(|start| *start <= segment.start) - 1;
        for (group, rows) in self.groups.iter().zip(&self.rows[index * self.groups.len()..]) {
            let part = group.start.max(layers.start)..group.end.min(layers.end);
            if part.is_empty() {
                continue;
            }
            let first_row = (part.start - layers.start) as u32;
            let params = TableParams { quads, first_layer: part.start as u32, first_row, pad0: 0 };
            let mut bindings = vec![*rows, self.state, into.depth];
            bindings.extend(into.slope);
            let kernel = if into.slope.is_some() { &TABLE_WITH_DERIVATIVE } else { &TABLE };
            builder.dispatch(kernel, &params, &bindings, [quads.div_ceil(WORKGROUP), part.len() as u32, 1]);
        }
        Ok(())
    }
}

/// The layers' rows and weights.
#[derive(Debug)]
struct LayerStates {
    table: LayerTable,
    groups: Vec<Range<usize>>,
    buffer: BufferId,
}

impl Inputs for LayerStates {
    fn write(&self, workspace: &mut Workspace, state: &State, layers: &PressureGrid) -> Result<()> {
        let (nodes, columns) = (&self.table.table.nodes, self.table.ln_columns(state, layers)?);
        let mut all = Vec::new();
        for group in &self.groups {
            let mut first = 0;
            for layer in group.clone() {
                let level = nodes.levels[layer];
                let stencil = nodes.axis.stencil(level, state.temperature_k[layer])?;
                let bounded = nodes.layer(layer, &stencil, 0.0)?.bounds.is_some();
                all.push(layer_state(&stencil, first, STEPS >> level, columns[layer], bounded));
                first += (1 << level) + 1;
            }
        }
        workspace.write_slice(self.buffer, &all)
    }
}

/// A layer whose rows begin at `first`, one for each `step` of the node's names.
fn layer_state(stencil: &Stencil, first: usize, step: usize, ln_column: f64, bounded: bool) -> TableLayer {
    let row: [u32; STENCIL] = stencil.nodes.map(|node| (first + node / step) as u32);
    let (w, by_t) = (stencil.value.map(|w| w as f32), stencil.by_temperature.map(|w| w as f32));
    TableLayer {
        row0: row[0],
        row1: row[1],
        row2: row[MIDDLE],
        row3: row[3],
        row4: row[4],
        row5: row[5],
        below: row[stencil.nearest.0],
        above: row[stencil.nearest.1],
        w0: w[0],
        w1: w[1],
        w3: w[3],
        w4: w[4],
        w5: w[5],
        by_t0: by_t[0],
        by_t1: by_t[1],
        by_t3: by_t[3],
        by_t4: by_t[4],
        by_t5: by_t[5],
        // Of an absent species nothing is left, without infinities.
        ln_column: ln_column.max(f64::from(PADDING)) as f32,
        beyond: if bounded { MOST_BEYOND as f32 } else { ANYWHERE },
    }
}
