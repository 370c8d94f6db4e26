//! The buffers of one species, and what the host writes into them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use super::group::{Group, Quantities};
use crate::Result;
use crate::cross_section::extent::Extent;
use crate::cross_section::prepared::{Layer, Prepared, Tier};
use crate::cross_section::voigt::WING_START;
use crate::cross_section::wing_law::LawMatrix;
use crate::density::device::{DensityBuffers, LineBins, LineBuffers};
use crate::gpu::{BufferId, Constant, Element, Limits, ProgramBuilder, Role, Workspace};
use crate::grid::channels::MAX_CHANNELS;
use crate::shader_lib::LayerState;

/// Length of [`LayerState`] in floats.
const STATE_FLOATS: u64 = size_of::<LayerState>() as u64 / 4;

/// Where segments of cross sections go: \[row\]\[row_quads\] vectors of four.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The buffer.
    pub buffer: BufferId,
    /// For a stage with derivatives, a buffer of the same shape for them.
    pub slope: Option<BufferId>,
    /// Vectors of a row.
    pub row_quads: usize,
    /// Output node at which a row starts.
    pub first_node: usize,
}

/// What is worked out of a species' lines for the device, once for all programs.
#[derive(Clone, Debug)]
pub struct LineTables {
    bins: Option<LineBins>,
    core: Option<(Vec<u32>, i32)>,
}

impl LineTables {
    /// Bins of the lines, and the output nodes in their cores if a near field needs them.
    pub fn new(prepared: &Prepared) -> Self {
        // With a wing law a density has its lines beside it.
        if !matches!(prepared.tier, Tier::Lines) && prepared.law.is_none() {
            return Self { bins: None, core: None };
        }
        let near_field = prepared.layers.iter().any(|l| l.ladder.near_field);
        let core = near_field.then(|| core_quads(prepared)).filter(|(quads, _)| !quads.is_empty());
        Self { bins: Some(LineBins::new(&prepared.table, prepared.grid.len())), core }
    }
}

/// Output nodes that lie in the core of a line.
#[derive(Clone, Debug)]
pub(super) struct CoreQuads {
    /// \[active\]: nodes over 4, ascending.
    pub buffer: BufferId,
    /// Nodes within a core, each side.
    pub window: i32,
    /// Segments and the active nodes of each.
    segments: Vec<(Range<usize>, Range<usize>)>,
}

impl CoreQuads {
    /// The active nodes of a segment.
    pub fn within(&self, segment: &Range<usize>) -> Range<usize> {
        self.segments.iter().find(|(s, _)| s == segment).map_or(0..0, |(_, active)| active.clone())
    }
}

/// What the host writes of one species for each spectrum.
#[derive(Clone, Debug)]
pub struct StageInputs {
    /// \[layer\] of 192 bytes.
    pub layers: BufferId,
    /// \[layer\]\[node\] of lines far outside the grid, and as many derivatives by temperature if there are any wanted.
    pub(super) distant: Option<DistantBuffers>,
}

/// The field of lines far outside the grid.
#[derive(Clone, Copy, Debug)]
pub(super) struct DistantBuffers {
    pub value: BufferId,
    pub slope: Option<BufferId>,
    /// Nodes of a row.
    pub stride: usize,
}

impl StageInputs {
    /// Writes the state of the layers at `temperatures` \[K\], each layer's result being multiplied by exp of its `ln_factor` (0 for
    /// cm2 molecule-1).
    ///
    /// # Errors
    /// A temperature is outside the declared range; a lost device.
    pub fn write(
        &self,
        workspace: &mut Workspace,
        prepared: &Prepared,
        temperatures: &[f64],
        ln_factors: &[f64],
    ) -> Result<()> {
        workspace.write(self.layers, &DeviceStage::state(prepared, temperatures, ln_factors)?)?;
        let Some(distant) = &self.distant else { return Ok(()) };
        let rows = prepared.layers.len();
        let (mut value, mut slope) = (vec![0f32; rows * distant.stride], vec![0f32; rows * distant.stride]);
        for (i, temperature) in temperatures.iter().enumerate() {
            let (state, layer) = (prepared.factors(i, *temperature)?, &prepared.layers[i]);
            let Some(term) = &layer.distant else { continue };
            // profiles are in units of 1/s, strengths in those of the table
            let factor = prepared.distant_factor(layer.far[term.index].level);
            let scale = factor * state.sigma * (-prepared.table.ln_scale_at(&state)).exp();
            let first = i * distant.stride;
            for (node, (v, dv)) in term.field.at(*temperature, layer.pressure).into_iter().enumerate() {
                value[first + node] = (v * scale) as f32;
                slope[first + node] = (dv * scale) as f32;
            }
        }
        workspace.write_slice(distant.value, &value)?;
        match distant.slope {
            Some(buffer) => workspace.write_slice(buffer, &slope),
            None => Ok(()),
        }
    }
}

