//! Line lists: reading them, and what a line is.
//!
//! [`HitranSource`] reads HITRAN and HITEMP records, [`ExomolSource`] an ExoMol data set. Both have a `load`, which collects
//! [`LineList`]s, and a `stream`, which hands over lines in pieces of bounded size for lists that do not fit in memory. Both
//! return a [`LoadReport`] that accounts for every record. Partition functions come with the data set, from a file, or from
//! the built-in [`tips`].

pub mod exomol;
pub(crate) mod fields;
pub mod hitran;
pub mod isotopologues;
pub mod list;
pub mod partition;
pub(crate) mod reader;
pub mod report;
pub mod tips;
pub mod width;

pub use exomol::{ExomolBroadening, ExomolSource};
pub use hitran::{HitranBroadening, HitranRecord, HitranSource};
pub use isotopologues::Isotopologue;
pub use list::{Line, LineList, Species};
pub use partition::PartitionFunction;
pub use report::LoadReport;
pub use width::Width;

/// A file or folder of the test data; `None` (said aloud) where it is not there. On a CI machine that is a failure.
#[cfg(test)]
pub(crate) fn test_data(name: &str) -> Option<std::path::PathBuf> {
    let folder = std::env::var_os("PHOTOSPHERE_DATA").map_or_else(
        || std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        std::path::PathBuf::from,
    );
    let path = folder.join(name);
    if path.exists() {
        return Some(path);
    }
    assert!(std::env::var_os("CI").is_none(), "{} is missing", path.display());
    eprintln!("SKIPPED: {} not found", path.display());
    None
}
