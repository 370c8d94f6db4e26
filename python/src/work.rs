//! Runs the library's work without the interpreter's lock, so that other threads go on, signals are heard and exceptions of callbacks come back.

use std::sync::{Arc, Mutex, Once, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use photosphere::interrupt::interruptible;
use pyo3::exceptions::PyRuntimeWarning;
use pyo3::prelude::*;

use crate::errors::{DeviceError, exception};

/// How often signals are looked for while something is computed.
const SIGNALS: Duration = Duration::from_millis(50);

/// What callbacks and signals leave behind during one piece of work.
#[derive(Default)]
pub struct Told {
    failure: Mutex<Option<PyErr>>,
    warnings: Mutex<Vec<String>>,
}

impl Told {
    /// An exception that is to be raised once the work has ended; the first counts.
    pub fn fail(&self, error: PyErr) {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }

    /// Whether there is one.
    pub fn failed(&self) -> bool {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    fn take(&self) -> Option<PyErr> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Gives the exception, if there is one, to another.
    pub fn hand_over(&self, to: &Self) {
        if let Some(failure) = self.take() {
            to.fail(failure);
        }
    }

    /// A remark that becomes a Python warning.
    pub fn warn(&self, message: &str) {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner).push(message.to_owned());
    }
}

/// The process that computes. Threads and devices do not survive a fork.
static PROCESS: OnceLock<u32> = OnceLock::new();

/// Refuses to compute in the child of a process that has computed.
fn check_process() -> PyResult<()> {
    match *PROCESS.get_or_init(std::process::id) == std::process::id() {
        true => Ok(()),
        false => Err(DeviceError::new_err(
            "this process was forked from one that had computed already, and neither its threads nor its device came along: given the start \
             method `fork`, required `spawn` or `forkserver` (multiprocessing.get_context(\"spawn\"))",
        )),
    }
}

/// Runs `work` without the interpreter's lock. Signals end it, as do exceptions that it [told](Told::fail); these are then raised.
pub fn run<T: Send>(py: Python<'_>, work: impl FnOnce() -> photosphere::Result<T> + Send) -> PyResult<T> {
    run_told(py, &Arc::default(), work)
}

/// As [`run`], where `told` is known to callbacks.
pub fn run_told<T: Send>(
    py: Python<'_>,
    told: &Arc<Told>,
    work: impl FnOnce() -> photosphere::Result<T> + Send,
) -> PyResult<T> {
    check_process()?;
    static THREADS: Once = Once::new();
    THREADS.call_once(|| {
        if let Some(text) = photosphere::threads::prepare() {
            told.warn(text);
        }
    });
    let result = py.detach(|| {
        let (told, asked) = (Arc::clone(told), std::cell::Cell::new(Instant::now()));
        let stop = move || {
            if asked.get().elapsed() >= SIGNALS {
                asked.set(Instant::now());
                // Python hears signals on its main thread only; elsewhere this does nothing.
                if let Err(error) = Python::attach(|py| py.check_signals()) {
                    told.fail(error);
                }
            }
            told.failed()
        };
        interruptible(stop, work)
    });
    for warning in told.warnings.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
        let text = std::ffi::CString::new(warning.replace('\0', " "))?;
        PyErr::warn(py, &py.get_type::<PyRuntimeWarning>(), &text, 2)?;
    }
    match (told.take(), result) {
        (Some(failure), _) => Err(failure),
        (None, result) => result.map_err(|e| exception(py, e)),
    }
}
