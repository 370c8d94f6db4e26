//! Cross sections on the device: buffers and passes of one species, as data.
//!
//! A [`DeviceStage`] is declared once per species in a program; [`DeviceStage::add_batch`] then appends the passes of any run of
//! layers. Layers with equal ladders share their scratch buffers and dispatches. The only input that changes from spectrum to
//! spectrum is the layers' state, 192 bytes a layer ([`DeviceStage::state`]).

use std::collections::BTreeMap;

use super::levels::{BLOCK, LevelNodes};
use super::prepared::{Layer, Prepared, Tier};
use super::voigt::WING_START;
use super::widths::MAX_CHANNELS;
use crate::Result;
use crate::density::gpu::{Constant, DensityBuffers, LineBuffers, groups64, kernel};
use crate::gpu::{BufferId, Element, HostLayout, Kernel, Limits, ProgramBuilder, Role, host_struct};

host_struct! {
    /// A layer as shaders/lib/layer.wgsl reads it.
    pub(crate) struct LayerState {
        inverse_sigma: f32, boltzmann: f32, c2_over_t: f32, ln_t_ratio: f32, ln_pressure: f32, strength_factor: f32,
        output_factor: f32, channel_mid: f32, channel_inverse_half: f32, channel_scale: u32,
        pad0: f32, pad1: f32, pad2: f32, pad3: f32, pad4: f32, pad5: f32,
        profile: [[f32; 4]; MAX_CHANNELS / 4],
    }
}
/// Length of [`LayerState`] in floats.
const STATE_FLOATS: u64 = size_of::<LayerState>() as u64 / 4;

host_struct! {
    pub(crate) struct RestrictParams { fine_first: i32, fine_nodes: i32, coarse_first: i32, coarse_nodes: u32 }
}
host_struct! {
    pub(crate) struct TapsParams {
        first_layer: u32, reach: i32, padded: u32, channels: u32, step: f32, inner_radius: f32, outer_radius: f32, pad0: f32,
    }
}
host_struct! {
    pub(crate) struct ConvolveParams {
        outputs: u32, nodes: u32, offset: u32, padded: u32, channels: u32, upper_outputs: u32, pad0: u32, pad1: u32,
    }
}
host_struct! {
    pub(crate) struct BelowParams {
        quads: u32, nodes: u32, offset: u32, padded: u32, channels: u32, stride: u32, first_layer: u32, first_row: u32,
    }
}
host_struct! {
    pub(crate) struct OutputParams {
        quads: u32, evaluated: u32, level: u32, first_layer: u32, first_row: u32, lines: u32, first_bin: i32, bins: u32,
        window: i32, radius: f32, step: f32, pad0: f32,
    }
}
host_struct! {
    pub(crate) struct CoreParams {
        quads: u32, count: u32, first_layer: u32, first_row: u32, lines: u32, first_bin: i32, bins: u32, window: i32, step: f32,
        pad0: f32, pad1: f32, pad2: f32,
    }
}
host_struct! {
    pub(crate) struct NearParams { lines: u32, first_layer: u32, radius: f32, pad0: u32 }
}

