//! Where the arithmetic runs: a device through wgpu in float32, or the CPU in float64.

use crate::gpu::{Device, MemoryPolicy};
use crate::{Cache, Result};

/// A chosen backend.
#[derive(Clone, Debug)]
pub enum Backend {
    /// The f64 twins, on all cores.
    Cpu,
    /// An adapter that wgpu drives, in f32.
    Device(Device),
}

/// What a report says of the backend.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct BackendInfo {
    /// Name of the adapter, or `cpu`.
    pub name: String,
    /// `vulkan`, `metal`, `dx12`, or `rust`.
    pub api: String,
    /// Driver and its version, where there is one.
    pub driver: String,
    /// `float32` or `float64`.
    pub precision: &'static str,
    /// Threads, on the CPU.
    pub threads: Option<usize>,
}

impl Backend {
    /// `auto` takes a real GPU if there is one and the CPU otherwise; `cpu` the CPU; `gpu-any` any adapter, software drivers included;
    /// anything else is part of an adapter's or driver's name, in any case.
    ///
    /// # Errors
    /// No adapter matches, or the one that does cannot be opened; the message lists the adapters there are.
    pub fn select(selector: &str) -> Result<Self> {
        Self::select_with(selector, &Cache::off())
    }

    /// As [`select`](Self::select), with compiled kernels from a cache; see [`Device::open_with`].
    ///
    /// # Errors
    /// As [`select`](Self::select).
    pub fn select_with(selector: &str, cache: &Cache) -> Result<Self> {
        match selector {
            "cpu" => Ok(Self::Cpu),
            "auto" => Ok(Device::first_gpu(cache)?.map_or(Self::Cpu, Self::Device)),
            name => Device::open_with(name, cache).map(Self::Device),
        }
    }

    /// Sets how much device memory may be taken ([`Device::set_memory_policy`]); nothing on the CPU.
    ///
    /// # Errors
    /// The device was lost, or refuses the fraction.
    pub fn set_memory_policy(&self, policy: MemoryPolicy) -> Result<()> {
        match self {
            Self::Cpu => Ok(()),
            Self::Device(device) => device.set_memory_policy(policy),
        }
    }

    /// What was wrong with the compiled kernels in the cache, if something was ([`Device::cache_remark`]).
    pub fn cache_remark(&self) -> Option<&str> {
        match self {
            Self::Cpu => None,
            Self::Device(device) => device.cache_remark(),
        }
    }

    /// Name, driver, precision.
    pub fn info(&self) -> BackendInfo {
        match self {
            Self::Cpu => BackendInfo {
                name: "cpu".into(),
                api: "rust".into(),
                driver: String::new(),
                precision: "float64",
                threads: Some(rayon::current_num_threads()),
            },
            Self::Device(device) => {
                let info = device.info();
                BackendInfo {
                    name: info.name.clone(),
                    api: info.backend.clone(),
                    driver: format!("{} {}", info.driver, info.driver_info).trim().to_owned(),
                    precision: "float32",
                    threads: None,
                }
            }
        }
    }
}
