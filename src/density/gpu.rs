//! Sources of the convolution on the device: what the lines tier and the density tier declare, and their passes.

use std::ops::Range;

use super::line_shape::{Axes, Density, Storage};
use super::lines::{BIN_NODES, LineTable};
use crate::gpu::{BufferId, Element, HostLayout, Kernel, Layout, Limits, ProgramBuilder, Role, host_struct};
use crate::grid::channels::MAX_CHANNELS;
use crate::grid::level::LevelNodes;

/// A constant buffer and its content.
pub type Constant = (BufferId, Vec<u8>);

host_struct! {
    /// A layer as shaders/lib/layer.wgsl reads it.
    pub(crate) struct LayerState {
        inverse_sigma: f32, boltzmann: f32, c2_over_t: f32, ln_t_ratio: f32, ln_pressure: f32, strength_factor: f32,
        output_factor: f32, channel_mid: f32, channel_inverse_half: f32, channel_scale: u32,
        pad0: f32, pad1: f32, pad2: f32, pad3: f32, pad4: f32, pad5: f32,
        profile: [[f32; 4]; MAX_CHANNELS / 4],
    }
}

host_struct! {
    /// A line as shaders/lib/lines.wgsl reads it.
    pub(crate) struct Line {
        node: i32, fraction: f32, ln_strength: f32, energy: f32, ln_gamma: f32, exponent: f32, wavenumber: f32, pad: f32,
    }
}
host_struct! {
    pub(crate) struct StrengthParams { lines: u32, first_layer: u32, channels: u32, pad0: u32 }
}
host_struct! {
    pub(crate) struct GatherParams {
        lines: u32, channels: u32, first_node: i32, nodes: u32, level: i32, first_bin: i32, bins: u32, skip: u32,
        most: u32, pad0: u32, pad1: u32, pad2: u32,
    }
}
host_struct! {
    pub(crate) struct WeightsParams {
        columns: u32, cells: u32, exponents: u32, first_layer: u32, channels: u32, rows: u32, groups: u32, pad0: u32,
    }
}
host_struct! {
    pub(crate) struct ProductParams {
        rows: u32, columns: u32, first_node: u32, nodes: u32, channels: u32, lanes: u32, groups: u32, first_layer: u32,
        ln_first_wavenumber: f32, step: f32, pad0: f32, pad1: f32,
    }
}

/// What storage buffers of this stage and of the convolution hold.
pub(crate) const STRUCTS: &[&Layout] = &[&Line::LAYOUT, &LayerState::LAYOUT];