kernel!(
    RESTRICT,
    "Sources of the next coarser level.",
    "cross_section/restrict",
    RestrictParams,
    ["cross_section/restrict.wgsl"]
);
kernel!(
    TAPS,
    "Taps of one level.",
    "cross_section/taps",
    TapsParams,
    ["lib/math.wgsl", "lib/turns.wgsl", "lib/voigt.wgsl", "lib/layer.wgsl", "cross_section/taps.wgsl",]
);
kernel!(
    CONVOLVE_TOP,
    "The coarsest level.",
    "cross_section/convolve_top",
    ConvolveParams,
    ["cross_section/convolve_params.wgsl", "cross_section/top.wgsl", "cross_section/convolve.wgsl",]
);
kernel!(
    CONVOLVE,
    "A level and all coarser ones.",
    "cross_section/convolve",
    ConvolveParams,
    ["cross_section/convolve_params.wgsl", "cross_section/prolong.wgsl", "cross_section/convolve.wgsl",]
);
kernel!(
    CONVOLVE_BELOW,
    "A level finer than the output.",
    "cross_section/convolve_below",
    BelowParams,
    ["lib/math.wgsl", "lib/turns.wgsl", "lib/layer.wgsl", "cross_section/convolve_below.wgsl",]
);
kernel!(
    NEAR_TERMS,
    "What the near field needs of every line.",
    "cross_section/near_terms",
    NearParams,
    [
        "lib/math.wgsl",
        "lib/turns.wgsl",
        "lib/voigt.wgsl",
        "lib/layer.wgsl",
        "lib/lines.wgsl",
        "cross_section/near_terms.wgsl",
    ]
);
kernel!(
    OUTPUT_SET,
    "To the output grid.",
    "cross_section/output_set",
    OutputParams,
    [
        "lib/math.wgsl",
        "lib/turns.wgsl",
        "lib/layer.wgsl",
        "cross_section/no_near.wgsl",
        "cross_section/emit_set.wgsl",
        "cross_section/output.wgsl",
    ]
);
kernel!(
    OUTPUT_ADD,
    "To the output grid, added.",
    "cross_section/output_add",
    OutputParams,
    [
        "lib/math.wgsl",
        "lib/turns.wgsl",
        "lib/layer.wgsl",
        "cross_section/no_near.wgsl",
        "cross_section/emit_add.wgsl",
        "cross_section/output.wgsl",
    ]
);
kernel!(
    OUTPUT_NEAR_SET,
    "To the output grid, with the near field.",
    "cross_section/output_near_set",
    OutputParams,
    [
        "lib/math.wgsl",
        "lib/turns.wgsl",
        "lib/voigt.wgsl",
        "lib/layer.wgsl",
        "lib/lines.wgsl",
        "cross_section/near.wgsl",
        "cross_section/emit_set.wgsl",
        "cross_section/output.wgsl",
    ]
);
kernel!(
    OUTPUT_NEAR_ADD,
    "To the output grid, with the near field, added.",
    "cross_section/output_near_add",
    OutputParams,
    [
        "lib/math.wgsl",
        "lib/turns.wgsl",
        "lib/voigt.wgsl",
        "lib/layer.wgsl",
        "lib/lines.wgsl",
        "cross_section/near.wgsl",
        "cross_section/emit_add.wgsl",
        "cross_section/output.wgsl",
    ]
);

kernel!(
    CORE,
    "Cores of lines.",
    "cross_section/core",
    CoreParams,
    [
        "lib/math.wgsl",
        "lib/turns.wgsl",
        "lib/voigt.wgsl",
        "lib/layer.wgsl",
        "lib/lines.wgsl",
        "cross_section/core.wgsl",
    ]
);

/// Rows of the output are padded to a multiple of this: what one invocation computes.
pub const ROW_MULTIPLE: usize = 16;

/// The kernels of this stage.
pub fn kernels() -> Vec<&'static Kernel> {
    vec![
        &RESTRICT,
        &TAPS,
        &CONVOLVE_TOP,
        &CONVOLVE,
        &CONVOLVE_BELOW,
        &NEAR_TERMS,
        &OUTPUT_SET,
        &OUTPUT_ADD,
        &OUTPUT_NEAR_SET,
        &OUTPUT_NEAR_ADD,
        &CORE,
    ]
}

/// Scratch of layers with equal ladders, for up to `rows` layers at a time.
#[derive(Clone, Debug)]
struct Group {
    source: Vec<BufferId>,
    taps: Vec<BufferId>,
    result: Vec<Option<BufferId>>,
    /// Lines tier: strengths by channel; density tier: weights of the columns.
    weights: BufferId,
    near: Option<BufferId>,
}

/// Buffers of one species.
#[derive(Clone, Debug)]
pub struct DeviceStage {
    name: String,
    /// \[layer\] of 192 bytes, written for each spectrum.
    pub layers: BufferId,
    lines: Option<LineBuffers>,
    density: BTreeMap<i32, DensityBuffers>,
    axes: Option<BufferId>,
    /// Output nodes over 4 that lie in the core of a line, their number, and the nodes within a core.
    core: Option<(BufferId, usize, i32)>,
    /// Group of each layer.
    group_of: Vec<usize>,
    groups: Vec<Group>,
}

