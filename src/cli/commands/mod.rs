//! One file per command: all that happens before and after the computation.

pub mod cache;
pub mod cross_section;
pub mod devices;
pub mod fit;
pub mod jacobian;
pub mod sample;
pub mod spectrum;

use std::io::{self, Write};

use super::engine::Summary;
use super::table::{self, Table};
use crate::{Error, Result};

/// Prints to standard output; a reader that has gone away (`| head`) is no error.
fn print(text: &str) -> Result<()> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => Err(Error::io("write", "standard output", e)),
        _ => Ok(()),
    }
}

/// Lines, device, bytes and seconds per stage as a table.
fn summary_table(summary: &Summary, first: &[(&str, String)]) -> String {
    let mut t = Table::default();
    for (name, value) in first {
        t.row([*name, value.as_str()]);
    }
    for (species, lines) in &summary.lines {
        t.row([format!("lines, {species}"), table::count(*lines)]);
    }
    for (species, error) in &summary.errors {
        t.row([format!("error bound, {species}"), format!("{error:.1e}")]);
    }
    t.row(["device", summary.device.as_str()]);
    if let Some(bytes) = summary.device_bytes {
        t.row(["device memory".to_owned(), table::bytes(bytes)]);
    }
    for (stage, seconds) in &summary.stages {
        t.row([format!("time, {stage}"), table::seconds(*seconds)]);
    }
    let total: f64 = summary.stages.iter().map(|s| s.1).sum();
    t.row(["time, total".to_owned(), table::seconds(total)]);
    t.to_string()
}
