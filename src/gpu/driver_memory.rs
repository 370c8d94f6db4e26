//! What drivers say of their memory.
//!
//! - Vulkan: the largest device-local heap; free and used through `VK_EXT_memory_budget`. wgpu hands out the raw handles, and
//!   `ash` (the bindings that wgpu itself uses) makes the call.
//! - Metal: `recommendedMaxWorkingSetSize` and `currentAllocatedSize`.
//! - DX12: the total is not told; Windows's budget of the local segment is.

use serde::Serialize;

/// A device's memory by its driver; `None` where it does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DriverMemory {
    /// Device memory \[bytes\]: on Metal what the system recommends to stay below.
    pub total: Option<u64>,
    /// Bytes that this process may still take before the driver refuses or starts to page.
    pub free: Option<u64>,
    /// Bytes that this process holds, by the driver's own rules (blocks, padding, compiled kernels).
    pub used_by_process: Option<u64>,
}

pub(super) fn query(adapter: &wgpu::Adapter) -> DriverMemory {
    platform(adapter).unwrap_or_default()
}

#[cfg(any(windows, target_os = "linux", target_os = "android", target_os = "freebsd"))]
fn platform(adapter: &wgpu::Adapter) -> Option<DriverMemory> {
    vulkan(adapter).or_else(|| dx12(adapter))
}

#[cfg(any(windows, target_os = "linux", target_os = "android", target_os = "freebsd"))]
#[allow(unsafe_code, reason = "the driver's own interface, which wgpu hands out as such")]
fn vulkan(adapter: &wgpu::Adapter) -> Option<DriverMemory> {
    use ash::vk;
    // SAFETY: the handles are only read, while `adapter` keeps them alive. The call below is core in Vulkan 1.1, which is checked for
    // the instance and for the device; the budget is chained only where the device has its extension.
    unsafe {
        let adapter = adapter.as_hal::<wgpu::hal::api::Vulkan>()?;
        let (shared, physical) = (adapter.shared_instance(), adapter.raw_physical_device());
        let instance = shared.raw_instance();
        let version = instance.get_physical_device_properties(physical).api_version.min(shared.instance_api_version());
        let mut budget = vk::PhysicalDeviceMemoryBudgetPropertiesEXT::default();
        let mut told = false;
        let memory = if version < vk::API_VERSION_1_1 {
            instance.get_physical_device_memory_properties(physical)
        } else {
            let extensions = instance.enumerate_device_extension_properties(physical).unwrap_or_default();
            told = extensions.iter().any(|e| e.extension_name_as_c_str() == Ok(ash::ext::memory_budget::NAME));
            let mut properties = vk::PhysicalDeviceMemoryProperties2::default();
            if told {
                properties = properties.push_next(&mut budget);
            }
            instance.get_physical_device_memory_properties2(physical, &mut properties);
            properties.memory_properties
        };
        let heaps = memory.memory_heaps.iter().enumerate().take(memory.memory_heap_count as usize);
        let local = heaps.filter(|(_, heap)| heap.flags.contains(vk::MemoryHeapFlags::DEVICE_LOCAL));
        let (i, heap) = local.max_by_key(|(_, heap)| heap.size)?;
        let (limit, used) = (budget.heap_budget[i], budget.heap_usage[i]);
        Some(DriverMemory {
            total: Some(heap.size),
            free: told.then(|| limit.saturating_sub(used)),
            used_by_process: told.then_some(used),
        })
    }
}

#[cfg(windows)]
#[allow(unsafe_code, reason = "the driver's own interface, which wgpu hands out as such")]
fn dx12(adapter: &wgpu::Adapter) -> Option<DriverMemory> {
    use windows::Win32::Graphics::Dxgi::{
        DXGI_MEMORY_SEGMENT_GROUP_LOCAL, DXGI_QUERY_VIDEO_MEMORY_INFO, IDXGIAdapter3,
    };
    // SAFETY: `adapter` keeps the interface alive; the structure lives for the call.
    unsafe {
        let adapter = adapter.as_hal::<wgpu::hal::api::Dx12>()?;
        let raw: &IDXGIAdapter3 = adapter.raw_adapter();
        let mut info = DXGI_QUERY_VIDEO_MEMORY_INFO::default();
        raw.QueryVideoMemoryInfo(0, DXGI_MEMORY_SEGMENT_GROUP_LOCAL, &mut info).ok()?;
        let total = raw.GetDesc().ok().map(|d| d.DedicatedVideoMemory as u64).filter(|n| *n > 0);
        Some(DriverMemory {
            total,
            free: Some(info.Budget.saturating_sub(info.CurrentUsage)),
            used_by_process: Some(info.CurrentUsage),
        })
    }
}

#[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
fn dx12(_: &wgpu::Adapter) -> Option<DriverMemory> {
    None
}

#[cfg(target_vendor = "apple")]
#[allow(unsafe_code, reason = "the driver's own interface, which wgpu hands out as such")]
fn platform(adapter: &wgpu::Adapter) -> Option<DriverMemory> {
    use objc2_metal::MTLDevice;
    // SAFETY: the device is only asked for two numbers, while `adapter` keeps it alive.
    let (total, used) = unsafe {
        let adapter = adapter.as_hal::<wgpu::hal::api::Metal>()?;
        let device = adapter.raw_device();
        (device.recommendedMaxWorkingSetSize(), device.currentAllocatedSize() as u64)
    };
    Some(DriverMemory { total: Some(total), free: Some(total.saturating_sub(used)), used_by_process: Some(used) })
}

#[cfg(not(any(windows, target_vendor = "apple", target_os = "linux", target_os = "android", target_os = "freebsd")))]
fn platform(_: &wgpu::Adapter) -> Option<DriverMemory> {
    None
}
