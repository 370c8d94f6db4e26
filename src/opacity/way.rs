//! Ways of computing cross sections of lines, for whoever chooses one.

use serde::Serialize;

/// A way of computing a species' cross sections, and what it is expected to take on this machine's processor.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Way {
    /// The species.
    pub species: String,
    /// `lines`, `density` or `table`.
    pub name: &'static str,
    /// True if it is the one taken.
    pub taken: bool,
    /// Seconds before the first spectrum, where nothing was kept from an earlier run.
    pub set_up_seconds: f64,
    /// Seconds of each spectrum.
    pub spectrum_seconds: f64,
    /// Host memory of a table \[bytes\]; 0 for other ways, which take little.
    pub table_bytes: u64,
}
