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
//! | `declaration`, `program`, `plan`, `slots`, `summary` | passes and buffers as data; lives, shared memory, peak |
//! | `device`, `handle`, `adapter` | opening a device by name; its calls; what there is |
//! | `pipelines` | compiled kernels, kept per device |
//! | `workspace`, `transfer` | buffers, running, copies |
//! | `ledger`, `holding`, `timeline` | the account of every byte, and its history |
//! | `policy`, `pool`, `buffers`, `refused` | how much may be taken; reserve, reuse; creating buffers |
//! | `memory`, `driver_memory` | total, free, used: by the account, by the driver |
//! | `faults` | what went wrong outside any call |
//! | `ballast`, `ordered_faults` | running out of memory and losing the device, to order (the latter with feature `testing`) |

mod adapter;
mod ballast;
mod buffers;
mod choose;
mod class;
mod declaration;
mod device;
mod driver_memory;
mod faults;
mod handle;
mod holding;
mod layout;
mod ledger;
mod limits;
mod memory;
#[cfg(any(test, feature = "testing"))]
mod ordered_faults;
mod packed;
mod pipelines;
mod plan;
mod policy;
mod pool;
mod program;
mod refused;
mod shader;
mod slots;
mod summary;
mod timeline;
mod transfer;
mod workspace;

#[cfg(test)]
mod memory_tests;
#[cfg(test)]
mod tests;

pub use adapter::DeviceInfo;
pub use ballast::Ballast;
#[doc(hidden)]
pub use choose::{first_that_fits, first_within, open_within};
pub use class::{DeviceClass, Rates};
#[doc(hidden)]
pub use declaration::{BufferId, Constant, Element, Role};
pub use device::Device;
pub use driver_memory::DriverMemory;
pub use holding::Holding;
pub(crate) use layout::host_struct;
#[doc(hidden)]
pub use layout::{Field, HostLayout, Layout};
pub use ledger::{Ledger, LedgerReport};
pub use limits::Limits;
pub use memory::MemoryInfo;
pub use policy::MemoryPolicy;
#[doc(hidden)]
pub use program::{Program, ProgramBuilder, groups64};
#[doc(hidden)]
pub use shader::{Interface, Kernel, Storage};
pub use summary::{BufferSummary, StageSummary, Summary};
pub use timeline::{Event, Timeline};
#[doc(hidden)]
pub use workspace::Workspace;
