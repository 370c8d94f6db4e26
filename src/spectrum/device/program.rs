//! A model as a program of passes, for one way of cutting it; and the choice among the ways.

use std::ops::Range;

use serde::Serialize;

use crate::atmosphere::State;
use crate::cross_section::device::{Extent, ROW_MULTIPLE};
use crate::gpu::{
    BufferId, DeviceClass, Element, Limits, Program, ProgramBuilder, Role, Summary, Workspace, first_within,
};
use crate::grid::Grid;
use crate::opacity::device::points;
use crate::opacity::{self, Constant, DeviceOpacity, DeviceTables, OpticalBuffers, add_part};
use crate::spectrum::model::Model;
use crate::spectrum::schedule::{Schedule, Step};
use crate::stage::Stage;
use crate::transfer::{DeviceTransfer, TransferInputs};
use crate::{Error, Result};

/// What is worked out once for all programs of a model.
#[derive(Debug)]
pub struct Tables {
    opacities: Vec<Box<dyn DeviceTables>>,
    grid: Grid,
    points: usize,
}

impl Tables {
    pub fn new(model: &Model) -> Result<Self> {
        let n = model.grid.len().next_multiple_of(ROW_MULTIPLE);
        let opacities = model.opacities().map(|o| o.for_device(n)).collect::<Result<_>>()?;
        Ok(Self { opacities, grid: model.grid, points: n })
    }

    /// Wavenumbers of a row, the last one in its padding \[cm-1\].
    fn wavenumber(&self) -> Vec<f32> {
        let mut wavenumber: Vec<f32> = (0..self.grid.len()).map(|i| self.grid.wavenumber(i) as f32).collect();
        wavenumber.resize(self.points, self.grid.hi() as f32);
        wavenumber
    }

    /// Points of a row, padded.
    pub fn points(&self) -> usize {
        self.points
    }
}

/// Buffers that the host writes for each spectrum.
#[derive(Debug)]
pub struct Inputs {
    opacities: Vec<Box<dyn opacity::Inputs>>,
    transfer: Box<dyn TransferInputs>,
}

impl Inputs {
    /// Writes what changes from spectrum to spectrum: a few hundred bytes a layer.
    pub fn write(&self, workspace: &mut Workspace, model: &Model, state: &State) -> Result<()> {
        self.transfer.write(workspace, state)?;
        self.opacities.iter().try_for_each(|inputs| inputs.write(workspace, state, &model.pressure))
    }
}

/// Where a segment's optical depths go.
#[derive(Clone, Debug)]
pub struct DepthRows {
    /// Their sum.
    pub dtau: BufferId,
    /// Its derivative by temperature, if wanted.
    pub slope: Option<BufferId>,
    /// Each opacity's part, by amount and by shape; empty if only the sum is wanted. A single opacity's amount may be `dtau` itself.
    pub parts: Vec<(BufferId, Vec<BufferId>)>,
}

impl DepthRows {
    /// Parts that are not the sum itself.
    pub fn apart(&self) -> impl Iterator<Item = BufferId> + '_ {
        self.parts.iter().map(|p| p.0).filter(|part| *part != self.dtau)
    }

    /// Rows of shapes.
    fn shapes(&self) -> impl Iterator<Item = BufferId> + '_ {
        self.parts.iter().flat_map(|p| &p.1).copied()
    }

    /// All buffers.
    pub fn all(&self) -> impl Iterator<Item = BufferId> + '_ {
        std::iter::once(self.dtau).chain(self.slope).chain(self.apart()).chain(self.shapes())
    }
}

/// A program while it is built: the buffers that all programs of a model have.
pub struct Build<'a> {
    pub builder: ProgramBuilder,
    pub model: &'a Model,
    pub extent: Extent,
    pub schedule: Schedule,
    /// Written once.
    constants: Vec<Constant<'a>>,
    opacities: Vec<Box<dyn DeviceOpacity + 'a>>,
    pub transfer: Box<dyn DeviceTransfer>,
}

