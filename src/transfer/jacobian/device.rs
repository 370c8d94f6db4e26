//! The device side of [`jacobian`](super): projections onto parameters and reductions over wavenumber.

use crate::gpu::{BufferId, HostLayout, Kernel, Layout, ProgramBuilder, host_struct};
use crate::grid::Segment;
use crate::transfer::blocks::SUM_BLOCK;
use crate::{Error, Result};
use std::ops::Range;

host_struct! {
    /// Parameters of one projection.
    pub struct ProjectParams {
        /// Wavenumbers of the segment over four.
        quads: u32,
        /// Its first wavenumber in the grid over four.
        first_quad: u32,
        /// Wavenumbers of the grid over four.
        grid_quads: u32,
        /// Rows to sum over.
        rows: u32,
        /// The first of them in the layer Jacobian.
        first_row: u32,
        /// The row of the coefficients that goes with it.
        first_coefficient: u32,
        /// Columns of the coefficients over four.
        stride: u32,
        /// First of the eight columns over four.
        offset: u32,
        /// Columns, 1 to 8.
        columns: u32,
        /// Row of the Jacobian that the first goes to.
        first_column: u32,
        /// Zero.
        pad0: u32,
        /// Zero.
        pad1: u32,
    }
}

host_struct! {
    /// Parameters of one reduction.
    pub struct ReduceParams {
        /// Wavenumbers of the segment over four.
        quads: u32,
        /// Its first wavenumber in the grid over four.
        first_quad: u32,
        /// Rows to reduce.
        rows: u32,
        /// The first of them in the layer Jacobian.
        first_row: u32,
        /// The row of the partial sums that it goes to.
        target_row: u32,
        /// Blocks of a row of partial sums.
        grid_blocks: u32,
        /// Zero.
        pad0: u32,
        /// Zero.
        pad1: u32,
    }
}

/// A kernel over the rows of a layer Jacobian: how the rows arise, then what is done with them.
macro_rules! over_rows {
    ($name:literal, $rows:literal, $what:literal, $params:expr) => {
        Kernel::new(
            $name,
            &[
                include_str!(concat!("../../../shaders/transfer/rows_", $rows, ".wgsl")),
                include_str!(concat!("../../../shaders/transfer/", $what, ".wgsl")),
            ],
            $params,
        )
    };
}

const PROJECT: &Layout = &ProjectParams::LAYOUT;
const REDUCE: &Layout = &ReduceParams::LAYOUT;
static PROJECT_GIVEN: Kernel = over_rows!("transfer/project_given", "given", "project", PROJECT);
static PROJECT_PRODUCT: Kernel = over_rows!("transfer/project_product", "product", "project", PROJECT);
static PROJECT_TEMPERATURE: Kernel = over_rows!("transfer/project_temperature", "temperature", "project", PROJECT);
static REDUCE_GIVEN: Kernel = over_rows!("transfer/reduce_given", "given", "reduce", REDUCE);
static REDUCE_PRODUCT: Kernel = over_rows!("transfer/reduce_product", "product", "reduce", REDUCE);
static REDUCE_TEMPERATURE: Kernel = over_rows!("transfer/reduce_temperature", "temperature", "reduce", REDUCE);

/// The kernels of this file.
pub fn kernels() -> [&'static Kernel; 6] {
    [&PROJECT_GIVEN, &PROJECT_PRODUCT, &PROJECT_TEMPERATURE, &REDUCE_GIVEN, &REDUCE_PRODUCT, &REDUCE_TEMPERATURE]
}

/// Wavenumbers of a workgroup of a projection.
const WORKGROUP: u32 = 256;

/// Columns of a dispatch; rows of coefficients are padded to a multiple of it.
pub const COLUMNS: u32 = 8;

/// Wavenumbers that one partial sum of a reduction covers.
const BLOCK: u32 = SUM_BLOCK as u32;

/// Rows of derivatives of the flux by layer quantities, each buffer f32 \[row\]\[segment\]; the host's
/// [`LayerJacobian`](super::LayerJacobian).
#[derive(Debug, Clone, Copy)]
pub enum LayerJacobianBuffers {
    /// As they stand, e.g. the surface's row of the source sensitivities.
    Given(BufferId),
    /// dF / d dtau times a derivative of dtau.
    Product {
        /// dF / d dtau.
        depth: BufferId,
        /// d dtau / d(quantity).
        derivative: BufferId,
    },
    /// By temperature: dF / d dtau times d dtau / dT, plus dF / dT at fixed optical depths.
    Temperature {
        /// dF / d dtau.
        depth: BufferId,
        /// d dtau / dT.
        derivative: BufferId,
        /// dF / dT at fixed optical depths.
        source: BufferId,
    },
}

/// Where a projection takes its coefficients from and puts the columns, both f32.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct ProjectBuffers {
    /// \[rows\]\[columns, padded to a multiple of [`COLUMNS`]\]: d(quantity of the row) / d(parameter); see [`pad_columns`].
    pub coefficient: BufferId,
    /// \[columns\]\[n of the grid\], the segment's points added to; must be cleared before the first.
    pub jacobian: BufferId,
}

/// One projection: which rows go with which coefficients to which columns.
#[doc(hidden)]
#[derive(Debug, Clone)]
pub struct Projection {
    /// Rows of the layer Jacobian.
    pub rows: Range<u32>,
    /// The row of the coefficients that goes with the first.
    pub first_coefficient: u32,
    /// Columns of the coefficients, the first a multiple of [`COLUMNS`]; they go to the first rows of the Jacobian.
    pub columns: Range<u32>,
    /// Columns of the coefficients in all, without padding.
    pub all_columns: u32,
}

