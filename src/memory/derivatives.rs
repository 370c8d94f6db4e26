//! What derivatives take on the host and on the device: estimated from sizes, and measured beside that.
//!
//! Host bytes are of arrays that grow with points, layers or parameters (the notes on [`Model::estimate`](super::Model::estimate)), those that go to the caller
//! included: the spectrum \[nu\], a Jacobian \[parameter\]\[nu\], both in f64.

use super::estimate::{Bytes, MemoryEstimate, Place, StageEstimate};
use super::measured::MemoryReport;
use crate::backend::Backend;
use crate::gpu::Device;
use crate::spectrum::{LayerGradient, Retrieval, RetrievalPlan, SpectrumPlan};
use crate::stage::Stage;
use crate::timing::Stages;

impl Retrieval {
    /// What a Jacobian and a gradient take by `plan`, stage by stage; the model and its lists are counted in each.
    pub fn estimate(&self, plan: &RetrievalPlan) -> Vec<StageEstimate> {
        self.on_device(plan, None)
    }

    /// Memory by stage so far: loading, set-up, then Jacobian and gradient as far as they were asked for; measured as far as it was
    /// [watched](crate::host_memory::watch_stages). `earlier` are stages before the model, such as the loading of lists.
    ///
    /// On a device each program's bytes are its own; with several of them the ledger's peak may be that of some together.
    pub fn memory(&self, earlier: &Stages) -> MemoryReport {
        let mut stages = self.model.preparation();
        let device = match &self.backend {
            Backend::Cpu => {
                stages.extend(self.on_cpu(rayon::current_num_threads()));
                None
            }
            Backend::Device(device) => {
                stages.extend(self.on_device(self.plan(), Some(device)));
                Some((device, self.counted_before))
            }
        };
        let done = [earlier, &self.model.seconds, self.seconds()];
        MemoryReport::new(MemoryEstimate { stages }, &done, device)
    }

    /// Of derivatives that were asked for, on the CPU backend.
    fn on_cpu(&self, threads: usize) -> impl Iterator<Item = StageEstimate> {
        let (set_up, parameters) = (self.model.set_up_bytes(), self.names.len());
        let sweep = self.model.cpu_sweep(threads);
        let n = self.model.grid().len() as u64;
        let jacobian = {
            let kept = set_up + 8 * n * (1 + parameters as u64);
            Bytes { kept, peak: kept + sweep + self.layer_bytes(20) }
        };
        let gradient = {
            // The spectrum first, for weights may depend on it; the caller has a copy. Rows of weights, and all of them in one.
            let kept = set_up + 8 * n;
            let weights = 16 * n * self.weights as u64;
            let spectrum = self.model.estimate(Place::Cpu(threads)).host_peak();
            Bytes { kept, peak: spectrum.max(kept + 8 * n + weights + sweep) + self.layer_bytes(16) }
        };
        let asked = |stage: &Stage| self.seconds().iter().any(|(done, _)| done == stage);
        let all = [(Stage::Jacobian, jacobian), (Stage::Gradient, gradient)]
            .into_iter()
            .filter(move |(stage, _)| asked(stage));
        all.map(|(stage, host)| StageEstimate { stage, host, device: Bytes::default() })
    }

    /// By `plan`; on a software `device` the host holds the device's bytes as well.
    fn on_device(&self, plan: &RetrievalPlan, device: Option<&Device>) -> Vec<StageEstimate> {
        let model = &self.model;
        let n = model.grid().len() as u64;
        let software = device.map(Device::info).filter(|info| !info.is_gpu);
        let held = |plan: &SpectrumPlan| {
            let shared = software.map_or(0, |info| plan.memory.peak_bytes + info.compiler_bytes());
            model.set_up_bytes() + model.ready_bytes(&plan.memory) + shared
        };
        let stage = |stage, plan: &SpectrumPlan, host: Bytes| {
            let device = plan.memory.peak_bytes;
            StageEstimate { stage, host, device: Bytes { kept: device, peak: device } }
        };
        let jacobian = plan.jacobian.as_ref().map(|j| {
            let kept = held(&j.plan) + 8 * n * (1 + j.columns as u64);
            let chunk = 4 * (j.chunk * j.plan.segment_points) as u64;
            stage(Stage::Jacobian, &j.plan, Bytes { kept, peak: kept + self.layer_bytes(20) + chunk.max(4 * n) })
        });
        let gradient = plan.gradient.as_ref().map(|g| {
            // The spectrum in f32 and f64; weights in f64, one row of them in f32.
            let spectrum_and_weights = (16 + 8 * self.weights as u64) * n;
            let kept = held(&g.plan) + 8 * n;
            stage(Stage::Gradient, &g.plan, Bytes { kept, peak: kept + self.layer_bytes(16) + spectrum_and_weights })
        });
        jacobian.into_iter().chain(gradient).collect()
    }

    /// Derivatives of the layers by the parameters, in so many bytes each: in f64 as they are and in rows, in f32.
    fn layer_bytes(&self, each: u64) -> u64 {
        each * (LayerGradient::row_count(&self.model) * self.names.len()) as u64
    }
}