/// A wing law on the device.
#[derive(Clone, Copy, Debug)]
pub(super) struct LawBuffers {
    /// \[node\]\[tap\] of the law's level.
    pub factors: BufferId,
    /// \[zone\] of (from, to) \[cm-1\].
    pub zones: BufferId,
    /// \[row\] of chi: (distance, ln chi, slope after it, rise of the slope); one row of no meaning if chi is 1.
    pub rows: BufferId,
}

impl LawBuffers {
    fn declare<'a>(
        builder: &mut ProgramBuilder,
        name: &str,
        law: &'a LawMatrix,
        constants: &mut Vec<Constant<'a>>,
    ) -> Self {
        let (zones, rows) = (law.smooth.zones(), law.smooth.device_rows());
        let mut constant = |thing: &str, shape: &[u64], content: Box<dyn Fn() -> Cow<'a, [u8]> + 'a>| {
            let id = builder.buffer(format!("{name}.{thing}"), Element::F32, shape, Role::Constant);
            constants.push((id, content));
            id
        };
        let shape = [(law.factors.len() / law.taps()) as u64, law.taps() as u64];
        let factors = constant("law_factors", &shape, Box::new(|| Cow::Borrowed(bytemuck::cast_slice(&law.factors))));
        let pairs: Vec<[f32; 2]> = zones.iter().map(|z| [z.0 as f32, z.1 as f32]).collect();
        let shape = [pairs.len() as u64, 2];
        let zones =
            constant("law_zones", &shape, Box::new(move || Cow::Owned(bytemuck::cast_slice(&pairs[..]).to_vec())));
        let rows = if rows.is_empty() { vec![[0.0; 4]] } else { rows };
        let shape = [rows.len() as u64, 4];
        let rows = constant("law_rows", &shape, Box::new(move || Cow::Owned(bytemuck::cast_slice(&rows[..]).to_vec())));
        Self { factors, zones, rows }
    }
}

/// Buffers of one species.
#[derive(Clone, Debug)]
pub struct DeviceStage {
    pub(super) name: String,
    /// True if derivatives by temperature are computed with the values.
    pub(super) slopes: bool,
    /// Written for each spectrum.
    pub inputs: StageInputs,
    pub(super) lines: Option<LineBuffers>,
    pub(super) density: BTreeMap<i32, DensityBuffers>,
    pub(super) axes: Option<BufferId>,
    pub(super) core: Option<CoreQuads>,
    pub(super) law: Option<LawBuffers>,
    first: usize,
    /// Group of each layer, from `first` on.
    group_of: Vec<usize>,
    pub(super) groups: Vec<Group>,
}

