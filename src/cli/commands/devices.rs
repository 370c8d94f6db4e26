//! `photosphere devices`

use crate::Result;
use crate::cli::table::{Table, bytes};
use crate::gpu::{Device, DeviceInfo, DriverMemory};

/// Lists every adapter and the CPU.
///
/// # Errors
/// Standard output that cannot be written.
pub fn run() -> Result<()> {
    let memory = ["MemTotal:", "MemAvailable:"].map(system_memory);
    super::print(&render(&Device::list_with_memory(), memory, rayon::current_num_threads()))
}

/// The list as text, the CPU last, with its total and free bytes; the device that [`Backend::select`](crate::Backend::select) takes for
/// `auto` is marked.
fn render(adapters: &[(DeviceInfo, DriverMemory)], system: [Option<u64>; 2], threads: usize) -> String {
    // A software driver is never chosen: the CPU does better by itself.
    let chosen = adapters.iter().position(|(info, _)| info.is_gpu);
    let mark = |is_chosen: bool| if is_chosen { "*" } else { "" }.to_owned();
    let size = |n: Option<u64>| n.map_or("-".into(), bytes);
    let mut t = Table::new(&["", "", "name", "backend", "kind", "driver", "binding", "buffer", "memory", "free"]);
    for (i, (info, memory)) in adapters.iter().enumerate() {
        t.row([
            mark(chosen == Some(i)),
            i.to_string(),
            info.name.clone(),
            info.backend.clone(),
            if info.is_gpu { info.device_type.clone() } else { "software".into() },
            format!("{} {}", info.driver, info.driver_info).trim().to_owned(),
            bytes(info.limits.storage_binding_bytes),
            bytes(info.limits.buffer_bytes),
            size(memory.total),
            size(memory.free),
        ]);
    }
    t.row([
        mark(chosen.is_none()),
        String::new(),
        "cpu".into(),
        "rust".into(),
        "processor".into(),
        format!("{threads} threads, float64"),
        "-".into(),
        "-".into(),
        size(system[0]),
        size(system[1]),
    ]);
    let address = |(i, (info, _)): (usize, &(DeviceInfo, DriverMemory))| {
        info.pci_bus_id.as_ref().map(|id| format!("{i}: PCI address {id}\n"))
    };
    let addresses: String = adapters.iter().enumerate().filter_map(address).collect();
    format!(
        "{t}{addresses}\n* taken by --device auto; --device takes a name, a number or a PCI address; `binding` and `buffer` are the largest allowed, `free` is what may still be taken, - where unknown\n"
    )
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
    use crate::gpu::Limits;

    fn adapter(name: &str, is_gpu: bool) -> (DeviceInfo, DriverMemory) {
        let info = DeviceInfo {
            name: name.into(),
            backend: "vulkan".into(),
            driver: "Mesa".into(),
            driver_info: "22.3.6".into(),
            device_type: if is_gpu { "discrete GPU" } else { "CPU" }.into(),
            is_gpu,
            limits: Limits::default(),
            pci_bus_id: None,
            memory_bytes: Some(8 << 30),
        };
        (info, DriverMemory { total: Some(8 << 30), free: None, used_by_process: None })
    }

    #[test]
    fn devices_are_listed_and_the_automatic_one_marked() {
        let text = |adapters: &[_]| render(adapters, [Some(23 << 30), Some(19 << 30)], 2);
        insta::assert_snapshot!(text(&[adapter("llvmpipe", false)]), @"
              name      backend  kind       driver                binding     buffer    memory      free
           0  llvmpipe  vulkan   software   Mesa 22.3.6         128.0 MiB  256.0 MiB   8.0 GiB         -
        *     cpu       rust     processor  2 threads, float64          -          -  23.0 GiB  19.0 GiB

        * taken by --device auto; --device takes a name, a number or a PCI address; `binding` and `buffer` are the largest allowed, `free` is what may still be taken, - where unknown
        ");
        // The first GPU, and one device in any case.
        let marked = |adapters: &[_]| {
            let lines = text(adapters).lines().filter(|l| l.starts_with("*  ")).map(str::to_owned).collect::<Vec<_>>();
            assert_eq!(lines.len(), 1, "{lines:?}");
            lines[0].split_whitespace().map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(marked(&[])[..2], ["*", "cpu"]);
        let all = [adapter("llvmpipe", false), adapter("A", true), adapter("B", true)];
        assert_eq!(marked(&all)[..3], ["*", "1", "A"]);
    }
}
