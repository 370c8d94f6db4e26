//! What a spectrum takes on the host and on the device, stage by stage, from sizes alone.
//!
//! **What is counted.** Every array that grows with points, lines, layers or passes: lists, tables, densities, constants on their way to the
//! device, programs, optical depths and work arrays of the CPU backend. **What is not:** the program and its libraries, the driver, and
//! its compiler, which are there before ([`StageMemory::before`](crate::host_memory::StageMemory::before) of the first stage measures them), and
//! a few kilobytes a layer. Allocators round up and keep what was freed, so what an operating system measures is a few per cent more.
//!
//! A software driver holds "device" buffers in the host's memory: there they are counted on both sides, and so is an
//! amount for the kernels that it compiles, measured for each such driver.

use serde::Serialize;

use crate::gpu::{DeviceInfo, Role, Summary};
use crate::grid::ROW_MULTIPLE;
use crate::spectrum::schedule::Schedule;
use crate::spectrum::{Model, SpectrumPlan};
use crate::stage::Stage;

/// Bytes of a stage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Bytes {
    /// Held when it ends, by it and by all before it.
    pub kept: u64,
    /// Most held at a time while it runs.
    pub peak: u64,
}

/// A stage of a spectrum.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct StageEstimate {
    /// Load, set-up, upload, forward or readback; Jacobian or gradient.
    pub stage: Stage,
    /// Host bytes.
    pub host: Bytes,
    /// Device bytes.
    pub device: Bytes,
}

/// All stages in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MemoryEstimate {
    /// The stages.
    pub stages: Vec<StageEstimate>,
}

/// The estimated stage that a timed stage is part of.
pub fn stage_of(timed: &Stage) -> Stage {
    match timed {
        Stage::Load | Stage::SetUp | Stage::Readback | Stage::Jacobian | Stage::Gradient => timed.clone(),
        Stage::Plan | Stage::Pipelines | Stage::Upload => Stage::Upload,
        _ => Stage::Forward,
    }
}

