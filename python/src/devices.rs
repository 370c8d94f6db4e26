//! What this machine can compute on.

use photosphere::gpu::Device;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::work;

/// All adapters, and the CPU last: dictionaries with `name`, `backend`, `kind`, `driver`, `precision`, `memory_bytes`, `free_bytes` and `automatic`.
#[pyfunction]
pub fn devices(py: Python<'_>) -> PyResult<Bound<'_, PyList>> {
    let adapters = work::run(py, || Ok(Device::list_with_memory()))?;
    let chosen = adapters.iter().position(|(info, _)| info.is_gpu);
    let all = PyList::empty(py);
    for (i, (info, memory)) in adapters.iter().enumerate() {
        let device = PyDict::new(py);
        device.set_item("name", &info.name)?;
        device.set_item("backend", &info.backend)?;
        device.set_item("kind", if info.is_gpu { &info.device_type } else { "software" })?;
        device.set_item("driver", format!("{} {}", info.driver, info.driver_info).trim())?;
        device.set_item("precision", "float32")?;
        device.set_item("memory_bytes", memory.total)?;
        device.set_item("free_bytes", memory.free)?;
        device.set_item("automatic", chosen == Some(i))?;
        all.append(device)?;
    }
    let cpu = PyDict::new(py);
    cpu.set_item("name", "cpu")?;
    cpu.set_item("backend", "rust")?;
    cpu.set_item("kind", "processor")?;
    cpu.set_item("driver", "")?;
    cpu.set_item("precision", "float64")?;
    cpu.set_item("memory_bytes", py.None())?;
    cpu.set_item("free_bytes", py.None())?;
    cpu.set_item("automatic", chosen.is_none())?;
    all.append(cpu)?;
    Ok(all)
}
