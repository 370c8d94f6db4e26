//! Memory of this process on the host, as the operating system counts it.
//!
//! Linux tells both figures in `/proc/self/status`, and lets the peak be forgotten through `/proc/self/clear_refs` (proc(5)), so that
//! the peak of a stage can be measured. Elsewhere nothing is told.

mod available;

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};

pub use available::available_memory;
pub use available::require;

use crate::stage::Stage;

/// Resident bytes of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct HostMemory {
    /// Now.
    pub current: u64,
    /// Most at a time since the start, or since [`reset_peak`].
    pub peak: u64,
}

/// Current and peak resident bytes; `None` on systems other than Linux.
pub fn host_memory() -> Option<HostMemory> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    Some(HostMemory { current: field(&status, "VmRSS:")?, peak: field(&status, "VmHWM:")? })
}

/// Forgets the peak: what is resident now is the most so far. False where the system does not allow it; the peak is then that of the
/// whole process.
pub fn reset_peak() -> bool {
    // 5 resets the high-water mark and nothing else.
    cfg!(target_os = "linux") && std::fs::write("/proc/self/clear_refs", "5").is_ok()
}

/// Resident bytes of this process over a stage of a computation.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct StageMemory {
    /// Which.
    pub stage: Stage,
    /// When it began (for the first time): the program, its libraries, the driver, what earlier stages keep.
    pub before: u64,
    /// When it ended (for the last time).
    pub after: u64,
    /// Most at a time in between.
    pub peak: u64,
}

impl StageMemory {
    /// This and another run of the same stage.
    #[must_use]
    pub fn and(&self, later: &Self) -> Self {
        Self { stage: self.stage.clone(), before: self.before, after: later.after, peak: self.peak.max(later.peak) }
    }
}

static WATCH: AtomicBool = AtomicBool::new(false);

/// Whether stages note their memory, in the whole process; off at first. Each stage then [forgets](reset_peak) the process's peak
/// when it begins, which is why a program must ask for it.
pub fn watch_stages(on: bool) {
    WATCH.store(on, Ordering::Relaxed);
}

thread_local! {
    /// Whether this thread is within a stage that is watched.
    static WITHIN: Cell<bool> = const { Cell::new(false) };
}

/// Runs `work`, and says what memory it took if that is watched and the system tells. A stage within a stage is part of that one: to forget its peak would be to lose the
/// other's.
pub(crate) fn watched<T>(stage: &Stage, work: impl FnOnce() -> T) -> (T, Option<StageMemory>) {
    // Without watching the mark is not touched: the first operand decides.
    let outermost = WATCH.load(Ordering::Relaxed) && !WITHIN.replace(true);
    let before = outermost.then(|| reset_peak().then(host_memory).flatten()).flatten();
    let result = work();
    if outermost {
        WITHIN.set(false);
    }
    let memory = before.zip(host_memory()).map(|(before, after)| StageMemory {
        stage: stage.clone(),
        before: before.current,
        after: after.current,
        peak: after.peak,
    });
    (result, memory)
}

/// A line such as `VmRSS:     1234 kB`, in bytes.
fn field(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_kibibytes() {
        let status = "Name:\tx\nVmHWM:\t   2048 kB\nVmRSS:\t   1024 kB\n";
        assert_eq!((field(status, "VmRSS:"), field(status, "VmHWM:")), (Some(1 << 20), Some(2 << 20)));
        assert_eq!((field(status, "VmSwap:"), field("VmRSS: lots", "VmRSS:")), (None, None));
    }

    /// Run by the next test in a process of its own, where no other test allocates.
    #[cfg(target_os = "linux")]
    #[test]
    #[ignore = "part of another test"]
    fn measure_64_mib() {
        let bytes = 64 << 20;
        assert!(reset_peak());
        let before = host_memory().unwrap();
        let touched = std::hint::black_box(vec![1u8; bytes]);
        let during = host_memory().unwrap();
        drop(touched);
        let after = host_memory().unwrap();
        assert!(reset_peak());
        let reset = host_memory().unwrap();
        let within = |a: u64, b: u64| a.abs_diff(b) <= bytes as u64 / 50;
        assert!(within(during.current - before.current, bytes as u64), "{before:?} {during:?}");
        assert!(within(during.peak - before.peak, bytes as u64), "{before:?} {during:?}");
        assert!(within(after.peak, during.peak) && within(after.current, before.current), "{after:?}");
        assert!(within(reset.peak, before.peak), "{before:?} {reset:?}");
        println!("measured");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_peak_moves_with_what_is_touched_and_can_be_reset() {
        let test = "host_memory::tests::measure_64_mib";
        let arguments = ["--exact", test, "--ignored", "--nocapture"];
        let out = std::process::Command::new(std::env::current_exe().unwrap()).args(arguments).output().unwrap();
        let text = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
        assert!(out.status.success() && text.contains("measured"), "{text}");
    }
}
