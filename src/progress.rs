//! How long work tells a person where it stands, without the library knowing of terminals.

/// Receives progress of long loads and builds. All calls may come from worker threads.
pub trait Progress: Sync {
    /// A new task begins; `total` is in the units that [`advance`](Self::advance) counts (bytes for files), if known.
    fn begin(&self, task: &str, total: Option<u64>);
    /// `amount` more is done.
    fn advance(&self, amount: u64);
    /// The task is done.
    fn finish(&self);
    /// Something worth knowing that hinders nothing, such as a damaged cache entry. Shown nowhere by default.
    fn warn(&self, _message: &str) {}
}

/// No progress is shown.
impl Progress for () {
    fn begin(&self, _: &str, _: Option<u64>) {}
    fn advance(&self, _: u64) {}
    fn finish(&self) {}
}
