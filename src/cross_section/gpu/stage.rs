//! The buffers of one species, and what the host writes into them.

use std::collections::BTreeMap;
use std::ops::Range;

use super::group::{Group, alike};
use super::run::Run;
use crate::Result;
use crate::cross_section::prepared::{Layer, Prepared, Tier};
use crate::cross_section::voigt::WING_START;
use crate::density::gpu::{Constant, DensityBuffers, LayerState, LineBuffers};
use crate::gpu::{BufferId, Element, Limits, ProgramBuilder, Role};
use crate::grid::channels::MAX_CHANNELS;

/// Rows of the output are padded to a multiple of this: what one invocation computes.
pub const ROW_MULTIPLE: usize = 16;

/// Length of [`LayerState`] in floats.
const STATE_FLOATS: u64 = size_of::<LayerState>() as u64 / 4;

/// Output nodes that lie in the core of a line.
#[derive(Clone, Copy, Debug)]
pub(super) struct CoreQuads {
    /// Nodes over 4, ascending.
    pub quads: BufferId,
    /// How many.
    pub count: usize,
    /// Nodes within a core, each side.
    pub window: i32,
}

/// Buffers of one species.
#[derive(Clone, Debug)]
pub struct DeviceStage {
    pub(super) name: String,
    /// \[layer\] of 192 bytes, written for each spectrum.
    pub layers: BufferId,
    pub(super) lines: Option<LineBuffers>,
    pub(super) density: BTreeMap<i32, DensityBuffers>,
    pub(super) axes: Option<BufferId>,
    pub(super) core: Option<CoreQuads>,
    first: usize,
    /// Group of each layer, from `first` on.
    group_of: Vec<usize>,
    pub(super) groups: Vec<Group>,
}

impl DeviceStage {
    /// Declares the buffers of a species, named `name.*`, for the layers `range` in batches of at most `rows`. The content of constant
    /// buffers is added to `constants`.
    pub fn declare(
        builder: &mut ProgramBuilder,
        name: &str,
        prepared: &Prepared,
        range: Range<usize>,
        rows: usize,
        limits: &Limits,
        constants: &mut Vec<Constant>,
    ) -> Self {
        let shape = [prepared.layers.len() as u64, STATE_FLOATS];
        let layers = builder.buffer(format!("{name}.layers"), Element::F32, &shape, Role::Input);
        let used = &prepared.layers[range.clone()];
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
                for (level, d) in by_level.iter().filter(|(l, _)| used.iter().any(|u| u.ladder.finest == **l)) {
                    let name = format!("{name}.density{level}");
                    density.insert(*level, DensityBuffers::declare(builder, &name, d, limits, constants));
                }
            }
        }
        let mut representative: Vec<&Layer> = Vec::new();
        let group_of: Vec<usize> = used
            .iter()
            .map(|layer| {
                representative.iter().position(|r| alike(r, layer)).unwrap_or_else(|| {
                    representative.push(layer);
                    representative.len() - 1
                })
            })
            .collect();
        let core = representative
            .iter()
            .any(|l| l.ladder.near_field)
            .then(|| core_quads(prepared))
            .filter(|(quads, _)| !quads.is_empty())
            .map(|(quads, window)| {
                let id = builder.buffer(format!("{name}.core"), Element::U32, &[quads.len() as u64], Role::Constant);
                constants.push((id, bytemuck::cast_slice(&quads).to_vec()));
                CoreQuads { quads: id, count: quads.len(), window }
            });
        let groups = representative
            .iter()
            .enumerate()
            .map(|(g, layer)| {
                let alike = group_of.iter().filter(|i| **i == g).count();
                Group::declare(builder, &format!("{name}.g{g}"), prepared, layer, rows.min(alike))
            })
            .collect();
        Self {
            name: name.into(),
            layers,
            lines,
            density,
            axes: axes_buffer,
            core,
            first: range.start,
            group_of,
            groups,
        }
    }

    /// Appends the passes that put layers `first..first + rows` into the first rows of `output` \[row\]\[nu, padded to a multiple of
    /// [`ROW_MULTIPLE`]\], each times its factor; `add` adds to what is there.
    pub fn add_batch(
        &self,
        builder: &mut ProgramBuilder,
        prepared: &Prepared,
        first: usize,
        rows: usize,
        output: BufferId,
        add: bool,
    ) {
        let group = |layer: usize| self.group_of[layer - self.first];
        let mut start = first;
        while start < first + rows {
            let group_index = group(start);
            let scratch = &self.groups[group_index];
            let most = (start + scratch.rows).min(first + rows);
            let end = (start..most).find(|&i| group(i) != group_index).unwrap_or(most);
            let run = Run::new(self, scratch, prepared, start..end, output, start - first, add);
            run.append(builder);
            start = end;
        }
    }

    /// The layers' state at `temperatures` \[K\], each layer's result being multiplied by exp of its `ln_factor` (0 for cm2 molecule-1);
    /// content of [`layers`](Self::layers).
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
                output_factor: ((prepared.table.ln_scale_at(&f) + ln_factor).exp() / f.sigma) as f32,
                channel_mid: channels.axis.mid as f32,
                channel_inverse_half: if channels.count() == 1 { 0.0 } else { (1.0 / channels.axis.half) as f32 },
                channel_scale: channels.scale as u32,
                profile,
                ..bytemuck::Zeroable::zeroed()
            };
            bytes.extend_from_slice(bytemuck::bytes_of(&state));
        }
        Ok(bytes)
    }
}

/// Output nodes over 4 that lie in the core of a line at some temperature of the range, and the nodes within a core.
fn core_quads(prepared: &Prepared) -> (Vec<u32>, i32) {
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
