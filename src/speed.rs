//! How long work takes: modelled multiply-adds times a device's measured speed.
//!
//! `photosphere bench` measures the speed of a class of devices, and the cache keeps it; without that a usual one is taken.

use serde::{Deserialize, Serialize};

use crate::cache::{Cache, Key, KeyHasher};
use crate::gpu::DeviceClass;

/// A multiply-add of one thread of the processor \[s\], where nothing was measured.
pub(crate) const CPU_MULTIPLY_ADD: f64 = 1.5e-10;

/// Kind of the cache entries.
const KIND: &str = "speed";

/// Where work is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worker {
    /// The CPU backend.
    Cpu,
    /// A device of a class.
    Device(DeviceClass),
}

impl Worker {
    fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Device(class) => class.name(),
        }
    }

    fn key(self) -> Option<Key> {
        let mut key = KeyHasher::new(KIND);
        key.bytes("worker", self.name().as_bytes());
        key.bytes("cost model", b"1");
        key.finish()
    }

    /// What is usual, where nothing was measured.
    fn usual(self) -> Speed {
        let seconds = match self {
            Self::Cpu => CPU_MULTIPLY_ADD / rayon::current_num_threads() as f64,
            Self::Device(class) => class.rates().multiply_add,
        };
        Speed { seconds_per_multiply_add: seconds, measured_on: None }
    }
}

/// A speed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Speed {
    /// Seconds for a modelled multiply-add.
    pub seconds_per_multiply_add: f64,
    /// The device on which it was measured; none if it is what is usual of its class.
    pub measured_on: Option<String>,
}

impl Speed {
    /// What was measured last on a device like this, or what is usual.
    pub fn of(worker: Worker, cache: &Cache) -> Self {
        let found = worker.key().and_then(|key| cache.find(KIND, &key).ok());
        let read = found.and_then(|entry| serde_json::from_slice::<Self>(entry.payload()).ok());
        let valid = |s: &Self| s.seconds_per_multiply_add.is_finite() && s.seconds_per_multiply_add > 0.0;
        read.filter(valid).unwrap_or_else(|| worker.usual())
    }

    /// Keeps what was measured: `seconds` for so many multiply-adds on the device of that name.
    pub fn keep(worker: Worker, device: &str, seconds: f64, multiply_adds: f64, cache: &Cache) {
        let speed = Self { seconds_per_multiply_add: seconds / multiply_adds, measured_on: Some(device.to_owned()) };
        if let (Some(key), Ok(bytes)) = (worker.key(), serde_json::to_vec(&speed)) {
            // Without an entry estimates are less exact.
            let _ = cache.store(KIND, &key, &format!("speed of {device}"), &[&bytes]);
        }
    }

    /// Seconds for so many multiply-adds.
    pub fn seconds(&self, multiply_adds: f64) -> f64 {
        self.seconds_per_multiply_add * multiply_adds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_measured_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(Some(folder.path()));
        let card = Worker::Device(DeviceClass::Discrete);
        assert_eq!(Speed::of(card, &cache).measured_on, None);
        Speed::keep(card, "H100", 2e-3, 4e9, &cache);
        let speed = Speed::of(card, &cache);
        assert_eq!((speed.measured_on.as_deref(), speed.seconds(8e9)), (Some("H100"), 4e-3));
        assert_eq!(Speed::of(Worker::Cpu, &cache).measured_on, None);
    }
}
