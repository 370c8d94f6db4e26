//! What went wrong on a device outside any call, and where faults that were ordered (`ordered_faults`) happen.

use std::sync::{Mutex, MutexGuard};

use super::Device;
use crate::{Error, Result};

/// Errors that arrived outside any call.
#[derive(Debug, Default)]
pub(super) struct Faults {
    state: Mutex<State>,
    #[cfg(any(test, feature = "testing"))]
    pub ordered: super::ordered_faults::Ordered,
}

#[derive(Debug, Default)]
struct State {
    lost: Option<String>,
    uncaptured: Option<String>,
}

impl Faults {
    pub fn lost(&self, message: String) {
        self.lock().lost.get_or_insert(message);
    }

    pub fn uncaptured(&self, message: String) {
        self.lock().uncaptured.get_or_insert(message);
    }

    /// Fails if the device was lost or reported an error outside any call.
    pub fn check(&self, device: &str) -> Result<()> {
        let mut state = self.lock();
        if let Some(message) = &state.lost {
            return Err(Error::DeviceLost(format!("`{device}` was lost: {message}")));
        }
        match state.uncaptured.take() {
            Some(message) => Err(Error::Rejected(format!("`{device}`: {message}"))),
            None => Ok(()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // What is kept under this lock is valid after every statement, so a panic elsewhere does not spoil it.
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

#[cfg(any(test, feature = "testing"))]
impl Device {
    /// Whether a buffer of `bytes` for a workspace is refused by order; counts it.
    pub(super) fn refuses_by_order(&self, bytes: u64, in_use: bool) -> bool {
        let ordered = &self.faults.ordered;
        let full = || self.capacity_by_order().is_some_and(|capacity| self.ledger().allocated() + bytes > capacity);
        (in_use && ordered.refuses()) || full()
    }

    /// Bytes that the driver gives out at most, if that was ordered.
    pub(super) fn capacity_by_order(&self) -> Option<u64> {
        self.faults.ordered.capacity()
    }

    /// The device is lost here, if that was ordered; the call that follows finds it so.
    pub(super) fn lose_if_ordered(&self) {
        if self.faults.ordered.loses() {
            self.faults.lost("reset (ordered by `fail_submission`)".to_owned());
            self.device.destroy();
        }
    }
}

/// Nothing can be ordered.
#[cfg(not(any(test, feature = "testing")))]
impl Device {
    pub(super) fn refuses_by_order(&self, _: u64, _: bool) -> bool {
        false
    }

    pub(super) fn capacity_by_order(&self) -> Option<u64> {
        None
    }

    pub(super) fn lose_if_ordered(&self) {}
}
