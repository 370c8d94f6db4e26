//! Every kernel of the library, so that tests and caches can go through all of them.

use crate::gpu::Kernel;

/// All kernels, in the order of the data flow. A test validates each, and its translations.
pub fn kernels() -> Vec<&'static Kernel> {
    [crate::density::gpu::kernels(), crate::cross_section::gpu::kernels()].concat()
}
