//! Optical depths of layers: what absorbs, summed into `dtau` \[layer\]\[nu\].
//!
//! Lines come from [`cross_section`](crate::cross_section), each layer's cross section times its column; here are the
//! continua. [`CiaTable`] reads collision-induced absorption, [`add_cia`] adds it.

pub mod cia;
pub mod cia_gpu;
pub mod cia_table;
pub mod sum_gpu;

pub use cia::{CiaLayer, Pair, PairGradient, PairTangent, add_cia, add_cia_with_derivative};
pub use cia_gpu::{CIA, CIA_WITH_DERIVATIVE, CiaBuffers, DeviceTable};
pub use cia_table::{BandLimits, CiaBlock, CiaGrid, CiaTable, TemperatureWeights};
pub use sum_gpu::add_part;
