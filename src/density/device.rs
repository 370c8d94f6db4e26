//! Sources of the convolution on the device: what the lines tier and the density tier declare, and their passes.

mod kernels;

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use super::line_shape::{Axes, Density, Storage};
use super::lines::{BIN_NODES, LineTable};
use crate::gpu::{BufferId, Constant, Element, Limits, ProgramBuilder, Role, groups64};
use crate::grid::Grid;
use crate::grid::level::LevelNodes;
use crate::shader_lib::Line;

pub use kernels::kernels;
use kernels::*;

/// What a row of sources holds.
#[derive(Clone, Copy, Debug)]
pub struct Lanes {
    /// Profiles of the layer.
    pub channels: usize,
    /// True if the channels' sources are followed by their derivatives by temperature.
    pub slopes: bool,
}

impl Lanes {
    /// Number of sources.
    pub fn count(self) -> usize {
        if self.slopes { 2 * self.channels } else { self.channels }
    }
}

/// Most lines that a node of the gathering visits in one dispatch: about ten loop turns each, and some drivers give up after 65 535.
const GATHER_LINES: u32 = 4096;

/// Lines by stretches of [`BIN_NODES`] output nodes.
#[derive(Clone, Debug)]
pub struct LineBins {
    /// Output node at which bin 0 starts.
    pub first: i64,
    /// First line at or after each bin, and one more.
    pub starts: Arc<[u32]>,
    /// Bins that have lines, ascending.
    with_lines: Arc<[u32]>,
}

impl LineBins {
    /// Bins of a table whose grid has `points` nodes.
    pub fn new(table: &LineTable, points: usize) -> Self {
        let end = |f: fn(f64, f64) -> f64, start: f64| table.lines.iter().map(|l| l.position).fold(start, f);
        let first = (end(f64::min, 0.0) / BIN_NODES as f64).floor() as i64 * BIN_NODES;
        let last = end(f64::max, points as f64);
        let count = ((last - first as f64) / BIN_NODES as f64).ceil() as usize + 1;
        let starts: Arc<[u32]> = table.bins(first, count).into();
        let with_lines = (0..starts.len() - 1).filter(|b| starts[*b] < starts[b + 1]).map(|b| b as u32).collect();
        Self { first, starts, with_lines }
    }

    /// Number of bins.
    pub fn count(&self) -> usize {
        self.starts.len() - 1
    }

    fn bin(&self, node: i64) -> usize {
        (node - self.first).div_euclid(BIN_NODES).clamp(0, self.count() as i64) as usize
    }

    /// Lines of all bins that meet output nodes `lo..=hi`.
    pub fn lines(&self, lo: i64, hi: i64) -> Range<u32> {
        self.starts[self.bin(lo)]..self.starts[self.bin(hi + BIN_NODES)]
    }

    /// Lines that nodes of a level may be reached by if pressure moves them by `moved` output nodes at most; see
    /// shaders/density/gather.wgsl.
    pub fn spread_onto(&self, nodes: &LevelNodes, moved: i64) -> Range<u32> {
        let reach = gather_reach(nodes.level) + moved;
        self.lines(output_node(nodes, nodes.source.0) - reach - 1, output_node(nodes, nodes.source.1 - 1) + reach)
    }

    /// Most lines that one node of a level visits.
    fn most(&self, nodes: &LevelNodes, moved: i64) -> u32 {
        let reach = gather_reach(nodes.level) + moved;
        let bins = ((2 * reach + 17) / BIN_NODES + 2) as usize;
        let first = self.bin(output_node(nodes, nodes.source.0) - reach - 1);
        let last = self.bin(output_node(nodes, nodes.source.1));
        let visited = |b: usize| self.starts[(b + bins).min(self.count())] - self.starts[b];
        // A window that begins with a bin without lines holds no more than one that begins with the next bin that has some.
        let with_lines = &self.with_lines[self.with_lines.partition_point(|b| (*b as usize) < first)..];
        let with_lines = with_lines.iter().map(|b| *b as usize).take_while(|b| *b <= last);
        with_lines.chain([last]).map(visited).max().unwrap_or(0)
    }
}

