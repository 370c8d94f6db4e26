//! Line lists: reading them, and what a line is.
//!
//! [`HitranSource`] reads HITRAN and HITEMP records, [`ExomolSource`] an ExoMol data set. Both have a `load`, which collects
//! [`LineList`]s, and a `stream`, which hands over lines in pieces of bounded size for lists that do not fit in memory. Both
//! return a [`LoadReport`] that accounts for every record. Partition functions come with the data set, from a file, or from
//! the built-in [`tips`]. What computes from lines takes any [`LineSource`], and reads it only if the cache does not have the
//! result.

mod bzip2_blocks;
pub mod carbon_monoxide;
pub mod exomol;
pub(crate) mod fields;
#[doc(hidden)]
pub mod formula;
pub mod hitran;
pub mod isotopologues;
#[doc(hidden)]
pub mod list;
pub mod partition;
pub(crate) mod physical;
pub(crate) mod reader;
#[doc(hidden)]
pub mod recognise;
pub mod report;
#[doc(hidden)]
pub mod source;
#[cfg(test)]
mod test_data;
pub mod tips;
#[doc(hidden)]
pub mod width;

pub use exomol::{ExomolBroadening, ExomolSource};
pub use hitran::{HitranBroadening, HitranList, HitranRecord, HitranSource, Partner};
pub use isotopologues::Isotopologue;
pub use list::{Line, LineList, Species};
pub use partition::PartitionFunction;
pub use report::{Cause, LoadReport, Tally};
pub use source::LineSource;
pub use width::Width;

#[cfg(test)]
pub(crate) use test_data::test_data;
