//! Optical depths of layers: what absorbs, summed into `dtau` \[layer\]\[nu\].

pub mod cia;
pub mod cia_gpu;

pub use cia::{CiaLayer, Pair, add_cia};
pub use cia_gpu::{CIA, CiaBuffers, DeviceTable};