/// True if two layers may share dispatches.
fn alike(a: &Layer, b: &Layer) -> bool {
    a.ladder.near_field == b.ladder.near_field
        && a.ladder.channels.count() == b.ladder.channels.count()
        && a.ladder.radius == b.ladder.radius
        && a.nodes == b.nodes
}

/// Taps of a level, a multiple of 4.
fn padded(nodes: &LevelNodes) -> u64 {
    (2 * nodes.reach as u64 + 1).next_multiple_of(4)
}

/// Output nodes over 4 that lie in the core of a line at some temperature of the range, and the nodes within a core.
fn active_quads(prepared: &Prepared) -> (Vec<u32>, i32) {
    let core = WING_START * prepared.species.doppler_sigma(prepared.settings.temperature_range.hi);
    let window = (-(-core).ln_1p() / prepared.grid.step()).ceil() + 1.0;
    let last = (prepared.grid.len() - 1) as f64;
    let mut quads: Vec<u32> = Vec::new();
    for line in &prepared.table.lines {
        let (lo, hi) = ((line.position - window).max(0.0), (line.position + window).min(last));
        if lo <= hi {
            let next = quads.last().map_or(0, |q| q + 1);
            quads.extend((lo as u32 / 4).max(next)..=hi as u32 / 4);
        }
    }
    (quads, window as i32)
}

impl DeviceStage {
    /// Declares the buffers of a species, named `name.*`; batches of [`add_batch`](Self::add_batch) will have at most `rows` layers.
    /// The content of constant buffers is added to `constants`.
    pub fn declare(
        builder: &mut ProgramBuilder,
        name: &str,
        prepared: &Prepared,
        rows: usize,
        limits: &Limits,
        constants: &mut Vec<Constant>,
    ) -> Self {
        Self::declare_layers(builder, name, prepared, 0..prepared.layers.len(), rows, limits, constants)
    }

    /// Like [`declare`](Self::declare) for a program that runs only the layers `used`: what the others need is left out.
    pub fn declare_layers(
        builder: &mut ProgramBuilder,
        name: &str,
        prepared: &Prepared,
        used: std::ops::Range<usize>,
        rows: usize,
        limits: &Limits,
        constants: &mut Vec<Constant>,
    ) -> Self {
        let layers = builder.buffer(
            format!("{name}.layers"),
            Element::F32,
            &[prepared.layers.len() as u64, STATE_FLOATS],
            Role::Input,
        );
        let mut density = BTreeMap::new();
        let (mut lines, mut axes_buffer) = (None, None);
        match &prepared.tier {
            Tier::Lines => {
                lines = Some(LineBuffers::declare(builder, name, &prepared.table, prepared.grid.len(), constants));
            }
            Tier::Density { axes, by_level } => {
                let mut values: Vec<f32> = (0..axes.energy.count).map(|e| axes.energy.node(e) as f32).collect();
                for cell in 0..axes.broadening.cells() {
                    let (ln_gamma, exponent) = axes.broadening.cell(cell);
                    values.extend([ln_gamma as f32, exponent as f32]);
                }
                let id = builder.buffer(format!("{name}.axes"), Element::F32, &[values.len() as u64], Role::Constant);
                constants.push((id, bytemuck::cast_slice(&values).to_vec()));
                axes_buffer = Some(id);
                let finest: Vec<i32> = prepared.layers[used.clone()].iter().map(|l| l.ladder.finest).collect();
                for (level, d) in by_level.iter().filter(|(level, _)| finest.contains(level)) {
                    let name = format!("{name}.density{level}");
                    density.insert(*level, DensityBuffers::declare(builder, &name, d, limits, constants));
                }
            }
        }
        let mut representative: Vec<&Layer> = Vec::new();
        let mut sizes: Vec<usize> = Vec::new();
        let group_of: Vec<usize> = prepared
            .layers
            .iter()
            .enumerate()
            .map(|(i, layer)| {
                if !used.contains(&i) {
                    return usize::MAX;
                }
                let group = representative.iter().position(|r| alike(r, layer)).unwrap_or_else(|| {
                    representative.push(layer);
                    sizes.push(0);
                    representative.len() - 1
                });
                sizes[group] += 1;
                group
            })
            .collect();
        let core = representative
            .iter()
            .any(|l| l.ladder.near_field)
            .then(|| active_quads(prepared))
            .filter(|(quads, _)| !quads.is_empty())
            .map(|(quads, window)| {
                let id = builder.buffer(format!("{name}.core"), Element::U32, &[quads.len() as u64], Role::Constant);
                constants.push((id, bytemuck::cast_slice(&quads).to_vec()));
                (id, quads.len(), window)
            });
        let groups = representative
            .iter()
            .zip(sizes)
            .enumerate()
            .map(|(g, (layer, size))| {
                Group::declare(builder, &format!("{name}.g{g}"), prepared, layer, rows.min(size) as u64)
            })
            .collect();
        Self { name: name.into(), layers, lines, density, axes: axes_buffer, core, group_of, groups }
    }

