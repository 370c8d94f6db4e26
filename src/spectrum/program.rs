//! A model as a program of passes, for one way of cutting it; and the choice among the ways.

use std::borrow::Cow;
use std::ops::Range;

use serde::Serialize;

use super::cpu::pair;
use super::model::{EmissionModel, State};
use crate::cross_section::gpu::{DeviceStage, Extent, LineTables, ROW_MULTIPLE, Target};
use crate::density::gpu::Constant;
use crate::gpu::{BufferId, Element, Limits, Program, ProgramBuilder, Role, Summary, Workspace, first_that_fits};
use crate::grid::Segment;
use crate::optical_depth::{CiaBuffers, DeviceTable, add_part};
use crate::transfer::emission::RESTART;
use crate::transfer::emission_gpu::EmissionBuffers;
use crate::{Error, Result};

/// What is worked out once for all programs of a model.
#[derive(Debug)]
pub struct Tables {
    lines: Vec<LineTables>,
    cia: Vec<DeviceTable>,
    wavenumber: Vec<f32>,
}

impl Tables {
    pub fn new(model: &EmissionModel) -> Result<Self> {
        let n = model.grid.len().next_multiple_of(ROW_MULTIPLE);
        let mut wavenumber: Vec<f32> = model.wavenumber.iter().map(|nu| *nu as f32).collect();
        wavenumber.resize(n, model.grid.hi() as f32);
        let table = |grid| DeviceTable::new(grid, n);
        Ok(Self {
            lines: model.parts.iter().map(|p| LineTables::new(&p.prepared)).collect(),
            cia: model.collisions.iter().map(table).collect::<Result<_>>()?,
            wavenumber,
        })
    }
}

/// A model's program and what the host reads and writes.
pub struct EmissionProgram<'a> {
    pub program: Program,
    pub extent: Extent,
    /// Written once.
    pub constants: Vec<Constant<'a>>,
    pub inputs: Inputs,
    pub flux: BufferId,
}

impl<'a> EmissionProgram<'a> {
    /// Ways of cutting the job, the fastest first.
    pub fn candidates(model: &EmissionModel) -> Vec<Extent> {
        let species: Vec<_> = model.parts.iter().map(|p| &p.prepared).collect();
        // Multiples of the transfer's restart interval, so that results do not depend on the batch.
        Extent::candidates(&species, model.grid.len(), 0..model.layers(), RESTART, 1)
    }

    /// The program for one way of cutting.
    pub fn build(
        model: &'a EmissionModel,
        tables: &'a Tables,
        extent: Extent,
        limits: &Limits,
        budget: Option<u64>,
    ) -> Result<Self> {
        let mut builder = ProgramBuilder::new();
        let shared = Shared::declare(&mut builder, model, tables, &extent, false, limits);
        let (n64, layers) = (shared.n as u64, model.layers());
        let tau = builder.buffer("transfer.tau", Element::F32, &[n64], Role::Scratch);
        let flux = builder.buffer("transfer.flux", Element::F32, &[n64], Role::Output);
        let longest = u64::from(points(&(0..extent.segment_points()))?.len());
        let batch = extent.batch.min(layers) as u64;
        let dtau = builder.buffer("optical_depth.dtau", Element::F32, &[batch, longest], Role::Scratch);
        let transfer =
            EmissionBuffers { wavenumber: shared.wavenumber, dtau, temperature: shared.inputs.temperature, tau, flux };

        builder.stage("transfer").clear(tau).clear(flux);
        for batch in extent.batches() {
            for (stage, part) in shared.stages.iter().zip(&model.parts) {
                stage.far(&mut builder, &part.prepared, &batch);
            }
            for segment in &extent.segments {
                shared.optical_depths(&mut builder, model, &shared.stages, &batch, segment, Depths::of(dtau))?;
                builder.stage("transfer");
                let surface = (model.surface && batch.end == layers).then_some(layers as u32);
                let (first, rows) = (batch.start as u32, batch.len() as u32);
                transfer.dispatch(&mut builder, points(segment)?, first, rows, surface, &model.quadrature);
                builder.retire(dtau);
            }
            shared.stages.iter().for_each(|s| s.end_batch(&mut builder));
        }
        let program = builder.finish(limits, budget)?;
        Ok(Self { program, extent, constants: shared.constants, inputs: shared.inputs, flux })
    }
}

/// Buffers that the host writes for each spectrum.
#[derive(Clone, Debug)]
pub struct Inputs {
    /// \[species\]: the layers' state.
    pub layers: Vec<BufferId>,
    /// \[collision pair\]: the layers' state.
    pub cia: Vec<BufferId>,
    /// \[layer + 1\], the last the surface's.
    pub temperature: BufferId,
}

