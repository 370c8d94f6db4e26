//! Every kernel of the library, so that tests and caches can go through all of them.

use crate::gpu::Kernel;

/// All kernels, in the order of the data flow. A test validates each, and its translations.
pub fn kernels() -> Vec<&'static Kernel> {
    vec![&crate::optical_depth::cia_gpu::CIA, &crate::transfer::emission_gpu::EMISSION]
}
