//! Derivatives as programs of passes: all layers of one segment of the grid after the other.
//!
//! *Forward*: per segment, opacities and their slopes, sensitivities, then the products with the coefficients, a chunk of columns at a
//! time; the host reads each chunk at a pause. Bytes are m0 + m1 times the columns of a chunk.
//!
//! *Reverse*: the flux comes first, because a scalar's weights depend on it. Then either all segments' rows have been kept (*stored*), or
//! they are computed again segment by segment (*recomputed*), and summed with the weights. Which of the two, and how the grid is cut, is the
//! first that fits, the fastest first.

use serde::Serialize;

use super::super::model::EmissionModel;
use super::super::program::{Depths, EmissionPlan, Inputs, Shared, Tables, points};
use super::{ChunkSize, LayerGradient};
use crate::Result;
use crate::cross_section::gpu::Extent;
use crate::density::gpu::Constant;
use crate::gpu::{BufferId, Element, Limits, Program, ProgramBuilder, Role, first_that_fits};
use crate::transfer::jacobian_gpu::{COLUMNS, blocks};
use crate::transfer::{
    EmissionBuffers, LayerJacobianBuffers, ProjectBuffers, Projection, ReduceBuffers, SensitivityBuffers,
};

/// Rows of a segment while derivatives are computed: dtau, its slope, two sensitivities.
const ROWS_HELD: usize = 4;

/// What is wanted of the layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Derivatives by columns too, not by temperature alone.
    pub columns: bool,
}

/// The plan of a Jacobian: bytes as a function of the chunk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JacobianPlan {
    /// Columns in all.
    pub columns: usize,
    /// Columns held at a time.
    pub chunk: usize,
    /// Bytes without columns, m0.
    pub bytes_without_columns: u64,
    /// Bytes of each column held, m1; peak = m0 + m1 x chunk, chunks being multiples of 8.
    pub bytes_per_column: u64,
    /// Cut and memory.
    pub plan: EmissionPlan,
}

/// The plan of a gradient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GradientPlan {
    /// True if opacities and sensitivities of the whole grid are kept; false if they are computed twice.
    pub stored: bool,
    /// Cut and memory.
    pub plan: EmissionPlan,
}

/// Rows of one segment, or of the longest, if one set serves all in turn.
#[derive(Clone, Debug)]
struct Rows {
    dtau: BufferId,
    slope: BufferId,
    /// Of absorbers, then pairs; empty if not wanted, `dtau` itself if there is only one.
    parts: Vec<BufferId>,
    depth: BufferId,
    source: BufferId,
}

impl Rows {
    /// Buffers of the parts where they are not the sum itself.
    fn apart(&self) -> &[BufferId] {
        if self.parts == [self.dtau] { &[] } else { &self.parts }
    }
}

/// What both programs share while they are built.
struct Builder<'a> {
    builder: ProgramBuilder,
    shared: Shared<'a>,
    model: &'a EmissionModel,
    extent: Extent,
    flux: BufferId,
    wanted: Wanted,
}

impl<'a> Builder<'a> {
    fn new(model: &'a EmissionModel, tables: &'a Tables, extent: Extent, wanted: Wanted, limits: &Limits) -> Self {
        let mut builder = ProgramBuilder::new();
        let shared = Shared::declare(&mut builder, model, tables, &extent, true, limits);
        let flux = builder.buffer("transfer.flux", Element::F32, &[shared.n as u64], Role::Output);
        Self { builder, shared, model, extent, flux, wanted }
    }

    fn layers(&self) -> u32 {
        self.model.layers() as u32
    }

    /// Declares the rows of `nodes` points.
    fn rows(&mut self, name: &str, nodes: u32) -> Rows {
        let (layers, nodes) = (u64::from(self.layers()), u64::from(nodes));
        let mut row = |thing: String, rows: u64| {
            self.builder.buffer(format!("{name}.{thing}"), Element::F32, &[rows, nodes], Role::Scratch)
        };
        let dtau = row("dtau".into(), layers);
        let kinds = self.model.absorbers.len() + self.model.collisions.len();
        let parts = match (self.wanted.columns, kinds) {
            (false, _) => Vec::new(),
            (true, 1) => vec![dtau],
            (true, _) => (0..kinds).map(|k| row(format!("part{k}"), layers)).collect(),
        };
        let surface = u64::from(self.model.surface);
        Rows {
            dtau,
            slope: row("slope".into(), layers),
            parts,
            depth: row("by_depth".into(), layers),
            source: row("by_temperature".into(), layers + surface),
        }
    }

