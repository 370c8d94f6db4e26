//! The threads that computations share: as many as there are cores or `RAYON_NUM_THREADS` says, and fewer where the system does not give as many.

use std::sync::OnceLock;
use std::thread::{Scope, ScopedJoinHandle};
use std::time::Duration;

use rayon::{ThreadPoolBuildError, ThreadPoolBuilder};

use crate::Error;

/// Threads for each core at most: more only wait for each other.
const PER_CORE: usize = 4;
/// So many are allowed on any machine.
const ALWAYS_ALLOWED: usize = 64;

/// Makes the threads at the first call, so that no computation ends because there are none. Gives what a user must be told of their number.
pub fn prepare() -> Option<&'static str> {
    static TOLD: OnceLock<Option<String>> = OnceLock::new();
    TOLD.get_or_init(|| {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let asked = std::env::var("RAYON_NUM_THREADS").ok().and_then(|n| n.trim().parse().ok());
        make(asked.filter(|n| *n > 0), cores)
    })
    .as_deref()
}

/// The rayon pool of all computations, of `asked` threads or one for each core.
fn make(asked: Option<usize>, cores: usize) -> Option<String> {
    let most = (PER_CORE * cores).max(ALWAYS_ALLOWED);
    let wanted = asked.unwrap_or(cores).min(most);
    // rayon gives up its own pool for good once it cannot make it: a pool on trial tells how many there can be.
    let before = running();
    let on_trial = |n: usize| {
        let built = ThreadPoolBuilder::new().num_threads(n).build().map(drop);
        wait_for_ends(before);
        built
    };
    let found = most_that_can_be_made(wanted, on_trial);
    let made = match found {
        0 => ThreadPoolBuilder::new().num_threads(1).use_current_thread().build_global(),
        n => ThreadPoolBuilder::new().num_threads(n).build_global(),
    };
    // A program that uses this library may have made its own.
    if made.is_err() {
        return None;
    }
    match asked {
        _ if found < wanted => {
            let n = found.max(1);
            Some(format!(
                "{n} of {wanted} threads: the system makes no more (limits of processes and memory: `ulimit -u`, `ulimit -v`)"
            ))
        }
        Some(asked) if asked > most => {
            Some(format!("{most} threads instead of {asked} (RAYON_NUM_THREADS) for {cores} cores"))
        }
        _ => None,
    }
}

/// Threads of this process, where the system tells.
fn running() -> Option<usize> {
    std::fs::read_dir("/proc/self/task").ok().map(Iterator::count)
}

/// Waits until no more threads run than `before`, a second at most: a thread that was given up still counts until it has ended.
fn wait_for_ends(before: Option<usize>) {
    for _ in 0..10_000 {
        match (before, running()) {
            (Some(before), Some(now)) if now > before => std::thread::sleep(Duration::from_micros(100)),
            _ => break,
        }
    }
}

/// The most threads, `wanted` or a half, a quarter and so on, that `make` can make.
fn most_that_can_be_made(wanted: usize, make: impl Fn(usize) -> Result<(), ThreadPoolBuildError>) -> usize {
    let mut n = wanted;
    while n > 0 && make(n).is_err() {
        n /= 2;
    }
    n
}

/// As [`Scope::spawn`], with an error where the system makes no thread.
///
/// # Errors
/// [`Error::NoThread`].
pub fn spawn<'scope, 'env, T: Send + 'scope>(
    scope: &'scope Scope<'scope, 'env>,
    what: &str,
    work: impl FnOnce() -> T + Send + 'scope,
) -> Result<ScopedJoinHandle<'scope, T>, Error> {
    std::thread::Builder::new().spawn_scoped(scope, work).map_err(|e| Error::NoThread(format!("{what}: {e}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewer_threads_where_the_system_gives_fewer() {
        // What a failure looks like: a pool that is already there.
        ThreadPoolBuilder::new().build_global().ok();
        let refused = || ThreadPoolBuilder::new().build_global();
        let limited = |limit: usize| most_that_can_be_made(8, |n| if n <= limit { Ok(()) } else { refused() });
        assert_eq!([limited(100), limited(8), limited(5), limited(1), limited(0)], [8, 8, 4, 1, 0]);
    }
}