/// Where a reduction takes its weights from and puts the sums, both f32.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct ReduceBuffers {
    /// \[n of the grid\], read.
    pub weight: BufferId,
    /// \[rows\]\[[`blocks`] of the grid\], the segment's written; the host adds them with [`sum_blocks`].
    pub partial_sum: BufferId,
}

impl LayerJacobianBuffers {
    fn bindings(&self, first: [BufferId; 2]) -> Vec<BufferId> {
        let mut all = first.to_vec();
        match *self {
            Self::Given(rows) => all.push(rows),
            Self::Product { depth, derivative } => all.extend([depth, derivative]),
            Self::Temperature { depth, derivative, source } => all.extend([depth, derivative, source]),
        }
        all
    }

    fn kernel(&self, kernels: [&'static Kernel; 3]) -> &'static Kernel {
        match self {
            Self::Given(_) => kernels[0],
            Self::Product { .. } => kernels[1],
            Self::Temperature { .. } => kernels[2],
        }
    }

    /// Adds the dispatches that project a segment onto parameters and add to the Jacobian, one for each [`COLUMNS`] columns;
    /// `n` is the padded length of a row of the Jacobian. The bits of a column depend neither on the others nor on the segments.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the first column is no multiple of [`COLUMNS`] or `n` is no multiple of 4.
    pub fn project(
        &self,
        program: &mut ProgramBuilder,
        segment: Segment,
        n: u32,
        buffers: &ProjectBuffers,
        projection: &Projection,
    ) -> Result<()> {
        let columns = &projection.columns;
        if !columns.start.is_multiple_of(COLUMNS) {
            return Err(Error::invalid("first column", columns.start, format!("a multiple of {COLUMNS}")));
        }
        let grid = Segment::whole(n)?;
        let kernel = self.kernel([&PROJECT_GIVEN, &PROJECT_PRODUCT, &PROJECT_TEMPERATURE]);
        let bindings = self.bindings([buffers.coefficient, buffers.jacobian]);
        for first in columns.clone().step_by(COLUMNS as usize) {
            let params = ProjectParams {
                quads: segment.quads(),
                first_quad: segment.first_quad(),
                grid_quads: grid.quads(),
                rows: projection.rows.end - projection.rows.start,
                first_row: projection.rows.start,
                first_coefficient: projection.first_coefficient,
                stride: projection.all_columns.next_multiple_of(COLUMNS) / 4,
                offset: first / 4,
                columns: COLUMNS.min(columns.end - first),
                first_column: first - columns.start,
                pad0: 0,
                pad1: 0,
            };
            program.dispatch(kernel, &params, &bindings, [segment.len().div_ceil(WORKGROUP), 1, 1]);
        }
        Ok(())
    }

    /// Adds the dispatch that sums `rows` of a segment over wavenumber with weights, into the partial sums from row `target_row`;
    /// `n` is the padded length of the grid. Bits do not depend on the segments.
    ///
    /// # Errors
    /// [`Error::Invalid`] if there is no row, the segment does not begin at a multiple of 1024, or ends between two unless at the grid's end.
    pub fn reduce(
        &self,
        program: &mut ProgramBuilder,
        segment: Segment,
        n: u32,
        buffers: &ReduceBuffers,
        rows: Range<u32>,
        target_row: u32,
    ) -> Result<()> {
        let (first, end) = (segment.first(), segment.first() + segment.len());
        if !first.is_multiple_of(BLOCK) || !(end.is_multiple_of(BLOCK) || end == n) {
            let required = format!("whole blocks of {BLOCK} points, the last to the end of the grid, {n}");
            return Err(Error::invalid("segment to reduce", format!("points {first} to {end}"), required));
        }
        if rows.is_empty() {
            return Err(Error::invalid("rows to reduce", format!("{rows:?}"), "at least one"));
        }
        let params = ReduceParams {
            quads: segment.quads(),
            first_quad: segment.first_quad(),
            rows: rows.end - rows.start,
            first_row: rows.start,
            target_row,
            grid_blocks: blocks(n),
            pad0: 0,
            pad1: 0,
        };
        let kernel = self.kernel([&REDUCE_GIVEN, &REDUCE_PRODUCT, &REDUCE_TEMPERATURE]);
        let bindings = self.bindings([buffers.weight, buffers.partial_sum]);
        program.dispatch(kernel, &params, &bindings, [segment.len().div_ceil(BLOCK), params.rows.div_ceil(4), 1]);
        Ok(())
    }
}

/// Partial sums of a row for a grid of `n` points.
pub fn blocks(n: u32) -> u32 {
    n.div_ceil(BLOCK)
}

/// The sums of rows \[row\] from their partial sums \[row\]\[`blocks`\].
pub fn sum_blocks(partial_sum: &[f32], blocks: u32) -> Vec<f64> {
    partial_sum.chunks(blocks.max(1) as usize).map(|row| row.iter().map(|sum| f64::from(*sum)).sum()).collect()
}

/// Coefficients \[row\]\[column\] in f32, rows padded with zeros to a multiple of [`COLUMNS`].
pub fn pad_columns(coefficient: &[f64], columns: usize) -> Vec<f32> {
    let padding = columns.next_multiple_of(COLUMNS as usize) - columns;
    let rows = coefficient.chunks(columns.max(1));
    rows.flat_map(|row| row.iter().map(|v| *v as f32).chain(std::iter::repeat_n(0.0, padding))).collect()
}