    fn far(&mut self) {
        for (stage, part) in self.shared.stages.iter().zip(&self.model.parts) {
            stage.far(&mut self.builder, &part.prepared, &self.extent.layers);
        }
    }

    fn end(&mut self) {
        self.shared.stages.iter().for_each(|s| s.end_batch(&mut self.builder));
    }

    /// Opacities, slopes and sensitivities of a segment; its flux.
    fn segment(&mut self, segment: usize, rows: &Rows) -> Result<()> {
        let range = &self.extent.segments[segment];
        let depths = Depths { dtau: rows.dtau, slope: Some(rows.slope), parts: rows.apart() };
        let (shared, batch) = (&self.shared, &self.extent.layers);
        shared.optical_depths(&mut self.builder, self.model, &shared.stages, batch, range, depths)?;
        let buffers = SensitivityBuffers {
            wavenumber: shared.wavenumber,
            dtau: rows.dtau,
            temperature: shared.inputs.temperature,
            flux: self.flux,
            depth: rows.depth,
            source: rows.source,
        };
        let (layers, surface) = (self.layers(), self.model.surface);
        self.builder.stage("transfer");
        buffers.dispatch(&mut self.builder, points(range)?, layers, surface, &self.model.quadrature);
        Ok(())
    }

    /// Kinds of rows: the layer Jacobian, its rows, and the first of them among all kinds.
    fn kinds(&self, rows: &Rows) -> Vec<(LayerJacobianBuffers, std::ops::Range<u32>, u32)> {
        let layers = self.layers();
        let (depth, source) = (rows.depth, rows.source);
        let temperature = LayerJacobianBuffers::Temperature { depth, derivative: rows.slope, source };
        let mut kinds = vec![(temperature, 0..layers, 0)];
        let surface = u32::from(self.model.surface);
        if self.model.surface {
            kinds.push((LayerJacobianBuffers::Given(source), layers..layers + 1, layers));
        }
        for (k, part) in rows.parts.iter().enumerate() {
            let product = LayerJacobianBuffers::Product { depth, derivative: *part };
            kinds.push((product, 0..layers, (1 + k as u32) * layers + surface));
        }
        kinds
    }

    fn retire(&mut self, rows: &Rows) {
        for buffer in [rows.dtau, rows.slope, rows.depth, rows.source].iter().chain(&rows.parts) {
            self.builder.retire(*buffer);
        }
    }

    fn longest(&self) -> Result<u32> {
        Ok(points(&(0..self.extent.segment_points()))?.len())
    }
}

/// Ways of cutting the job, the fastest first: all layers at once.
fn candidates(model: &EmissionModel) -> Vec<Extent> {
    let species: Vec<_> = model.parts.iter().map(|p| &p.prepared).collect();
    Extent::candidates(&species, model.grid.len(), 0..model.layers(), model.layers(), ROWS_HELD)
}

/// A Jacobian's program.
pub struct JacobianProgram<'a> {
    pub program: Program,
    pub extent: Extent,
    pub constants: Vec<Constant<'a>>,
    pub inputs: Inputs,
    pub flux: BufferId,
    /// \[row\]\[column, padded to a multiple of 8\].
    pub coefficients: BufferId,
    /// \[column of the chunk\]\[point of the segment\].
    pub jacobian: BufferId,
    /// Columns of a chunk.
    pub chunk: usize,
    pub columns: usize,
}

impl<'a> JacobianProgram<'a> {
    /// The fastest way within `budget` bytes: of the cuts the fastest, and with it as many columns at a time as fit.
    pub fn choose(
        model: &'a EmissionModel,
        tables: &'a Tables,
        wanted: Wanted,
        columns: usize,
        chunk: ChunkSize,
        limits: &Limits,
        budget: Option<u64>,
    ) -> Result<Self> {
        let whole = columns.next_multiple_of(COLUMNS as usize);
        let chunks: Vec<usize> = match chunk {
            ChunkSize::Columns(n) => vec![n.max(1).next_multiple_of(COLUMNS as usize).min(whole)],
            ChunkSize::Auto => (1..=whole / COLUMNS as usize).rev().map(|n| n * COLUMNS as usize).collect(),
        };
        // More columns at a time save next to nothing: the cut comes first. The fewest columns say whether it fits at all.
        let fewest = chunks[chunks.len() - 1];
        let build = |extent: Extent, chunk| Self::build(model, tables, wanted, columns, chunk, extent, limits, budget);
        let found = first_that_fits(candidates(model), |extent| build(extent, fewest))?;
        let (m0, m1) = (found.bytes_without_columns(), found.bytes_per_column());
        let fits = |chunk: &&usize| budget.is_none_or(|b| m0 + m1 * **chunk as u64 <= b);
        let most = limits.storage_binding_bytes / m1;
        match chunks.iter().filter(|c| **c as u64 <= most).find(fits) {
            Some(chunk) if *chunk != found.chunk => build(found.extent, *chunk),
            _ => Ok(found),
        }
    }

