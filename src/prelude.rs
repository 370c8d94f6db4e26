//! What most programs need, in one line: `use photosphere::prelude::*;`.

pub use crate::atmosphere::{Hydrostatic, PressureGrid, ReferenceLevel, State, TemperatureProfile};
pub use crate::cross_section::Method;
pub use crate::grid::{Grid, TemperatureRange};
pub use crate::lines::carbon_monoxide::{self, Broadener, Isotopologue};
pub use crate::opacity::{
    Absorber, Amount, CiaTable, CloudDeck, CollisionPair, Custom, GreyHaze, HMinus, PowerLawHaze, Rayleigh, RayleighGas,
};
pub use crate::spectrum::{DerivativeSettings, Model, Retrieval, Runner};
pub use crate::{Backend, Dual, Error, Progress, Resources, Result, Settings};
