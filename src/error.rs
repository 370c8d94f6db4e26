//! One error type for the whole library.
//!
//! Every message says what was given, what was required, and where: a file and a line, a configuration key, or the
//! name of an argument. Nothing a user can type or feed in leads to a panic.

use std::io;
use std::path::{Path, PathBuf};

/// Shorthand for results of this library.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong, by who can mend it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder could not be opened, read or written.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// `"read"`, `"write"`, `"open"`, ...
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The operating system's own words.
        source: io::Error,
    },
    /// The content of a file is not what its format requires.
    #[error("{}{}: {message}", path.display(), line.map(|n| format!(", line {n}")).unwrap_or_default())]
    Parse {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1, where one line is to blame.
        line: Option<u64>,
        /// What was found and what was expected.
        message: String,
    },
    /// An argument is outside what the method can do.
    #[error("{what}: given {given}, required {required}")]
    Invalid {
        /// The argument.
        what: String,
        /// What was given.
        given: String,
        /// What is required.
        required: String,
    },
    /// A key of a configuration file is unknown, missing or wrong.
    #[error("{}: key `{key}`: {message}", path.display())]
    Config {
        /// The configuration file.
        path: PathBuf,
        /// The dotted key, such as `atmosphere.temperature.kind`.
        key: String,
        /// What was found and what was expected.
        message: String,
    },
    /// The device (GPU or software driver) is missing, was lost, or refused a command.
    #[error("device: {0}")]
    Device(String),
    /// The device has not enough memory.
    #[error("device memory: {needed} bytes needed for {what}, {limit} bytes is the limit{}", hint.as_ref().map(|h| format!("; {h}")).unwrap_or_default())]
    OutOfMemory {
        /// The buffer or stage.
        what: String,
        /// Bytes needed.
        needed: u64,
        /// Bytes allowed.
        limit: u64,
        /// Which change of input would make it fit, where the caller knows one.
        hint: Option<String>,
    },
}

impl Error {
    /// An [`Error::Io`] with its path.
    pub fn io(action: &'static str, path: impl AsRef<Path>, source: io::Error) -> Self {
        Self::Io { action, path: path.as_ref().to_owned(), source }
    }

    /// An [`Error::Parse`] at a line (from 1), or `None` for the whole file.
    pub fn parse(path: impl AsRef<Path>, line: impl Into<Option<u64>>, message: impl Into<String>) -> Self {
        Self::Parse { path: path.as_ref().to_owned(), line: line.into(), message: message.into() }
    }

    /// An [`Error::OutOfMemory`] without a hint.
    pub fn out_of_memory(what: impl Into<String>, needed: u64, limit: u64) -> Self {
        Self::OutOfMemory { what: what.into(), needed, limit, hint: None }
    }

    /// An [`Error::OutOfMemory`] with the change of input that would make it fit; any other error as it is.
    #[must_use]
    pub fn with_hint(self, text: impl Into<String>) -> Self {
        match self {
            Self::OutOfMemory { what, needed, limit, .. } => {
                Self::OutOfMemory { what, needed, limit, hint: Some(text.into()) }
            }
            other => other,
        }
    }

    /// An [`Error::Invalid`].
    pub fn invalid(what: impl Into<String>, given: impl std::fmt::Display, required: impl Into<String>) -> Self {
        Self::Invalid { what: what.into(), given: given.to_string(), required: required.into() }
    }
}