/// Output nodes on each side of a node of a level within which its lines lie.
fn gather_reach(level: i32) -> i64 {
    if level >= 0 { 4i64 << level } else { 4 }
}

/// Output node at or before node `j` of a level.
fn output_node(nodes: &LevelNodes, j: i64) -> i64 {
    if nodes.level >= 0 { j << nodes.level } else { j >> -nodes.level }
}

/// The line table on the device.
#[derive(Clone, Debug)]
pub struct LineBuffers {
    /// \[line\] of 48 bytes.
    pub lines: BufferId,
    /// First line at or after each bin, and one more.
    pub starts: BufferId,
    /// Their bins.
    pub bins: LineBins,
}

impl LineBuffers {
    /// Declares the table's buffers.
    pub fn declare<'a>(
        builder: &mut ProgramBuilder,
        name: &str,
        table: &'a LineTable,
        bins: &'a LineBins,
        constants: &mut Vec<Constant<'a>>,
    ) -> Self {
        let shape = [table.lines.len() as u64, size_of::<Line>() as u64 / 4];
        let lines = builder.buffer(format!("{name}.lines"), Element::F32, &shape, Role::Constant);
        let starts = builder.buffer(format!("{name}.bins"), Element::U32, &[bins.starts.len() as u64], Role::Constant);
        let record = |l: &super::table_line::TableLine| Line {
            node: l.position.floor() as i32,
            fraction: (l.position - l.position.floor()) as f32,
            ln_strength: l.ln_strength as f32,
            energy: l.energy as f32,
            ln_gamma: l.ln_gamma as f32,
            exponent: l.exponent as f32,
            wavenumber: l.wavenumber as f32,
            natural: l.natural as f32,
            curvature: l.curvature as f32,
            shift: l.shift as f32,
            ..bytemuck::Zeroable::zeroed()
        };
        let records = move || table.lines.iter().map(record).collect::<Vec<_>>();
        constants.push((lines, Box::new(move || Cow::Owned(bytemuck::cast_slice(&records()).to_vec()))));
        constants.push((starts, Box::new(|| Cow::Borrowed(bytemuck::cast_slice(&bins.starts)))));
        Self { lines, starts, bins: bins.clone() }
    }

    /// Passes that fill `source` \[row\]\[lane\]\[node\] for `rows` of layers, whose pressures move lines by `moved` output nodes at most;
    /// `channel` is scratch of \[row\]\[ceil(lanes/4)\]\[line\] vectors, lines being those of [`LineBins::spread_onto`].
    #[allow(clippy::too_many_arguments)] // a pass is its buffers and its range
    pub fn spread(
        &self,
        builder: &mut ProgramBuilder,
        layers: BufferId,
        channel: BufferId,
        source: BufferId,
        nodes: &LevelNodes,
        moved: i64,
        lanes: Lanes,
        rows: Range<usize>,
    ) {
        let lines = self.bins.spread_onto(nodes, moved);
        if lines.is_empty() {
            builder.clear(source);
            return;
        }
        let (count, vectors) = (lines.len() as u32, lanes.count().div_ceil(4) as u32);
        let params = StrengthParams {
            lines: count,
            first_layer: rows.start as u32,
            lanes: lanes.count() as u32,
            first_line: lines.start,
        };
        let strength = if lanes.slopes { &STRENGTH_SLOPE } else { &STRENGTH };
        let groups = [groups64(lines.len()), rows.len() as u32, vectors];
        builder.dispatch(strength, &params, &[self.lines, layers, channel], groups);
        let groups = [groups64(nodes.sources()), rows.len() as u32, vectors];
        for skip in (0..self.bins.most(nodes, moved).max(1)).step_by(GATHER_LINES as usize) {
            let params = GatherParams {
                lines: count,
                channels: lanes.count() as u32,
                first_node: nodes.source.0 as i32,
                nodes: nodes.sources() as u32,
                level: nodes.level,
                first_bin: self.bins.first as i32,
                bins: self.bins.count() as u32,
                skip,
                most: GATHER_LINES,
                first_line: lines.start,
                first_layer: rows.start as u32,
                moved: moved as i32,
            };
            let kernel = if skip == 0 { &GATHER } else { &GATHER_MORE };
            builder.dispatch(kernel, &params, &[self.lines, self.starts, channel, layers, source], groups);
        }
    }
}

