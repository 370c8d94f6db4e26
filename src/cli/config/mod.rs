//! Configuration files (TOML).
//!
//! [`Config`] is plain data, checked as far as that is possible without opening other files: every number is in its range,
//! every key is known. It knows nothing of the engine. The keys are explained in `docs/configuration.md`.
//!
//! Errors name the file, the dotted key, the line, what was given and what is required; an unknown key also names the
//! known one nearest to it.

mod atmosphere;
mod method;
mod model;
mod parameters;
mod reader;
mod retrieval;
mod sections;
mod species;
mod unsupported;

pub use model::{
    Atmosphere, Cia, Config, Gravity, Grid, Mixing, MixingUnit, Output, Outside, Profile, Sampling, Settings, Species,
    Temperature, Transfer,
};
pub use parameters::{Parameter, Quantity};
pub use retrieval::{Data, FitMethod, Retrieval};
pub(super) use unsupported::not_supported;

#[cfg(test)]
mod tests;
