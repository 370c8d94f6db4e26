//! Compiled kernels, kept per device and shared by its workspaces, and by way of the cache from run to run.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use super::handle::Handle;
use super::{DeviceClass, Kernel};
use crate::Result;
use crate::cache::{Cache, Key, KeyHasher};

/// Kind of the cache entries.
const KIND: &str = "pipelines";

/// The driver's own form of compiled kernels, read when a device is opened and stored when its last user is gone. Vulkan only; software drivers
/// give a header and nothing else.
#[derive(Debug)]
pub(super) struct DriverCache {
    pipelines: wgpu::PipelineCache,
    cache: Cache,
    key: Key,
    about: String,
    loaded: Vec<u8>,
    /// What was wrong with the entry.
    pub lost: Option<String>,
}

impl DriverCache {
    /// What an adapter must offer for it.
    pub const FEATURE: wgpu::Features = wgpu::Features::PIPELINE_CACHE;

    /// What earlier runs compiled for this adapter and driver, or nothing yet; `None` if the device cannot keep it.
    #[allow(unsafe_code, reason = "wgpu cannot look into a driver's own form of kernels")]
    pub fn open(adapter: &wgpu::AdapterInfo, device: &wgpu::Device, cache: &Cache) -> Option<Self> {
        let supported = device.features().contains(Self::FEATURE);
        let name = wgpu::util::pipeline_cache_key(adapter).filter(|_| supported && cache.folder().is_some())?;
        let mut key = KeyHasher::new(KIND);
        for field in ["wgpu 30", &name, &adapter.name, &adapter.driver, &adapter.driver_info] {
            key.bytes("adapter", field.as_bytes());
        }
        let key = key.finish()?;
        let (loaded, lost) = match cache.find(KIND, &key) {
            Ok(entry) => (entry.payload().to_vec(), None),
            Err(miss) => (Vec::new(), miss.told()),
        };
        let descriptor = wgpu::PipelineCacheDescriptor {
            label: Some("photosphere"),
            data: (!loaded.is_empty()).then_some(&loaded[..]),
            // What the driver does not take makes an empty cache.
            fallback: true,
        };
        // SAFETY: the data came from `get_data` of a cache of the same adapter and driver: both are in the key, and the entry is
        // sealed with the user's secret. wgpu compares its own header besides.
        let pipelines = unsafe { device.create_pipeline_cache(&descriptor) };
        let about = format!("compiled kernels, {} {} {}", adapter.name, adapter.driver, adapter.driver_info);
        Some(Self { pipelines, cache: cache.clone(), key, about, loaded, lost })
    }
}

#[cfg(test)]
impl DriverCache {
    pub fn key(&self) -> Key {
        self.key
    }
}

impl Drop for DriverCache {
    fn drop(&mut self) {
        if let Some(data) = self.pipelines.get_data().filter(|data| *data != self.loaded) {
            // Without an entry the next run compiles again.
            let _ = self.cache.store(KIND, &self.key, &self.about, &[&data]);
        }
    }
}

/// A compiled kernel.
#[derive(Debug)]
pub(super) struct Pipeline {
    pub pipeline: wgpu::ComputePipeline,
    pub bind_group_layout: wgpu::BindGroupLayout,
    pub params_bytes: u64,
}

/// The kernels compiled for a device so far.
#[derive(Debug)]
pub(super) struct Pipelines {
    compiled: Mutex<HashMap<&'static str, Arc<Pipeline>>>,
    pub driver_cache: Option<DriverCache>,
}

impl Pipelines {
    /// None yet; with what earlier runs left.
    pub fn new(driver_cache: Option<DriverCache>) -> Self {
        Self { compiled: Mutex::default(), driver_cache }
    }

    /// The compiled kernels, in the order asked for; those that are new are compiled at the same time.
    pub fn get(&self, handle: &Handle, kernels: &[&'static Kernel]) -> Result<Vec<Arc<Pipeline>>> {
        // Held while compiling, so that two threads do not compile the same kernel.
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        let new: Vec<_> = kernels.iter().filter(|k| !compiled.contains_key(k.name)).collect();
        let compile = |kernel: &&&'static Kernel| Ok((kernel.name, Arc::new(self.compile(handle, kernel)?)));
        let new: Vec<_> = match handle.limits.class {
            // A software driver's compiler takes tens of MiB for each that is under way.
            DeviceClass::Processor => new.iter().map(compile).collect::<Result<_>>()?,
            _ => new.par_iter().map(compile).collect::<Result<_>>()?,
        };
        compiled.extend(new);
        Ok(kernels.iter().map(|k| compiled[k.name].clone()).collect())
    }

    fn compile(&self, handle: &Handle, kernel: &Kernel) -> Result<Pipeline> {
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
        Ok(handle.scoped(&what, || {
            // An explicit layout: wgpu's derived one drops bindings that the shader does not use.
            let bind_group_layout =
                handle.device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label, entries: &entries });
            let layout = handle.device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
                label,
                bind_group_layouts: &[Some(&bind_group_layout)],
                immediate_size: 0,
            });
            let module = handle.device.create_shader_module(wgpu::ShaderModuleDescriptor {
                label,
                source: wgpu::ShaderSource::Wgsl(kernel.source().into()),
            });
            let pipeline = handle.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label,
                layout: Some(&layout),
                module: &module,
                entry_point: Some("main"),
                compilation_options: wgpu::PipelineCompilationOptions::default(),
                cache: self.driver_cache.as_ref().map(|c| &c.pipelines),
            });
            Pipeline { pipeline, bind_group_layout, params_bytes: interface.params_bytes }
        })?)
    }
}
