//! Faults to order, for testing what a program does when they happen; feature `testing`.
//!
//! Real devices refuse memory and vanish when it suits nobody. [`Device`](super::Device) makes them do so at a chosen call: the same code
//! paths run as when the driver refuses a buffer or resets the device.

use std::sync::{Mutex, MutexGuard};

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

    /// Refuses the `k`-th allocation from now on; 0 refuses none.
    pub fn refuse_in(&self, k: u64) {
        self.lock().refuse_in = (k > 0).then_some(k);
    }

    /// Loses the device at the `k`-th submission or mapping from now on; 0 does not.
    pub fn lose_in(&self, k: u64) {
        self.lock().lose_in = (k > 0).then_some(k);
    }

    /// A driver that gives out so many bytes and refuses more.
    #[cfg(test)]
    pub fn limit_capacity(&self, bytes: u64) {
        self.lock().capacity = Some(bytes);
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
