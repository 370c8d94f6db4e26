//! What an open device is to the rest of this folder: the driver's objects, its account, and calls whose errors are values.

use std::sync::Arc;

use super::driver_memory::query;
use super::faults::Faults;
use super::ledger::Ledger;
use super::refused::Refused;
use super::{DeviceInfo, DriverMemory, Limits};
use crate::{Error, Result};

/// The driver's objects of a [`Device`](super::Device), and what is known of it.
#[derive(Clone, Debug)]
pub(super) struct Handle {
    pub device: wgpu::Device,
    pub queue: wgpu::Queue,
    pub adapter: wgpu::Adapter,
    pub faults: Arc<Faults>,
    pub info: Arc<DeviceInfo>,
    /// Those that programs are planned with.
    pub limits: Limits,
    pub ledger: Arc<Ledger>,
}

impl Handle {
    /// What the driver says of its memory at this moment.
    pub fn driver_memory(&self) -> DriverMemory {
        query(&self.adapter)
    }

    /// Fails if the device was lost or reported an error outside any call.
    pub fn check(&self) -> Result<()> {
        self.faults.check(&self.info.name)
    }

    /// Runs `action`; an error that wgpu reports for it becomes [`Error::Rejected`], or [`Refused::Memory`].
    pub fn scoped<T>(&self, what: &str, action: impl FnOnce() -> T) -> Result<T, Refused> {
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
    pub fn wait(&self, submission: Option<wgpu::SubmissionIndex>) -> Result<()> {
        let poll = self.device.poll(wgpu::PollType::Wait { submission_index: submission, timeout: None });
        self.check()?;
        poll.map(drop).map_err(|e| Error::Rejected(format!("`{}`: waiting failed: {e}", self.info.name)))
    }

    /// The device is lost here, if that was ordered; the call that follows finds it so.
    pub fn lose_if_ordered(&self) {
        if self.faults.loses_by_order() {
            self.faults.lost("reset (ordered by `fail_submission`)".to_owned());
            self.device.destroy();
        }
    }
}
