//! The library's errors as Python's exceptions.

use photosphere::Error;
use photosphere::input::printable;
use pyo3::create_exception;
use pyo3::exceptions::{PyKeyboardInterrupt, PyMemoryError, PyOSError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;

create_exception!(photosphere, DeviceError, PyRuntimeError, "A device failed, or cannot be used.");
create_exception!(
    photosphere,
    DeviceLostError,
    DeviceError,
    "The device was lost: what was on it is gone, a new model can be opened on it."
);
create_exception!(
    photosphere,
    DeviceMissingError,
    DeviceError,
    "There is no such device, or it cannot be opened; the message lists those that there are."
);

/// The exception that stands for an error of the library. Its message is the library's own; a `MemoryError` has `needed` and `limit`, both in bytes.
pub fn exception(py: Python<'_>, error: Error) -> PyErr {
    // A traceback goes to a terminal, and files may hold anything.
    let text = printable(&error.to_string()).into_owned();
    match error {
        Error::Io { path, source, .. } => match source.raw_os_error() {
            // With a number of the system's, Python chooses the kind: FileNotFoundError and others.
            Some(number) => PyOSError::new_err((number, text, path)),
            None => PyOSError::new_err(text),
        },
        Error::Parse { .. } => PyOSError::new_err(text),
        Error::Invalid { .. } | Error::Config { .. } => PyValueError::new_err(text),
        Error::NoAdapter(_) => DeviceMissingError::new_err(text),
        Error::DeviceLost(_) => DeviceLostError::new_err(text),
        Error::Rejected(_) => DeviceError::new_err(text),
        Error::OutOfMemory { needed, limit, .. } => memory(py, text, needed, limit),
        Error::HostMemory { needed, available, .. } => memory(py, text, needed, available),
        Error::Interrupted => PyKeyboardInterrupt::new_err(()),
        _ => PyRuntimeError::new_err(text),
    }
}

fn memory(py: Python<'_>, text: String, needed: u64, limit: u64) -> PyErr {
    let error = PyMemoryError::new_err(text);
    let value = error.value(py);
    let set = value.setattr("needed", needed).and_then(|()| value.setattr("limit", limit));
    set.err().unwrap_or(error)
}

/// A value that is refused: `what` is the argument's name.
pub fn refused(what: &str, given: impl std::fmt::Display, required: impl Into<String>) -> PyErr {
    PyValueError::new_err(Error::invalid(what, given, required).to_string())
}
