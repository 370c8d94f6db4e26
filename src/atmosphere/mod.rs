//! The atmosphere: pressure, temperature, composition and gravity of each layer, from the top down.
//!
//! Everything here is small and in f64: profiles are functions of the layer pressures that give one value per layer. All
//! of them are generic over a [`Number`]: with dual numbers, the derivatives by the parameters of a retrieval come along.

pub mod composition;
pub mod gravity;
#[doc(hidden)]
pub mod hydrostatic;
#[doc(hidden)]
pub mod pressure;
#[doc(hidden)]
pub mod state;
pub mod table;
pub mod temperature;

mod clip;
#[cfg(test)]
mod derivative_tests;
mod number;

pub use clip::clip;
pub use composition::{Abundance, MixingRatio, mean_molar_mass, number_density};
pub use gravity::Gravity;
pub use hydrostatic::{Hydrostatic, ReferenceLevel};
pub use number::Number;
pub use pressure::PressureGrid;
pub use state::{Species, State};
pub use table::{Interpolation, ProfileTable};
pub use temperature::TemperatureProfile;
