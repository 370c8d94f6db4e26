//! An open device, whose errors are values.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use super::adapter::{adapters, describe, instance, select};
use super::driver_memory::query;
use super::faults::Faults;
use super::ledger::Ledger;
use super::pipelines::{DriverCache, Pipeline};
use super::pool::Pool;
use super::{DeviceInfo, DriverMemory, Limits, MemoryPolicy};
use crate::{Cache, Error, Result};

/// A device, opened. Cheap to clone: clones share the device, its compiled kernels, its ledger and its memory policy.
///
/// No wgpu error panics: errors of a call are returned by it; what wgpu reports elsewhere (a lost device, an error in
/// a callback) is kept and returned by the next call.
#[derive(Clone, Debug)]
pub struct Device {
    pub(super) device: wgpu::Device,
    pub(super) queue: wgpu::Queue,
    pub(super) pipelines: Arc<Mutex<HashMap<&'static str, Arc<Pipeline>>>>,
    pub(super) adapter: wgpu::Adapter,
    pub(super) pool: Arc<Pool>,
    pub(super) faults: Arc<Faults>,
    pub(super) driver_cache: Option<Arc<DriverCache>>,
    info: Arc<DeviceInfo>,
    ledger: Arc<Ledger>,
}

impl Device {
    /// Every device that the system's drivers offer; empty if there is none. Real GPUs come first.
    pub fn list() -> Vec<DeviceInfo> {
        adapters(&instance()).iter().map(describe).collect()
    }

    /// Like [`list`](Self::list), with what the drivers say of their memory at this moment.
    pub fn list_with_memory() -> Vec<(DeviceInfo, DriverMemory)> {
        adapters(&instance()).iter().map(|adapter| (describe(adapter), query(adapter))).collect()
    }

    /// Opens a device with WebGPU's default limits, no optional features, and [`MemoryPolicy::Default`].
    ///
    /// `selector`: `gpu-any` (or empty) for the first of [`list`](Self::list), otherwise a part of the device's or
    /// driver's name in any case, such as `llvmpipe`, `SwiftShader`, `H100`.
    ///
    /// # Errors
    /// [`Error::NoAdapter`] if there is no device, none matches, or it cannot be opened.
    pub fn open(selector: &str) -> Result<Self> {
        Self::open_with(selector, &Cache::off())
    }

    /// As [`open`](Self::open); kernels that were compiled in earlier runs come from the cache where the driver can give them out (the only
    /// optional feature that is ever requested).
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_with(selector: &str, cache: &Cache) -> Result<Self> {
        let adapter = select(adapters(&instance()), selector)?;
        let info = describe(&adapter);
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("photosphere"),
            required_features: match cache.folder() {
                Some(_) => adapter.features() & DriverCache::FEATURE,
                None => wgpu::Features::empty(),
            },
            required_limits: wgpu::Limits::default(),
            // Buffers are few and planned; reserving more than they need would make the plan untrue.
            memory_hints: wgpu::MemoryHints::MemoryUsage,
            ..Default::default()
        };
        let (device, queue) = pollster::block_on(adapter.request_device(&descriptor))
            .map_err(|e| Error::NoAdapter(format!("`{}` cannot be opened: {e}", info.name)))?;
        let faults = Arc::new(Faults::default());
        let sink = faults.clone();
        device.on_uncaptured_error(Arc::new(move |e| {
            sink.uncaptured(e.to_string());
        }));
        let sink = faults.clone();
        device.set_device_lost_callback(move |reason, message| {
            // `Destroyed` is also reported when the last handle is dropped; then nobody is left to ask.
            sink.lost(format!("{reason:?}: {message}"));
        });
        // wgpu's own first copies wait for a submission; without it their staging would still be counted later.
        queue.submit([]);
        let _ = device.poll(wgpu::PollType::wait_indefinitely());
        let driver_cache = DriverCache::open(&adapter.get_info(), &device, cache).map(Arc::new);
        let (pipelines, pool, ledger) = (Arc::default(), Arc::default(), Arc::default());
        let info = Arc::new(info);
        Ok(Self { device, queue, pipelines, adapter, pool, faults, driver_cache, info, ledger })
    }

    /// Like [`open`](Self::open), with a memory policy.
    ///
    /// Errors: also those of [`set_memory_policy`](Self::set_memory_policy).
    pub fn open_within(selector: &str, policy: MemoryPolicy) -> Result<Self> {
        let device = Self::open(selector)?;
        device.set_memory_policy(policy)?;
        Ok(device)
    }

    /// Opens the device that the environment variable `PHOTOSPHERE_DEVICE` selects, or any. Tests use this.
    pub fn from_env() -> Result<Self> {
        Self::open(&std::env::var("PHOTOSPHERE_DEVICE").unwrap_or_default())
    }

    /// Name, driver, limits.
    pub fn info(&self) -> &DeviceInfo {
        &self.info
    }

    /// Limits that programs for this device are planned with: always [`Limits::default`].
    pub fn limits(&self) -> Limits {
        Limits::default()
    }

    /// The account of the device memory of all workspaces.
    pub fn ledger(&self) -> &Arc<Ledger> {
        &self.ledger
    }

    /// What the driver's own counter says that buffers take \[bytes\]; kept on Vulkan only, 0 elsewhere. wgpu's own buffers
    /// (about 0.5 MB) are included, so compare differences.
    pub fn counted_bytes(&self) -> u64 {
        u64::try_from(self.device.get_internal_counters().hal.buffer_memory.read()).unwrap_or(0)
    }

    /// Gives the device up. Everything that uses it afterwards ends in an error.
    pub fn destroy(&self) {
        self.device.destroy();
        let _ = self.device.poll(wgpu::PollType::wait_indefinitely());
    }

    /// Fails if the device was lost or reported an error outside any call.
    pub(super) fn check(&self) -> Result<()> {
        self.faults.check(&self.info.name)
    }

    /// Runs `action`; an error that wgpu reports for it becomes [`Error::Rejected`], or [`Refused::Memory`].
    pub(super) fn scoped<T>(&self, what: &str, action: impl FnOnce() -> T) -> Result<T, Refused> {
        use wgpu::ErrorFilter::{Internal, OutOfMemory, Validation};
        let scopes = [Internal, OutOfMemory, Validation].map(|filter| self.device.push_error_scope(filter));
        let value = action();
        // Scopes are popped in the reverse order of their creation.
        let errors = scopes.into_iter().rev().filter_map(|scope| pollster::block_on(scope.pop())).collect::<Vec<_>>();
        self.check().map_err(Refused::Other)?;
        match errors.into_iter().next() {
            None => Ok(value),
            Some(wgpu::Error::OutOfMemory { .. }) => Err(Refused::Memory),
            Some(error) => Err(Refused::Other(Error::Rejected(format!("{what}: {error}")))),
        }
    }

    /// Waits for a submission, or for all.
    pub(super) fn wait(&self, submission: Option<wgpu::SubmissionIndex>) -> Result<()> {
        let poll = self.device.poll(wgpu::PollType::Wait { submission_index: submission, timeout: None });
        self.check()?;
        poll.map(drop).map_err(|e| Error::Rejected(format!("`{}`: waiting failed: {e}", self.info.name)))
    }
}

/// Why a call was refused.
#[derive(Debug)]
pub(super) enum Refused {
    /// Out of memory.
    Memory,
    /// Anything else.
    Other(Error),
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Memory => Self::Rejected("a kernel or command: the driver is out of memory".to_owned()),
            Refused::Other(error) => error,
        }
    }
}
