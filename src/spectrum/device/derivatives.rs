//! Derivatives on a device, f32: programs made ready when first asked for, and what a retrieval holds of them.

use super::DeviceSpectrum;
use super::derivative_programs::{GradientPlan, GradientProgram, JacobianPlan, JacobianProgram, Wanted};
use super::program::{Built, Inputs, Tables};
use crate::atmosphere::State;
use crate::cross_section::device::{Extent, ROW_MULTIPLE};
use crate::gpu::{BufferId, Device, Workspace, open_within};
use crate::spectrum::derivatives::{ChunkSize, Coefficients, LayerGradient};
use crate::spectrum::model::Model;
use crate::transfer::jacobian::device::{blocks, pad_columns, sum_blocks};
use crate::{Error, Result};

/// What a retrieval holds on a device. Each program is planned within the whole budget, so that its plan does not depend on what was computed before;
/// those that do not fit beside each other take turns.
#[derive(Debug, Default)]
pub struct Programs {
    pub values: Option<DeviceSpectrum>,
    pub jacobian: Option<DeviceJacobian>,
    pub gradient: Option<DeviceGradient>,
    most: u64,
}

impl Programs {
    /// Bytes held, as planned.
    pub fn bytes(&self) -> u64 {
        let values = self.values.as_ref().map_or(0, |p| p.plan().memory.peak_bytes);
        let jacobian = self.jacobian.as_ref().map_or(0, |p| p.plan.plan.memory.peak_bytes);
        values + jacobian + self.gradient.as_ref().map_or(0, |p| p.plan.plan.memory.peak_bytes)
    }

    /// Most bytes ever held.
    pub fn most(&self) -> u64 {
        self.most
    }

    /// Gives all of them up.
    pub fn release(&mut self) {
        (self.values, self.jacobian, self.gradient) = (None, None, None);
    }

    /// Makes another program ready within `budget` bytes: what is held goes if it does not fit beside it, or if the driver has not enough for both. `make`
    /// tells what it is given how many bytes it is about to take.
    pub fn open<T>(
        &mut self,
        budget: Option<u64>,
        mut make: impl FnMut(&mut dyn FnMut(u64)) -> Result<T>,
    ) -> Result<T> {
        let mut attempt = |programs: &mut Self| {
            make(&mut |bytes| {
                if budget.is_some_and(|budget| programs.bytes() + bytes > budget) {
                    programs.release();
                }
            })
        };
        match attempt(self) {
            Err(Error::OutOfMemory { .. }) if self.bytes() > 0 => {
                self.release();
                attempt(self)
            }
            other => other,
        }
    }

    /// Keeps a program.
    pub fn hold(&mut self, keep: impl FnOnce(&mut Self)) {
        keep(self);
        self.most = self.most.max(self.bytes());
    }
}

/// A program on the device and its inputs.
#[derive(Debug)]
struct Ready {
    workspace: Workspace,
    inputs: Inputs,
    result: BufferId,
    extent: Extent,
}

impl Ready {
    fn new(device: &Device, built: Built<'_>) -> Result<Self> {
        let Built { program, extent, constants, inputs, result } = built;
        let mut workspace = Workspace::new(device, program)?;
        constants.iter().try_for_each(|(id, content)| workspace.write(*id, &content()))?;
        Ok(Self { workspace, inputs, result, extent })
    }

    /// What was computed \[nu\].
    fn values(&self, points: usize) -> Result<Vec<f64>> {
        let values: Vec<f32> = self.workspace.read_vec(self.result)?;
        Ok(values[..points].iter().map(|v| f64::from(*v)).collect())
    }
}

/// A Jacobian's program, made ready.
#[derive(Debug)]
pub struct DeviceJacobian {
    ready: Ready,
    coefficients: BufferId,
    columns: BufferId,
    pub plan: JacobianPlan,
    wanted: Wanted,
}

impl DeviceJacobian {
    /// The fastest way within `budget` bytes. `room` is told how many bytes are about to be taken.
    #[allow(clippy::too_many_arguments)] // what is wanted, how, where, and within what
    pub fn new(
        model: &Model,
        tables: &Tables,
        device: &Device,
        wanted: Wanted,
        columns: usize,
        chunk: ChunkSize,
        budget: Option<u64>,
        room: &mut dyn FnMut(u64),
    ) -> Result<Self> {
        let limits = device.limits();
        let choose = |budget| JacobianProgram::choose(model, tables, wanted, columns, chunk, &limits, budget);
        open_within(budget, choose, |chosen| {
            let plan = chosen.plan();
            room(plan.plan.memory.peak_bytes);
            let JacobianProgram { built, coefficients, jacobian, .. } = chosen;
            let ready = Ready::new(device, built)?;
            Ok(Self { ready, coefficients, columns: jacobian, plan, wanted })
        })
    }

