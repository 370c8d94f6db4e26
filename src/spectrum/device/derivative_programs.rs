//! Derivatives as programs of passes: all layers of one segment of the grid after the other.
//!
//! *Forward*: per segment, opacities and their slopes, sensitivities, then the products with the coefficients, a chunk of columns at a
//! time; the host reads each chunk at a pause. Bytes are m0 + m1 times the columns of a chunk.
//!
//! *Reverse*: the values come first, because a scalar's weights depend on them. Then either all segments' rows have been kept (*stored*), or
//! they are computed again segment by segment (*recomputed*), and summed with the weights. Which of the two, and how the grid is cut, is the
//! first that fits, the fastest first.

use serde::Serialize;

use super::program::{Build, Built, DepthRows, SpectrumPlan, Tables};
use crate::Result;
use crate::cross_section::device::{Extent, ROW_MULTIPLE};
use crate::gpu::{BufferId, DeviceClass, Element, Limits, ProgramBuilder, Role, first_within};
use crate::opacity::Opacity;
use crate::opacity::device::points;
use crate::spectrum::derivatives::{ChunkSize, LayerGradient};
use crate::spectrum::model::Model;
use crate::stage::Stage;
use crate::transfer::SensitivityRows;
use crate::transfer::jacobian::device::{
    COLUMNS, LayerJacobianBuffers, ProjectBuffers, Projection, ReduceBuffers, blocks,
};

/// What is wanted of the layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Derivatives by amounts and shapes too, not only by temperature and what is the geometry's own.
    pub columns: bool,
}

/// The plan of a Jacobian: bytes as a function of the chunk.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
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
    pub plan: SpectrumPlan,
}

/// The plan of a gradient.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct GradientPlan {
    /// True if opacities and sensitivities of the whole grid are kept; false if they are computed twice.
    pub stored: bool,
    /// Cut and memory.
    pub plan: SpectrumPlan,
}

/// Rows of one segment, or of the longest, if one set serves all in turn.
#[derive(Clone, Debug)]
struct Rows {
    depths: DepthRows,
    slope: BufferId,
    sensitivity: SensitivityRows,
}

impl Rows {
    /// Declares the rows of `nodes` points.
    fn declare(b: &mut Build, wanted: Wanted, name: &str, nodes: u32) -> Self {
        let (layers, nodes) = (b.model.layers() as u64, u64::from(nodes));
        let mut row =
            |thing: String| b.builder.buffer(format!("{name}.{thing}"), Element::F32, &[layers, nodes], Role::Scratch);
        let dtau = row("dtau".into());
        let single = b.model.opacities().len() == 1;
        let mut part = |k: usize, opacity: &dyn Opacity| {
            let amount = if single { dtau } else { row(format!("part{k}")) };
            (amount, (0..opacity.shape().len()).map(|s| row(format!("part{k}_shape{s}"))).collect())
        };
        let parts = match wanted.columns {
            true => b.model.opacities().enumerate().map(|(k, o)| part(k, o)).collect(),
            false => Vec::new(),
        };
        let slope = row("slope".into());
        let sensitivity = b.transfer.rows(&mut b.builder, name, nodes);
        Self { depths: DepthRows { dtau, slope: Some(slope), parts }, slope, sensitivity }
    }

    /// The rows for values alone.
    fn values(&self) -> DepthRows {
        let parts = self.depths.parts.iter().map(|(amount, _)| (*amount, Vec::new()));
        DepthRows { dtau: self.depths.dtau, slope: None, parts: parts.collect() }
    }

    /// Kinds of rows: the layer Jacobian, its rows, and the first of them among all kinds.
    fn kinds(&self, layers: u32) -> Vec<(LayerJacobianBuffers, std::ops::Range<u32>, u32)> {
        let depth = self.sensitivity.depth;
        let mut kinds = vec![(self.sensitivity.by_temperature(self.slope), 0..layers, 0)];
        let mut first = layers;
        if let Some((buffer, rows)) = &self.sensitivity.own {
            kinds.push((LayerJacobianBuffers::Given(*buffer), rows.clone(), first));
            first += rows.len() as u32;
        }
        for derivative in self.depths.parts.iter().flat_map(|(amount, shape)| std::iter::once(amount).chain(shape)) {
            let derivative = *derivative;
            kinds.push((LayerJacobianBuffers::Product { depth, derivative }, 0..layers, first));
            first += layers;
        }
        kinds
    }

