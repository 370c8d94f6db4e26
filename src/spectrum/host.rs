//! What a spectrum takes on the host and on the device, stage by stage, from sizes alone.
//!
//! **What is counted.** Every array that grows with points, lines, layers or passes: lists, tables, densities, constants on their way to the
//! device, programs, optical depths and work arrays of the CPU backend. **What is not:** the program and its libraries, the driver, and
//! its compiler, which are there before ([`StageMemory::before`](crate::host_memory::StageMemory::before) of the first stage measures them), and
//! a few kilobytes a layer. Allocators round up and keep what was freed, so what an operating system measures is a few per cent more.
//!
//! A software driver holds "device" buffers in the host's memory: there they are counted on both sides, and so is an
//! amount for the kernels that it compiles, measured for each such driver.

use std::sync::Arc;

use serde::Serialize;

use super::cpu::CpuEmission;
use super::model::EmissionModel;
use super::program::EmissionPlan;
use crate::cross_section::prepared::{Layer, Prepared, Tier};
use crate::density::lines::TableLine;
use crate::grid::level::LevelNodes;
use crate::lines::Line;
use crate::{
    cross_section::gpu::ROW_MULTIPLE,
    gpu::{Role, Summary},
};

/// Bytes of a stage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Bytes {
    /// Held when it ends, by it and by all before it.
    pub kept: u64,
    /// Most held at a time while it runs.
    pub peak: u64,
}

/// A stage of a spectrum.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StageEstimate {
    /// `load`, `set-up`, `upload`, `forward` or `readback`; `Jacobian` or `gradient`.
    pub stage: &'static str,
    /// Host bytes.
    pub host: Bytes,
    /// Device bytes.
    pub device: Bytes,
}

/// All stages in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MemoryEstimate {
    /// The stages.
    pub stages: Vec<StageEstimate>,
}

/// Where a stage's time is counted ([`Stages`](crate::timing::Stages)), by estimated stage. Everything else is part of `forward`.
const PARTS: [(&str, &[&str]); 6] = [
    ("load", &["load"]),
    ("set-up", &["set-up"]),
    ("upload", &["plan", "pipelines", "upload"]),
    ("readback", &["readback"]),
    ("Jacobian", &["Jacobian"]),
    ("gradient", &["gradient"]),
];

/// The estimated stage that a timed stage is part of.
pub fn stage_of(timed: &str) -> &'static str {
    PARTS.iter().find(|(_, parts)| parts.contains(&timed)).map_or("forward", |(stage, _)| stage)
}