/// One density on the device, in parts that keep below the largest binding.
#[derive(Clone, Debug)]
pub struct DensityBuffers {
    parts: Vec<Part>,
}

#[derive(Clone, Debug)]
struct Part {
    buffers: Vec<BufferId>,
    /// Rows of the density: all nodes (dense) or the occupied ones (sparse).
    rows: Range<usize>,
}

impl DensityBuffers {
    /// Declares the density's buffers.
    pub fn declare<'a>(
        builder: &mut ProgramBuilder,
        name: &str,
        density: &'a Density,
        limits: &Limits,
        constants: &mut Vec<Constant<'a>>,
    ) -> Self {
        let largest = (limits.storage_binding_bytes / 4) as usize;
        let mut constant = |builder: &mut ProgramBuilder, thing: String, element, length: usize, content| {
            let id = builder.buffer(format!("{name}.{thing}"), element, &[length as u64], Role::Constant);
            constants.push((id, content));
            id
        };
        let mut parts: Vec<Part> = Vec::new();
        match &density.storage {
            Storage::Dense(values) => {
                let (columns, per) = (density.columns, largest / density.columns / 64 * 64);
                for first in (0..density.nodes).step_by(per) {
                    let rows = first..(first + per).min(density.nodes);
                    let chunk = &values[rows.start * columns..rows.end * columns];
                    let length = rows.len().next_multiple_of(4) * columns;
                    let thing = format!("dense{}", parts.len());
                    let content = Box::new(move || Cow::Owned(transposed(chunk, columns)));
                    let buffers = vec![constant(builder, thing, Element::F32, length, content)];
                    parts.push(Part { buffers, rows });
                }
            }
            Storage::Sparse { node, start, column, value } => {
                let mut row = 0;
                while row < node.len() {
                    let begin = start[row];
                    let fits = start[row + 1..].partition_point(|s| (s - begin) as usize <= largest).max(1);
                    let rows = row..(row + fits).min(node.len());
                    let entries = begin as usize..start[rows.end] as usize;
                    let p = parts.len();
                    let starts = start[row..=rows.end].iter();
                    let starts = move || starts.clone().flat_map(|s| (s - begin).to_ne_bytes()).collect();
                    let (nodes, columns) = (&node[rows.clone()], &column[entries.clone()]);
                    let values = &value[entries];
                    let borrowed = |v: &'a [u32]| Box::new(move || Cow::Borrowed(bytemuck::cast_slice(v)));
                    let buffers = vec![
                        constant(builder, format!("node{p}"), Element::U32, nodes.len(), borrowed(nodes)),
                        constant(
                            builder,
                            format!("start{p}"),
                            Element::U32,
                            nodes.len() + 1,
                            Box::new(move || Cow::Owned(starts())),
                        ),
                        constant(builder, format!("column{p}"), Element::U32, columns.len(), borrowed(columns)),
                        constant(
                            builder,
                            format!("value{p}"),
                            Element::F32,
                            values.len(),
                            Box::new(|| Cow::Borrowed(bytemuck::cast_slice(values))),
                        ),
                    ];
                    row = rows.end;
                    parts.push(Part { buffers, rows });
                }
            }
        }
        Self { parts }
    }

    /// Passes that fill `source` \[row\]\[lane\]\[node\] for `rows` of layers by the product of the density with `weights`
    /// \[column\]\[group of 16 (row, lane) pairs\]; the buffers are the axes ([`Axes::device_values`]), the layers' state,
    /// the weights and the source.
    #[allow(clippy::too_many_arguments)] // a pass is its buffers and its range
    pub fn product(
        &self,
        builder: &mut ProgramBuilder,
        density: &Density,
        axes: &Axes,
        [axes_buffer, layers, weights, source]: [BufferId; 4],
        grid: &Grid,
        nodes: &LevelNodes,
        lanes: Lanes,
        rows: Range<usize>,
    ) {
        let (columns, all_lanes) = (axes.columns(), rows.len() * lanes.count());
        let groups = all_lanes.div_ceil(16);
        builder.clear(source);
        let parts: Vec<_> = self.parts.iter().map(|p| (p, density.rows_within(&p.rows, nodes))).collect();
        if parts.iter().all(|(_, met)| met.is_empty()) {
            return;
        }
        let params = WeightsParams {
            columns: columns as u32,
            cells: axes.broadening.cells() as u32,
            exponents: axes.broadening.exponent.count as u32,
            first_layer: rows.start as u32,
            lanes: lanes.count() as u32,
            rows: rows.len() as u32,
            groups: groups as u32,
            pad0: 0,
        };
        let (buffers, count) = ([axes_buffer, layers, weights], [groups64(columns), (4 * groups) as u32, 1]);
        builder.dispatch(if lanes.slopes { &WEIGHTS_SLOPE } else { &WEIGHTS }, &params, &buffers, count);
        for (part, met) in parts.into_iter().filter(|(_, met)| !met.is_empty()) {
            let dense = density.is_dense();
            // A dense part is read by fours.
            let first = if dense { met.start / 4 * 4 } else { met.start };
            let params = ProductParams {
                rows: part.rows.len() as u32,
                columns: columns as u32,
                first_node: (density.first + if dense { part.rows.start as i64 } else { 0 }) as i32,
                nodes: nodes.sources() as u32,
                channels: lanes.count() as u32,
                lanes: all_lanes as u32,
                groups: groups as u32,
                first_layer: rows.start as u32,
                ln_first_wavenumber: grid.lo().ln() as f32,
                step: (grid.step() * 2f64.powi(nodes.level)) as f32,
                source_first: nodes.source.0 as i32,
                first_row: first as u32,
                count: (met.end - first) as u32,
                pad0: 0,
                pad1: 0,
                pad2: 0,
            };
            let mut bindings = vec![layers, weights, source];
            bindings.extend(&part.buffers);
            let kernel = if dense { &DENSE } else { &SPARSE };
            let invocations = if dense { (met.end - first).div_ceil(4) } else { met.len() };
            builder.dispatch(kernel, &params, &bindings, [groups64(invocations), groups as u32, 1]);
        }
        if lanes.slopes {
            let params = StimulatedParams {
                nodes: nodes.sources() as u32,
                channels: lanes.channels as u32,
                first_layer: rows.start as u32,
                source_first: nodes.source.0 as i32,
                ln_first_wavenumber: grid.lo().ln() as f32,
                step: (grid.step() * 2f64.powi(nodes.level)) as f32,
                pad0: 0.0,
                pad1: 0.0,
            };
            let groups = [groups64(nodes.sources()), lanes.channels as u32, rows.len() as u32];
            builder.dispatch(&STIMULATED_SLOPE, &params, &[layers, source], groups);
        }
    }
}

/// Rows of a density, column slowest, so that neighbouring invocations (nodes) read neighbours; padded to a multiple of 4 rows.
fn transposed(rows: &[f32], columns: usize) -> Vec<u8> {
    let count = rows.len() / columns;
    let padded = count.next_multiple_of(4);
    let mut by_column = vec![0.0f32; padded * columns];
    for (r, row) in rows.chunks(columns).enumerate() {
        for (c, v) in row.iter().enumerate() {
            by_column[c * padded + r] = *v;
        }
    }
    bytemuck::cast_slice(&by_column).to_vec()
}