/// A program, its constants and inputs, and where its result is.
pub struct Built<'a> {
    pub program: Program,
    pub extent: Extent,
    pub constants: Vec<Constant<'a>>,
    pub inputs: Inputs,
    pub result: BufferId,
}

impl<'a> Build<'a> {
    pub fn new(model: &'a Model, tables: &'a Tables, extent: Extent, slopes: bool, limits: &Limits) -> Self {
        let mut builder = ProgramBuilder::new();
        let (n, layers) = (tables.points() as u64, model.layers());
        let mut constants: Vec<Constant<'a>> = Vec::new();
        let wavenumber = builder.buffer("grid.wavenumber", Element::F32, &[n], Role::Constant);
        constants.push((wavenumber, Box::new(|| bytemuck::cast_slice(&tables.wavenumber()).to_vec().into())));
        let transfer = model.geometry.declare(&mut builder, layers, n, wavenumber);
        let opacities = tables.opacities.iter().enumerate().map(|(i, tables)| {
            let name = format!("opacity{i}");
            tables.declare(&mut builder, &name, layers, &extent, slopes, limits, &mut constants)
        });
        let opacities = opacities.collect();
        let schedule = Schedule::of(&extent);
        Self { builder, model, extent, schedule, constants, opacities, transfer }
    }

    /// Points of the longest segment, padded.
    pub fn longest(&self) -> Result<u32> {
        Ok(points(&(0..self.extent.segment_points()))?.len())
    }

    /// Walks the schedule: appends the opacities' passes and, after those of a segment, what `each` appends, which is given the index of the segment, its layers
    /// and points, and its rows. With `values` opacities are computed without derivatives.
    pub fn walk(
        &mut self,
        values: bool,
        rows: impl Fn(usize) -> DepthRows,
        mut each: impl FnMut(
            &mut ProgramBuilder,
            &mut dyn DeviceTransfer,
            usize,
            &Range<usize>,
            &Range<usize>,
        ) -> Result<()>,
    ) -> Result<()> {
        let Self { builder, schedule, opacities, transfer, .. } = self;
        let without: Vec<_> = opacities.iter().filter(|_| values).map(|o| o.values()).collect();
        let opacities: Vec<&dyn DeviceOpacity> = match values {
            true => without.iter().map(|o| &**o).collect(),
            false => opacities.iter().map(|o| &**o as &dyn DeviceOpacity).collect(),
        };
        for step in schedule.steps() {
            match step {
                Step::Begin(layers) => opacities.iter().for_each(|o| o.begin_batch(builder, layers)),
                Step::Block { layers, segment, points } => {
                    optical_depths(builder, &opacities, layers, points, &rows(segment))?;
                    each(builder, &mut **transfer, segment, layers, points)?;
                }
                Step::End => opacities.iter().for_each(|o| o.end_batch(builder)),
            }
        }
        Ok(())
    }

    /// The program of a job of which `rows_held` rows of each layer are held.
    pub fn finish(self, rows_held: usize, limits: &Limits, budget: Option<u64>) -> Result<Built<'a>> {
        let Self { mut builder, model, extent, constants, opacities, transfer, .. } = self;
        builder.multiply_adds(model.extent_cost(&extent, rows_held, limits.class));
        let inputs = Inputs { opacities: opacities.iter().map(|o| o.inputs()).collect(), transfer: transfer.inputs() };
        let result = transfer.result();
        drop(opacities);
        let program = builder.finish(limits, budget)?;
        Ok(Built { program, extent, constants, inputs, result })
    }
}

