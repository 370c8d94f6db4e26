//! Kinds of devices, whose schedules differ: a software driver wants arrays that stay in its caches, a card wants few and large passes.

use serde::{Deserialize, Serialize};

/// A kind of device: what its schedules are made for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceClass {
    /// A software driver on the processor's cores.
    #[default]
    Processor,
    /// A GPU that shares its memory with the processor.
    Integrated,
    /// A card with its own memory.
    Discrete,
}

/// Prices of a class, for the choice among plans. They order plans; how long one takes on a given device is measured (`photosphere bench`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// A dispatch, in multiply-adds.
    pub pass: f64,
    /// A byte held, in multiply-adds: it is allocated, cleared, and brought through the caches.
    pub byte: f64,
    /// A multiply-add \[s\], as a spectrum's kernels reach it.
    pub multiply_add: f64,
}

impl DeviceClass {
    /// Its name in text.
    pub fn name(self) -> &'static str {
        match self {
            Self::Processor => "processor",
            Self::Integrated => "integrated",
            Self::Discrete => "discrete",
        }
    }

    /// Its prices. Those of a software driver were measured (two cores: 1e-10 s a multiply-add). Those of GPUs stand for usual ones: a dispatch of
    /// 5 to 10 us; a third of 1 and 8 million million multiply-adds a second. What a card moves does not depend on how a job is cut, so that
    /// there memory has a price only between plans that are else equal.
    pub fn rates(self) -> Rates {
        match self {
            // So much that three times the memory has to save a tenth of the time; on lavapipe it saves nothing (`docs/memory.md`).
            Self::Processor => Rates { pass: 2e6, byte: 16.0, multiply_add: 1e-10 },
            Self::Integrated => Rates { pass: 4e6, byte: 1.0, multiply_add: 3e-12 },
            Self::Discrete => Rates { pass: 1.5e7, byte: 0.02, multiply_add: 4e-13 },
        }
    }

    /// True if layers that need fewer profiles than others get some that no line takes, so that they share dispatches: where these are dear.
    pub fn pads_profiles(self) -> bool {
        self == Self::Discrete
    }

    /// Sizes of scratch buffers worth a try \[bytes\].
    pub fn scratch_bytes(self) -> &'static [u64] {
        const SIZES: [u64; 7] = [2 << 30, 512 << 20, 128 << 20, 32 << 20, 4 << 20, 512 << 10, 64 << 10];
        match self {
            // Well below the largest binding that every device has, 128 MiB.
            Self::Processor => &SIZES[3..],
            Self::Integrated => &SIZES[2..],
            Self::Discrete => &SIZES,
        }
    }

    /// Staging buffers are no larger than this \[bytes\]; larger transfers go in chunks, each with a wait. At 0.1 to 0.2 ms a submission (measured, software
    /// drivers) chunks of 1 MiB still move several GB/s there; a card moves 32 MiB in about a millisecond.
    pub(super) fn transfer_bytes(self) -> u64 {
        match self {
            Self::Processor => 1 << 20,
            Self::Integrated => 8 << 20,
            Self::Discrete => 32 << 20,
        }
    }

    /// Passes of a submission at most, in a program of `passes` that cost so many multiply-adds in all: drivers reset a device whose submission takes
    /// seconds (2 s on Windows), so that none is to take more than a quarter of one.
    pub(super) fn portion(self, passes: usize, multiply_adds: f64) -> usize {
        const SECONDS: f64 = 0.25;
        let most = match self {
            Self::Processor | Self::Integrated => 64,
            Self::Discrete => 1024,
        };
        let each = multiply_adds * self.rates().multiply_add / passes.max(1) as f64;
        // A slow card takes a tenth of the usual speed.
        let within = SECONDS / (10.0 * each);
        match self {
            Self::Processor => most,
            _ => (within as usize).clamp(1, most),
        }
    }
}

impl From<wgpu::DeviceType> for DeviceClass {
    fn from(kind: wgpu::DeviceType) -> Self {
        match kind {
            wgpu::DeviceType::Cpu => Self::Processor,
            wgpu::DeviceType::DiscreteGpu | wgpu::DeviceType::VirtualGpu => Self::Discrete,
            wgpu::DeviceType::IntegratedGpu | wgpu::DeviceType::Other => Self::Integrated,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn submissions_of_a_card_are_long_but_not_too_long() {
        assert_eq!(DeviceClass::Processor.portion(267, 4e9), 64);
        assert_eq!(DeviceClass::Discrete.portion(60, 4e9), 937, "of passes of 27 us");
        // 3e6 points x 200 layers: passes of a millisecond.
        assert_eq!(DeviceClass::Discrete.portion(200, 5e11), 25);
        assert_eq!(DeviceClass::Discrete.portion(1, 1e15), 1);
    }

    #[test]
    fn names_are_those_of_files() {
        for class in [DeviceClass::Processor, DeviceClass::Integrated, DeviceClass::Discrete] {
            assert_eq!(serde_json::to_string(&class).unwrap(), format!("\"{}\"", class.name()));
        }
    }
}
