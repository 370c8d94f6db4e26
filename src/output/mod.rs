//! Results on disk: arrays as NPY, reports as JSON, every file whole or not there.
//!
//! All writers put a temporary file beside the target and rename it when it is complete, so a reader never meets half a
//! file and a failed run leaves an earlier result as it was.

mod atomic;
mod json;
mod npy;
// Folders that are written as a whole are the command line's and the traces'.
#[cfg_attr(not(feature = "cli"), allow(dead_code))]
mod temporary;

pub use atomic::{check_file, check_kind, prepare_folder, retire, write_atomic};
#[cfg_attr(not(feature = "cli"), allow(unused_imports))]
pub(crate) use atomic::{check_place, replace_file};
pub use json::write_json;
pub use npy::{Element, Values, write_npy};
#[doc(hidden)]
pub use temporary::{Abandoned, abandon_all};
#[cfg_attr(not(feature = "cli"), allow(unused_imports))]
pub(crate) use temporary::{UnfinishedFolder, made_folder, settled_folder, sweep};
