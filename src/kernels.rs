//! Every kernel of the library, so that tests and caches can go through all of them.

use crate::gpu::Kernel;

/// All kernels, in the order of the data flow. A test validates each, and its translations.
pub fn kernels() -> Vec<&'static Kernel> {
    let mut all = crate::density::device::kernels();
    all.extend(crate::cross_section::device::kernels());
    all.push(&crate::opacity::cia::device::CIA);
    all.push(&crate::opacity::cia::device::CIA_WITH_DERIVATIVE);
    all.push(&crate::opacity::continuum::device::CONTINUUM);
    all.push(&crate::opacity::continuum::device::CONTINUUM_DERIVATIVE);
    all.push(&crate::opacity::table::device::TABLE);
    all.push(&crate::opacity::table::device::TABLE_WITH_DERIVATIVE);
    all.push(&crate::opacity::device::SUM);
    all.push(&crate::transfer::emission::device::EMISSION);
    all.push(&crate::transfer::sensitivity::device::SENSITIVITY);
    all.push(&crate::transfer::transmission::device::TRANSMISSION);
    all.push(&crate::transfer::transmission::device::TRANSMISSION_ROWS);
    all.push(&crate::transfer::transmission::device::TRANSMISSION_SENSITIVITY);
    all.extend(crate::transfer::jacobian::device::kernels());
    all.push(&crate::benchmark::PEAK);
    all
}