    /// Appends the passes that put layers `first..first + rows` into `output` \[rows\]\[nu, padded to a multiple of [`ROW_MULTIPLE`]\], each times its factor; `add` adds to what is
    /// there.
    pub fn add_batch(
        &self,
        builder: &mut ProgramBuilder,
        prepared: &Prepared,
        first: usize,
        rows: usize,
        output: BufferId,
        add: bool,
    ) {
        self.add_rows(builder, prepared, first, rows, output, 0, add);
    }

    /// Like [`add_batch`](Self::add_batch), into the rows of `output` from `first_row` on.
    #[allow(clippy::too_many_arguments)] // a pass is its buffers and its range
    pub fn add_rows(
        &self,
        builder: &mut ProgramBuilder,
        prepared: &Prepared,
        first: usize,
        rows: usize,
        output: BufferId,
        first_row: usize,
        add: bool,
    ) {
        let mut start = first;
        while start < first + rows {
            let group = self.group_of[start];
            let end = (start..first + rows).find(|&i| self.group_of[i] != group).unwrap_or(first + rows);
            self.run(builder, prepared, start, end - start, output, first_row + start - first, add);
            start = end;
        }
    }

    /// One run of layers with equal ladders.
    #[allow(clippy::too_many_arguments)] // a pass is its buffers and its range
    fn run(
        &self,
        builder: &mut ProgramBuilder,
        prepared: &Prepared,
        first: usize,
        rows: usize,
        output: BufferId,
        row: usize,
        add: bool,
    ) {
        let layer = &prepared.layers[first];
        let (ladder, nodes) = (&layer.ladder, &layer.nodes);
        let group = &self.groups[self.group_of[first]];
        let (channels, step) = (ladder.channels.count(), prepared.grid.step());
        let (r32, k32) = (rows as u32, channels as u32);

        builder.stage(format!("{}.sources", self.name));
        match (&self.lines, &prepared.tier) {
            (_, Tier::Density { axes, .. }) => self.density[&ladder.finest].product(
                builder,
                axes,
                self.axes.expect("declared with the density"),
                self.layers,
                group.weights,
                group.source[0],
                &nodes[0],
                channels,
                first,
                rows,
                prepared.grid.lo().ln(),
                step * 2f64.powi(ladder.finest),
            ),
            (Some(lines), Tier::Lines) => {
                lines.spread(builder, self.layers, group.weights, group.source[0], &nodes[0], channels, first, rows);
            }
            (None, Tier::Lines) => unreachable!("declared with the lines"),
        }

        builder.stage(format!("{}.convolution", self.name));
        for (k, pair) in nodes.windows(2).enumerate() {
            let params = RestrictParams {
                fine_first: pair[0].source.0 as i32,
                fine_nodes: pair[0].sources() as i32,
                coarse_first: pair[1].source.0 as i32,
                coarse_nodes: pair[1].sources() as u32,
            };
            let groups = [groups64(pair[1].sources()), r32 * k32, 1];
            builder.dispatch(&RESTRICT, &params, &[group.source[k], group.source[k + 1]], groups);
        }
        let taps = |builder: &mut ProgramBuilder, k: usize| {
            let params = TapsParams {
                first_layer: first as u32,
                reach: nodes[k].reach as i32,
                padded: padded(&nodes[k]) as u32,
                channels: k32,
                step: (step * 2f64.powi(nodes[k].level)) as f32,
                inner_radius: ladder.radius[k] as f32,
                outer_radius: ladder.radius.get(k + 1).map_or(0.0, |r| *r as f32),
                pad0: 0.0,
            };
            let groups = [groups64(padded(&nodes[k]) as usize / 4), k32, r32];
            builder.dispatch(&TAPS, &params, &[self.layers, group.taps[k]], groups);
        };
        for k in (0..nodes.len()).rev().filter(|&k| nodes[k].level >= 0) {
            taps(builder, k);
            let upper = (k + 1 < nodes.len()).then(|| group.result[k + 1]).flatten();
            let params = ConvolveParams {
                outputs: nodes[k].outputs() as u32,
                nodes: nodes[k].sources() as u32,
                offset: nodes[k].offset() as u32,
                padded: padded(&nodes[k]) as u32,
                channels: k32,
                upper_outputs: if upper.is_some() { nodes[k + 1].outputs() as u32 } else { 0 },
                pad0: 0,
                pad1: 0,
            };
            let mut bindings =
                vec![group.taps[k], group.source[k], group.result[k].expect("evaluated at or above level 0")];
            bindings.extend(upper);
            let kernel = if upper.is_some() { &CONVOLVE } else { &CONVOLVE_TOP };
            let blocks = nodes[k].outputs().div_ceil(BLOCK as usize).div_ceil(32) as u32;
            builder.dispatch(kernel, &params, &bindings, [blocks, r32, 1]);
        }

        builder.stage(format!("{}.output", self.name));
        let zero = (-ladder.finest).max(0) as usize;
        let near = group.near.zip(self.lines.as_ref());
        let radius = ladder.radius[0];
        let params = OutputParams {
            quads: (prepared.grid.len().next_multiple_of(ROW_MULTIPLE) / 4) as u32,
            evaluated: nodes[zero].outputs() as u32,
            level: nodes[zero].level as u32,
            first_layer: first as u32,
            first_row: row as u32,
            lines: near.map_or(0, |(_, l)| l.count as u32),
            first_bin: near.map_or(0, |(_, l)| l.first_bin as i32),
            bins: near.map_or(0, |(_, l)| l.bin_count as u32),
            window: (-(-radius).ln_1p() / step).ceil() as i32 + 1,
            radius: radius as f32,
            step: step as f32,
            pad0: 0.0,
        };
        let mut bindings = vec![self.layers, group.result[zero].expect("evaluated at or above level 0"), output];
        if let Some((near, lines)) = near {
            let params =
                NearParams { lines: lines.count as u32, first_layer: first as u32, radius: radius as f32, pad0: 0 };
            builder.dispatch(&NEAR_TERMS, &params, &[lines.lines, self.layers, near], [groups64(lines.count), r32, 1]);
            bindings.extend([lines.lines, lines.bins, near]);
        }
        let kernel = match (near.is_some(), add) {
            (false, false) => &OUTPUT_SET,
            (false, true) => &OUTPUT_ADD,
            (true, false) => &OUTPUT_NEAR_SET,
            (true, true) => &OUTPUT_NEAR_ADD,
        };
        builder.dispatch(kernel, &params, &bindings, [groups64(prepared.grid.len().div_ceil(16)), r32, 1]);
        if let (Some((near, lines)), Some((active, count, window))) = (near, self.core) {
            let params = CoreParams {
                quads: params.quads,
                count: count as u32,
                first_layer: first as u32,
                first_row: row as u32,
                lines: lines.count as u32,
                first_bin: lines.first_bin as i32,
                bins: lines.bin_count as u32,
                window,
                step: step as f32,
                pad0: 0.0,
                pad1: 0.0,
                pad2: 0.0,
            };
            let bindings = [self.layers, lines.lines, lines.bins, near, active, output];
            builder.dispatch(&CORE, &params, &bindings, [groups64(count), r32, 1]);
        }
        let groups = [groups64(prepared.grid.len().div_ceil(4)), r32, 1];
        for k in (0..zero).rev() {
            taps(builder, k);
            let params = BelowParams {
                quads: (prepared.grid.len().next_multiple_of(ROW_MULTIPLE) / 4) as u32,
                nodes: nodes[k].sources() as u32,
                offset: nodes[k].offset() as u32,
                padded: padded(&nodes[k]) as u32,
                channels: k32,
                stride: nodes[k].stride as u32,
                first_layer: first as u32,
                first_row: row as u32,
            };
            builder.dispatch(&CONVOLVE_BELOW, &params, &[group.taps[k], group.source[k], self.layers, output], groups);
        }
    }