/// Where the spectrum is to be computed.
#[derive(Clone, Copy, Debug)]
pub enum Place<'a> {
    /// The CPU backend with so many threads.
    Cpu(usize),
    /// A device, by this plan.
    Device(&'a SpectrumPlan),
    /// A device whose memory is the host's, a software driver: its compiler's bytes count as well ([`DeviceInfo::compiler_bytes`]).
    SoftwareDevice(&'a SpectrumPlan, &'a DeviceInfo),
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

impl Model {
    /// What a spectrum of this model takes, the loading of its lists included.
    pub fn estimate(&self, place: Place<'_>) -> MemoryEstimate {
        let (set_up, mut stages) = (self.set_up_bytes(), self.preparation());
        match place {
            Place::Cpu(threads) => stages.push(self.on_cpu(set_up, threads)),
            Place::Device(plan) => self.on_device(plan, set_up, None, &mut stages),
            Place::SoftwareDevice(plan, info) => self.on_device(plan, set_up, Some(info), &mut stages),
        }
        MemoryEstimate { stages }
    }

    /// Values on the CPU backend.
    fn on_cpu(&self, set_up: u64, threads: usize) -> StageEstimate {
        let schedule = Schedule::cpu_values(self, threads);
        let (n, points, layers) = (self.grid().len(), schedule.segment_points(), schedule.batch());
        let kept = set_up + 8 * (points * layers) as u64;
        let several = schedule.segments.len() > 1;
        let work = schedule.batches.iter().map(|batch| self.opacity_work(batch, points, threads, several, false)).max();
        let transfer = self.geometry().cpu_work(self.layers(), if several { points } else { n }, false);
        let peak = kept + transfer + work.unwrap_or(0);
        // what is computed stays
        let host = Bytes { kept: kept + 8 * n as u64, peak };
        StageEstimate { stage: Stage::Forward, host, device: Bytes::default() }
    }

    /// What a spectrum on the CPU backend takes beside the model.
    pub(crate) fn cpu_spectrum(&self, threads: usize) -> u64 {
        self.on_cpu(0, threads).host.peak
    }

    /// Work arrays of the opacities in some layers: of one after the other, or what all hold at once where that serves several segments.
    fn opacity_work(
        &self,
        layers: &std::ops::Range<usize>,
        points: usize,
        threads: usize,
        several: bool,
        slopes: bool,
    ) -> u64 {
        let held = |o: &dyn crate::opacity::Opacity| if several { o.cpu_held(layers.clone(), slopes) } else { 0 };
        let work = |o: &dyn crate::opacity::Opacity| o.cpu_work(layers.clone(), points, threads, slopes);
        self.opacities().map(held).sum::<u64>() + self.opacities().map(work).max().unwrap_or(0)
    }

    /// Loading of the lists and set-up.
    pub(crate) fn preparation(&self) -> Vec<StageEstimate> {
        let (opacities, set_up) = (self.host_bytes(), self.set_up_bytes());
        let (lists, none) = (opacities.lists, Bytes::default());
        let peak = set_up + opacities.building;
        vec![
            // A stable sort takes half as much again.
            StageEstimate { stage: Stage::Load, host: Bytes { kept: lists, peak: lists + lists / 2 }, device: none },
            StageEstimate { stage: Stage::SetUp, host: Bytes { kept: set_up, peak }, device: none },
        ]
    }

    /// `software` is the driver, if that is one.
    fn on_device(
        &self,
        plan: &SpectrumPlan,
        set_up: u64,
        software: Option<&DeviceInfo>,
        stages: &mut Vec<StageEstimate>,
    ) {
        let memory = &plan.memory;
        let constants = memory.buffers.iter().filter(|b| b.role == Role::Constant && !b.lives.is_empty());
        let (mut uploaded, mut largest) = (0, 0);
        for buffer in constants {
            uploaded += buffer.bytes;
            largest = buffer.bytes.max(largest);
        }
        let n = self.grid().len().next_multiple_of(ROW_MULTIPLE) as u64;
        let kept = set_up + self.ready_bytes(memory);
        let device = |bytes: u64| Bytes { kept: bytes, peak: bytes };
        let shared = |bytes: u64| software.map_or(0, |info| bytes + info.compiler_kept_bytes());
        let written = shared(uploaded + memory.params_bytes + memory.upload_bytes);
        // Kernels are compiled before anything is written.
        let compiling = kept + software.map_or(0, DeviceInfo::compiler_bytes);
        let host = Bytes { kept: kept + written, peak: compiling.max(kept + largest + written) };
        stages.push(StageEstimate { stage: Stage::Upload, host, device: device(memory.peak_bytes) });
        let host = kept + shared(memory.peak_bytes);
        stages.push(StageEstimate { stage: Stage::Forward, host: device(host), device: device(memory.peak_bytes) });
        let host = host + 4 * n;
        stages.push(StageEstimate { stage: Stage::Readback, host: device(host), device: device(memory.peak_bytes) });
    }

    /// What a model holds, its lists included.
    pub(crate) fn set_up_bytes(&self) -> u64 {
        let opacities = self.host_bytes();
        opacities.lists + opacities.prepared + 8 * self.grid().len() as u64
    }

    /// What is held beside the model once it is ready on a device: tables to upload, the program.
    pub(crate) fn ready_bytes(&self, memory: &Summary) -> u64 {
        let n = self.grid().len().next_multiple_of(ROW_MULTIPLE) as u64;
        // Wavenumbers in f32.
        4 * n + self.host_bytes().device_tables + PASS_BYTES * memory.passes as u64 + 3 * memory.params_bytes
    }

    /// Work arrays of derivatives on the CPU backend, which go from segment to segment: the layers' rows, and those of opacities and geometry.
    pub(crate) fn cpu_sweep(&self, threads: usize) -> u64 {
        let schedule = Schedule::cpu_derivatives(self);
        let (layers, points) = (self.layers(), schedule.segment_points());
        // the opacities' parts, the sum of several, the slope
        let sum = usize::from(self.opacities().count() != 1);
        let rows = 8 * points * layers * (self.rows_of_opacities() + sum + 1);
        let transfer = self.geometry().cpu_work(layers, points, true);
        rows as u64 + transfer + self.opacity_work(&(0..layers), points, threads, true, true)
    }
}

/// A recorded pass with its bindings, and its bind group \[bytes\].
const PASS_BYTES: u64 = 200;