impl Inputs {
    /// Writes what changes from spectrum to spectrum: a few hundred bytes a layer.
    pub fn write(
        &self,
        workspace: &mut Workspace,
        model: &EmissionModel,
        tables: &Tables,
        state: &State,
    ) -> Result<()> {
        let mut temperature: Vec<f32> = state.temperature_k.iter().map(|t| *t as f32).collect();
        temperature.push(state.surface_temperature_k.unwrap_or(1.0) as f32);
        workspace.write_slice(self.temperature, &temperature)?;
        for (buffer, part) in self.layers.iter().zip(&model.parts) {
            let columns = model.ln_columns(part.absorber, state);
            workspace.write(*buffer, &DeviceStage::state(&part.prepared, &state.temperature_k, &columns)?)?;
        }
        for (((table, buffer), grid), (first, second)) in
            tables.cia.iter().zip(&self.cia).zip(&model.collisions).zip(&state.collision_mixing_ratio)
        {
            let layers = pair(model, state, first, second).layers(grid)?;
            workspace.write_slice(*buffer, &table.layer_states(&layers))?;
        }
        Ok(())
    }
}

/// What all programs of a model declare: constants, inputs, species.
pub struct Shared<'a> {
    /// Padded length of a row.
    pub n: usize,
    /// \[n\] cm-1.
    pub wavenumber: BufferId,
    /// Written once.
    pub constants: Vec<Constant<'a>>,
    pub inputs: Inputs,
    /// \[species\].
    pub stages: Vec<DeviceStage>,
    /// \[collision pair\]: table, its slopes, positions; nodes.
    cia: Vec<([BufferId; 3], u32)>,
}

/// Where optical depths \[row\]\[segment\] go.
#[derive(Clone, Copy)]
pub struct Depths<'a> {
    /// The sum.
    pub dtau: BufferId,
    /// Derivatives by temperature.
    pub slope: Option<BufferId>,
    /// \[absorbers, then pairs\]: what each contributes, if that is wanted.
    pub parts: &'a [BufferId],
}

impl Depths<'_> {
    /// The sum alone.
    pub fn of(dtau: BufferId) -> Self {
        Self { dtau, slope: None, parts: &[] }
    }
}

impl<'a> Shared<'a> {
    pub fn declare(
        builder: &mut ProgramBuilder,
        model: &'a EmissionModel,
        tables: &'a Tables,
        extent: &Extent,
        slopes: bool,
        limits: &Limits,
    ) -> Self {
        let (n, layers) = (tables.wavenumber.len(), model.layers() as u64);
        let n64 = n as u64;
        let mut constants: Vec<Constant<'a>> = Vec::new();
        let wavenumber = builder.buffer("grid.wavenumber", Element::F32, &[n64], Role::Constant);
        constants.push((wavenumber, Box::new(|| Cow::Borrowed(bytemuck::cast_slice(&tables.wavenumber)))));
        let temperature = builder.buffer("transfer.temperature", Element::F32, &[layers + 1], Role::Input);
        let mut stages: Vec<DeviceStage> = Vec::new();
        for (i, (part, lines)) in model.parts.iter().zip(&tables.lines).enumerate() {
            let name = format!("cross_section{i}");
            let prepared = &part.prepared;
            stages.push(DeviceStage::declare(builder, &name, prepared, lines, extent, slopes, limits, &mut constants));
        }
        let (mut cia, mut states) = (Vec::new(), Vec::new());
        for (i, (grid, table)) in model.collisions.iter().zip(&tables.cia).enumerate() {
            let shape = [grid.temperatures.len() as u64, grid.nodes() as u64];
            let ln_k = builder.buffer(format!("cia{i}.ln_k"), Element::F32, &shape, Role::Constant);
            constants.push((ln_k, Box::new(|| Cow::Borrowed(bytemuck::cast_slice(&table.ln_k)))));
            let ln_slope = builder.buffer(format!("cia{i}.ln_slope"), Element::F32, &shape, Role::Constant);
            constants.push((ln_slope, Box::new(|| Cow::Borrowed(bytemuck::cast_slice(&table.ln_slope)))));
            let position = builder.buffer(format!("cia{i}.position"), Element::U32, &[n64], Role::Constant);
            constants.push((position, Box::new(|| Cow::Borrowed(bytemuck::cast_slice(&table.position)))));
            states.push(builder.buffer(format!("cia{i}.layers"), Element::UVec4, &[layers, 3], Role::Input));
            cia.push(([ln_k, ln_slope, position], grid.nodes() as u32));
        }
        let layers = stages.iter().map(|s| s.layers).collect();
        let inputs = Inputs { layers, cia: states, temperature };
        Self { n, wavenumber, constants, inputs, stages, cia }
    }

