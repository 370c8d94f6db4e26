//! Devices as `photosphere devices` lists them.

use crate::cli::engine::DeviceInfo;
use crate::gpu::{self, Device, DriverMemory};

/// Every adapter, and the CPU; marked is what [`Backend::select`](crate::Backend::select) takes for `auto`.
pub(super) fn all() -> Vec<DeviceInfo> {
    let adapters = Device::list_with_memory();
    let chosen = adapters.iter().position(|(info, _)| info.is_gpu);
    let mut all: Vec<DeviceInfo> =
        adapters.iter().enumerate().map(|(i, (info, memory))| adapter(info, memory, chosen == Some(i))).collect();
    all.push(cpu(chosen.is_none()));
    all
}

fn adapter(info: &gpu::DeviceInfo, memory: &DriverMemory, chosen: bool) -> DeviceInfo {
    DeviceInfo {
        name: info.name.clone(),
        backend: info.backend.clone(),
        kind: if info.is_gpu { info.device_type.clone() } else { "software".into() },
        driver: format!("{} {}", info.driver, info.driver_info).trim().to_owned(),
        max_binding: Some(info.limits.storage_binding_bytes),
        max_buffer: Some(info.limits.buffer_bytes),
        memory: memory.total,
        free: memory.free,
        chosen,
    }
}

fn cpu(chosen: bool) -> DeviceInfo {
    DeviceInfo {
        name: "cpu".into(),
        backend: "rust".into(),
        kind: "processor".into(),
        driver: format!("{} threads, float64", rayon::current_num_threads()),
        max_binding: None,
        max_buffer: None,
        memory: system_memory("MemTotal:"),
        free: system_memory("MemAvailable:"),
        chosen,
    }
}

/// A figure of the computer's memory \[bytes\], where the system tells it in a file.
fn system_memory(name: &str) -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|l| l.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_one_device_is_automatic_and_the_cpu_is_there() {
        let all = all();
        assert_eq!(all.iter().filter(|d| d.chosen).count(), 1);
        assert_eq!(all.last().map(|d| d.name.as_str()), Some("cpu"));
        // A software driver is never chosen: the CPU does better by itself.
        assert!(all.iter().all(|d| !(d.chosen && d.kind == "software")));
    }
}
