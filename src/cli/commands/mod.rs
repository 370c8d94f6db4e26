//! One file per command: all that happens before and after the computation.

pub mod bench;
pub mod cache;
pub mod cross_section;
pub mod devices;
pub mod example;
pub mod fit;
mod folder;
pub mod jacobian;
pub mod plan;
pub mod sample;
pub mod simulate;
pub mod spectrum;

use std::cell::Cell;
use std::io::{self, Write};

use super::notes;
use super::table::{self, Table};
use crate::input::printable;
use crate::memory::MemoryReport;
use crate::scenario::RunSummary;
use crate::{Error, Result};

thread_local! {
    /// Whether this thread's command prints nothing.
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Whether commands of this thread print text from now on.
pub fn set_quiet(quiet: bool) {
    QUIET.set(quiet);
}

/// Prints no text for people where the report goes to standard output as JSON.
fn set_quiet_for(json: bool) {
    QUIET.set(QUIET.get() || json);
}

/// Prints text for people to standard output, unless that is not wanted.
fn print(text: &str) -> Result<()> {
    if QUIET.get() { Ok(()) } else { write_out(text) }
}

/// Prints a command's report as JSON to standard output.
fn print_json(report: &impl serde::Serialize) -> Result<()> {
    let text =
        serde_json::to_string_pretty(report).map_err(|e| Error::invalid("report", e, "a form that JSON can hold"))?;
    write_out(&format!("{text}\n"))
}

/// A reader that has gone away (`| head`) is no error.
fn write_out(text: &str) -> Result<()> {
    match io::stdout().lock().write_all(printable(text).as_bytes()) {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => Err(Error::io("write", "standard output", e)),
        _ => Ok(()),
    }
}

/// Tells that a device was lost and opened again.
fn tell_losses(losses: u32) -> Result<()> {
    match losses {
        0 => Ok(()),
        n => print(&format!(
            "device lost and opened again {n} time{}: results are as without that\n",
            if n == 1 { "" } else { "s" }
        )),
    }
}

/// Lines, device, bytes and seconds per stage as a table, and what the user must be told at a tolerance.
fn summary_table(summary: &RunSummary, first: &[(&str, String)], tolerance: f64) -> String {
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
    for (stage, seconds) in summary.seconds.iter() {
        t.row([format!("time, {stage}"), table::seconds(seconds)]);
    }
    t.row(["time, total".to_owned(), table::seconds(summary.seconds.total())]);
    let memory = summary.memory.as_ref().map_or(String::new(), |memory| format!("\n{}", memory_table(memory)));
    // Last: where a terminal's reader looks first.
    format!("{t}{memory}{}", notes::section(&summary.notes, tolerance))
}

/// Estimated beside measured, by stage.
fn memory_table(memory: &MemoryReport) -> String {
    let mut t = Table::new(&["memory", "host, estimated", "measured", "device, planned", "ledger", "driver"]);
    let text = |n: Option<u64>| n.map_or("-".into(), table::bytes);
    for s in &memory.stages {
        let on_device = s.estimate.device.peak > 0;
        t.row([
            s.estimate.stage.to_string(),
            table::bytes(s.estimate.host.peak),
            text(s.host_measured.map(|b| b.peak)),
            text(on_device.then_some(s.estimate.device.peak)),
            text(on_device.then_some(s.device_tracked)),
            text(s.device_counted),
        ]);
    }
    let before = memory.host_baseline.map_or(String::new(), |b| {
        format!("host bytes are over the {} that program and driver held before\n", table::bytes(b))
    });
    format!("{t}{before}")
}