impl DeviceStage {
    /// Declares the buffers of a species, named `name.*`. What constant buffers hold is added to `constants`. With `derivative` the derivatives
    /// of the cross sections by temperature are computed with them, and [`near`](Self::near) needs a target for them.
    #[allow(clippy::too_many_arguments)] // what a species is, and what is wanted of it
    pub fn declare<'a>(
        builder: &mut ProgramBuilder,
        name: &str,
        prepared: &'a Prepared,
        tables: &'a LineTables,
        extent: &Extent,
        derivative: bool,
        limits: &Limits,
        constants: &mut Vec<Constant<'a>>,
    ) -> Self {
        let shape = [prepared.layers.len() as u64, STATE_FLOATS];
        let layers = builder.buffer(format!("{name}.layers"), Element::F32, &shape, Role::Input);
        let nodes = prepared.layers.iter().filter_map(|l| l.distant.as_ref()).map(|d| d.field.len()).max();
        let distant = nodes.map(|stride| {
            let shape = [prepared.layers.len() as u64, stride as u64];
            let mut field = |thing: &str| builder.buffer(format!("{name}.{thing}"), Element::F32, &shape, Role::Input);
            DistantBuffers { value: field("distant"), slope: derivative.then(|| field("distant_slope")), stride }
        });
        let inputs = StageInputs { layers, distant };
        let used = &prepared.layers[extent.layers.clone()];
        let mut density = BTreeMap::new();
        let lines = tables.bins.as_ref().map(|b| LineBuffers::declare(builder, name, &prepared.table, b, constants));
        let mut axes_buffer = None;
        if let Tier::Density { axes, by_level } = &prepared.tier {
            let length = axes.device_floats() as u64;
            let id = builder.buffer(format!("{name}.axes"), Element::F32, &[length], Role::Constant);
            constants.push((id, Box::new(|| axes.device_values().into())));
            axes_buffer = Some(id);
            for (level, d) in
                by_level.iter().filter(|(l, _)| used.iter().any(|u| u.ladder.source_levels().any(|s| s == **l)))
            {
                let name = format!("{name}.density{level}");
                density.insert(*level, DensityBuffers::declare(builder, &name, d, limits, constants));
            }
        }
        let mut representative: Vec<&Layer> = Vec::new();
        let group_of: Vec<usize> = used
            .iter()
            .map(|layer| {
                representative.iter().position(|r| r.is_like(layer, limits.class)).unwrap_or_else(|| {
                    representative.push(layer);
                    representative.len() - 1
                })
            })
            .collect();
        let core = tables.core.as_ref().filter(|_| used.iter().any(|l| l.ladder.near_field)).map(|(quads, window)| {
            let buffer = builder.buffer(format!("{name}.core"), Element::U32, &[quads.len() as u64], Role::Constant);
            constants.push((buffer, Box::new(|| bytemuck::cast_slice(quads).into())));
            let before = |node: usize| quads.partition_point(|q| (*q as usize) < node / 4);
            let active = |s: &Range<usize>| before(s.start)..before(s.end.next_multiple_of(4));
            let segments = extent.segments.iter().map(|s| (s.clone(), active(s))).collect();
            CoreQuads { buffer, window: *window, segments }
        });
        let law = prepared.law.as_deref().map(|law| LawBuffers::declare(builder, name, law, constants));
        let groups = (0..representative.len())
            .map(|g| {
                let of_batch = |batch: Range<usize>| batch.filter(|i| group_of[i - extent.layers.start] == g).count();
                let layers = extent.batches().map(of_batch).max().unwrap_or(0);
                let bins = tables.bins.as_ref().filter(|_| matches!(prepared.tier, Tier::Lines));
                let name = format!("{name}.g{g}");
                let all: Vec<&Layer> = used.iter().zip(&group_of).filter(|(_, of)| **of == g).map(|(l, _)| l).collect();
                Group::declare(builder, &name, prepared, &all, layers, bins, extent, derivative)
            })
            .collect();
        Self {
            name: name.into(),
            slopes: derivative,
            inputs,
            lines,
            density,
            axes: axes_buffer,
            core,
            law,
            first: extent.layers.start,
            group_of,
            groups,
        }
    }

    /// The same buffers, for values alone.
    pub fn values(&self) -> Self {
        Self { slopes: false, ..self.clone() }
    }

    /// Runs of at most `rows(group)` consecutive layers of one group, and each one's first row in the group's far result.
    pub(super) fn runs(
        &self,
        batch: &Range<usize>,
        rows: impl Fn(&Group) -> usize,
    ) -> Vec<(usize, Range<usize>, usize)> {
        let mut far_rows = vec![0; self.groups.len()];
        let mut runs: Vec<(usize, Range<usize>, usize)> = Vec::new();
        for layer in batch.clone() {
            let group = self.group_of[layer - self.first];
            match runs.last_mut() {
                Some((g, run, _)) if *g == group && run.len() < rows(&self.groups[group]) => run.end = layer + 1,
                _ => runs.push((group, layer..layer + 1, far_rows[group])),
            }
            far_rows[group] += 1;
        }
        runs
    }

    /// Says that the batch's far levels are not needed any more.
    pub fn end_batch(&self, builder: &mut ProgramBuilder) {
        for group in &self.groups {
            group.far.result[0].iter().flat_map(Quantities::all).for_each(|b| {
                builder.retire(b);
            });
        }
    }

    /// The layers' state at `temperatures` \[K\], each layer's result being multiplied by exp of its `ln_factor` (0 for cm2 molecule-1);
    /// content of [`StageInputs::layers`].
    ///
    /// # Errors
    /// A temperature is outside the declared range.
    pub fn state(prepared: &Prepared, temperatures: &[f64], ln_factors: &[f64]) -> Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(temperatures.len() * size_of::<LayerState>());
        for (i, (t, ln_factor)) in temperatures.iter().zip(ln_factors).enumerate() {
            let f = prepared.factors(i, *t)?;
            let channels = &prepared.layers[i].ladder.channels;
            let mut profile = [[0.0; 4]; MAX_CHANNELS / 4];
            let nodes = channels.nodes();
            // Profiles that no line of this layer takes are like its last.
            for k in 0..MAX_CHANNELS {
                profile[k / 4][k % 4] = (nodes[k.min(nodes.len() - 1)] / f.sigma) as f32;
            }
            let state = LayerState {
                inverse_sigma: (1.0 / f.sigma) as f32,
                boltzmann: f.boltzmann as f32,
                c2_over_t: f.c2_over_t as f32,
                ln_t_ratio: f.ln_t_ratio as f32,
                ln_pressure: f.pressure.ln() as f32,
                strength_factor: f.partition_ratio as f32,
                output_factor: ((prepared.table.ln_scale_at(&f) + ln_factor).exp() / f.sigma) as f32,
                channel_mid: channels.axis.mid as f32,
                channel_inverse_half: if channels.count() == 1 { 0.0 } else { (1.0 / channels.axis.half) as f32 },
                channel_scale: channels.scale as u32,
                inverse_temperature: (1.0 / t) as f32,
                common_slope: prepared.table.common_slope(&f) as f32,
                pressure: f.pressure as f32,
                inverse_step: (1.0 / prepared.grid.step()) as f32,
                channels: channels.count() as u32,
                profile,
                ..bytemuck::Zeroable::zeroed()
            };
            bytes.extend_from_slice(bytemuck::bytes_of(&state));
        }
        Ok(bytes)
    }
}

