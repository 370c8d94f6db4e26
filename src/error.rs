//! One error type for the whole library.
//!
//! Every message says what was given, what was required, and where: a file and a line, a configuration key, or the
//! name of an argument. Nothing a user can type or feed in leads to a panic.

use std::io;
use std::path::{Path, PathBuf};

/// Shorthand for results of this library.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong, by what a caller can do about it.
///
/// | error | what to do |
/// |---|---|
/// | [`Io`](Self::Io), [`Parse`](Self::Parse), [`Invalid`](Self::Invalid), [`Config`](Self::Config) | mend the input that the message names; of these only an `Invalid` may go away with other parameters of a retrieval |
/// | [`NoAdapter`](Self::NoAdapter) | choose another device, the CPU backend, or install a driver |
/// | [`DeviceLost`](Self::DeviceLost) | open the device again and repeat the work; what was on it is gone |
/// | [`OutOfMemory`](Self::OutOfMemory) | a smaller job, a larger budget, the CPU backend |
/// | [`HostMemory`](Self::HostMemory) | a smaller job, or one on a device |
/// | [`NoThread`](Self::NoThread) | fewer threads elsewhere, a higher limit of processes |
/// | [`Interrupted`](Self::Interrupted) | nothing: the caller asked for it |
/// | [`Rejected`](Self::Rejected), [`Internal`](Self::Internal) | report it: the fault is the library's or the driver's |
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
    /// There is no device, none that matches what was asked for, or it cannot be opened; the message says which devices there are.
    #[error("device: {0}")]
    NoAdapter(String),
    /// The device was lost: reset, unplugged, given up. A fresh one can be opened; buffers and kernels of the old one are gone.
    #[error("device: {0}")]
    DeviceLost(String),
    /// A kernel, a pipeline, a buffer or a command was refused by validation or by the driver.
    #[error("device: {0}")]
    Rejected(String),
    /// Something happened that no input should bring about.
    #[error("internal error: {0}")]
    Internal(String),
    /// The caller wanted the work to end ([`interruptible`](crate::interrupt::interruptible)).
    #[error("interrupted")]
    Interrupted,
    /// The system makes no further thread, and the work cannot do without.
    #[error("no thread could be made for {0}")]
    NoThread(String),
    /// The host has not enough memory: what there is for this process is less than the estimate, and nothing was allocated.
    #[error("host memory: {needed} bytes needed for {what}, {available} bytes are available")]
    HostMemory {
        /// The job or its array.
        what: String,
        /// Bytes needed beside what is held already, by the estimate.
        needed: u64,
        /// Bytes that this process may still take.
        available: u64,
    },
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
