//! What a device guarantees, as far as programs of compute passes depend on it.

use serde::{Deserialize, Serialize};

use super::DeviceClass;

/// Limits that a [`Program`](super::Program) is checked against, and the kind of device that it is made for. [`Default`] is WebGPU's guaranteed minimum on a
/// software driver: what works there works on every other device. Of a GPU its own limits are requested.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Largest storage binding \[bytes\].
    pub storage_binding_bytes: u64,
    /// Largest uniform binding \[bytes\].
    pub uniform_binding_bytes: u64,
    /// Largest buffer \[bytes\].
    pub buffer_bytes: u64,
    /// Storage buffers per kernel.
    pub storage_buffers: u32,
    /// Workgroups per dimension of a dispatch.
    pub workgroups: u32,
    /// Invocations per workgroup.
    pub invocations: u32,
    /// Invocations per workgroup in each dimension.
    pub workgroup_size: [u32; 3],
    /// Workgroup memory \[bytes\].
    pub workgroup_bytes: u32,
    /// Uniform bindings start at multiples of this \[bytes\].
    pub uniform_alignment: u32,
    /// What schedules are made for.
    #[serde(default)]
    pub class: DeviceClass,
}

/// Largest buffer that is ever asked for \[bytes\]: indices of its values stay within 31 bits.
const MOST_BUFFER_BYTES: u64 = (4 << 30) - 256;

impl Limits {
    /// What is requested of an adapter: of a software driver WebGPU's minimum, of a GPU as much of its own as kernels can use.
    pub(super) fn requested(adapter: &wgpu::Limits, class: DeviceClass) -> wgpu::Limits {
        let minimum = wgpu::Limits::default();
        match class {
            DeviceClass::Processor => minimum,
            DeviceClass::Integrated | DeviceClass::Discrete => wgpu::Limits {
                max_storage_buffer_binding_size: adapter.max_storage_buffer_binding_size.min(MOST_BUFFER_BYTES),
                max_buffer_size: adapter.max_buffer_size.min(MOST_BUFFER_BYTES),
                ..minimum
            },
        }
    }

    /// WebGPU's guaranteed minimum for the processor, and what usual devices of the other classes have.
    pub fn of_class(class: DeviceClass) -> Self {
        let bytes = match class {
            DeviceClass::Processor => return Self::default(),
            DeviceClass::Integrated => 1 << 30,
            DeviceClass::Discrete => MOST_BUFFER_BYTES,
        };
        Self { storage_binding_bytes: bytes, buffer_bytes: bytes, class, ..Self::default() }
    }

    pub(super) fn of(l: &wgpu::Limits, class: DeviceClass) -> Self {
        Self {
            class,
            storage_binding_bytes: l.max_storage_buffer_binding_size,
            uniform_binding_bytes: l.max_uniform_buffer_binding_size,
            buffer_bytes: l.max_buffer_size,
            storage_buffers: l.max_storage_buffers_per_shader_stage,
            workgroups: l.max_compute_workgroups_per_dimension,
            invocations: l.max_compute_invocations_per_workgroup,
            workgroup_size: [
                l.max_compute_workgroup_size_x,
                l.max_compute_workgroup_size_y,
                l.max_compute_workgroup_size_z,
            ],
            workgroup_bytes: l.max_compute_workgroup_storage_size,
            uniform_alignment: l.min_uniform_buffer_offset_alignment,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::of(&wgpu::Limits::default(), DeviceClass::Processor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_is_the_webgpu_minimum() {
        let limits = Limits::default();
        assert_eq!(limits.storage_binding_bytes, 128 << 20);
        assert_eq!(limits.uniform_binding_bytes, 64 << 10);
        assert_eq!(limits.buffer_bytes, 256 << 20);
        assert_eq!((limits.storage_buffers, limits.workgroups, limits.invocations), (8, 65_535, 256));
        assert_eq!((limits.workgroup_bytes, limits.uniform_alignment), (16_384, 256));
    }
}