    fn retire(&self, builder: &mut ProgramBuilder) {
        for buffer in self.depths.all().chain(self.sensitivity.all()) {
            builder.retire(buffer);
        }
    }
}

/// Ways of cutting the job, the fastest first: all layers at once.
fn candidates(model: &Model, class: DeviceClass) -> Vec<Extent> {
    model.extents(model.layers(), model.geometry().rows_held(), class)
}

/// A Jacobian's program.
pub struct JacobianProgram<'a> {
    pub built: Built<'a>,
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
        model: &'a Model,
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
        model.check_row(limits)?;
        // Optical depths and their slopes are held at least.
        let bound = |extent: &Extent| extent.least_bytes(2);
        let found = first_within(candidates(model, limits.class), budget, bound, |extent| build(extent, fewest))?;
        let (m0, m1) = (found.bytes_without_columns(), found.bytes_per_column());
        let fits = |chunk: &&usize| budget.is_none_or(|b| m0 + m1 * **chunk as u64 <= b);
        let most = limits.storage_binding_bytes / m1;
        match chunks.iter().filter(|c| **c as u64 <= most).find(fits) {
            Some(chunk) if *chunk != found.chunk => build(found.built.extent, *chunk),
            _ => Ok(found),
        }
    }

    #[allow(clippy::too_many_arguments)] // what is wanted, how, and within what
    fn build(
        model: &'a Model,
        tables: &'a Tables,
        wanted: Wanted,
        columns: usize,
        chunk: usize,
        extent: Extent,
        limits: &Limits,
        budget: Option<u64>,
    ) -> Result<Self> {
        let mut b = Build::new(model, tables, extent, true, limits);
        let padded = columns.next_multiple_of(COLUMNS as usize) as u64;
        let longest = b.longest()?;
        let shape = [LayerGradient::row_count(model) as u64, padded];
        let coefficients = b.builder.buffer("jacobian.coefficients", Element::F32, &shape, Role::Input);
        let shape = [chunk as u64, u64::from(longest)];
        let jacobian = b.builder.buffer("jacobian.columns", Element::F32, &shape, Role::Output);
        b.builder.full_staging();
        let rows = Rows::declare(&mut b, wanted, "sensitivity", longest);
        let layers = model.layers() as u32;
        b.walk(
            false,
            |_| rows.depths.clone(),
            |builder, transfer, _, _, segment| {
                builder.stage(Stage::Transfer);
                transfer.sensitivity(builder, points(segment)?, rows.depths.dtau, &rows.sensitivity)?;
                // The columns of this segment alone: as if it were the whole grid.
                let local = crate::grid::Segment::whole(points(segment)?.len())?;
                for first in (0..columns).step_by(chunk) {
                    let of_chunk = first as u32..(first + chunk).min(columns) as u32;
                    builder.stage(Stage::Jacobian).clear(jacobian);
                    for (kind, range, first_coefficient) in rows.kinds(layers) {
                        let columns = of_chunk.clone();
                        let all_columns = padded as u32;
                        let projection = Projection { rows: range, first_coefficient, columns, all_columns };
                        let buffers = ProjectBuffers { coefficient: coefficients, jacobian };
                        kind.project(builder, local, local.len(), &buffers, &projection)?;
                    }
                    builder.pause();
                }
                rows.retire(builder);
                Ok(())
            },
        )?;
        Ok(Self {
            built: b.finish(model.geometry().rows_held(), limits, budget)?,
            coefficients,
            jacobian,
            chunk,
            columns,
        })
    }

    fn bytes_per_column(&self) -> u64 {
        4 * self.built.extent.segment_points().next_multiple_of(ROW_MULTIPLE) as u64
    }

    fn bytes_without_columns(&self) -> u64 {
        self.built.program.peak_bytes() - self.bytes_per_column() * self.chunk as u64
    }

    /// Its plan.
    pub fn plan(&self) -> JacobianPlan {
        JacobianPlan {
            columns: self.columns,
            chunk: self.chunk,
            bytes_without_columns: self.bytes_without_columns(),
            bytes_per_column: self.bytes_per_column(),
            plan: SpectrumPlan::of(&self.built.program, &self.built.extent),
        }
    }
}

