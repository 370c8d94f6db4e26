//! What absorbs and scatters: each adds itself to the optical depths of layers.
//!
//! An [`Opacity`] knows its own coefficients and the species they go with, and nothing of radiative transfer. Each has a file here: [`Lines`] (from
//! [`cross_section`](crate::cross_section)), [`Collisions`] (collision-induced absorption), and those that vary smoothly with wavenumber, each a [`Continuum`]:
//! [`Rayleigh`] scattering, [`HMinus`], [`CloudDeck`], [`GreyHaze`], [`PowerLawHaze`], and a user's own, [`Custom`]. Users add to a model what makes an opacity, a [`Source`].

mod amount;
#[doc(hidden)]
pub mod cia;
#[doc(hidden)]
pub mod cia_table;
mod cloud_deck;
#[doc(hidden)]
pub mod collisions;
#[doc(hidden)]
pub mod continuum;
mod custom;
#[doc(hidden)]
pub mod device;
mod grey_haze;
#[doc(hidden)]
pub mod hminus;
#[doc(hidden)]
pub mod lines;
mod power_law_haze;
mod rayleigh;
pub(crate) mod table;
#[doc(hidden)]
pub mod traits;
mod way;

pub use cia::{CiaLayer, Pair, PairGradient, PairTangent, add_cia, add_cia_with_derivative};
pub use cia_table::{BandLimits, CiaBlock, CiaGrid, CiaTable, TemperatureWeights};
pub use cloud_deck::CloudDeck;
pub use collisions::{CollisionPair, Collisions};
pub use continuum::{Conditions, Continuum, LnCoefficient, Smooth};
pub use custom::{Amount, Custom, DualConditions};
pub use device::add_part;
pub use grey_haze::GreyHaze;
pub use hminus::HMinus;
pub use lines::{Absorber, Lines};
pub use power_law_haze::PowerLawHaze;
pub use rayleigh::{Rayleigh, RayleighGas};
pub use traits::{
    Constant, CpuOpacity, DeviceOpacity, DeviceTables, Extinction, HostBytes, Inputs, Layers, Opacity, OpticalBuffers,
    OpticalRows, Setting, Source, Told,
};
pub use way::Way;
