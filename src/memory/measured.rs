//! What was measured, beside what was estimated, stage by stage.

use std::collections::BTreeMap;

use serde::Serialize;

use super::estimate::{Bytes, MemoryEstimate, Place, StageEstimate, stage_of};
use crate::gpu::Device;
use crate::spectrum::Runner;
use crate::stage::Stage;
use crate::timing::Stages;

/// A stage, estimated and measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct StageReport {
    /// What was to be expected.
    #[serde(flatten)]
    pub estimate: StageEstimate,
    /// Host bytes by the operating system, less the report's baseline; `None` if it was not asked or does not say.
    pub host_measured: Option<Bytes>,
    /// Most device bytes in use by the ledger.
    pub device_tracked: u64,
    /// The same by the driver's counter, where there is one.
    pub device_counted: Option<u64>,
}

/// Memory of a spectrum.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MemoryReport {
    /// Resident bytes when the first stage began: the program, its libraries, the driver and what it had allocated by then. `None` if that was
    /// not [watched](crate::host_memory::watch_stages).
    pub host_baseline: Option<u64>,
    /// The stages.
    pub stages: Vec<StageReport>,
}

impl MemoryReport {
    /// Puts together what `stages` noted, in this order, and what `device` says. `counted` is what its driver's counter had when nothing
    /// was allocated.
    pub(crate) fn new(estimate: MemoryEstimate, stages: &[&Stages], device: Option<(&Device, u64)>) -> Self {
        let mut baseline = None;
        let mut host: BTreeMap<Stage, Bytes> = BTreeMap::new();
        for m in stages.iter().flat_map(|s| s.memory()) {
            let baseline = *baseline.get_or_insert(m.before);
            let entry = host.entry(stage_of(&m.stage)).or_default();
            entry.kept = m.after.saturating_sub(baseline);
            entry.peak = entry.peak.max(m.peak.saturating_sub(baseline));
        }
        let ledger = device.map(|(device, _)| device.ledger().report());
        let counted = device.and_then(|(device, before)| match device.counted_bytes() {
            0 => None,
            now => Some(now.saturating_sub(before)),
        });
        let stages = estimate.stages.into_iter().map(|estimate| {
            let on_device = estimate.device.peak > 0;
            let uploads = |stage: &Stage| *stage == Stage::Upload;
            let tracked = || {
                let stages = ledger.iter().flat_map(|l| &l.peak_by_stage);
                let same = stages.filter(|(of, _)| uploads(&of.stage) == uploads(&estimate.stage));
                same.map(|(_, bytes)| *bytes).max().unwrap_or(0)
            };
            StageReport {
                host_measured: host.get(&estimate.stage).copied(),
                device_tracked: if on_device { tracked() } else { 0 },
                device_counted: counted.filter(|_| on_device),
                estimate,
            }
        });
        Self { host_baseline: baseline, stages: stages.collect() }
    }

    /// Most host bytes over the baseline: estimated, and measured.
    pub fn host_peak(&self) -> (u64, Option<u64>) {
        let estimated = self.stages.iter().map(|s| s.estimate.host.peak).max().unwrap_or(0);
        (estimated, self.stages.iter().filter_map(|s| s.host_measured).map(|b| b.peak).max())
    }
}

impl Runner {
    /// Memory by stage: estimated, and measured as far as it was [watched](crate::host_memory::watch_stages). `earlier` are stages before the model,
    /// such as the loading of lists.
    pub fn memory(&self, earlier: &Stages) -> MemoryReport {
        let place = self.on_device().map_or(Place::Cpu(rayon::current_num_threads()), |(device, spectrum)| {
            let plan = spectrum.plan();
            match device.info().is_gpu {
                true => Place::Device(plan),
                false => Place::SoftwareDevice(plan, device.info()),
            }
        });
        let device = self.on_device().map(|(device, spectrum)| (device, spectrum.counted_before()));
        MemoryReport::new(self.model().estimate(place), &[earlier, self.seconds()], device)
    }
}