    /// The layers' state at `temperatures` \[K\], each layer's result being multiplied by its factor (1 for cm2 molecule-1); content of
    /// [`layers`](Self::layers).
    ///
    /// # Errors
    /// A temperature is outside the declared range.
    pub fn state(prepared: &Prepared, temperatures: &[f64], ln_factors: &[f64]) -> Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(temperatures.len() * size_of::<LayerState>());
        for (i, (t, ln_factor)) in temperatures.iter().zip(ln_factors).enumerate() {
            let f = prepared.factors(i, *t)?;
            let channels = &prepared.layers[i].ladder.channels;
            let mut profile = [[0.0; 4]; MAX_CHANNELS / 4];
            for (k, g) in channels.nodes().into_iter().enumerate() {
                profile[k / 4][k % 4] = (g / f.sigma) as f32;
            }
            let state = LayerState {
                inverse_sigma: (1.0 / f.sigma) as f32,
                boltzmann: f.boltzmann as f32,
                c2_over_t: f.c2_over_t as f32,
                ln_t_ratio: f.ln_t_ratio as f32,
                ln_pressure: f.pressure.ln() as f32,
                strength_factor: f.partition_ratio as f32,
                output_factor: ((prepared.table.ln_scale + ln_factor).exp() / f.sigma) as f32,
                channel_mid: channels.axis.mid as f32,
                channel_inverse_half: if channels.count() == 1 { 0.0 } else { (1.0 / channels.axis.half) as f32 },
                channel_scale: channels.scale as u32,
                pad0: 0.0,
                pad1: 0.0,
                pad2: 0.0,
                pad3: 0.0,
                pad4: 0.0,
                pad5: 0.0,
                profile,
            };
            bytes.extend_from_slice(bytemuck::bytes_of(&state));
        }
        Ok(bytes)
    }
}

