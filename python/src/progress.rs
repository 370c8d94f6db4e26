//! Progress to a Python callback: `callback(task, done, total)`.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use photosphere::Progress;
use pyo3::prelude::*;

use crate::work::Told;

/// How often a callback is called within a task.
const INTERVAL: Duration = Duration::from_millis(100);

/// A task as far as it is done.
struct Task {
    name: String,
    done: u64,
    total: Option<u64>,
    shown: Instant,
}

/// Calls a Python function as tasks begin, go on and end. An exception that it raises ends the work.
pub struct Callback {
    function: Option<Py<PyAny>>,
    told: Arc<Told>,
    task: Mutex<Option<Task>>,
}

impl Callback {
    /// With a function, or without.
    pub fn new(function: Option<Py<PyAny>>, told: &Arc<Told>) -> Self {
        Self { function, told: Arc::clone(told), task: Mutex::new(None) }
    }

    fn call(&self, name: &str, done: u64, total: Option<u64>) {
        let Some(function) = &self.function else { return };
        if self.told.failed() {
            return;
        }
        if let Err(error) = Python::attach(|py| function.call1(py, (name, done, total)).map(drop)) {
            self.told.fail(error);
        }
    }

    fn with_task<T>(&self, change: impl FnOnce(&mut Option<Task>) -> T) -> T {
        change(&mut self.task.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Progress for Callback {
    fn begin(&self, task: &str, total: Option<u64>) {
        if self.function.is_some() {
            self.with_task(|t| *t = Some(Task { name: task.to_owned(), done: 0, total, shown: Instant::now() }));
            self.call(task, 0, total);
        }
    }

    fn advance(&self, amount: u64) {
        // The lock is let go before Python is called: it may wait for other threads.
        let due = self.with_task(|task| {
            let task = task.as_mut()?;
            task.done += amount;
            (task.shown.elapsed() >= INTERVAL).then(|| {
                task.shown = Instant::now();
                (task.name.clone(), task.done, task.total)
            })
        });
        if let Some((name, done, total)) = due {
            self.call(&name, done, total);
        }
    }

    fn finish(&self) {
        if let Some(task) = self.with_task(Option::take) {
            self.call(&task.name, task.total.unwrap_or(task.done), Some(task.total.unwrap_or(task.done)));
        }
    }

    fn warn(&self, message: &str) {
        self.told.warn(message);
    }
}
