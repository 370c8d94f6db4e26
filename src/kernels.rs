//! Every kernel of the library, so that tests and caches can go through all of them.

use crate::gpu::Kernel;

/// All kernels, in the order of the data flow. A test validates each, and its translations.
pub fn kernels() -> Vec<&'static Kernel> {
    let mut all = crate::density::gpu::kernels();
    all.extend(crate::cross_section::gpu::kernels());
    all.push(&crate::optical_depth::cia_gpu::CIA);
    all.push(&crate::optical_depth::cia_gpu::CIA_WITH_DERIVATIVE);
    all.push(&crate::optical_depth::sum_gpu::SUM);
    all.push(&crate::transfer::emission_gpu::EMISSION);
    all.push(&crate::transfer::sensitivity_gpu::SENSITIVITY);
    all.extend(crate::transfer::jacobian_gpu::kernels());
    all
}
