//! The account of device memory: every buffer's bytes, staging and readback included.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use serde::Serialize;

/// Bytes now, at most, and at most by stage and by name. Shared by all workspaces of a device.
#[derive(Debug, Default)]
pub struct Ledger {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    current: u64,
    peak: u64,
    stage: String,
    peak_by_stage: BTreeMap<String, u64>,
    by_name: BTreeMap<String, (u64, u64)>,
}

/// A copy of the account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LedgerReport {
    /// Bytes allocated now.
    pub current: u64,
    /// Most bytes ever allocated at a time.
    pub peak: u64,
    /// Most bytes allocated during each stage.
    pub peak_by_stage: BTreeMap<String, u64>,
    /// Bytes now under each name.
    pub by_name: BTreeMap<String, u64>,
    /// Most bytes ever under each name.
    pub peak_by_name: BTreeMap<String, u64>,
}

impl Ledger {
    /// Bytes allocated now.
    pub fn current(&self) -> u64 {
        self.lock().current
    }

    /// Most bytes ever allocated at a time.
    pub fn peak(&self) -> u64 {
        self.lock().peak
    }

    /// The whole account.
    pub fn report(&self) -> LedgerReport {
        let state = self.lock();
        let by = |pick: fn(&(u64, u64)) -> u64| state.by_name.iter().map(|(k, v)| (k.clone(), pick(v))).collect();
        LedgerReport {
            current: state.current,
            peak: state.peak,
            peak_by_stage: state.peak_by_stage.clone(),
            by_name: by(|v| v.0),
            peak_by_name: by(|v| v.1),
        }
    }

    /// What follows counts as `stage`.
    pub(super) fn enter(&self, stage: &str) {
        let mut state = self.lock();
        stage.clone_into(&mut state.stage);
        state.mark();
    }

    /// Enters `bytes` under `name`; the ticket's drop takes them off.
    pub(super) fn allocate(self: &Arc<Self>, name: &str, bytes: u64) -> Ticket {
        let mut state = self.lock();
        state.current += bytes;
        let entry = state.by_name.entry(name.to_owned()).or_default();
        entry.0 += bytes;
        entry.1 = entry.1.max(entry.0);
        state.mark();
        drop(state);
        Ticket { ledger: self.clone(), name: name.to_owned(), bytes }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl State {
    fn mark(&mut self) {
        self.peak = self.peak.max(self.current);
        let mark = self.peak_by_stage.entry(self.stage.clone()).or_default();
        *mark = self.current.max(*mark);
    }
}

/// Bytes on the account for as long as this lives.
#[derive(Debug)]
pub(super) struct Ticket {
    ledger: Arc<Ledger>,
    name: String,
    bytes: u64,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut state = self.ledger.lock();
        state.current -= self.bytes;
        if let Some(entry) = state.by_name.get_mut(&self.name) {
            entry.0 -= self.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn current_peak_stage_and_name() {
        let ledger = Arc::new(Ledger::default());
        ledger.enter("setup");
        let a = ledger.allocate("a", 100);
        ledger.enter("run");
        let b = ledger.allocate("b", 20);
        drop(a);
        ledger.enter("end");
        let report = ledger.report();
        assert_eq!((report.current, report.peak), (20, 120));
        let pairs = |map: &BTreeMap<String, u64>| map.iter().map(|(k, v)| (k.clone(), *v)).collect::<Vec<_>>();
        assert_eq!(pairs(&report.peak_by_stage), [("end".into(), 20), ("run".into(), 120), ("setup".into(), 100)]);
        assert_eq!(pairs(&report.by_name), [("a".into(), 0), ("b".into(), 20)]);
        assert_eq!(report.peak_by_name["a"], 100);
        drop(b);
        assert_eq!((ledger.current(), ledger.peak()), (0, 120));
    }
}