/// Appends the passes that put a batch's optical depths at a segment into `rows`.
fn optical_depths(
    builder: &mut ProgramBuilder,
    opacities: &[&dyn DeviceOpacity],
    layers: &Range<usize>,
    segment: &Range<usize>,
    rows: &DepthRows,
) -> Result<()> {
    builder.stage(Stage::Continua);
    let apart: Vec<BufferId> = rows.apart().collect();
    // What is added to must hold something; one buffer's first writer may set it.
    let cleared = !apart.is_empty() || opacities.first().is_none_or(|o| !o.overwrites());
    for buffer in apart.iter().copied().chain(rows.shapes()) {
        builder.clear(buffer);
    }
    if cleared {
        for buffer in std::iter::once(rows.dtau).chain(rows.slope) {
            builder.clear(buffer);
        }
    }
    for (i, opacity) in opacities.iter().enumerate() {
        let (depth, shape) = rows.parts.get(i).cloned().unwrap_or((rows.dtau, Vec::new()));
        let into = OpticalBuffers { depth, slope: rows.slope, shape };
        opacity.segment(builder, layers, segment, &into, i > 0 || cleared)?;
    }
    builder.stage(Stage::Continua);
    for part in apart {
        add_part(builder, part, rows.dtau, points(segment)?, layers.len() as u32);
    }
    Ok(())
}

/// A model's program and what the host reads and writes.
pub struct SpectrumProgram<'a> {
    pub program: Program,
    pub extent: Extent,
    /// Written once.
    pub constants: Vec<Constant<'a>>,
    pub inputs: Inputs,
    pub result: BufferId,
}

impl<'a> SpectrumProgram<'a> {
    /// Ways of cutting the job, the fastest first.
    pub fn candidates(model: &Model, class: DeviceClass) -> Vec<Extent> {
        model.extents(model.batch_multiple(), 1, class)
    }

    /// The program for one way of cutting.
    pub fn build(
        model: &'a Model,
        tables: &'a Tables,
        extent: Extent,
        limits: &Limits,
        budget: Option<u64>,
    ) -> Result<Self> {
        let mut b = Build::new(model, tables, extent, false, limits);
        let longest = u64::from(b.longest()?);
        let batch = b.extent.batch.min(model.layers()) as u64;
        b.builder.stage(Stage::Transfer);
        b.transfer.begin(&mut b.builder);
        let dtau = b.builder.buffer("optical_depth.dtau", Element::F32, &[batch, longest], Role::Scratch);
        let rows = DepthRows { dtau, slope: None, parts: Vec::new() };
        b.walk(
            false,
            |_| rows.clone(),
            |builder, transfer, _, layers, segment| {
                builder.stage(Stage::Transfer);
                transfer.add(builder, layers, points(segment)?, dtau)?;
                builder.retire(dtau);
                Ok(())
            },
        )?;
        b.transfer.end(&mut b.builder);
        let Built { program, extent, constants, inputs, result } = b.finish(1, limits, budget)?;
        Ok(Self { program, extent, constants, inputs, result })
    }
}

/// How a spectrum will be computed on a device: plain data, made without one.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SpectrumPlan {
    /// Layers of a batch.
    pub batch: usize,
    /// Number of segments of the grid.
    pub segments: usize,
    /// Points of a segment (the last may have fewer).
    pub segment_points: usize,
    /// Most bytes that one scratch buffer takes if fewer layers at a time help.
    pub scratch_bytes: u64,
    /// What the choice among plans goes by, in multiply-adds: work, and the class's prices of passes and of bytes held.
    pub cost: f64,
    /// Buffers, slots, stages, bytes.
    pub memory: Summary,
}

impl SpectrumPlan {
    pub(super) fn of(program: &Program, extent: &Extent) -> Self {
        Self {
            batch: extent.batch,
            segments: extent.segments.len(),
            segment_points: extent.segment_points(),
            scratch_bytes: extent.scratch_bytes,
            cost: program.multiply_adds(),
            memory: program.summary().clone(),
        }
    }
}

