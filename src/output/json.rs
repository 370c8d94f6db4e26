//! Reports.

use std::io;
use std::path::Path;

use super::write_atomic;
use crate::Result;

/// Writes a report as indented JSON with a final newline; numbers that are not finite become `null`.
///
/// # Errors
/// An unwritable file, or a value that JSON cannot hold (a map whose keys are not strings).
pub fn write_json(path: &Path, value: &impl serde::Serialize) -> Result<()> {
    write_atomic(path, |w| {
        serde_json::to_writer_pretty(&mut *w, value).map_err(io::Error::other)?;
        w.write_all(b"\n")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_are_indented_in_their_own_order() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.json");
        write_json(&path, &serde_json::json!({ "z": 1, "a": [0.5, f64::NAN] })).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "{\n  \"z\": 1,\n  \"a\": [\n    0.5,\n    null\n  ]\n}\n");
    }
}