    /// Appends the passes that put a batch's optical depths at a segment into `depths`. `stages` are this one's, or their
    /// [values](DeviceStage::values) if no slopes are wanted.
    pub fn optical_depths(
        &self,
        builder: &mut ProgramBuilder,
        model: &EmissionModel,
        stages: &[DeviceStage],
        batch: &Range<usize>,
        segment: &Range<usize>,
        depths: Depths,
    ) -> Result<()> {
        let points = points(segment)?;
        let (first, rows) = (batch.start as u32, batch.len() as u32);
        let apart = !depths.parts.is_empty();
        // What is added to must hold something; one buffer's first writer may set it.
        let cleared = if apart || stages.is_empty() { Some(depths.dtau) } else { None };
        builder.stage("continua");
        for buffer in depths.parts.iter().copied().chain(cleared) {
            builder.clear(buffer);
        }
        if let Some(slope) = depths.slope.filter(|_| cleared.is_some()) {
            builder.clear(slope);
        }
        for (i, (stage, part)) in stages.iter().zip(&model.parts).enumerate() {
            let buffer = depths.parts.get(part.absorber).copied().unwrap_or(depths.dtau);
            let row_quads = points.quads() as usize;
            let target = Target { buffer, slope: depths.slope, row_quads, first_node: segment.start };
            stage.near(builder, &part.prepared, batch, segment, &target, i > 0 || cleared.is_some());
        }
        builder.stage("continua");
        for (c, ((constants, nodes), layer_state)) in self.cia.iter().zip(&self.inputs.cia).enumerate() {
            let dtau = depths.parts.get(model.absorbers.len() + c).copied().unwrap_or(depths.dtau);
            let ([ln_k, ln_slope, position], layer_state) = (*constants, *layer_state);
            let buffers = CiaBuffers { ln_k, ln_slope, position, layer_state, dtau, dtau_dt: depths.slope };
            buffers.dispatch(builder, points, *nodes, first, rows);
        }
        for part in depths.parts {
            add_part(builder, *part, depths.dtau, points, rows);
        }
        Ok(())
    }
}

/// A segment with the padding of its last row.
pub fn points(segment: &Range<usize>) -> Result<Segment> {
    Segment::new(segment.start as u32, segment.len().next_multiple_of(ROW_MULTIPLE) as u32)
}

/// How a spectrum will be computed on a device: plain data, made without one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EmissionPlan {
    /// Layers of a batch.
    pub batch: usize,
    /// Number of segments of the grid.
    pub segments: usize,
    /// Points of a segment (the last may have fewer).
    pub segment_points: usize,
    /// Most bytes that one scratch buffer takes if fewer layers at a time help.
    pub scratch_bytes: u64,
    /// Buffers, slots, stages, bytes.
    pub memory: Summary,
}

impl EmissionPlan {
    pub(super) fn of(program: &Program, extent: &Extent) -> Self {
        Self {
            batch: extent.batch,
            segments: extent.segments.len(),
            segment_points: extent.segment_points(),
            scratch_bytes: extent.scratch_bytes,
            memory: program.summary().clone(),
        }
    }
}

impl EmissionModel {
    /// The plan of the fastest spectrum within `budget` bytes of device memory, on a device with `limits`.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`](crate::Error::OutOfMemory) if the smallest plan needs more: with bytes needed, the limit, and the largest buffers.
    pub fn plan(&self, limits: &Limits, budget: Option<u64>) -> Result<EmissionPlan> {
        let tables = Tables::new(self)?;
        let build = |extent| EmissionProgram::build(self, &tables, extent, limits, budget);
        let chosen = first_that_fits(EmissionProgram::candidates(self), build)?;
        Ok(EmissionPlan::of(&chosen.program, &chosen.extent))
    }

    /// The plan of a spectrum cut in batches of `batch` layers (rounded up to a multiple of 8, or all) and at most `segments` segments of the grid,
    /// whatever memory it takes.
    ///
    /// # Errors
    /// Zero batches or segments; buffers beyond `limits`.
    pub fn plan_cut(&self, limits: &Limits, batch: usize, segments: usize) -> Result<EmissionPlan> {
        let tables = Tables::new(self)?;
        let build = |extent| EmissionProgram::build(self, &tables, extent, limits, None);
        let chosen = first_that_fits(self.cuts(batch, segments)?, build)?;
        Ok(EmissionPlan::of(&chosen.program, &chosen.extent))
    }

    /// What the choice among plans goes by, in multiply-adds: work, and fixed prices of passes and of bytes held.
    pub fn cost(&self, plan: &EmissionPlan) -> f64 {
        let species: Vec<_> = self.parts.iter().map(|p| &p.prepared).collect();
        let points = self.grid.len();
        Extent::new(0..self.layers(), plan.batch, points, plan.segments, plan.scratch_bytes).cost(&species, points, 1)
    }

    /// The candidates that are cut like this, the fastest first.
    pub(super) fn cuts(&self, batch: usize, segments: usize) -> Result<Vec<Extent>> {
        for (what, n) in [("layers of a batch", batch), ("segments", segments)] {
            if n == 0 {
                return Err(Error::invalid(what, n, "at least one"));
            }
        }
        let batch = batch.next_multiple_of(RESTART).min(self.layers());
        let species: Vec<_> = self.parts.iter().map(|p| &p.prepared).collect();
        Ok(Extent::scratches(&species, self.grid.len(), 0..self.layers(), batch, segments))
    }
}
