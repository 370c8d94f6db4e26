//! Device memory over time: the ledger's changes, kept in bounded memory.

use std::collections::VecDeque;
use std::time::Instant;

use serde::Serialize;

use super::holding::Holding;
use crate::stage::PassStage;

/// One change of the account. A buffer that goes to or comes from the pool is one event, with what it is held for afterwards.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Event {
    /// Since the recording began \[s\].
    pub seconds: f64,
    /// The stage it happened in.
    pub stage: PassStage,
    /// The buffer.
    pub name: String,
    /// What the bytes are held for.
    pub holding: Holding,
    /// Its size \[bytes\].
    pub bytes: u64,
    /// Taken; otherwise given back.
    pub taken: bool,
    /// Bytes in use after it.
    pub in_use: u64,
    /// Bytes in the pool's unused buffers after it.
    pub unused: u64,
    /// Bytes of ballast after it.
    pub ballast: u64,
}

/// The changes of the account, in order.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Timeline {
    /// The latest changes.
    pub events: Vec<Event>,
    /// Earlier changes that were dropped to stay within the recording's capacity.
    pub dropped: u64,
}

/// Keeps the latest changes.
#[derive(Debug)]
pub(super) struct Recorder {
    start: Instant,
    capacity: usize,
    events: VecDeque<Event>,
    dropped: u64,
}

impl Recorder {
    pub fn new(capacity: usize) -> Self {
        Self { start: Instant::now(), capacity, events: VecDeque::new(), dropped: 0 }
    }

    pub fn push(&mut self, event: impl FnOnce(f64) -> Event) {
        if self.events.len() == self.capacity {
            self.events.pop_front();
            self.dropped += 1;
        }
        self.events.push_back(event(self.start.elapsed().as_secs_f64()));
    }

    pub fn timeline(&self) -> Timeline {
        Timeline { events: self.events.iter().cloned().collect(), dropped: self.dropped }
    }
}
