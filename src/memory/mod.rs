//! What spectra and derivatives take on the host and on a device: estimated from sizes, measured beside that, and what other choices would take.
//!
//! What an opacity, a geometry or a stage of cross sections holds is estimated beside its allocation
//! ([`Opacity::host_bytes`](crate::opacity::Opacity::host_bytes) and its neighbours); here the parts are put together stage by stage.

mod alternatives;
mod derivatives;
mod estimate;
mod measured;

pub use alternatives::{Alternative, most_points};
pub use estimate::{Bytes, MemoryEstimate, Place, StageEstimate, stage_of};
pub use measured::{MemoryReport, StageReport};
