//! The device's memory: how much there is, how much is taken, how much may be.

use serde::Serialize;

use super::{Device, DriverMemory, MemoryPolicy};
use crate::Result;

/// A device's memory \[bytes\]; `None` where driver or platform cannot say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MemoryInfo {
    /// In all.
    pub total: Option<u64>,
    /// What this process may still take, by the driver.
    pub free: Option<u64>,
    /// What this process holds, by the driver's own rules (blocks, padding, compiled kernels).
    pub used_by_process: Option<u64>,
    /// Taken for buffers, by the ledger: workspaces, the pool's unused buffers, and ballast.
    pub allocated: u64,
    /// Buffers of workspaces alone.
    pub in_use: u64,
    /// What wgpu counts for buffers (about 0.5 MB of its own included): its change equals that of `allocated`. Vulkan only.
    pub driver_counter: Option<u64>,
}

impl Device {
    /// How much memory there is and who holds it, now.
    pub fn memory(&self) -> MemoryInfo {
        let DriverMemory { total, free, used_by_process } = self.handle.driver_memory();
        MemoryInfo {
            total,
            free,
            used_by_process,
            allocated: self.ledger().allocated(),
            in_use: self.ledger().current(),
            driver_counter: (self.info().backend == "vulkan").then(|| self.counted_bytes()),
        }
    }

    /// How much memory workspaces may take.
    pub fn memory_policy(&self) -> MemoryPolicy {
        self.pool.policy()
    }

    /// Sets how much memory workspaces of this device (and of its clones) may take. A fraction is taken at once, and held.
    ///
    /// Errors: [`Error::OutOfMemory`](crate::Error::OutOfMemory) if the driver refuses the fraction,
    /// [`Error::Invalid`](crate::Error::Invalid) if it does not say how much memory there is; the policy is then the old one.
    pub fn set_memory_policy(&self, policy: MemoryPolicy) -> Result<()> {
        self.handle.check()?;
        self.pool.set_policy(&self.handle, policy)
    }

    /// Bytes that the next workspace may take, now; `None`: as many as the driver gives.
    ///
    /// Errors: the device was lost.
    pub fn budget(&self) -> Result<Option<u64>> {
        self.handle.check()?;
        Ok(self.pool.budget(&self.handle))
    }
}
