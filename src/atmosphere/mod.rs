//! The atmosphere: pressure, temperature, composition and gravity of each layer, from the top down.
//!
//! Everything here is small and in f64: profiles are functions of the layer pressures that give one value per layer.

pub mod composition;
pub mod gravity;
pub mod pressure;
pub mod table;
pub mod temperature;

pub use composition::{Abundance, MixingRatio, mean_molar_mass, number_density};
pub use gravity::Gravity;
pub use pressure::PressureGrid;
pub use table::ProfileTable;
pub use temperature::TemperatureProfile;
