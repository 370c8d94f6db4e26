//! Spectra on a device, f32: one program for all layers, made ready once.

pub mod derivative_programs;
pub mod derivatives;
pub mod program;

use std::cell::RefCell;

use self::program::{Inputs, SpectrumPlan, SpectrumProgram, Tables};
use super::model::Model;
use crate::Result;
use crate::atmosphere::State;
use crate::cross_section::device::Extent;
use crate::gpu::{BufferId, Device, Workspace, first_within, open_within};
use crate::stage::Stage;
use crate::timing::Stages;

/// A model's program, made ready.
#[derive(Debug)]
pub struct DeviceSpectrum {
    workspace: Workspace,
    device: Device,
    plan: SpectrumPlan,
    inputs: Inputs,
    result: BufferId,
    /// The driver's counter before anything was allocated.
    counted_before: u64,
}

impl DeviceSpectrum {
    /// The fastest way within `budget` bytes. `room` is told how many bytes are about to be taken.
    pub fn new(
        model: &Model,
        device: &Device,
        budget: Option<u64>,
        room: &mut dyn FnMut(u64),
        seconds: &mut Stages,
    ) -> Result<Self> {
        Self::cut(model, device, SpectrumProgram::candidates(model, device.limits().class), budget, room, seconds)
    }

    /// The first of `extents` within `budget` bytes.
    pub fn cut(
        model: &Model,
        device: &Device,
        extents: Vec<Extent>,
        budget: Option<u64>,
        room: &mut dyn FnMut(u64),
        seconds: &mut Stages,
    ) -> Result<Self> {
        model.check_row(&device.limits())?;
        let tables = seconds.time(Stage::Plan, || Tables::new(model))?;
        let limits = device.limits();
        let counted_before = device.counted_bytes();
        // What the driver refuses although the budget allows it leads to a smaller plan; results do not depend on the plan.
        let stages = RefCell::new(&mut *seconds);
        let choose = |budget| {
            let build = |extent| SpectrumProgram::build(model, &tables, extent, &limits, budget);
            let bound = |extent: &Extent| extent.least_bytes(1);
            stages.borrow_mut().time(Stage::Plan, || first_within(extents.clone(), budget, bound, build))
        };
        let (workspace, plan, inputs, result) = open_within(budget, choose, |chosen| {
            let SpectrumProgram { program, extent, constants, inputs, result } = chosen;
            let plan = SpectrumPlan::of(&program, &extent);
            room(plan.memory.peak_bytes);
            let mut stages = stages.borrow_mut();
            let mut workspace = stages.time(Stage::Pipelines, || Workspace::new(device, program))?;
            stages.time(Stage::Upload, || {
                constants.iter().try_for_each(|(id, content)| workspace.write(*id, &content()))
            })?;
            Ok((workspace, plan, inputs, result))
        })?;
        Ok(Self { workspace, device: device.clone(), plan, inputs, result, counted_before })
    }

    /// How it is computed.
    pub fn plan(&self) -> &SpectrumPlan {
        &self.plan
    }

    /// The driver's counter before anything was allocated \[bytes\].
    pub fn counted_before(&self) -> u64 {
        self.counted_before
    }

    /// Planned bytes, and most bytes that the ledger saw.
    pub fn bytes(&self) -> (u64, u64) {
        (self.workspace.program().peak_bytes(), self.device.ledger().peak())
    }

    /// What is computed \[nu\].
    pub fn values(&mut self, model: &Model, state: &State, seconds: &mut Stages) -> Result<Vec<f32>> {
        seconds.time(Stage::Upload, || self.inputs.write(&mut self.workspace, model, state))?;
        for (stage, time) in seconds.watch(Stage::Forward, || self.workspace.run_told())? {
            seconds.add(stage.stage, time);
        }
        let mut values: Vec<f32> = seconds.time(Stage::Readback, || self.workspace.read_vec(self.result))?;
        values.truncate(model.grid.len());
        Ok(values)
    }
}
