//! Compiled kernels, kept per device and shared by its workspaces.

use std::sync::{Arc, PoisonError};

use super::{Device, Kernel};
use crate::Result;

/// A compiled kernel.
#[derive(Debug)]
pub(super) struct Pipeline {
    pub pipeline: wgpu::ComputePipeline,
    pub bind_group_layout: wgpu::BindGroupLayout,
    pub params_bytes: u64,
}

impl Device {
    /// The compiled kernel; compiled at the first call.
    pub(super) fn pipeline(&self, kernel: &'static Kernel) -> Result<Arc<Pipeline>> {
        // Held while compiling, so that two threads do not compile the same kernel.
        let mut pipelines = self.pipelines.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pipeline) = pipelines.get(kernel.name) {
            return Ok(pipeline.clone());
        }
        let pipeline = Arc::new(self.compile(kernel)?);
        pipelines.insert(kernel.name, pipeline.clone());
        Ok(pipeline)
    }

    fn compile(&self, kernel: &Kernel) -> Result<Pipeline> {
        let interface = kernel.reflect()?;
        let entry = |binding, ty, has_dynamic_offset, min_bytes| wgpu::BindGroupLayoutEntry {
            binding,
            visibility: wgpu::ShaderStages::COMPUTE,
            ty: wgpu::BindingType::Buffer {
                ty,
                has_dynamic_offset,
                min_binding_size: wgpu::BufferSize::new(min_bytes),
            },
            count: None,
        };
        // The parameters of all dispatches lie in one buffer; a dynamic offset picks a dispatch's own.
        let mut entries = vec![entry(0, wgpu::BufferBindingType::Uniform, true, interface.params_bytes)];
        entries.extend(interface.storage.iter().zip(1..).map(|(storage, binding)| {
            let ty = wgpu::BufferBindingType::Storage { read_only: storage.read_only };
            entry(binding, ty, false, storage.min_bytes)
        }));
        let label = Some(kernel.name);
        let what = format!("shader `{}`", kernel.name);
        Ok(self.scoped(&what, || {
            // An explicit layout: wgpu's derived one drops bindings that the shader does not use.
            let bind_group_layout =
                self.device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label, entries: &entries });
            let layout = self.device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
                label,
                bind_group_layouts: &[Some(&bind_group_layout)],
                immediate_size: 0,
            });
            let module = self.device.create_shader_module(wgpu::ShaderModuleDescriptor {
                label,
                source: wgpu::ShaderSource::Wgsl(kernel.source().into()),
            });
            let pipeline = self.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label,
                layout: Some(&layout),
                module: &module,
                entry_point: Some("main"),
                compilation_options: wgpu::PipelineCompilationOptions::default(),
                cache: None,
            });
            Pipeline { pipeline, bind_group_layout, params_bytes: interface.params_bytes }
        })?)
    }
}
