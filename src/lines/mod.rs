//! Line lists: reading them, and what a line is.

pub mod carbon_monoxide;
pub mod list;
pub mod partition;

pub use list::{Line, LineList, Species};
pub use partition::PartitionFunction;
