//! Wall-clock time by stage, and host memory where that is watched.

use std::time::Instant;

use crate::host_memory::{self, StageMemory};
use crate::stage::Stage;

/// Seconds by stage, in order of first appearance.
#[derive(Clone, Debug, Default)]
pub struct Stages(Vec<(Stage, f64)>, Vec<StageMemory>);

/// As a map from stage to seconds, in order.
impl serde::Serialize for Stages {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl Stages {
    /// Runs `work` and adds its time to `stage`.
    pub fn time<T>(&mut self, stage: impl Into<Stage>, work: impl FnOnce() -> T) -> T {
        let (stage, start) = (stage.into(), Instant::now());
        let result = self.watch(stage.clone(), work);
        self.add(stage, start.elapsed().as_secs_f64());
        result
    }

    /// Runs `work` and, if [`watched`](host_memory::watch_stages), notes what memory it took; its time is not counted.
    pub fn watch<T>(&mut self, stage: impl Into<Stage>, work: impl FnOnce() -> T) -> T {
        let stage = stage.into();
        let (result, memory) = host_memory::watched(&stage, work);
        if let Some(memory) = memory {
            match self.1.iter_mut().find(|m| m.stage == stage) {
                Some(before) => *before = before.and(&memory),
                None => self.1.push(memory),
            }
        }
        result
    }

    /// Host memory by stage, in order of first appearance; empty if it was not watched.
    pub fn memory(&self) -> &[StageMemory] {
        &self.1
    }

    /// Adds seconds to a stage.
    pub fn add(&mut self, stage: impl Into<Stage>, seconds: f64) {
        let stage = stage.into();
        match self.0.iter_mut().find(|(known, _)| *known == stage) {
            Some((_, sum)) => *sum += seconds,
            None => self.0.push((stage, seconds)),
        }
    }

    /// Adds the seconds of others, stage by stage.
    pub fn add_all(&mut self, others: &Self) {
        others.iter().for_each(|(stage, seconds)| self.add(stage.clone(), seconds));
    }

    /// (stage, seconds).
    pub fn iter(&self) -> impl Iterator<Item = (&Stage, f64)> {
        self.0.iter().map(|(stage, seconds)| (stage, *seconds))
    }

    /// Seconds of all stages.
    pub fn total(&self) -> f64 {
        self.iter().map(|(_, seconds)| seconds).sum()
    }
}
