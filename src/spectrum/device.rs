//! Emission on a device, f32: one program for all layers.

use std::cell::RefCell;

use super::model::{EmissionModel, State};
use super::program::{EmissionPlan, EmissionProgram, Inputs, Tables};
use crate::Result;
use crate::cross_section::gpu::Extent;
use crate::gpu::{BufferId, Device, Workspace, first_that_fits, open_within};
use crate::timing::Stages;

/// A model's program, made ready.
#[derive(Debug)]
pub struct DeviceEmission {
    workspace: Workspace,
    device: Device,
    plan: EmissionPlan,
    tables: Tables,
    inputs: Inputs,
    flux: BufferId,
    /// The driver's counter before anything was allocated.
    counted_before: u64,
}

impl DeviceEmission {
    /// The fastest way within `budget` bytes. `room` is told how many bytes are about to be taken.
    pub fn new(
        model: &EmissionModel,
        device: &Device,
        budget: Option<u64>,
        room: &mut dyn FnMut(u64),
        seconds: &mut Stages,
    ) -> Result<Self> {
        Self::cut(model, device, EmissionProgram::candidates(model), budget, room, seconds)
    }

    /// The first of `extents` within `budget` bytes.
    pub fn cut(
        model: &EmissionModel,
        device: &Device,
        extents: Vec<Extent>,
        budget: Option<u64>,
        room: &mut dyn FnMut(u64),
        seconds: &mut Stages,
    ) -> Result<Self> {
        let tables = seconds.time("plan", || Tables::new(model))?;
        let limits = device.limits();
        let counted_before = device.counted_bytes();
        // What the driver refuses although the budget allows it leads to a smaller plan; results do not depend on the plan.
        let stages = RefCell::new(&mut *seconds);
        let choose = |budget| {
            let build = |extent| EmissionProgram::build(model, &tables, extent, &limits, budget);
            stages.borrow_mut().time("plan", || first_that_fits(extents.clone(), build))
        };
        let (workspace, plan, inputs, flux) = open_within(budget, choose, |chosen| {
            let EmissionProgram { program, extent, constants, inputs, flux } = chosen;
            let plan = EmissionPlan::of(&program, &extent);
            room(plan.memory.peak_bytes);
            let mut stages = stages.borrow_mut();
            let mut workspace = stages.time("pipelines", || Workspace::new(device, program))?;
            stages
                .time("upload", || constants.iter().try_for_each(|(id, content)| workspace.write(*id, &content())))?;
            Ok((workspace, plan, inputs, flux))
        })?;
        Ok(Self { workspace, device: device.clone(), plan, tables, inputs, flux, counted_before })
    }

    /// How it is computed.
    pub fn plan(&self) -> &EmissionPlan {
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

    pub fn flux(&mut self, model: &EmissionModel, state: &State, seconds: &mut Stages) -> Result<Vec<f32>> {
        seconds.time("upload", || self.inputs.write(&mut self.workspace, model, &self.tables, state))?;
        for (stage, time) in seconds.watch("forward", || self.workspace.run_timed())? {
            // cross_section0.output -> output
            seconds.add(stage.split_once('.').map_or(stage.as_str(), |(_, s)| s), time);
        }
        let mut flux: Vec<f32> = seconds.time("readback", || self.workspace.read_vec(self.flux))?;
        flux.truncate(model.grid.len());
        Ok(flux)
    }
}
