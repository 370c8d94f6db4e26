//! An open device, whose errors are values.

use std::sync::{Arc, Mutex, PoisonError};

use super::adapter::{adapters, describe, instance, select};
use super::driver_memory::query;
use super::faults::Faults;
use super::handle::Handle;
use super::ledger::Ledger;
use super::pipelines::{DriverCache, Pipeline, Pipelines};
use super::pool::Pool;
use super::{DeviceClass, DeviceInfo, DriverMemory, Kernel, Limits, MemoryPolicy};
use crate::{Cache, Error, Result};

/// A device, opened. Cheap to clone: clones share the device, its compiled kernels, its ledger and its memory policy.
///
/// No wgpu error panics: errors of a call are returned by it; what wgpu reports elsewhere (a lost device, an error in
/// a callback) is kept and returned by the next call.
#[derive(Clone, Debug)]
pub struct Device {
    pub(super) handle: Handle,
    pub(super) pipelines: Arc<Pipelines>,
    pub(super) pool: Arc<Pool>,
    how: Arc<How>,
}

/// How a device was opened, and the one that was opened in its place after it was lost.
#[derive(Debug)]
struct How {
    class: DeviceClass,
    cache: Cache,
    successor: Mutex<Option<Device>>,
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

    /// Opens a device with its own limits (a software driver with WebGPU's minimum), no optional features, and [`MemoryPolicy::Default`].
    ///
    /// `selector`: `gpu-any` (or empty) for the first of [`list`](Self::list); its number there from 0, such as `1`; a card's address on the PCI bus, such as
    /// `0000:65:00.0`; otherwise a part of the device's or driver's name in any case, such as `llvmpipe`, `SwiftShader`, `H100`.
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
        Self::open_as(select(adapters(&instance()), selector)?, None, cache)
    }

    /// Opens the first GPU that is no software driver, if there is one; as [`open_with`](Self::open_with).
    ///
    /// # Errors
    /// [`Error::NoAdapter`] if it cannot be opened.
    pub fn first_gpu(cache: &Cache) -> Result<Option<Self>> {
        let gpu = adapters(&instance()).into_iter().find(|a| describe(a).is_gpu);
        gpu.map(|adapter| Self::open_as(adapter, None, cache)).transpose()
    }

    /// As [`open`](Self::open), with schedules and limits as for another class of devices, where the adapter has these: a test of a card's schedule without one.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_in_class(selector: &str, class: DeviceClass) -> Result<Self> {
        Self::open_as(select(adapters(&instance()), selector)?, Some(class), &Cache::off())
    }

    fn open_as(adapter: wgpu::Adapter, class: Option<DeviceClass>, cache: &Cache) -> Result<Self> {
        let info = describe(&adapter);
        let class = class.unwrap_or_else(|| adapter.get_info().device_type.into());
        let required_limits = Limits::requested(&adapter.limits(), class);
        let limits = Limits::of(&required_limits, class);
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("photosphere"),
            required_features: match cache.folder() {
                Some(_) => adapter.features() & DriverCache::FEATURE,
                None => wgpu::Features::empty(),
            },
            required_limits,
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
            sink.lost(match reason {
                wgpu::DeviceLostReason::Destroyed => format!("given up: {message}"),
                wgpu::DeviceLostReason::Unknown => format!("reset by its driver, or gone: {message}"),
            });
        });
        // wgpu's own first copies wait for a submission; without it their staging would still be counted later.
        queue.submit([]);
        let _ = device.poll(wgpu::PollType::wait_indefinitely());
        let pipelines = Arc::new(Pipelines::new(DriverCache::open(&adapter.get_info(), &device, cache)));
        let (info, ledger) = (Arc::new(info), Arc::default());
        let handle = Handle { device, queue, adapter, faults, info, limits, ledger };
        let how = How { class, cache: cache.clone(), successor: Mutex::default() };
        Ok(Self { handle, pipelines, pool: Arc::default(), how: Arc::new(how) })
    }

    /// The same adapter, opened again after this device was lost, with its memory policy. All clones get the same one.
    ///
    /// # Errors
    /// [`Error::NoAdapter`] if it is not there any more or cannot be opened; those of [`set_memory_policy`](Self::set_memory_policy).
    pub fn reopened(&self) -> Result<Self> {
        let mut successor = self.how.successor.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(device) = successor.as_ref() {
            // One that was lost in its turn has a successor of its own.
            return match device.handle.faults.is_lost() {
                true => device.reopened(),
                false => Ok(device.clone()),
            };
        }
        let gone = || Error::NoAdapter(format!("`{}` is not there any more", self.info().name));
        let is_same = |a: &wgpu::Adapter| {
            let (here, info) = (describe(a), self.info());
            (&here.name, &here.backend, &here.pci_bus_id) == (&info.name, &info.backend, &info.pci_bus_id)
        };
        let adapter = adapters(&instance()).into_iter().find(is_same).ok_or_else(gone)?;
        let device = Self::open_as(adapter, Some(self.how.class), &self.how.cache)?;
        device.set_memory_policy(self.memory_policy())?;
        *successor = Some(device.clone());
        Ok(device)
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
        &self.handle.info
    }

    /// Limits that programs for this device are planned with: [`Limits::default`] of a software driver, a GPU's own.
    pub fn limits(&self) -> Limits {
        self.handle.limits
    }

    /// What was wrong with the kernels that earlier runs left in the cache, if something was: they are compiled again.
    pub fn cache_remark(&self) -> Option<&str> {
        self.pipelines.driver_cache.as_ref()?.lost.as_deref()
    }

    /// The account of the device memory of all workspaces.
    pub fn ledger(&self) -> &Arc<Ledger> {
        &self.handle.ledger
    }

    /// What the driver's own counter says that buffers take \[bytes\]; kept on Vulkan only, 0 elsewhere. wgpu's own buffers
    /// (about 0.5 MB) are included, so compare differences.
    pub fn counted_bytes(&self) -> u64 {
        u64::try_from(self.handle.device.get_internal_counters().hal.buffer_memory.read()).unwrap_or(0)
    }

    /// Gives the device up. Everything that uses it afterwards ends in an error.
    pub fn destroy(&self) {
        self.handle.device.destroy();
        let _ = self.handle.device.poll(wgpu::PollType::wait_indefinitely());
    }

    /// The compiled kernels; compiled at the first call.
    pub(super) fn pipelines(&self, kernels: &[&'static Kernel]) -> Result<Vec<Arc<Pipeline>>> {
        self.pipelines.get(&self.handle, kernels)
    }
}

#[cfg(any(test, feature = "testing"))]
impl Device {
    /// Tool for testing one's own error handling: the `k`-th buffer (from 1) that is created for a workspace from now on is refused, as if
    /// the driver had no memory for it; the one after it is granted again. 0 calls the fault off. Buffers that the pool reuses are not
    /// created, and not counted. With feature `testing` only.
    pub fn fail_allocation(&self, k: u64) {
        self.handle.faults.ordered.refuse_in(k);
    }

    /// Tool for testing one's own error handling: the device is lost at the `k`-th submission or mapping (from 1) from now on, as if the
    /// driver had reset it. 0 calls the fault off. With feature `testing` only.
    pub fn fail_submission(&self, k: u64) {
        self.handle.faults.ordered.lose_in(k);
    }

    /// A driver that gives out so many bytes and refuses more.
    #[cfg(test)]
    pub(super) fn simulate_capacity(&self, bytes: u64) {
        self.handle.faults.ordered.limit_capacity(bytes);
    }
}
