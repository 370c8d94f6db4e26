//! Emission on a device, f32: one program for all layers.

use super::cpu::pair;
use super::model::{EmissionModel, State};
use crate::Result;
use crate::cross_section::gpu::{DeviceStage, ROW_MULTIPLE};
use crate::gpu::{BufferId, Device, Element, ProgramBuilder, Role, Workspace};
use crate::grid::Segment;
use crate::optical_depth::{CiaBuffers, DeviceTable};
use crate::timing::Stages;
use crate::transfer::emission::RESTART;
use crate::transfer::emission_gpu::EmissionBuffers;

/// Layers of a batch at most.
const BATCH: usize = 16;
/// Bytes of a batch's optical depths at most, if fewer layers help.
const BATCH_BYTES: usize = 64 << 20;

/// Layers of a batch for rows of `n` points: a multiple of the transfer's restart interval where that fits, so that results do not
/// depend on it.
fn batch(n: usize) -> usize {
    let fits = (BATCH_BYTES / (4 * n)).clamp(1, BATCH);
    if fits > RESTART { fits / RESTART * RESTART } else { fits }
}

/// A model's program, made ready.
#[derive(Debug)]
pub struct DeviceEmission {
    workspace: Workspace,
    device: Device,
    stages: Vec<DeviceStage>,
    tables: Vec<(DeviceTable, BufferId)>,
    temperature: BufferId,
    flux: BufferId,
}

impl DeviceEmission {
    pub fn new(model: &EmissionModel, device: &Device, seconds: &mut Stages) -> Result<Self> {
        let limits = device.limits();
        let n = model.grid.len().next_multiple_of(ROW_MULTIPLE);
        let (n64, layers) = (n as u64, model.layers());
        let batch = batch(n).min(layers);
        let mut builder = ProgramBuilder::new();
        let mut constants = Vec::new();

        let started = std::time::Instant::now();
        let mut wavenumber: Vec<f32> = model.wavenumber.iter().map(|nu| *nu as f32).collect();
        wavenumber.resize(n, model.grid.hi() as f32);
        let wavenumber_buffer = builder.buffer("grid.wavenumber", Element::F32, &[n64], Role::Constant);
        constants.push((wavenumber_buffer, bytemuck::cast_slice(&wavenumber).to_vec()));
        let temperature = builder.buffer("transfer.temperature", Element::F32, &[layers as u64 + 1], Role::Input);
        let tau = builder.buffer("transfer.tau", Element::F32, &[n64], Role::Scratch);
        let flux = builder.buffer("transfer.flux", Element::F32, &[n64], Role::Output);
        let dtau = builder.buffer("optical_depth.dtau", Element::F32, &[batch as u64, n64], Role::Scratch);
        let buffers = EmissionBuffers { wavenumber: wavenumber_buffer, dtau, temperature, tau, flux };

        let declare = |(i, part): (usize, &super::model::Part)| {
            DeviceStage::declare(
                &mut builder,
                &format!("cross_section{i}"),
                &part.prepared,
                0..layers,
                batch,
                &limits,
                &mut constants,
            )
        };
        let stages: Vec<DeviceStage> = model.parts.iter().enumerate().map(declare).collect();
        let mut tables = Vec::new();
        let mut cia = Vec::new();
        for (i, grid) in model.collisions.iter().enumerate() {
            let table = DeviceTable::new(grid, n)?;
            let shape = [grid.temperatures.len() as u64, grid.nodes() as u64];
            let ln_k = builder.buffer(format!("cia{i}.ln_k"), Element::F32, &shape, Role::Constant);
            constants.push((ln_k, bytemuck::cast_slice(&table.ln_k).to_vec()));
            let position = builder.buffer(format!("cia{i}.position"), Element::U32, &[n64], Role::Constant);
            constants.push((position, bytemuck::cast_slice(&table.position).to_vec()));
            let state = builder.buffer(format!("cia{i}.layers"), Element::UVec4, &[layers as u64, 2], Role::Input);
            let buffers = CiaBuffers { ln_k, position, layer_state: state, dtau, dtau_dt: None };
            cia.push((buffers, grid.nodes() as u32));
            tables.push((table, state));
        }

        builder.stage("transfer").clear(tau).clear(flux);
        for first in (0..layers).step_by(batch) {
            let rows = batch.min(layers - first);
            if stages.is_empty() {
                builder.stage("continua").clear(dtau);
            }
            for (i, (stage, part)) in stages.iter().zip(&model.parts).enumerate() {
                stage.add_batch(&mut builder, &part.prepared, first, rows, dtau, i > 0);
            }
            builder.stage("continua");
            for (cia, nodes) in &cia {
                cia.dispatch(&mut builder, Segment::whole(n as u32)?, *nodes, first as u32, rows as u32);
            }
            builder.stage("transfer");
            let surface = (model.surface && first + rows == layers).then_some(layers as u32);
            buffers.dispatch(&mut builder, n as u32, first as u32, rows as u32, surface, &model.quadrature)?;
        }
        let program = builder.finish(&limits, None)?;
        seconds.add("plan", started.elapsed().as_secs_f64());
        let mut workspace = seconds.time("pipelines", || Workspace::new(device, program))?;
        seconds.time("upload", || constants.iter().try_for_each(|(id, bytes)| workspace.write(*id, bytes)))?;
        Ok(Self { workspace, device: device.clone(), stages, tables, temperature, flux })
    }

    /// Planned bytes, and most bytes that the ledger saw.
    pub fn bytes(&self) -> (u64, u64) {
        (self.workspace.program().peak_bytes(), self.device.ledger().peak())
    }

    pub fn flux(&mut self, model: &EmissionModel, state: &State, seconds: &mut Stages) -> Result<Vec<f32>> {
        seconds.time("upload", || self.write(model, state))?;
        for (stage, time) in self.workspace.run_timed()? {
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
        for (stage, part) in self.stages.iter().zip(&model.parts) {
            let columns = model.ln_columns(part.absorber, state);
            self.workspace.write(stage.layers, &DeviceStage::state(&part.prepared, &state.temperature_k, &columns)?)?;
        }
        for (((table, buffer), grid), (first, second)) in
            self.tables.iter().zip(&model.collisions).zip(&state.collision_mixing_ratio)
        {
            let layers = pair(model, state, first, second).layers(&grid.temperatures)?;
            self.workspace.write_slice(*buffer, &table.layer_states(&layers))?;
        }
        Ok(())
    }
}
