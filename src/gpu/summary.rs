//! What a program will take, as plain data that can be printed, compared and stored.

use serde::{Deserialize, Serialize};

use super::{Element, Role};

/// A buffer of a [`Program`](super::Program).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
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
#[non_exhaustive]
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
#[non_exhaustive]
pub struct Summary {
    /// In the order of declaration.
    pub buffers: Vec<BufferSummary>,
    /// Size of each slot \[bytes\].
    pub slots: Vec<u64>,
    /// Stages in order of first appearance.
    pub stages: Vec<StageSummary>,
    /// When each stage runs: first pass, and index into `stages`, ascending; until the next one or the end.
    pub schedule: Vec<(usize, usize)>,
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
    /// Submissions of a run of all passes, and of reading its largest output.
    pub submissions: usize,
    /// Of these the host waits for so many before it goes on, the last one included.
    pub waits: usize,
}

/// `the program (largest: ...)`, for errors.
pub(super) fn five_largest<'a>(buffers: impl Iterator<Item = (&'a str, u64)>) -> String {
    let mut order: Vec<(&str, u64)> = buffers.collect();
    order.sort_by_key(|b| std::cmp::Reverse(b.1));
    let list: Vec<String> = order.iter().take(5).map(|(name, bytes)| format!("`{name}` {bytes}")).collect();
    format!("the program (largest: {})", list.join(", "))
}
