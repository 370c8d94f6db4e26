//! Results on disk: arrays as NPY, reports as JSON, every file whole or not there.
//!
//! All writers put a temporary file beside the target and rename it when it is complete, so a reader never meets half a
//! file and a failed run leaves an earlier result as it was.

mod atomic;
mod json;
mod npy;

pub use atomic::{check_file, prepare_folder, write_atomic};
pub(crate) use atomic::{is_temporary, replace_file};
pub use json::write_json;
pub use npy::{Element, Values, write_npy};