    /// True if it computes what is wanted.
    pub fn serves(&self, wanted: Wanted, columns: usize) -> bool {
        self.plan.columns == columns && (self.wanted.columns || !wanted.columns)
    }

    /// What is computed \[nu\] and its Jacobian \[column\]\[nu\].
    pub fn compute(
        &mut self,
        model: &Model,
        state: &State,
        coefficients: &Coefficients,
    ) -> Result<(Vec<f64>, Vec<f64>)> {
        let Ready { workspace, inputs, extent, .. } = &mut self.ready;
        let n = model.grid.len();
        inputs.write(workspace, model, state)?;
        workspace.write_slice(self.coefficients, &pad_columns(&coefficients.rows(), coefficients.columns))?;
        let mut jacobian = vec![0.0; n * coefficients.columns];
        let mut part = 0;
        for segment in &extent.segments {
            let row = segment.len().next_multiple_of(ROW_MULTIPLE);
            for first in (0..coefficients.columns).step_by(self.plan.chunk) {
                workspace.run_part(part)?;
                part += 1;
                let columns = self.plan.chunk.min(coefficients.columns - first);
                let mut values = vec![0f32; columns * row];
                workspace.read_range(self.columns, 0, bytemuck::cast_slice_mut(&mut values))?;
                for (column, values) in jacobian[first * n..].chunks_mut(n).zip(values.chunks(row)) {
                    for (to, v) in column[segment.clone()].iter_mut().zip(values) {
                        *to = f64::from(*v);
                    }
                }
            }
        }
        Ok((self.ready.values(n)?, jacobian))
    }
}

/// A gradient's program, made ready.
#[derive(Debug)]
pub struct DeviceGradient {
    ready: Ready,
    weights: BufferId,
    sums: BufferId,
    pub plan: GradientPlan,
    wanted: Wanted,
}

impl DeviceGradient {
    /// The fastest way within `budget` bytes. `room` is told how many bytes are about to be taken.
    pub fn new(
        model: &Model,
        tables: &Tables,
        device: &Device,
        wanted: Wanted,
        budget: Option<u64>,
        room: &mut dyn FnMut(u64),
    ) -> Result<Self> {
        let limits = device.limits();
        let choose = |budget| GradientProgram::choose(model, tables, wanted, GradientProgram::WAYS, &limits, budget);
        open_within(budget, choose, |chosen| {
            let plan = chosen.plan();
            room(plan.plan.memory.peak_bytes);
            let GradientProgram { built, weights, sums, .. } = chosen;
            let mut ready = Ready::new(device, built)?;
            // The values come before the weights: until then they are nothing.
            let n = model.grid.len().next_multiple_of(ROW_MULTIPLE);
            ready.workspace.write_slice(weights, &vec![0f32; n])?;
            Ok(Self { ready, weights, sums, plan, wanted })
        })
    }

    /// True if it computes what is wanted.
    pub fn serves(&self, wanted: Wanted) -> bool {
        self.wanted.columns || !wanted.columns
    }

    /// What is computed \[nu\] for a state, for which gradients may then be computed.
    pub fn values(&mut self, model: &Model, state: &State) -> Result<Vec<f64>> {
        self.ready.inputs.write(&mut self.ready.workspace, model, state)?;
        self.ready.workspace.run_part(0)?;
        self.ready.values(model.grid.len())
    }

    /// Derivatives by the layers of the sum of `weights` \[nu\] times what was computed for the state last given.
    pub fn layer_gradient(&mut self, model: &Model, weights: &[f64]) -> Result<LayerGradient> {
        // Weights in units of the largest: chi-square's may be beyond float32's range.
        let scale = weights.iter().fold(0.0f64, |m, w| m.max(w.abs()));
        let scale = if scale.is_finite() && scale > 0.0 { scale } else { 1.0 };
        let n = model.grid.len().next_multiple_of(ROW_MULTIPLE);
        let mut padded: Vec<f32> = weights.iter().map(|w| (w / scale) as f32).collect();
        padded.resize(n, 0.0);
        let workspace = &mut self.ready.workspace;
        workspace.write_slice(self.weights, &padded)?;
        workspace.run_part(1)?;
        let partial: Vec<f32> = workspace.read_vec(self.sums)?;
        let mut rows = sum_blocks(&partial, blocks(n as u32));
        rows.iter_mut().for_each(|v| *v *= scale);
        rows.resize(LayerGradient::row_count(model), 0.0);
        Ok(LayerGradient::from_rows(model, &rows))
    }
}
