//! Which devices there are.

use serde::Serialize;

use super::Limits;
use crate::{Error, Result};

/// A device as `photosphere devices` lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DeviceInfo {
    /// Name that the driver gives.
    pub name: String,
    /// `vulkan`, `metal`, `dx12`.
    pub backend: String,
    /// Driver.
    pub driver: String,
    /// Driver version and the like.
    pub driver_info: String,
    /// `discrete GPU`, `integrated GPU`, `virtual GPU`, `CPU` (a software driver) or `other`.
    pub device_type: String,
    /// Address on the PCI bus, where the driver tells it.
    pub pci_bus_id: Option<String>,
    /// Not a software driver.
    pub is_gpu: bool,
    /// What the device could do; of a software driver only [`Limits::default`] is ever requested.
    pub limits: Limits,
    /// Device-local memory, where the driver tells it \[bytes\].
    pub memory_bytes: Option<u64>,
}

impl DeviceInfo {
    /// What the compiler of a software driver holds of this process's memory at most, as measured: on lavapipe 27 to 32 MiB for a spectrum's kernels,
    /// 36 to 41 with derivatives; on SwiftShader 50 while it compiles. Zero for GPUs, whose compilers were not measured.
    pub fn compiler_bytes(&self) -> u64 {
        let mebibytes = match (self.is_gpu, self.name.contains("SwiftShader")) {
            (true, _) => 0,
            (false, true) => 50,
            (false, false) => 33,
        };
        mebibytes << 20
    }

    /// What is left of [that](Self::compiler_bytes) once a spectrum's kernels are compiled: SwiftShader gives 25 to 36 MiB back, lavapipe nothing.
    pub fn compiler_kept_bytes(&self) -> u64 {
        match self.name.contains("SwiftShader") {
            true => self.compiler_bytes().min(20 << 20),
            false => self.compiler_bytes(),
        }
    }
}

pub(super) fn instance() -> wgpu::Instance {
    let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
    // `GL` is not compiled in: its counters and limits differ.
    descriptor.backends = wgpu::Backends::VULKAN | wgpu::Backends::METAL | wgpu::Backends::DX12;
    // Validation layers belong to debugging wgpu itself, and they are slow.
    descriptor.flags = wgpu::InstanceFlags::empty();
    wgpu::Instance::new(descriptor)
}

/// All adapters, real GPUs first, discrete before integrated; otherwise in the system's order.
pub(super) fn adapters(instance: &wgpu::Instance) -> Vec<wgpu::Adapter> {
    let mut adapters = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::all()));
    adapters.sort_by_key(|a| match a.get_info().device_type {
        wgpu::DeviceType::DiscreteGpu => 0,
        wgpu::DeviceType::IntegratedGpu => 1,
        wgpu::DeviceType::VirtualGpu => 2,
        wgpu::DeviceType::Other => 3,
        wgpu::DeviceType::Cpu => 4,
    });
    adapters
}

pub(super) fn describe(adapter: &wgpu::Adapter) -> DeviceInfo {
    let info = adapter.get_info();
    let device_type = match info.device_type {
        wgpu::DeviceType::DiscreteGpu => "discrete GPU",
        wgpu::DeviceType::IntegratedGpu => "integrated GPU",
        wgpu::DeviceType::VirtualGpu => "virtual GPU",
        wgpu::DeviceType::Cpu => "CPU",
        wgpu::DeviceType::Other => "other",
    };
    DeviceInfo {
        name: info.name,
        backend: info.backend.to_str().to_owned(),
        driver: info.driver,
        driver_info: info.driver_info,
        device_type: device_type.to_owned(),
        is_gpu: info.device_type != wgpu::DeviceType::Cpu,
        limits: Limits::of(&adapter.limits(), info.device_type.into()),
        pci_bus_id: (!info.device_pci_bus_id.is_empty()).then_some(info.device_pci_bus_id),
        memory_bytes: super::driver_memory::query(adapter).total,
    }
}

/// Picks by [`Device::open`](super::Device::open)'s selector.
pub(super) fn select(adapters: Vec<wgpu::Adapter>, selector: &str) -> Result<wgpu::Adapter> {
    if adapters.is_empty() {
        return Err(Error::NoAdapter(
            "none found by Vulkan, Metal or DX12. Install the GPU's driver, or a software Vulkan driver (Debian, Ubuntu: \
             mesa-vulkan-drivers; `scripts/test` in the source tree installs it), or choose the device `cpu`"
                .to_owned(),
        ));
    }
    let wanted = selector.trim().to_lowercase();
    let infos: Vec<_> = adapters.iter().map(wgpu::Adapter::get_info).collect();
    let found = position(&infos, &wanted);
    let found = found.and_then(|at| adapters.into_iter().nth(at));
    found.ok_or_else(|| {
        let names: Vec<_> = infos.iter().enumerate().map(|(i, info)| format!("{i} {}", info.name)).collect();
        let names = names.join("; ");
        Error::NoAdapter(format!("given `{selector}`, required `{ANY}`, a number, or part of one of: {names}"))
    })
}

/// Which of several adapters is meant: by number, address on the PCI bus, or part of a name.
fn position(infos: &[wgpu::AdapterInfo], wanted: &str) -> Option<usize> {
    if wanted.is_empty() || wanted == ANY {
        return (!infos.is_empty()).then_some(0);
    }
    if let Ok(number) = wanted.parse::<usize>()
        && number < infos.len()
    {
        return Some(number);
    }
    let has_address = |info: &wgpu::AdapterInfo| info.device_pci_bus_id.eq_ignore_ascii_case(wanted);
    // Software drivers name themselves in the driver's name too: llvmpipe is "lavapipe" there.
    let is_named = |info: &wgpu::AdapterInfo| {
        [&info.name, &info.driver, &info.driver_info].iter().any(|s| s.to_lowercase().contains(wanted))
    };
    infos.iter().position(has_address).or_else(|| infos.iter().position(is_named))
}

/// The selector that takes the best adapter there is.
pub(super) const ANY: &str = "gpu-any";
