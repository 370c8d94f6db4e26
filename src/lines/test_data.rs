//! Where the test data are.

use std::path::{Path, PathBuf};

/// A file or folder of the test data; `None` (said aloud) where it is not there. On a CI machine that is a failure.
pub(crate) fn test_data(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("PHOTOSPHERE_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"), PathBuf::from);
    let path = folder.join(name);
    if path.exists() {
        return Some(path);
    }
    assert!(std::env::var_os("CI").is_none(), "{} is missing", path.display());
    eprintln!("SKIPPED: {} not found", path.display());
    None
}
