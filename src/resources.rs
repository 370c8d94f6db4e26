//! What a set-up may use besides its inputs. None of it changes a result.

use crate::{Cache, Progress};

/// Bytes of host memory for lines in flight unless told otherwise: 1 GiB, enough to hold ten million lines.
pub const DEFAULT_HOST_BYTES: u64 = 1 << 30;

/// Cache, host memory, progress.
#[derive(Clone, Copy)]
pub struct Resources<'a> {
    /// Where line-shape densities are kept between runs.
    pub cache: &'a Cache,
    /// Bytes for lines on their way into a line-shape density. Lists that need more are read several times.
    pub host_bytes: u64,
    /// Where progress is shown.
    pub progress: &'a dyn Progress,
}

impl<'a> Resources<'a> {
    /// No cache, the default amount of memory.
    pub fn new(progress: &'a dyn Progress) -> Self {
        static OFF: Cache = Cache::off();
        Self { cache: &OFF, host_bytes: DEFAULT_HOST_BYTES, progress }
    }

    /// With a cache, the default amount of memory.
    pub fn with_cache(cache: &'a Cache, progress: &'a dyn Progress) -> Self {
        Self { cache, ..Self::new(progress) }
    }
}

impl std::fmt::Debug for Resources<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Resources").field("cache", self.cache).field("host_bytes", &self.host_bytes).finish()
    }
}