    #[allow(clippy::too_many_arguments)] // what is wanted, how, and within what
    fn build(
        model: &'a EmissionModel,
        tables: &'a Tables,
        wanted: Wanted,
        columns: usize,
        chunk: usize,
        extent: Extent,
        limits: &Limits,
        budget: Option<u64>,
    ) -> Result<Self> {
        let mut b = Builder::new(model, tables, extent, wanted, limits);
        let padded = columns.next_multiple_of(COLUMNS as usize) as u64;
        let longest = b.longest()?;
        let shape = [LayerGradient::row_count(model) as u64, padded];
        let coefficients = b.builder.buffer("jacobian.coefficients", Element::F32, &shape, Role::Input);
        let shape = [chunk as u64, u64::from(longest)];
        let jacobian = b.builder.buffer("jacobian.columns", Element::F32, &shape, Role::Output);
        b.builder.full_staging();
        let rows = b.rows("sensitivity", longest);
        b.far();
        for segment in 0..b.extent.segments.len() {
            b.segment(segment, &rows)?;
            // The columns of this segment alone: as if it were the whole grid.
            let local = crate::grid::Segment::whole(points(&b.extent.segments[segment])?.len())?;
            for first in (0..columns).step_by(chunk) {
                let of_chunk = first as u32..(first + chunk).min(columns) as u32;
                b.builder.stage("jacobian").clear(jacobian);
                for (kind, range, first_coefficient) in b.kinds(&rows) {
                    let columns = of_chunk.clone();
                    let all_columns = padded as u32;
                    let projection = Projection { rows: range, first_coefficient, columns, all_columns };
                    let buffers = ProjectBuffers { coefficient: coefficients, jacobian };
                    kind.project(&mut b.builder, local, local.len(), &buffers, &projection)?;
                }
                b.builder.pause();
            }
            b.retire(&rows);
        }
        b.end();
        let Builder { builder, shared, extent, flux, .. } = b;
        let program = builder.finish(limits, budget)?;
        let (constants, inputs) = (shared.constants, shared.inputs);
        Ok(Self { program, extent, constants, inputs, flux, coefficients, jacobian, chunk, columns })
    }

    fn bytes_per_column(&self) -> u64 {
        4 * self.extent.segment_points().next_multiple_of(crate::cross_section::gpu::ROW_MULTIPLE) as u64
    }

    fn bytes_without_columns(&self) -> u64 {
        self.program.peak_bytes() - self.bytes_per_column() * self.chunk as u64
    }

    /// Its plan.
    pub fn plan(&self) -> JacobianPlan {
        JacobianPlan {
            columns: self.columns,
            chunk: self.chunk,
            bytes_without_columns: self.bytes_without_columns(),
            bytes_per_column: self.bytes_per_column(),
            plan: EmissionPlan::of(&self.program, &self.extent),
        }
    }
}

/// A gradient's program: part 0 gives the flux, part 1 the sums.
pub struct GradientProgram<'a> {
    pub program: Program,
    pub extent: Extent,
    pub constants: Vec<Constant<'a>>,
    pub inputs: Inputs,
    pub flux: BufferId,
    /// \[nu\].
    pub weights: BufferId,
    /// \[row\]\[block of 1024 points\].
    pub sums: BufferId,
    pub stored: bool,
}

impl<'a> GradientProgram<'a> {
    /// Whether opacities are stored: both ways, the faster first. Keeping all saves a third of the time or so, whatever the cut.
    pub const WAYS: &'static [bool] = &[true, false];

