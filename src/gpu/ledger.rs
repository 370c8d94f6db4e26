//! The account of device memory: every buffer's bytes, staging and readback included.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use serde::Serialize;

use super::holding::Holding;
use super::timeline::{Event, Recorder, Timeline};
use crate::stage::PassStage;

/// Bytes now, at most, and at most by stage and by name. Shared by all workspaces of a device.
///
/// Bytes are in use (buffers of workspaces), unused (buffers that the pool keeps for the next workspace) or ballast (held so that
/// nobody else takes them). Peaks and names are of the bytes in use; the sum of the three is what the driver counts.
#[derive(Debug, Default)]
pub struct Ledger {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    current: u64,
    unused: u64,
    ballast: u64,
    peak: u64,
    stage: PassStage,
    peak_by_stage: BTreeMap<PassStage, u64>,
    by_name: BTreeMap<String, (u64, u64)>,
    recorder: Option<Recorder>,
}

/// A copy of the account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LedgerReport {
    /// Bytes in use now.
    pub current: u64,
    /// Bytes of buffers that the pool keeps for the next workspace.
    pub unused: u64,
    /// Bytes held so that nobody else takes them.
    pub ballast: u64,
    /// Most bytes ever in use at a time.
    pub peak: u64,
    /// Most bytes in use during each stage.
    pub peak_by_stage: BTreeMap<PassStage, u64>,
    /// Bytes in use now under each name.
    pub by_name: BTreeMap<String, u64>,
    /// Most bytes ever in use under each name.
    pub peak_by_name: BTreeMap<String, u64>,
}

impl Ledger {
    /// Bytes in use now.
    pub fn current(&self) -> u64 {
        self.lock().current
    }

    /// Bytes taken from the driver now: in use, unused and ballast.
    pub fn allocated(&self) -> u64 {
        self.lock().allocated()
    }

    /// Most bytes ever in use at a time.
    pub fn peak(&self) -> u64 {
        self.lock().peak
    }

    /// Forgets all peaks: what is in use now is the most so far.
    pub fn reset_peaks(&self) {
        let mut state = self.lock();
        state.peak = state.current;
        state.peak_by_stage.clear();
        state.by_name.retain(|_, entry| entry.0 > 0);
        state.by_name.values_mut().for_each(|entry| entry.1 = entry.0);
        state.mark();
    }

    /// The whole account.
    pub fn report(&self) -> LedgerReport {
        let state = self.lock();
        let by = |pick: fn(&(u64, u64)) -> u64| state.by_name.iter().map(|(k, v)| (k.clone(), pick(v))).collect();
        LedgerReport {
            current: state.current,
            unused: state.unused,
            ballast: state.ballast,
            peak: state.peak,
            peak_by_stage: state.peak_by_stage.clone(),
            by_name: by(|v| v.0),
            peak_by_name: by(|v| v.1),
        }
    }

    /// Records every change from now on, the latest `capacity` of them (about 100 bytes each); 0 stops. What was recorded
    /// before is dropped.
    pub fn record(&self, capacity: usize) {
        let mut state = self.lock();
        state.recorder = (capacity > 0).then(|| Recorder::new(capacity));
    }

    /// The changes since [`record`](Self::record); empty if that was not called.
    pub fn timeline(&self) -> Timeline {
        self.lock().recorder.as_ref().map(Recorder::timeline).unwrap_or_default()
    }

    /// What follows counts as `stage`.
    pub(super) fn enter(&self, stage: &PassStage) {
        let mut state = self.lock();
        state.stage.clone_from(stage);
        state.mark();
    }

