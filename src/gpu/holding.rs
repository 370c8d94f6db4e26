//! What device memory is held for.

use serde::Serialize;

/// What bytes are held for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Holding {
    /// A buffer of a workspace.
    InUse,
    /// A buffer that the pool keeps for the next workspace.
    Unused,
    /// Held so that nobody else takes it.
    Ballast,
}
