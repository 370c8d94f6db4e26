//! What absorbs and scatters: each adds itself to the optical depths of layers.
//!
//! An [`Opacity`] knows its own coefficients and the species they go with, and nothing of radiative transfer. Each has a file here: [`Lines`] (from
//! [`cross_section`](crate::cross_section)), [`Collisions`] (collision-induced absorption). Users add to a model what makes an opacity, a [`Source`].

mod amount;
pub mod cia;
pub mod cia_table;
pub mod collisions;
pub mod device;
pub mod lines;
pub mod traits;

pub use cia::{CiaLayer, Pair, PairGradient, PairTangent, add_cia, add_cia_with_derivative};
pub use cia_table::{BandLimits, CiaBlock, CiaGrid, CiaTable, TemperatureWeights};
pub use collisions::{CollisionPair, Collisions};
pub use device::add_part;
pub use lines::{Absorber, Lines};
pub use traits::{
    Constant, CpuOpacity, DeviceOpacity, DeviceTables, Extinction, HostBytes, Inputs, Layers, Opacity, OpticalBuffers,
    OpticalRows, Setting, Source, Told,
};
