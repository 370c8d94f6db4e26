//! Faults to order, for testing what a program does when they happen; feature `testing`.
//!
//! Real devices refuse memory and vanish when it suits nobody. The methods here make them do so at a chosen call: the same code
//! paths run as when the driver refuses a buffer or resets the device.

use std::sync::{Mutex, MutexGuard};

use super::Device;

/// Faults that were ordered and have not happened yet.
#[derive(Debug, Default)]
pub(super) struct Ordered {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Allocations until one is refused.
    refuse_in: Option<u64>,
    /// Submissions and mappings until the device is lost.
    lose_in: Option<u64>,
    /// Bytes of a driver that refuses more.
    capacity: Option<u64>,
}

impl Ordered {
    /// Counts an allocation; true if this one is to be refused.
    pub fn refuses(&self) -> bool {
        due(&mut self.lock().refuse_in)
    }

    /// Counts a submission or mapping; true if the device is to be lost at this one.
    pub fn loses(&self) -> bool {
        due(&mut self.lock().lose_in)
    }

    /// Bytes that the driver gives out at most, if that was ordered.
    pub fn capacity(&self) -> Option<u64> {
        self.lock().capacity
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // What is kept under this lock is valid after every statement, so a panic elsewhere does not spoil it.
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// Counts down to one, once.
fn due(count: &mut Option<u64>) -> bool {
    match count {
        Some(1) => count.take().is_some(),
        Some(n) => {
            *n -= 1;
            false
        }
        None => false,
    }
}

impl Device {
    /// Tool for testing one's own error handling: the `k`-th buffer (from 1) that is created for a workspace from now on is refused, as if
    /// the driver had no memory for it; the one after it is granted again. 0 calls the fault off. Buffers that the pool reuses are not
    /// created, and not counted. With feature `testing` only.
    pub fn fail_allocation(&self, k: u64) {
        self.faults.ordered.lock().refuse_in = (k > 0).then_some(k);
    }

    /// Tool for testing one's own error handling: the device is lost at the `k`-th submission or mapping (from 1) from now on, as if the
    /// driver had reset it. 0 calls the fault off. With feature `testing` only.
    pub fn fail_submission(&self, k: u64) {
        self.faults.ordered.lock().lose_in = (k > 0).then_some(k);
    }

    /// A driver that gives out so many bytes and refuses more.
    #[cfg(test)]
    pub(super) fn simulate_capacity(&self, bytes: u64) {
        self.faults.ordered.lock().capacity = Some(bytes);
    }
}