impl Model {
    /// Ways of cutting the job, the fastest first: batches in multiples of `multiple` layers, of each of which `rows` rows are held.
    pub(super) fn extents(&self, multiple: usize, rows: usize, class: DeviceClass) -> Vec<Extent> {
        let (layers, finest) = (0..self.layers(), self.finest_level());
        Extent::candidates(self.grid.len(), layers, multiple, finest, class, |extent| {
            self.extent_cost(extent, rows, class)
        })
    }

    fn finest_level(&self) -> Option<i32> {
        let layers = 0..self.layers();
        self.opacities().filter_map(|o| o.finest_level(&layers)).min()
    }

    /// The fewest segments that a device's dispatches can deal with.
    pub(crate) fn fewest_segments(&self) -> usize {
        self.grid.len().div_ceil(Extent::most_points(self.finest_level()))
    }

    /// Radiative transfer of a spectrum, in multiply-adds.
    pub(crate) fn transfer_cost(&self) -> f64 {
        self.geometry.multiply_adds(self.layers()) * (self.layers() * self.grid.len()) as f64
    }

    /// Cost of a way of cutting, in multiply-adds.
    pub(super) fn extent_cost(&self, extent: &Extent, rows: usize, class: DeviceClass) -> f64 {
        let of_opacities: f64 = self.opacities().map(|o| o.cost(extent, self.grid.len(), class)).sum();
        extent.cost(class, rows) + of_opacities + self.transfer_cost()
    }

    /// The plan of the fastest spectrum within `budget` bytes of device memory, on a device with `limits`.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`] if the smallest plan needs more: with bytes needed, the limit, and the largest buffers.
    pub fn plan(&self, limits: &Limits, budget: Option<u64>) -> Result<SpectrumPlan> {
        self.plan_first(SpectrumProgram::candidates(self, limits.class), limits, budget)
    }

    /// The plan of a spectrum cut in batches of `batch` layers (rounded up to a multiple of 8, or all) and at most `segments` segments of the grid,
    /// whatever memory it takes.
    ///
    /// # Errors
    /// Zero batches or segments; buffers beyond `limits`.
    pub fn plan_cut(&self, limits: &Limits, batch: usize, segments: usize) -> Result<SpectrumPlan> {
        self.plan_first(self.cuts(batch, segments, limits.class)?, limits, None)
    }

    fn plan_first(&self, extents: Vec<Extent>, limits: &Limits, budget: Option<u64>) -> Result<SpectrumPlan> {
        self.check_row(limits)?;
        let tables = Tables::new(self)?;
        let build = |extent| SpectrumProgram::build(self, &tables, extent, limits, budget);
        let chosen = first_within(extents, budget, |extent: &Extent| extent.least_bytes(1), build)?;
        Ok(SpectrumPlan::of(&chosen.program, &chosen.extent))
    }

    /// Refuses a grid whose wavenumbers no buffer of the device holds, however the job is cut.
    pub(super) fn check_row(&self, limits: &Limits) -> Result<()> {
        let bytes = 4 * self.grid.len().next_multiple_of(ROW_MULTIPLE) as u64;
        let limit = limits.storage_binding_bytes.min(limits.buffer_bytes);
        match bytes <= limit {
            true => Ok(()),
            false => {
                let error = Error::out_of_memory(format!("a row of {} wavenumbers", self.grid.len()), bytes, limit);
                Err(error.with_hint("the limit is the device's for one buffer, whatever the budget"))
            }
        }
    }

    /// The candidates that are cut like this, the fastest first.
    pub(in crate::spectrum) fn cuts(&self, batch: usize, segments: usize, class: DeviceClass) -> Result<Vec<Extent>> {
        for (what, n) in [("layers of a batch", batch), ("segments", segments)] {
            if n == 0 {
                return Err(Error::invalid(what, n, "at least one"));
            }
        }
        let batch = batch.next_multiple_of(self.batch_multiple()).min(self.layers());
        let cost = |extent: &Extent| self.extent_cost(extent, 1, class);
        Ok(Extent::scratches(self.grid.len(), 0..self.layers(), batch, segments, class, cost))
    }
}
