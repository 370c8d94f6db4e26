//! Cross sections on the device: buffers and passes of one species, as data.
//!
//! A [`DeviceStage`] is declared once per species in a program; [`DeviceStage::add_batch`] then appends the passes of any run of
//! layers. Layers with equal ladders share their scratch buffers and dispatches. The only input that changes from spectrum to
//! spectrum is the layers' state, 192 bytes a layer ([`DeviceStage::state`]).

mod group;
mod kernels;
mod run;
mod stage;
#[cfg(test)]
mod tests;

pub use kernels::kernels;
pub use stage::{DeviceStage, ROW_MULTIPLE};