    /// The fastest of some of the [`WAYS`](Self::WAYS) within `budget` bytes.
    pub fn choose(
        model: &'a EmissionModel,
        tables: &'a Tables,
        wanted: Wanted,
        ways: &[bool],
        limits: &Limits,
        budget: Option<u64>,
    ) -> Result<Self> {
        let ways = ways.iter().flat_map(|stored| candidates(model).into_iter().map(|e| (*stored, e)));
        first_that_fits(ways, |(stored, extent)| Self::build(model, tables, wanted, stored, extent, limits, budget))
    }

    fn build(
        model: &'a EmissionModel,
        tables: &'a Tables,
        wanted: Wanted,
        stored: bool,
        extent: Extent,
        limits: &Limits,
        budget: Option<u64>,
    ) -> Result<Self> {
        let mut b = Builder::new(model, tables, extent, wanted, limits);
        let n = b.shared.n as u32;
        let weights = b.builder.buffer("gradient.weights", Element::F32, &[u64::from(n)], Role::Input);
        let kinds = if wanted.columns { LayerGradient::row_count(model) } else { model.layers() + 1 } as u64;
        let shape = [kinds, u64::from(blocks(n))];
        let sums = b.builder.buffer("gradient.sums", Element::F32, &shape, Role::Output);
        b.builder.stage("gradient").clear(sums);
        let longest = b.longest()?;
        let segments = b.extent.segments.len();
        let mut kept = Vec::new();
        if stored {
            for segment in 0..segments {
                let nodes = points(&b.extent.segments[segment])?.len();
                kept.push(b.rows(&format!("sensitivity{segment}"), nodes));
            }
            b.far();
            for (segment, rows) in kept.iter().enumerate() {
                b.segment(segment, rows)?;
            }
            b.end();
        } else {
            kept.push(b.rows("sensitivity", longest));
            b.flux_alone(&kept[0])?;
        }
        b.builder.pause();
        if !stored {
            b.far();
        }
        for segment in 0..segments {
            let rows = &kept[segment.min(kept.len() - 1)];
            if !stored {
                b.segment(segment, rows)?;
            }
            b.builder.stage("gradient");
            let points = points(&b.extent.segments[segment])?;
            for (kind, range, first) in b.kinds(rows) {
                let buffers = ReduceBuffers { weight: weights, partial_sum: sums };
                kind.reduce(&mut b.builder, points, n, &buffers, range, first)?;
            }
            if !stored {
                b.retire(rows);
            }
        }
        if !stored {
            b.end();
        }
        let Builder { builder, shared, extent, flux, .. } = b;
        let program = builder.finish(limits, budget)?;
        let (constants, inputs) = (shared.constants, shared.inputs);
        Ok(Self { program, extent, constants, inputs, flux, weights, sums, stored })
    }

    /// Its plan.
    pub fn plan(&self) -> GradientPlan {
        GradientPlan { stored: self.stored, plan: EmissionPlan::of(&self.program, &self.extent) }
    }
}

impl Builder<'_> {
    /// The flux without derivatives, with the bits that it has with them: optical depths are added up in the same order.
    fn flux_alone(&mut self, rows: &Rows) -> Result<()> {
        let dtau = rows.dtau;
        let depths = Depths { dtau, slope: None, parts: rows.apart() };
        let shared = &self.shared;
        let builder = &mut self.builder;
        let tau = builder.buffer("transfer.tau", Element::F32, &[shared.n as u64], Role::Scratch);
        let (wavenumber, temperature) = (shared.wavenumber, shared.inputs.temperature);
        let transfer = EmissionBuffers { wavenumber, dtau, temperature, tau, flux: self.flux };
        let values: Vec<_> = shared.stages.iter().map(|s| s.values()).collect();
        let (layers, batch) = (self.model.layers() as u32, &self.extent.layers);
        builder.stage("transfer").clear(tau).clear(self.flux);
        for (stage, part) in values.iter().zip(&self.model.parts) {
            stage.far(builder, &part.prepared, batch);
        }
        for segment in &self.extent.segments {
            shared.optical_depths(builder, self.model, &values, batch, segment, depths)?;
            builder.stage("transfer");
            let surface = self.model.surface.then_some(layers);
            transfer.dispatch(builder, points(segment)?, 0, layers, surface, &self.model.quadrature);
            for buffer in rows.apart().iter().chain([&dtau]) {
                builder.retire(*buffer);
            }
        }
        values.iter().for_each(|s| s.end_batch(builder));
        builder.retire(tau);
        Ok(())
    }
}