/// Output nodes over 4 that lie in the core of a line at some temperature of the range and in some layer with a near field, and the nodes
/// within a core, with those by which pressure moves lines there.
fn core_quads(prepared: &Prepared) -> (Vec<u32>, i32) {
    let core = WING_START * prepared.species.doppler_sigma(prepared.settings.temperature_range.hi);
    let (step, summary) = (prepared.grid.step(), &prepared.table.summary);
    let window = (-(-core).ln_1p() / step).ceil() + 1.0;
    // Where every line is broader than the Doppler core there is none.
    let with_core = |pressure: f64| summary.widths_at(pressure).0 < core;
    let layers = prepared.layers.iter().filter(|l| l.ladder.near_field && with_core(l.pressure));
    let highest = layers.map(|l| l.pressure).fold(0.0, f64::max);
    let last = (prepared.grid.len() - 1) as f64;
    let mut quads: Vec<u32> = Vec::new();
    let mut met: Vec<(f64, f64)> = Vec::with_capacity(prepared.table.lines.len());
    for line in &prepared.table.lines {
        let (a, b) = (line.position, line.position_at(highest, step));
        met.push((a.min(b) - window, a.max(b) + window));
    }
    met.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    for (lo, hi) in met {
        let (lo, hi) = (lo.max(0.0), hi.min(last));
        if lo <= hi {
            let next = quads.last().map_or(0, |q| q + 1);
            quads.extend((lo as u32 / 4).max(next)..=hi as u32 / 4);
        }
    }
    (quads, (window + summary.shift.near_steps(highest, step).ceil()) as i32)
}
