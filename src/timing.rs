//! Wall-clock time by stage.

use std::time::Instant;

/// Seconds by stage, in order of first appearance.
#[derive(Clone, Debug, Default)]
pub struct Stages(Vec<(String, f64)>);

/// As a map from stage to seconds, in order.
impl serde::Serialize for Stages {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl Stages {
    /// Runs `work` and adds its time to `stage`.
    pub fn time<T>(&mut self, stage: &str, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let result = work();
        self.add(stage, start.elapsed().as_secs_f64());
        result
    }

    /// Adds seconds to a stage.
    pub fn add(&mut self, stage: &str, seconds: f64) {
        match self.0.iter_mut().find(|(name, _)| name == stage) {
            Some((_, sum)) => *sum += seconds,
            None => self.0.push((stage.to_owned(), seconds)),
        }
    }

    /// Adds the seconds of others, stage by stage.
    pub fn add_all(&mut self, others: &Self) {
        others.iter().for_each(|(stage, seconds)| self.add(stage, seconds));
    }

    /// (stage, seconds).
    pub fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        self.0.iter().map(|(name, seconds)| (name.as_str(), *seconds))
    }
}