macro_rules! kernel {
    ($name:ident, $doc:literal, $path:literal, $params:ty, [$($file:literal),+ $(,)?]) => {
        #[doc = $doc]
        pub static $name: Kernel =
            Kernel::new($path, &[$(include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/shaders/", $file))),+], &<$params>::LAYOUT)
                .with_structs($crate::density::gpu::STRUCTS);
    };
}
pub(crate) use kernel;

kernel!(
    STRENGTH,
    "Strengths and channel weights of lines.",
    "density/strength",
    StrengthParams,
    ["lib/math.wgsl", "lib/turns.wgsl", "lib/layer.wgsl", "lib/lines.wgsl", "density/strength.wgsl",]
);
kernel!(
    GATHER,
    "Lines onto nodes.",
    "density/gather",
    GatherParams,
    [
        "lib/math.wgsl",
        "lib/turns.wgsl",
        "lib/layer.wgsl",
        "lib/lines.wgsl",
        "density/gather_set.wgsl",
        "density/gather.wgsl",
    ]
);
kernel!(
    GATHER_MORE,
    "More lines onto nodes, added.",
    "density/gather_more",
    GatherParams,
    [
        "lib/math.wgsl",
        "lib/turns.wgsl",
        "lib/layer.wgsl",
        "lib/lines.wgsl",
        "density/gather_add.wgsl",
        "density/gather.wgsl",
    ]
);
kernel!(
    WEIGHTS,
    "Weights of the density's columns.",
    "density/weights",
    WeightsParams,
    ["lib/math.wgsl", "lib/turns.wgsl", "lib/layer.wgsl", "density/weights.wgsl",]
);
kernel!(
    DENSE,
    "Sources from a dense density.",
    "density/dense",
    ProductParams,
    ["lib/math.wgsl", "lib/turns.wgsl", "lib/layer.wgsl", "density/product.wgsl", "density/dense.wgsl",]
);
kernel!(
    SPARSE,
    "Sources from a sparse density.",
    "density/sparse",
    ProductParams,
    ["lib/math.wgsl", "lib/turns.wgsl", "lib/layer.wgsl", "density/product.wgsl", "density/sparse.wgsl",]
);

/// The kernels of this stage.
pub fn kernels() -> Vec<&'static Kernel> {
    vec![&STRENGTH, &GATHER, &GATHER_MORE, &WEIGHTS, &DENSE, &SPARSE]
}

/// Number of workgroups of 64 for `n` invocations.
pub fn groups64(n: usize) -> u32 {
    n.div_ceil(64) as u32
}

/// Most lines that a node of the gathering visits in one dispatch: about ten loop turns each, and some drivers give up after 65 535.
const GATHER_LINES: u32 = 4096;

/// The line table on the device.
#[derive(Clone, Debug)]
pub struct LineBuffers {
    /// \[line\] of 32 bytes.
    pub lines: BufferId,
    /// First line at or after each bin, and one more.
    pub bins: BufferId,
    /// Number of lines.
    pub count: usize,
    /// Output node at which bin 0 starts.
    pub first_bin: i64,
    /// Number of bins.
    pub bin_count: usize,
    /// Content of `bins`.
    starts: Vec<u32>,
}

impl LineBuffers {
    /// Declares the table's buffers; `points` is the number of output nodes.
    pub fn declare(
        builder: &mut ProgramBuilder,
        name: &str,
        table: &LineTable,
        points: usize,
        constants: &mut Vec<Constant>,
    ) -> Self {
        let end = |f: fn(f64, f64) -> f64, start: f64| table.lines.iter().map(|l| l.position).fold(start, f);
        let first_bin = (end(f64::min, 0.0) / BIN_NODES as f64).floor() as i64 * BIN_NODES;
        let last = end(f64::max, points as f64);
        let bin_count = ((last - first_bin as f64) / BIN_NODES as f64).ceil() as usize + 1;
        let bins = table.bins(first_bin, bin_count);
        let records: Vec<Line> = table
            .lines
            .iter()
            .map(|l| Line {
                node: l.position.floor() as i32,
                fraction: (l.position - l.position.floor()) as f32,
                ln_strength: l.ln_strength as f32,
                energy: l.energy as f32,
                ln_gamma: l.ln_gamma as f32,
                exponent: l.exponent as f32,
                wavenumber: l.wavenumber as f32,
                pad: 0.0,
            })
            .collect();
        let lines = builder.buffer(format!("{name}.lines"), Element::F32, &[records.len() as u64, 8], Role::Constant);
        let bin_buffer = builder.buffer(format!("{name}.bins"), Element::U32, &[bins.len() as u64], Role::Constant);
        constants.push((lines, bytemuck::cast_slice(&records).to_vec()));
        constants.push((bin_buffer, bytemuck::cast_slice(&bins).to_vec()));
        Self { lines, bins: bin_buffer, count: records.len(), first_bin, bin_count, starts: bins }
    }

    /// Passes that fill `source` \[row\]\[channel\]\[node\] for `rows` of layers; `channel` is scratch of
    /// \[row\]\[ceil(channels/4)\]\[line\] vectors.
    #[allow(clippy::too_many_arguments)] // a pass is its buffers and its range
    pub fn spread(
        &self,
        builder: &mut ProgramBuilder,
        layers: BufferId,
        channel: BufferId,
        source: BufferId,
        nodes: &LevelNodes,
        channels: usize,
        rows: Range<usize>,
    ) {
        let vectors = channels.div_ceil(4) as u32;
        let params = StrengthParams {
            lines: self.count as u32,
            first_layer: rows.start as u32,
            channels: channels as u32,
            pad0: 0,
        };
        builder.dispatch(
            &STRENGTH,
            &params,
            &[self.lines, layers, channel],
            [groups64(self.count), rows.len() as u32, vectors],
        );
        // A node visits all lines of the bins within its reach; see shaders/density/gather.wgsl.
        let reach = if nodes.level >= 0 { 4i64 << nodes.level } else { 4 };
        let bins = ((2 * reach + 17) / BIN_NODES + 2) as usize;
        let end = |b: usize| self.starts[(b + bins).min(self.bin_count)];
        let most = (0..=self.bin_count).map(|b| end(b) - self.starts[b]).max().unwrap_or(0);
        let groups = [groups64(nodes.sources()), rows.len() as u32, vectors];
        for skip in (0..most.max(1)).step_by(GATHER_LINES as usize) {
            let params = GatherParams {
                lines: self.count as u32,
                channels: channels as u32,
                first_node: nodes.source.0 as i32,
                nodes: nodes.sources() as u32,
                level: nodes.level,
                first_bin: self.first_bin as i32,
                bins: self.bin_count as u32,
                skip,
                most: GATHER_LINES,
                pad0: 0,
                pad1: 0,
                pad2: 0,
            };
            let kernel = if skip == 0 { &GATHER } else { &GATHER_MORE };
            builder.dispatch(kernel, &params, &[self.lines, self.bins, channel, source], groups);
        }
    }
}

/// Nodes that a product fills, and their wavenumbers.
pub struct ProductGrid<'a> {
    /// Source nodes of the density's level.
    pub nodes: &'a LevelNodes,
    /// ln of the wavenumber of node 0 [ln cm-1].
    pub ln_first_wavenumber: f64,
    /// Step of the level, in ln nu.
    pub step: f64,
}

/// One density on the device, in parts that keep below the largest binding.
#[derive(Clone, Debug)]
pub struct DensityBuffers {
    parts: Vec<Part>,
    /// First node, from the first output node.
    first: i64,
    dense: bool,
}

#[derive(Clone, Debug)]
struct Part {
    buffers: Vec<BufferId>,
    /// Rows, and for dense parts the first row's node after the density's first.
    rows: usize,
    first_row: usize,
}

impl DensityBuffers {
    /// Declares the density's buffers.
    pub fn declare(
        builder: &mut ProgramBuilder,
        name: &str,
        density: &Density,
        limits: &Limits,
        constants: &mut Vec<Constant>,
    ) -> Self {
        let largest = (limits.storage_binding_bytes / 4) as usize;
        let mut constant = |builder: &mut ProgramBuilder, thing: String, element, content: Vec<u8>| {
            let id = builder.buffer(format!("{name}.{thing}"), element, &[content.len() as u64 / 4], Role::Constant);
            constants.push((id, content));
            id
        };
        let parts = match &density.storage {
            Storage::Dense(values) => {
                let per = largest / density.columns / 64 * 64;
                values
                    .chunks(per * density.columns)
                    .enumerate()
                    .map(|(p, chunk)| {
                        // column slowest, so that neighbouring invocations (nodes) read neighbours
                        let rows = chunk.len() / density.columns;
                        let padded = rows.next_multiple_of(4);
                        let mut transposed = vec![0.0f32; padded * density.columns];
                        for (r, row) in chunk.chunks(density.columns).enumerate() {
                            for (c, v) in row.iter().enumerate() {
                                transposed[c * padded + r] = *v;
                            }
                        }
                        let id = constant(
                            builder,
                            format!("dense{p}"),
                            Element::F32,
                            bytemuck::cast_slice(&transposed).to_vec(),
                        );
                        Part { buffers: vec![id], rows, first_row: p * per }
                    })
                    .collect()
            }
            Storage::Sparse { node, start, column, value } => {
                let mut parts = Vec::new();
                let mut row = 0;
                while row < node.len() {
                    let begin = start[row];
                    let fits = start[row + 1..].partition_point(|s| (s - begin) as usize <= largest).max(1);
                    let end = (row + fits).min(node.len());
                    let p = parts.len();
                    let starts: Vec<u32> = start[row..=end].iter().map(|s| s - begin).collect();
                    let entries = begin as usize..start[end] as usize;
                    let cast = |v: &[u32]| bytemuck::cast_slice(v).to_vec();
                    let buffers = vec![
                        constant(builder, format!("node{p}"), Element::U32, cast(&node[row..end])),
                        constant(builder, format!("start{p}"), Element::U32, cast(&starts)),
                        constant(builder, format!("column{p}"), Element::U32, cast(&column[entries.clone()])),
                        constant(
                            builder,
                            format!("value{p}"),
                            Element::F32,
                            bytemuck::cast_slice(&value[entries]).to_vec(),
                        ),
                    ];
                    parts.push(Part { buffers, rows: end - row, first_row: row });
                    row = end;
                }
                parts
            }
        };
        Self { parts, first: density.first, dense: density.is_dense() }
    }

    /// Passes that fill `source` \[row\]\[channel\]\[node\] for `rows` of layers by the product of the density with `weights`
    /// \[column\]\[group of 16 (row, channel) lanes\]; the buffers are the axes (energies, then ln gamma and n of each cell), the layers' state, the weights and the source.
    pub fn product(
        &self,
        builder: &mut ProgramBuilder,
        axes: &Axes,
        [axes_buffer, layers, weights, source]: [BufferId; 4],
        grid: &ProductGrid<'_>,
        channels: usize,
        rows: Range<usize>,
    ) {
        let (columns, lanes) = (axes.columns(), rows.len() * channels);
        let groups = lanes.div_ceil(16);
        let params = WeightsParams {
            columns: columns as u32,
            cells: axes.broadening.cells() as u32,
            exponents: axes.broadening.exponent.count as u32,
            first_layer: rows.start as u32,
            channels: channels as u32,
            rows: rows.len() as u32,
            groups: groups as u32,
            pad0: 0,
        };
        builder.dispatch(
            &WEIGHTS,
            &params,
            &[axes_buffer, layers, weights],
            [groups64(columns), (4 * groups) as u32, 1],
        );
        builder.clear(source);
        for part in &self.parts {
            let base = self.first - grid.nodes.source.0;
            let params = ProductParams {
                rows: part.rows as u32,
                columns: columns as u32,
                first_node: (base + if self.dense { part.first_row as i64 } else { 0 }) as u32,
                nodes: grid.nodes.sources() as u32,
                channels: channels as u32,
                lanes: lanes as u32,
                groups: groups as u32,
                first_layer: rows.start as u32,
                ln_first_wavenumber: (grid.ln_first_wavenumber + grid.nodes.source.0 as f64 * grid.step) as f32,
                step: grid.step as f32,
                pad0: 0.0,
                pad1: 0.0,
            };
            let mut bindings = vec![layers, weights, source];
            bindings.extend(&part.buffers);
            let kernel = if self.dense { &DENSE } else { &SPARSE };
            let invocations = if self.dense { part.rows.div_ceil(4) } else { part.rows };
            builder.dispatch(kernel, &params, &bindings, [groups64(invocations), groups as u32, 1]);
        }
    }
}