/// A gradient's program: part 0 gives the values, part 1 the sums.
pub struct GradientProgram<'a> {
    pub built: Built<'a>,
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
        model: &'a Model,
        tables: &'a Tables,
        wanted: Wanted,
        ways: &[bool],
        limits: &Limits,
        budget: Option<u64>,
    ) -> Result<Self> {
        model.check_row(limits)?;
        let ways = ways.iter().flat_map(|stored| candidates(model, limits.class).into_iter().map(|e| (*stored, e)));
        let build = |(stored, extent)| Self::build(model, tables, wanted, stored, extent, limits, budget);
        // Optical depths and their slopes are held at least.
        first_within(ways.collect(), budget, |(_, extent): &(bool, Extent)| extent.least_bytes(2), build)
    }

    fn build(
        model: &'a Model,
        tables: &'a Tables,
        wanted: Wanted,
        stored: bool,
        extent: Extent,
        limits: &Limits,
        budget: Option<u64>,
    ) -> Result<Self> {
        let mut b = Build::new(model, tables, extent, true, limits);
        let (n, layers) = (tables.points() as u32, model.layers() as u32);
        let weights = b.builder.buffer("gradient.weights", Element::F32, &[u64::from(n)], Role::Input);
        let all = LayerGradient::row_count(model);
        let of_opacities = model.rows_of_opacities() * model.layers();
        let kinds = if wanted.columns { all } else { all - of_opacities } as u64;
        let shape = [kinds, u64::from(blocks(n))];
        let sums = b.builder.buffer("gradient.sums", Element::F32, &shape, Role::Output);
        b.builder.stage(Stage::Gradient).clear(sums);
        let reduce = |builder: &mut ProgramBuilder, segment: &std::ops::Range<usize>, rows: &Rows| -> Result<()> {
            builder.stage(Stage::Gradient);
            for (kind, range, first) in rows.kinds(layers) {
                let buffers = ReduceBuffers { weight: weights, partial_sum: sums };
                kind.reduce(builder, points(segment)?, n, &buffers, range, first)?;
            }
            Ok(())
        };
        if stored {
            let segments = b.extent.segments.clone();
            let mut kept = Vec::new();
            for (i, segment) in segments.iter().enumerate() {
                let nodes = points(segment)?.len();
                kept.push(Rows::declare(&mut b, wanted, &format!("sensitivity{i}"), nodes));
            }
            b.walk(
                false,
                |i| kept[i].depths.clone(),
                |builder, transfer, i, _, segment| {
                    builder.stage(Stage::Transfer);
                    transfer.sensitivity(builder, points(segment)?, kept[i].depths.dtau, &kept[i].sensitivity)
                },
            )?;
            b.builder.pause();
            for (segment, rows) in segments.iter().zip(&kept) {
                reduce(&mut b.builder, segment, rows)?;
            }
        } else {
            let longest = b.longest()?;
            let rows = Rows::declare(&mut b, wanted, "sensitivity", longest);
            values_alone(&mut b, &rows)?;
            b.builder.pause();
            b.walk(
                false,
                |_| rows.depths.clone(),
                |builder, transfer, _, _, segment| {
                    builder.stage(Stage::Transfer);
                    transfer.sensitivity(builder, points(segment)?, rows.depths.dtau, &rows.sensitivity)?;
                    reduce(builder, segment, &rows)?;
                    rows.retire(builder);
                    Ok(())
                },
            )?;
        }
        Ok(Self { built: b.finish(model.geometry().rows_held(), limits, budget)?, weights, sums, stored })
    }

    /// Its plan.
    pub fn plan(&self) -> GradientPlan {
        GradientPlan { stored: self.stored, plan: SpectrumPlan::of(&self.built.program, &self.built.extent) }
    }
}

/// The values without derivatives, with the bits that they have with them: optical depths are added up in the same order.
fn values_alone(b: &mut Build, rows: &Rows) -> Result<()> {
    b.builder.stage(Stage::Transfer);
    b.transfer.begin(&mut b.builder);
    let values = rows.values();
    b.walk(
        true,
        |_| values.clone(),
        |builder, transfer, _, layers, segment| {
            builder.stage(Stage::Transfer);
            transfer.add(builder, layers, points(segment)?, values.dtau)?;
            for buffer in values.all() {
                builder.retire(buffer);
            }
            Ok(())
        },
    )?;
    b.transfer.end(&mut b.builder);
    Ok(())
}
