//! Cross sections on the device: buffers and passes of one species, as data.
//!
//! A [`DeviceStage`] is declared once per species in a program. For each batch of layers [`DeviceStage::far`] appends the passes of the coarse
//! levels, once for the whole range, and [`DeviceStage::near`] those of one segment of the grid after the other: a segment's memory is all
//! that the fine levels take, and its bits do not depend on how the grid is cut. Layers with equal ladders share their scratch buffers and dispatches. The only input that changes from spectrum to
//! spectrum is the layers' state, 192 bytes a layer ([`DeviceStage::state`]).

mod group;
mod kernels;
mod pairs;
mod run;
#[cfg(test)]
mod slope_tests;
mod stage;
#[cfg(test)]
mod tests;
mod wing_law;

pub use super::extent::Extent;
pub use crate::grid::ROW_MULTIPLE;
pub use kernels::kernels;
pub use pairs::Pairs;
pub use stage::{DeviceStage, LineTables, StageInputs, Target};
