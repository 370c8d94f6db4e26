//! `photosphere devices`

use crate::Result;
use crate::cli::engine::{DeviceInfo, Engine};
use crate::cli::table::{Table, bytes};

/// Lists the devices.
///
/// # Errors
/// A driver that fails while it is asked.
pub fn run(engine: &dyn Engine) -> Result<()> {
    super::print(&render(&engine.devices()?))
}

/// The list as text; the device that `auto` takes is marked.
fn render(devices: &[DeviceInfo]) -> String {
    let mut t = Table::new(&["", "name", "backend", "kind", "driver", "binding", "buffer", "memory", "free"]);
    let size = |n: Option<u64>| n.map(bytes).unwrap_or_else(|| "-".into());
    for d in devices {
        let mark = if d.chosen { "*" } else { "" };
        let sizes = [size(d.max_binding), size(d.max_buffer), size(d.memory), size(d.free)];
        t.row([mark, &d.name, &d.backend, &d.kind, &d.driver, &sizes[0], &sizes[1], &sizes[2], &sizes[3]]);
    }
    format!(
        "{t}\n* taken by --device auto; `binding` and `buffer` are the largest allowed, `free` is what may still be taken, - where unknown\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_listed_and_the_automatic_one_marked() {
        let gpu = DeviceInfo {
            name: "llvmpipe".into(),
            backend: "Vulkan".into(),
            kind: "software".into(),
            driver: "Mesa 22.3.6".into(),
            max_binding: Some(128 << 20),
            max_buffer: Some(256 << 20),
            memory: Some(8 << 30),
            free: None,
            chosen: false,
        };
        let cpu = DeviceInfo {
            name: "cpu".into(),
            backend: "cpu".into(),
            kind: "2 cores".into(),
            driver: "".into(),
            max_binding: None,
            max_buffer: None,
            memory: Some(23 << 30),
            free: Some(19 << 30),
            chosen: true,
        };
        insta::assert_snapshot!(render(&[gpu, cpu]), @"
           name      backend  kind      driver         binding     buffer    memory      free
           llvmpipe  Vulkan   software  Mesa 22.3.6  128.0 MiB  256.0 MiB   8.0 GiB         -
        *  cpu       cpu      2 cores                        -          -  23.0 GiB  19.0 GiB

        * taken by --device auto; `binding` and `buffer` are the largest allowed, `free` is what may still be taken, - where unknown
        ");
    }
}
