//! The GPU, without physics: kernels, programs, devices, memory.
//!
//! A stage writes its passes into a [`ProgramBuilder`]; [`ProgramBuilder::finish`] plans the memory, without a device;
//! a [`Workspace`] allocates exactly that on a [`Device`] and runs it. Running allocates nothing.
//!
//! | module | idea |
//! | --- | --- |
//! | `layout` | structs that host and shader share |
//! | `shader` | WGSL composed, validated, reflected |
//! | `limits` | what every device guarantees |
//! | `program`, `plan`, `slots`, `summary` | passes and buffers as data; lives, shared memory, peak |
//! | `device`, `adapter` | opening a device by name; what there is |
//! | `pipelines` | compiled kernels, kept per device |
//! | `workspace`, `transfer`, `ledger` | buffers, running, copies, the account of every byte |

mod adapter;
mod choose;
mod device;
mod layout;
mod ledger;
mod limits;
mod pipelines;
mod plan;
mod program;
mod shader;
mod slots;
mod summary;
mod transfer;
mod workspace;

#[cfg(test)]
mod tests;

pub use adapter::DeviceInfo;
pub use choose::first_that_fits;
pub use device::Device;
pub(crate) use layout::host_struct;
pub use layout::{Field, HostLayout, Layout};
pub use ledger::{Ledger, LedgerReport};
pub use limits::Limits;
pub use program::{BufferId, Element, Program, ProgramBuilder, Role};
pub use shader::{Interface, Kernel, Storage};
pub use summary::{BufferSummary, StageSummary, Summary};
pub use workspace::Workspace;