    /// Enters `bytes` under `name`; the ticket's drop takes them off.
    pub(super) fn allocate(self: &Arc<Self>, name: &str, bytes: u64, holding: Holding) -> Ticket {
        let mut state = self.lock();
        state.change(name, bytes, holding, true);
        state.record(name, bytes, holding, true);
        drop(state);
        Ticket { ledger: self.clone(), name: name.to_owned(), bytes, holding }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl State {
    fn allocated(&self) -> u64 {
        self.current + self.unused + self.ballast
    }

    fn change(&mut self, name: &str, bytes: u64, holding: Holding, taken: bool) {
        let total = match holding {
            Holding::InUse => &mut self.current,
            Holding::Unused => &mut self.unused,
            Holding::Ballast => &mut self.ballast,
        };
        *total = if taken { *total + bytes } else { *total - bytes };
        if holding == Holding::InUse {
            let entry = self.by_name.entry(name.to_owned()).or_default();
            entry.0 = if taken { entry.0 + bytes } else { entry.0 - bytes };
            entry.1 = entry.1.max(entry.0);
            self.mark();
        }
    }

    fn record(&mut self, name: &str, bytes: u64, holding: Holding, taken: bool) {
        if let Some(recorder) = &mut self.recorder {
            recorder.push(|seconds| Event {
                seconds,
                stage: self.stage.clone(),
                name: name.to_owned(),
                holding,
                bytes,
                taken,
                in_use: self.current,
                unused: self.unused,
                ballast: self.ballast,
            });
        }
    }

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
    holding: Holding,
}

impl Ticket {
    /// The same bytes for another purpose; one event of the timeline.
    pub fn turn(&mut self, name: &str, holding: Holding) {
        let mut state = self.ledger.lock();
        state.change(&self.name, self.bytes, self.holding, false);
        state.change(name, self.bytes, holding, true);
        state.record(name, self.bytes, holding, true);
        drop(state);
        name.clone_into(&mut self.name);
        self.holding = holding;
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut state = self.ledger.lock();
        state.change(&self.name, self.bytes, self.holding, false);
        state.record(&self.name, self.bytes, self.holding, false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn current_peak_stage_and_name() {
        let ledger = Arc::new(Ledger::default());
        ledger.enter(&"setup".into());
        let a = ledger.allocate("a", 100, Holding::InUse);
        ledger.enter(&"run".into());
        let b = ledger.allocate("b", 20, Holding::InUse);
        drop(a);
        ledger.enter(&"end".into());
        let report = ledger.report();
        assert_eq!((report.current, report.peak), (20, 120));
        let pairs = |map: &BTreeMap<String, u64>| map.iter().map(|(k, v)| (k.clone(), *v)).collect::<Vec<_>>();
        let stages = |map: &BTreeMap<PassStage, u64>| map.iter().map(|(k, v)| (k.to_string(), *v)).collect::<Vec<_>>();
        assert_eq!(stages(&report.peak_by_stage), [("end".into(), 20), ("run".into(), 120), ("setup".into(), 100)]);
        assert_eq!(pairs(&report.by_name), [("a".into(), 0), ("b".into(), 20)]);
        assert_eq!(report.peak_by_name["a"], 100);
        ledger.reset_peaks();
        let report = ledger.report();
        assert_eq!((report.peak, pairs(&report.peak_by_name)), (20, vec![("b".into(), 20)]));
        assert_eq!(stages(&report.peak_by_stage), [("end".into(), 20)]);
        drop(b);
        assert_eq!((ledger.current(), ledger.peak()), (0, 20));
    }

    #[test]
    fn unused_and_ballast_are_apart() {
        let ledger = Arc::new(Ledger::default());
        let mut a = ledger.allocate("a", 100, Holding::InUse);
        let ballast = ledger.allocate("reserve", 1000, Holding::Ballast);
        a.turn("pool", Holding::Unused);
        let report = ledger.report();
        assert_eq!((report.current, report.unused, report.ballast, report.peak), (0, 100, 1000, 100));
        assert_eq!((report.by_name["a"], report.by_name.len(), ledger.allocated()), (0, 1, 1100));
        a.turn("b", Holding::InUse);
        drop(ballast);
        assert_eq!((ledger.current(), ledger.allocated(), ledger.peak()), (100, 100, 100));
        drop(a);
        assert_eq!(ledger.allocated(), 0);
    }

    #[test]
    fn the_timeline_has_every_change_and_bounded_length() {
        let ledger = Arc::new(Ledger::default());
        drop(ledger.allocate("before", 1, Holding::InUse));
        ledger.record(3);
        ledger.enter(&"run".into());
        let a = ledger.allocate("a", 100, Holding::InUse);
        let b = ledger.allocate("b", 20, Holding::Ballast);
        drop(a);
        drop(b);
        let timeline = ledger.timeline();
        assert_eq!((timeline.events.len(), timeline.dropped), (3, 1));
        let seen: Vec<_> = timeline.events.iter().map(|e| (e.name.as_str(), e.taken, e.in_use, e.ballast)).collect();
        assert_eq!(seen, [("b", true, 100, 20), ("a", false, 0, 20), ("b", false, 0, 0)]);
        assert!(timeline.events.iter().all(|e| e.stage == "run".into()));
        assert!(timeline.events.is_sorted_by(|a, b| a.seconds <= b.seconds));
        ledger.record(0);
        drop(ledger.allocate("after", 1, Holding::InUse));
        assert_eq!(ledger.timeline(), Timeline::default());
    }
}
