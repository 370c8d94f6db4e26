//! What a program will take, as plain data that can be printed, compared and stored.

use serde::{Deserialize, Serialize};

use super::{Element, Role};

/// A buffer of a [`Program`](super::Program).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BufferSummary {
    /// `stage.thing`.
    pub name: String,
    /// Type of the elements.
    pub element: Element,
    /// Outermost extent first.
    pub shape: Vec<u64>,
    /// Size \[bytes\].
    pub bytes: u64,
    /// Who writes and reads it.
    pub role: Role,
    /// First and last pass that use it, counted from 0, both included; none if it takes no memory because no pass uses it; several such intervals if it was
    /// [retired](super::ProgramBuilder::retire) and written again.
    pub lives: Vec<(usize, usize)>,
    /// The slot (one device buffer) it lives in.
    pub slot: usize,
}

/// A stage of a [`Program`](super::Program).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageSummary {
    /// Name.
    pub name: String,
    /// Number of dispatches, copies and clears.
    pub passes: usize,
    /// Most bytes that are alive in one of its passes (slots hold them; unused parts of slots are not counted).
    pub live_bytes: u64,
}

/// What a [`Program`](super::Program) will take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// In the order of declaration.
    pub buffers: Vec<BufferSummary>,
    /// Size of each slot \[bytes\].
    pub slots: Vec<u64>,
    /// Stages in order of first appearance.
    pub stages: Vec<StageSummary>,
    /// Uniform buffer with the parameters of all dispatches \[bytes\].
    pub params_bytes: u64,
    /// Staging buffer for host-to-device copies \[bytes\].
    pub upload_bytes: u64,
    /// Staging buffer for device-to-host copies \[bytes\].
    pub readback_bytes: u64,
    /// All of the above: the device memory of a workspace \[bytes\].
    pub peak_bytes: u64,
    /// Number of dispatches.
    pub dispatches: usize,
    /// Number of passes: dispatches, copies and clears.
    pub passes: usize,
}
