//! Configuration files (TOML).
//!
//! [`Config`] is plain data, checked as far as that is possible without opening other files: every number is in its range,
//! every key is known. Names end in `Keys` where a type holds what was written: numbers may still be parameters, tables still
//! files. The keys are explained in `docs/configuration.md`.
//!
//! Errors name the file, the dotted key, the line, what was given and what is required; an unknown key also names the
//! known one nearest to it.

mod atmosphere;
mod continua;
mod declared;
mod geometry;
mod joint;
mod method;
mod model;
mod noise;
mod overrides;
mod parameters;
mod planet;
mod reader;
mod retrieval;
mod sections;
mod simulation;
mod species;
mod unsupported;

pub use continua::{CloudKeys, CloudKind, ContinuaKeys};
pub use declared::{Parameter, Quantity};
pub use geometry::GeometryKeys;
pub use joint::orders;
pub use model::{
    AtmosphereKeys, CiaKeys, Config, GridKeys, GridSampling, MethodKeys, MixingKeys, OutputKeys, ProfileKeys,
    SpeciesKeys, StarKeys, StarSpectrumKeys, TemperatureKeys, TransferKeys,
};
pub use planet::{GravityKeys, PlanetKeys, Scaled};
pub use retrieval::{DataKeys, FitMethod, InstrumentKeys, ObservableKeys, RetrievalKeys};
pub use simulation::{ErrorKeys, SimulationKeys};
pub use unsupported::not_supported;

#[cfg(test)]
mod parameter_tests;
#[cfg(test)]
mod tests;
