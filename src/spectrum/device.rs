//! Emission on a device, f32: one program for all layers.

use super::cpu::pair;
use super::model::{EmissionModel, State};
use super::program::{EmissionPlan, EmissionProgram, Tables};
use crate::Result;
use crate::cross_section::gpu::{DeviceStage, Extent};
use crate::gpu::{BufferId, Device, Workspace, first_that_fits, open_within};
use crate::timing::Stages;

/// A model's program, made ready.
#[derive(Debug)]
pub struct DeviceEmission {
    workspace: Workspace,
    device: Device,
    plan: EmissionPlan,
    tables: Tables,
    layers: Vec<BufferId>,
    cia: Vec<BufferId>,
    temperature: BufferId,
    flux: BufferId,
}

impl DeviceEmission {
    /// The fastest way within `budget` bytes.
    pub fn new(model: &EmissionModel, device: &Device, budget: Option<u64>, seconds: &mut Stages) -> Result<Self> {
        Self::cut(model, device, EmissionProgram::candidates(model), budget, seconds)
    }

    /// The first of `extents` within `budget` bytes.
    pub fn cut(
        model: &EmissionModel,
        device: &Device,
        extents: Vec<Extent>,
        budget: Option<u64>,
        seconds: &mut Stages,
    ) -> Result<Self> {
        let tables = seconds.time("plan", || Tables::new(model))?;
        let limits = device.limits();
        // An injected or real refusal by the driver leads to the next smaller plan; results do not depend on the plan.
        let (workspace, rest) = {
            let seconds = std::cell::RefCell::new(&mut *seconds);
            let choose = |budget| {
                let build = |extent| EmissionProgram::build(model, &tables, extent, &limits, budget);
                seconds.borrow_mut().time("plan", || first_that_fits(extents.clone(), build))
            };
            open_within(budget, choose, |chosen| {
                let plan = EmissionPlan::of(&chosen.program, &chosen.extent);
                let EmissionProgram { program, constants, layers, cia, temperature, flux, .. } = chosen;
                let mut seconds = seconds.borrow_mut();
                let mut workspace = seconds.time("pipelines", || Workspace::new(device, program))?;
                let write = || constants.iter().try_for_each(|(id, content)| workspace.write(*id, &content()));
                seconds.time("upload", write)?;
                Ok((workspace, (plan, layers, cia, temperature, flux)))
            })?
        };
        let (plan, layers, cia, temperature, flux) = rest;
        Ok(Self { workspace, device: device.clone(), plan, tables, layers, cia, temperature, flux })
    }

    /// How it is computed.
    pub fn plan(&self) -> &EmissionPlan {
        &self.plan
    }

    /// Planned bytes, and most bytes that the ledger saw.
    pub fn bytes(&self) -> (u64, u64) {
        (self.workspace.program().peak_bytes(), self.device.ledger().peak())
    }

    pub fn flux(&mut self, model: &EmissionModel, state: &State, seconds: &mut Stages) -> Result<Vec<f32>> {
        seconds.time("upload", || self.write(model, state))?;
        for (stage, time) in seconds.watch("forward", || self.workspace.run_timed())? {
            // cross_section0.output -> output
            seconds.add(stage.split_once('.').map_or(stage.as_str(), |(_, s)| s), time);
        }
        let mut flux: Vec<f32> = seconds.time("readback", || self.workspace.read_vec(self.flux))?;
        flux.truncate(model.grid.len());
        Ok(flux)
    }

    /// Writes what changes from spectrum to spectrum: a few hundred bytes a layer.
    fn write(&mut self, model: &EmissionModel, state: &State) -> Result<()> {
        let mut temperature: Vec<f32> = state.temperature_k.iter().map(|t| *t as f32).collect();
        temperature.push(state.surface_temperature_k.unwrap_or(1.0) as f32);
        self.workspace.write_slice(self.temperature, &temperature)?;
        for (buffer, part) in self.layers.iter().zip(&model.parts) {
            let columns = model.ln_columns(part.absorber, state);
            self.workspace.write(*buffer, &DeviceStage::state(&part.prepared, &state.temperature_k, &columns)?)?;
        }
        for (((table, buffer), grid), (first, second)) in
            self.tables.cia().iter().zip(&self.cia).zip(&model.collisions).zip(&state.collision_mixing_ratio)
        {
            let layers = pair(model, state, first, second).layers(&grid.temperatures)?;
            self.workspace.write_slice(*buffer, &table.layer_states(&layers))?;
        }
        Ok(())
    }
}