/// Where the spectrum is to be computed.
#[derive(Clone, Copy, Debug)]
pub enum Place<'a> {
    /// The CPU backend with so many threads.
    Cpu(usize),
    /// A device, by this plan.
    Device(&'a EmissionPlan),
    /// A device whose memory is the host's, a software driver, with the bytes that its
    /// [compiler holds](crate::gpu::DeviceInfo::compiler_bytes).
    SoftwareDevice(&'a EmissionPlan, u64),
}

impl MemoryEstimate {
    /// Most host bytes at a time, over all stages.
    pub fn host_peak(&self) -> u64 {
        self.stages.iter().map(|s| s.host.peak).max().unwrap_or(0)
    }

    /// Most device bytes at a time, over all stages.
    pub fn device_peak(&self) -> u64 {
        self.stages.iter().map(|s| s.device.peak).max().unwrap_or(0)
    }
}

impl EmissionModel {
    /// What a spectrum of this model takes, the loading of its lists included.
    pub fn estimate(&self, place: Place<'_>) -> MemoryEstimate {
        let (n, set_up, none) = (self.grid.len() as u64, self.set_up_bytes(), Bytes::default());
        let mut stages = self.preparation();
        match place {
            Place::Cpu(threads) => {
                let batch = CpuEmission::batch_of(self, threads);
                let kept = set_up + 8 * n * batch as u64;
                let work = (0..self.layers()).step_by(batch).map(|first| self.cpu_work(first, batch, threads)).max();
                // tau and flux, of which the flux stays
                let host = Bytes { kept: kept + 8 * n, peak: kept + 16 * n + work.unwrap_or(0) };
                stages.push(StageEstimate { stage: "forward", host, device: none });
            }
            Place::Device(plan) => self.on_device(plan, set_up, None, &mut stages),
            Place::SoftwareDevice(plan, compiler) => self.on_device(plan, set_up, Some(compiler), &mut stages),
        }
        MemoryEstimate { stages }
    }

    /// Loading of the lists and set-up.
    pub(super) fn preparation(&self) -> Vec<StageEstimate> {
        let (lists, set_up) = (self.list_bytes(), self.set_up_bytes());
        let building = self.prepared().map(largest_density).max().unwrap_or(0);
        let none = Bytes::default();
        vec![
            // A stable sort takes half as much again.
            StageEstimate { stage: "load", host: Bytes { kept: lists, peak: lists + lists / 2 }, device: none },
            StageEstimate { stage: "set-up", host: Bytes { kept: set_up, peak: set_up + building }, device: none },
        ]
    }

    /// `compiler` is what a software driver's compiler holds.
    fn on_device(&self, plan: &EmissionPlan, set_up: u64, compiler: Option<u64>, stages: &mut Vec<StageEstimate>) {
        let memory = &plan.memory;
        let constants = memory.buffers.iter().filter(|b| b.role == Role::Constant && !b.lives.is_empty());
        let (mut uploaded, mut largest) = (0, 0);
        for buffer in constants {
            uploaded += buffer.bytes;
            largest = buffer.bytes.max(largest);
        }
        let n = self.grid.len().next_multiple_of(ROW_MULTIPLE) as u64;
        let kept = set_up + self.ready_bytes(memory);
        let device = |bytes: u64| Bytes { kept: bytes, peak: bytes };
        let shared = |bytes: u64| compiler.map_or(0, |compiler| bytes + compiler);
        let written = shared(uploaded + memory.params_bytes + memory.upload_bytes);
        let host = Bytes { kept: kept + written, peak: kept + largest + written };
        stages.push(StageEstimate { stage: "upload", host, device: device(memory.peak_bytes) });
        let host = kept + shared(memory.peak_bytes);
        stages.push(StageEstimate { stage: "forward", host: device(host), device: device(memory.peak_bytes) });
        let host = host + 4 * n;
        stages.push(StageEstimate { stage: "readback", host: device(host), device: device(memory.peak_bytes) });
    }

    fn list_bytes(&self) -> u64 {
        self.prepared().map(|p| size_of::<Line>() as u64 * p.table.lines.len() as u64).sum()
    }

    /// What a model holds, its lists included.
    pub(super) fn set_up_bytes(&self) -> u64 {
        let prepared: u64 = self.prepared().map(prepared_bytes).sum();
        self.list_bytes() + 8 * self.grid.len() as u64 + prepared + self.continua_bytes()
    }

    /// What is held beside the model once it is ready on a device: tables to upload, the program.
    pub(super) fn ready_bytes(&self, memory: &Summary) -> u64 {
        let n = self.grid.len().next_multiple_of(ROW_MULTIPLE) as u64;
        // Wavenumbers in f32; a continuum's positions in u32, its table and slopes in f32.
        let tables = 4 * n + self.collisions.iter().map(|c| 4 * n + 8 * c.ln_coefficient.len() as u64).sum::<u64>();
        tables + PASS_BYTES * memory.passes as u64 + 3 * memory.params_bytes
    }

    fn prepared(&self) -> impl Iterator<Item = &Prepared> {
        self.parts.iter().map(|p| &p.prepared)
    }

    fn continua_bytes(&self) -> u64 {
        self.collisions.iter().map(|c| 8 * (2 * c.ln_coefficient.len() + c.position.len()) as u64).sum()
    }

    /// Work arrays of a batch of the CPU backend.
    fn cpu_work(&self, first: usize, batch: usize, threads: usize) -> u64 {
        self.prepared()
            .map(|p| batch_work(p, &p.layers[first..(first + batch).min(self.layers())], threads, p.grid.len(), 1))
            .max()
            .unwrap_or(0)
    }

    /// Work arrays of derivatives on the CPU backend, which sweep over segments of so many points: the layers' rows, and cross sections with
    /// their slopes.
    pub(super) fn cpu_sweep(&self, threads: usize, points: usize) -> u64 {
        let (layers, kinds) = (self.layers(), self.absorbers.len() + self.collisions.len());
        // parts of the optical depth, their sum, its slope; sensitivities by depth and by source, the surface's included; flux
        let rows = 8 * points * (layers * (kinds + 4) + 2);
        let layer_far = |l: &Layer| l.far.iter().rfind(|f| f.level >= 0).map_or(0, |f| 16 * f.outputs() as u64);
        let far: u64 = self.prepared().flat_map(|p| &p.layers).map(layer_far).sum();
        let work = self.prepared().map(|p| batch_work(p, &p.layers, threads, points, 2)).max();
        rows as u64 + far + work.unwrap_or(0)
    }
}

/// A recorded pass with its bindings, and its bind group \[bytes\].
const PASS_BYTES: u64 = 200;

/// Table and densities.
fn prepared_bytes(prepared: &Prepared) -> u64 {
    let densities: u64 = match &prepared.tier {
        Tier::Lines => 0,
        Tier::Density { by_level, .. } => by_level.values().map(|d| d.bytes()).sum(),
    };
    // Layers with equal nodes share a field.
    let mut fields: Vec<_> = prepared.layers.iter().filter_map(|l| l.distant.as_ref()).map(|d| &d.field).collect();
    fields.dedup_by(|a, b| Arc::ptr_eq(a, b));
    let distant: u64 = fields.iter().map(|field| field.bytes()).sum();
    let law = prepared.law.as_ref().map_or(0, |law| law.bytes());
    size_of::<TableLine>() as u64 * prepared.table.lines.len() as u64 + densities + distant + law
}

/// While a density is put together its rows are held beside it.
fn largest_density(prepared: &Prepared) -> u64 {
    match &prepared.tier {
        Tier::Lines => 0,
        Tier::Density { by_level, .. } => by_level.values().map(|d| d.bytes()).max().unwrap_or(0),
    }
}

/// Sources of all layers of a batch, which are made together, and what the threads hold beside them while they convolve, for so many points of
/// the grid and quantities: values, slopes.
fn batch_work(prepared: &Prepared, layers: &[Layer], threads: usize, points: usize, quantities: u64) -> u64 {
    let (mut sources, mut work) = (0, Vec::new());
    for layer in layers {
        let near = LevelNodes::near(&layer.ladder, prepared.grid.step(), &(0..points));
        let channels = layer.ladder.channels.count() as u64;
        let mut largest = 0;
        for nodes in [&near, &layer.far] {
            sources += channels * nodes.first().map_or(0, |f| 8 * f.sources() as u64);
            // coarser sources, and the results on two levels at a time
            let coarser: u64 = nodes.iter().skip(1).map(|l| 8 * channels * l.sources() as u64).sum();
            let results: u64 = nodes.iter().filter(|l| l.level >= 0).take(2).map(|l| 8 * l.outputs() as u64).sum();
            largest = (coarser + results).max(largest);
        }
        let below = if layer.ladder.finest < 0 { 8 * points as u64 } else { 0 };
        work.push(largest + below);
    }
    work.sort_unstable_by_key(|w| std::cmp::Reverse(*w));
    quantities * (sources + work.iter().take(threads).sum::<u64>())
}
