//! A model made ready on a backend.

use super::cpu::CpuSpectrum;
use super::device::DeviceSpectrum;
use super::device::program::SpectrumPlan;
use super::finite::check_finite;
use super::model::Model;
use super::report::SpectrumReport;
use crate::atmosphere::State;
use crate::backend::Backend;
use crate::gpu::Device;
use crate::output::Values;
use crate::timing::Stages;
use crate::{Progress, Result};

/// A model on a backend, which it owns: it can be held wherever the caller likes.
#[derive(Debug)]
pub struct Runner {
    model: Model,
    backend: Backend,
    on: On,
    seconds: Stages,
}

#[derive(Debug)]
enum On {
    Cpu(Box<CpuSpectrum>),
    Device(Box<DeviceSpectrum>),
}

impl Model {
    /// Makes the model ready on a backend: on a device, plans and allocates memory, compiles kernels, uploads what is constant.
    ///
    /// # Errors
    /// The device refuses kernels, or memory also for the smallest plan: where a driver refuses what the budget allows, smaller plans are tried.
    pub fn open(&self, backend: &Backend) -> Result<Runner> {
        let mut seconds = self.seconds.clone();
        let on = match backend {
            Backend::Cpu => On::Cpu(Box::default()),
            Backend::Device(device) => {
                On::Device(Box::new(DeviceSpectrum::new(self, device, device.budget()?, &mut |_| (), &mut seconds)?))
            }
        };
        Ok(Runner { model: self.clone(), backend: backend.clone(), on, seconds })
    }

    /// Makes the model ready on a device, cut as [`plan_cut`](Self::plan_cut) says; for measurements. [`open`](Self::open) chooses the cut itself.
    ///
    /// # Errors
    /// As [`open`](Self::open); zero batches or segments.
    pub fn open_cut(&self, device: &Device, batch: usize, segments: usize) -> Result<Runner> {
        let mut seconds = self.seconds.clone();
        let cuts = self.cuts(batch, segments, device.limits().class)?;
        let spectrum = DeviceSpectrum::cut(self, device, cuts, device.budget()?, &mut |_| (), &mut seconds)?;
        let (on, backend) = (On::Device(Box::new(spectrum)), Backend::Device(device.clone()));
        Ok(Runner { model: self.clone(), backend, on, seconds })
    }
}

impl Runner {
    /// The model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// What is observed \[nu\], in the geometry's unit (flux at the top in erg s-1 cm-2 / cm-1, radius in cm): from the CPU in f64; from a device
    /// in f32 where that holds it.
    ///
    /// # Errors
    /// A state of the wrong shape or outside the declared temperature range; a result that is not finite; a lost device.
    pub fn spectrum(&mut self, state: &State, progress: &dyn Progress) -> Result<Values> {
        self.model.check(state)?;
        let computed = match &mut self.on {
            On::Cpu(cpu) => cpu.values(&self.model, state, &mut self.seconds, progress).map(Values::F64)?,
            On::Device(device) => device.values(&self.model, state, &mut self.seconds).map(Values::F32)?,
        };
        let observed = self.model.geometry.observe(state, computed);
        match &observed {
            Values::F64(values) => check_finite("spectrum", &self.model.wavenumber, values)?,
            single => check_finite("spectrum", &self.model.wavenumber, &single.to_f64())?,
        }
        Ok(observed)
    }

    /// How the spectrum is computed on a device: batches, segments, buffers, bytes; none on the CPU.
    pub fn plan(&self) -> Option<&SpectrumPlan> {
        match &self.on {
            On::Cpu(_) => None,
            On::Device(device) => Some(device.plan()),
        }
    }

    /// The device with its program, if it runs on one.
    pub(crate) fn on_device(&self) -> Option<(&Device, &DeviceSpectrum)> {
        match (&self.on, &self.backend) {
            (On::Device(spectrum), Backend::Device(device)) => Some((device, spectrum)),
            _ => None,
        }
    }

    /// Seconds by stage so far.
    pub(crate) fn seconds(&self) -> &Stages {
        &self.seconds
    }

    /// What was done so far, and how; seconds are summed over all spectra.
    pub fn report(&self) -> SpectrumReport {
        let (planned, tracked) = match &self.on {
            On::Cpu(_) => (0, 0),
            On::Device(device) => device.bytes(),
        };
        SpectrumReport::new(&self.model, self.backend.info(), planned, tracked, self.seconds.clone())
    }
}