impl Group {
    fn declare(builder: &mut ProgramBuilder, name: &str, prepared: &Prepared, layer: &Layer, rows: u64) -> Self {
        let channels = layer.ladder.channels.count() as u64;
        let mut scratch = |thing: &str, level: Option<i32>, shape: &[u64]| {
            let level = level.map_or(String::new(), |l| format!(".l{l}"));
            builder.buffer(format!("{name}.{thing}{level}"), Element::F32, shape, Role::Scratch)
        };
        let lines = prepared.table.lines.len() as u64;
        let weights = match &prepared.tier {
            Tier::Lines => scratch("strength", None, &[rows, channels.div_ceil(4), lines, 4]),
            Tier::Density { axes, .. } => {
                scratch("weights", None, &[axes.columns() as u64, (rows * channels).div_ceil(16), 16])
            }
        };
        let nodes = &layer.nodes;
        Self {
            weights,
            near: layer.ladder.near_field.then(|| scratch("near", None, &[rows, lines, 8])),
            source: nodes
                .iter()
                .map(|n| scratch("source", Some(n.level), &[rows, channels, n.sources() as u64]))
                .collect(),
            taps: nodes.iter().map(|n| scratch("taps", Some(n.level), &[rows, channels, padded(n)])).collect(),
            result: nodes
                .iter()
                .map(|n| (n.level >= 0).then(|| scratch("result", Some(n.level), &[rows, n.outputs() as u64])))
                .collect(),
        }
    }
}
