//! How much memory this process may still take, and the refusal of what needs more.
//!
//! Rust ends the process where an allocation fails, and Linux may end it later, when pages that were promised are touched. So whatever grows with points,
//! layers or parameters is compared with what there is before it is allocated.

use std::path::Path;

use super::field;
use crate::{Error, Result};

/// Bytes that this process may still take: the least of what the system can give (free memory, caches it can drop, free swap space), what the process's
/// control groups leave (containers, batch systems), and what its limit on address space leaves (`ulimit -v`). `None` on systems other than Linux.
pub fn available_memory() -> Option<u64> {
    let read = |path: &Path| std::fs::read_to_string(path).ok();
    let of = |path: &str| read(Path::new(path));
    let (meminfo, status) = (of("/proc/meminfo")?, of("/proc/self/status")?);
    let system = of_system(&meminfo)?;
    let limit = of("/proc/self/limits").and_then(|limits| of_address_space(&limits, &status));
    let groups = of("/proc/self/cgroup").and_then(|groups| of_groups(&groups, read));
    [Some(system), limit, groups].into_iter().flatten().min()
}

/// Refuses a job that needs more bytes than there are; lets it go on where the system does not say.
///
/// # Errors
/// [`Error::HostMemory`], naming `what` needs the memory.
pub fn require(what: &str, needed: u64) -> Result<()> {
    match available_memory() {
        Some(available) if available < needed => Err(Error::HostMemory { what: what.to_owned(), needed, available }),
        _ => Ok(()),
    }
}

fn of_system(meminfo: &str) -> Option<u64> {
    Some(field(meminfo, "MemAvailable:")? + field(meminfo, "SwapFree:").unwrap_or(0))
}

/// The soft limit less the address space in use; none without a limit.
fn of_address_space(limits: &str, status: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max address space"))?;
    let limit: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(limit.saturating_sub(field(status, "VmSize:")?))
}

/// The least that a control group of this process or one above it leaves; `groups` is the content of `/proc/self/cgroup` (cgroups(7)), of both versions.
fn of_groups(groups: &str, read: impl Fn(&Path) -> Option<String>) -> Option<u64> {
    let mut least: Option<u64> = None;
    for line in groups.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else { continue };
        let (root, limit, used, cached) = match controllers {
            "" => ("/sys/fs/cgroup", "memory.max", "memory.current", ["inactive_file ", "active_file "]),
            c if c.split(',').any(|c| c == "memory") => (
                "/sys/fs/cgroup/memory",
                "memory.limit_in_bytes",
                "memory.usage_in_bytes",
                ["total_inactive_file ", "total_active_file "],
            ),
            _ => continue,
        };
        let group = Path::new(root).join(path.trim_start_matches('/'));
        for folder in group.ancestors().take_while(|folder| folder.starts_with(root)) {
            let number = |name: &str| read(&folder.join(name))?.trim().parse::<u64>().ok();
            // `max` is no number, and no limit.
            let (Some(limit), Some(used)) = (number(limit), number(used)) else { continue };
            // Pages of files are dropped where memory is short.
            let stat = read(&folder.join("memory.stat")).unwrap_or_default();
            let of_stat = |name: &str| stat.lines().find_map(|l| l.strip_prefix(name)?.trim().parse::<u64>().ok());
            let cached: u64 = cached.iter().filter_map(|name| of_stat(name)).sum();
            let left = limit.saturating_sub(used.saturating_sub(cached));
            least = Some(least.map_or(left, |l| l.min(left)));
        }
    }
    least
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_of_the_system_is_what_can_be_had_with_swap() {
        let text = "MemTotal: 4000 kB\nMemFree: 10 kB\nMemAvailable:  1024 kB\nSwapFree: 2048 kB\n";
        assert_eq!(of_system(text), Some(3 << 20));
        assert_eq!(of_system("MemFree: 10 kB\n"), None);
    }

    #[test]
    fn a_limit_on_address_space_counts_what_is_in_use() {
        let limits = |soft: &str| format!("Limit  Soft Limit\nMax address space         {soft}    unlimited   bytes\n");
        let status = "VmSize:\t 1024 kB\n";
        assert_eq!(of_address_space(&limits("3145728"), status), Some(2 << 20));
        assert_eq!(of_address_space(&limits("1000"), status), Some(0));
        assert_eq!(of_address_space(&limits("unlimited"), status), None);
    }

    #[test]
    fn the_tightest_group_decides() {
        let files = |list: &'static [(&'static str, &'static str)]| {
            move |path: &Path| list.iter().find(|(p, _)| Path::new(p) == path).map(|(_, text)| (*text).to_owned())
        };
        let second = files(&[
            ("/sys/fs/cgroup/job/memory.max", "1000\n"),
            ("/sys/fs/cgroup/job/memory.current", "700\n"),
            ("/sys/fs/cgroup/job/memory.stat", "anon 600\ninactive_file 60\nactive_file 40\n"),
            ("/sys/fs/cgroup/job/task/memory.max", "max\n"),
            ("/sys/fs/cgroup/job/task/memory.current", "10\n"),
        ]);
        assert_eq!(of_groups("0::/job/task\n", second), Some(400));
        let first = files(&[
            ("/sys/fs/cgroup/memory/a/memory.limit_in_bytes", "500\n"),
            ("/sys/fs/cgroup/memory/a/memory.usage_in_bytes", "100\n"),
            ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"),
            ("/sys/fs/cgroup/memory/memory.usage_in_bytes", "100\n"),
        ]);
        assert_eq!(of_groups("5:cpu,memory:/a\n4:cpuset:/\n0::/\n", first), Some(400));
        assert_eq!(of_groups("nonsense\n0::/\n", |_| None), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_is_not_there_is_refused_with_both_figures() {
        let there = available_memory().unwrap();
        assert!(there > 1 << 20, "{there}");
        require("little", 1 << 10).unwrap();
        match require("everything", u64::MAX) {
            Err(Error::HostMemory { what, needed: u64::MAX, available }) => {
                assert!(what == "everything" && available > 0);
            }
            other => panic!("{other:?}"),
        }
    }
}
