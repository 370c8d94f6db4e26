//! What went wrong on a device outside any call, and where faults that were ordered (`ordered_faults`) happen.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};
use std::thread::ThreadId;

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
    /// By the thread in whose call it arrived.
    uncaptured: HashMap<ThreadId, String>,
}

impl Faults {
    pub fn lost(&self, message: String) {
        self.lock().lost.get_or_insert(message);
    }

    pub fn uncaptured(&self, message: String) {
        self.lock().uncaptured.entry(std::thread::current().id()).or_insert(message);
    }

    /// Whether the device was lost.
    pub fn is_lost(&self) -> bool {
        self.lock().lost.is_some()
    }

    /// Fails if the device was lost or reported an error outside any call, in a call of this thread.
    pub fn check(&self, device: &str) -> Result<()> {
        let mut state = self.lock();
        if let Some(message) = &state.lost {
            return Err(Error::DeviceLost(format!("`{device}` was lost: {message}")));
        }
        match state.uncaptured.remove(&std::thread::current().id()) {
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
impl Faults {
    /// Whether a buffer of `bytes` for a workspace is refused by order, where so many are `allocated`; counts it.
    pub fn refuses_by_order(&self, bytes: u64, in_use: bool, allocated: u64) -> bool {
        let full = || self.capacity_by_order().is_some_and(|capacity| allocated + bytes > capacity);
        (in_use && self.ordered.refuses()) || full()
    }

    /// Bytes that the driver gives out at most, if that was ordered.
    pub fn capacity_by_order(&self) -> Option<u64> {
        self.ordered.capacity()
    }

    /// Whether the device is to be lost now; counts the call.
    pub fn loses_by_order(&self) -> bool {
        self.ordered.loses()
    }
}

/// Nothing can be ordered.
#[cfg(not(any(test, feature = "testing")))]
impl Faults {
    pub fn refuses_by_order(&self, _: u64, _: bool, _: u64) -> bool {
        false
    }

    pub fn capacity_by_order(&self) -> Option<u64> {
        None
    }

    pub fn loses_by_order(&self) -> bool {
        false
    }
}
