//! A model as a program of passes, for one way of cutting it; and the choice among the ways.

use std::borrow::Cow;
use std::ops::Range;

use serde::Serialize;

use super::model::EmissionModel;
use crate::{Error, Result};
use crate::cross_section::gpu::{DeviceStage, Extent, LineTables, ROW_MULTIPLE, Target};
use crate::density::gpu::Constant;
use crate::gpu::{BufferId, Element, Limits, Program, ProgramBuilder, Role, Summary, first_that_fits};
use crate::grid::Segment;
use crate::optical_depth::{CiaBuffers, DeviceTable};
use crate::transfer::emission::RESTART;
use crate::transfer::emission_gpu::EmissionBuffers;

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

    /// The device's tables of collision-induced absorption.
    pub fn cia(&self) -> &[DeviceTable] {
        &self.cia
    }
}

/// A model's program and what the host reads and writes.
pub struct EmissionProgram<'a> {
    pub program: Program,
    pub extent: Extent,
    /// Written once.
    pub constants: Vec<Constant<'a>>,
    /// \[species\]: the layers' state.
    pub layers: Vec<BufferId>,
    /// \[collision pair\]: the layers' state.
    pub cia: Vec<BufferId>,
    pub temperature: BufferId,
    pub flux: BufferId,
}

impl<'a> EmissionProgram<'a> {
    /// Ways of cutting the job, the fastest first.
    pub fn candidates(model: &EmissionModel) -> Vec<Extent> {
        let species: Vec<_> = model.parts.iter().map(|p| &p.prepared).collect();
        // Multiples of the transfer's restart interval, so that results do not depend on the batch.
        Extent::candidates(&species, model.grid.len(), 0..model.layers(), RESTART)
    }

    /// The program for one way of cutting.
    pub fn build(
        model: &'a EmissionModel,
        tables: &'a Tables,
        extent: Extent,
        limits: &Limits,
        budget: Option<u64>,
    ) -> Result<Self> {
        let (n, layers) = (tables.wavenumber.len(), model.layers());
        let n64 = n as u64;
        let mut builder = ProgramBuilder::new();
        let mut constants: Vec<Constant<'a>> = Vec::new();
        let wavenumber = builder.buffer("grid.wavenumber", Element::F32, &[n64], Role::Constant);
        constants.push((wavenumber, Box::new(|| Cow::Borrowed(bytemuck::cast_slice(&tables.wavenumber)))));
        let temperature = builder.buffer("transfer.temperature", Element::F32, &[layers as u64 + 1], Role::Input);
        let tau = builder.buffer("transfer.tau", Element::F32, &[n64], Role::Scratch);
        let flux = builder.buffer("transfer.flux", Element::F32, &[n64], Role::Output);
        let longest = padded(&(0..extent.segment_points())).len() as u64;
        let batch = extent.batch.min(layers) as u64;
        let dtau = builder.buffer("optical_depth.dtau", Element::F32, &[batch, longest], Role::Scratch);
        let transfer = EmissionBuffers { wavenumber, dtau, temperature, tau, flux };

        let mut stages: Vec<DeviceStage> = Vec::new();
        for (i, (part, lines)) in model.parts.iter().zip(&tables.lines).enumerate() {
            let name = format!("cross_section{i}");
            let prepared = &part.prepared;
            stages.push(DeviceStage::declare(
                &mut builder,
                &name,
                prepared,
                lines,
                &extent,
                false,
                limits,
                &mut constants,
            ));
        }
        let mut cia = Vec::new();
        for (i, (grid, table)) in model.collisions.iter().zip(&tables.cia).enumerate() {
            let shape = [grid.temperatures.len() as u64, grid.nodes() as u64];
            let ln_k = builder.buffer(format!("cia{i}.ln_k"), Element::F32, &shape, Role::Constant);
            constants.push((ln_k, Box::new(|| Cow::Borrowed(bytemuck::cast_slice(&table.ln_k)))));
            let position = builder.buffer(format!("cia{i}.position"), Element::U32, &[n64], Role::Constant);
            constants.push((position, Box::new(|| Cow::Borrowed(bytemuck::cast_slice(&table.position)))));
            let shape = [layers as u64, 2];
            let layer_state = builder.buffer(format!("cia{i}.layers"), Element::UVec4, &shape, Role::Input);
            let buffers = CiaBuffers { ln_k, position, layer_state, dtau, dtau_dt: None };
            cia.push((buffers, grid.nodes() as u32));
        }

        builder.stage("transfer").clear(tau).clear(flux);
        for batch in extent.batches() {
            for (stage, part) in stages.iter().zip(&model.parts) {
                stage.far(&mut builder, &part.prepared, &batch);
            }
            for segment in &extent.segments {
                let nodes = padded(segment);
                let target =
                    Target { buffer: dtau, slope: None, row_quads: nodes.len() / 4, first_node: segment.start };
                if stages.is_empty() {
                    builder.stage("continua").clear(dtau);
                }
                for (i, (stage, part)) in stages.iter().zip(&model.parts).enumerate() {
                    stage.near(&mut builder, &part.prepared, &batch, segment, &target, i > 0);
                }
                let (first, rows) = (batch.start as u32, batch.len() as u32);
                builder.stage("continua");
                let points = Segment::new(nodes.start as u32, nodes.len() as u32)?;
                for (cia, table_nodes) in &cia {
                    cia.dispatch(&mut builder, points, *table_nodes, first, rows);
                }
                builder.stage("transfer");
                let surface = (model.surface && batch.end == layers).then_some(layers as u32);
                transfer.dispatch(&mut builder, points, first, rows, surface, &model.quadrature);
                builder.retire(dtau);
            }
            stages.iter().for_each(|s| s.end_batch(&mut builder));
        }
        let program = builder.finish(limits, budget)?;
        let layers = stages.iter().map(|s| s.layers).collect();
        let cia = cia.iter().map(|(c, _)| c.layer_state).collect();
        Ok(Self { program, extent, constants, layers, cia, temperature, flux })
    }
}

/// A segment with the padding of its last row.
fn padded(segment: &Range<usize>) -> Range<usize> {
    segment.start..segment.start + segment.len().next_multiple_of(ROW_MULTIPLE)
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
        Extent::new(0..self.layers(), plan.batch, points, plan.segments, plan.scratch_bytes).cost(&species, points)
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
