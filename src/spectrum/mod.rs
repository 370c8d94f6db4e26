//! Emission spectra: from lists, an atmosphere and a grid to the flux at the top.
//!
//! An [`EmissionModel`] is everything that stays when temperatures and abundances change: grid, pressures, line lists prepared for them,
//! continua, streams. [`EmissionModel::open`] makes it ready on a backend, once; [`Emission::flux`] then computes a spectrum for
//! a [`State`] without allocating device memory. Layers go in batches from the top down: the optical depth above and the flux are carried
//! along, and the whole \[layer\]\[nu\] matrix is never held.

mod alternatives;
mod cpu;
mod derivatives;
mod device;
mod host;
mod measured;
mod model;
mod program;
mod report;
mod retrieval;
mod retrieval_memory;
mod retrieval_plan;
mod tiers;

#[cfg(test)]
mod tests;

pub use alternatives::{Alternative, most_points};
pub use derivatives::program::{GradientPlan, JacobianPlan};
pub use derivatives::{ChunkSize, Coefficients, DerivativeSettings, GradientMode, LayerGradient};
pub use host::{Bytes, MemoryEstimate, Place, StageEstimate, stage_of};
pub use measured::{MemoryReport, StageReport};
pub use model::{Absorber, Dual, EmissionModel, State};
pub use program::EmissionPlan;
pub use report::EmissionReport;
pub use retrieval::EmissionRetrieval;
pub use retrieval_plan::{DerivativeAlternative, RetrievalPlan};
pub use tiers::choose_tier;

use crate::backend::Backend;
use crate::gpu::Device;
use crate::output::Values;
use crate::timing::Stages;
use crate::{Progress, Result};

/// A model on a backend.
#[derive(Debug)]
pub struct Emission<'m> {
    model: &'m EmissionModel,
    backend: Backend,
    runner: Runner,
    seconds: Stages,
}

#[derive(Debug)]
enum Runner {
    Cpu(cpu::CpuEmission),
    Device(Box<device::DeviceEmission>),
}

impl EmissionModel {
    /// Makes the model ready on a backend: on a device, plans and allocates memory, compiles kernels, uploads what is constant.
    ///
    /// # Errors
    /// The device refuses kernels, or memory also for the smallest plan: where a driver refuses what the budget allows, smaller plans are tried.
    pub fn open<'m>(&'m self, backend: &Backend) -> Result<Emission<'m>> {
        let mut seconds = self.seconds.clone();
        let runner = match backend {
            Backend::Cpu => Runner::Cpu(cpu::CpuEmission::new(self)),
            Backend::Device(device) => Runner::Device(Box::new(device::DeviceEmission::new(
                self,
                device,
                device.budget()?,
                &mut |_| (),
                &mut seconds,
            )?)),
        };
        Ok(Emission { model: self, backend: backend.clone(), runner, seconds })
    }

    /// Makes the model ready on a device, cut as [`plan_cut`](Self::plan_cut) says; for measurements. [`open`](Self::open) chooses the cut itself.
    ///
    /// # Errors
    /// As [`open`](Self::open); zero batches or segments.
    pub fn open_cut(&self, device: &Device, batch: usize, segments: usize) -> Result<Emission<'_>> {
        let mut seconds = self.seconds.clone();
        let cuts = self.cuts(batch, segments)?;
        let runner = device::DeviceEmission::cut(self, device, cuts, device.budget()?, &mut |_| (), &mut seconds)?;
        let runner = Runner::Device(Box::new(runner));
        Ok(Emission { model: self, backend: Backend::Device(device.clone()), runner, seconds })
    }
}

impl Emission<'_> {
    /// Flux at the top, \[nu\] in erg s-1 cm-2 / cm-1: f32 from a device, f64 from the CPU.
    ///
    /// # Errors
    /// A state of the wrong shape or outside the declared temperature range; a lost device.
    pub fn flux(&mut self, state: &State, progress: &dyn Progress) -> Result<Values> {
        self.model.check(state)?;
        match &mut self.runner {
            Runner::Cpu(cpu) => cpu.flux(self.model, state, &mut self.seconds, progress).map(Values::F64),
            Runner::Device(device) => device.flux(self.model, state, &mut self.seconds).map(Values::F32),
        }
    }

    /// How the spectrum is computed on a device: batches, segments, buffers, bytes; none on the CPU.
    pub fn plan(&self) -> Option<&EmissionPlan> {
        match &self.runner {
            Runner::Cpu(_) => None,
            Runner::Device(device) => Some(device.plan()),
        }
    }

    /// Memory by stage: estimated, and measured as far as it was [watched](crate::host_memory::watch_stages). `earlier` are stages before the model,
    /// such as the loading of lists.
    pub fn memory(&self, earlier: &Stages) -> MemoryReport {
        let (place, device) = match (&self.runner, &self.backend) {
            (Runner::Device(runner), Backend::Device(device)) => {
                let plan = runner.plan();
                let place = match device.info().is_gpu {
                    true => Place::Device(plan),
                    false => Place::SoftwareDevice(plan, device.info().compiler_bytes()),
                };
                (place, Some((device, runner.counted_before())))
            }
            _ => (Place::Cpu(rayon::current_num_threads()), None),
        };
        MemoryReport::new(self.model.estimate(place), &[earlier, &self.seconds], device)
    }

    /// What was done so far, and how; seconds are summed over all spectra.
    pub fn report(&self) -> EmissionReport {
        let (planned, tracked) = match &self.runner {
            Runner::Cpu(_) => (0, 0),
            Runner::Device(device) => device.bytes(),
        };
        EmissionReport::new(self.model, self.backend.info(), planned, tracked, self.seconds.clone())
    }
}
