//! Progress bars on a terminal.

use std::io::{IsTerminal, Write, stderr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::Progress;
use crate::input::printable;

/// A bar on standard error, drawn only if that is a terminal; files and pipes get nothing.
#[derive(Debug)]
pub struct TerminalProgress {
    shown: bool,
    bar: Mutex<ProgressBar>,
}

impl TerminalProgress {
    /// A bar for this process.
    pub fn new() -> Self {
        Self { shown: stderr().is_terminal(), bar: Mutex::new(ProgressBar::hidden()) }
    }

    /// The bar at present. A panic elsewhere while it was held cannot have broken it.
    fn bar(&self) -> std::sync::MutexGuard<'_, ProgressBar> {
        self.bar.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for TerminalProgress {
    fn default() -> Self {
        Self::new()
    }
}

impl Progress for TerminalProgress {
    fn begin(&self, task: &str, total: Option<u64>) {
        if !self.shown {
            return;
        }
        let bar = match total {
            Some(total) => ProgressBar::new(total),
            None => ProgressBar::new_spinner(),
        };
        let template = match total {
            Some(_) => "{msg:<28} {bar:40.cyan/dim} {percent:>3} %  {eta} left",
            None => "{msg:<28} {spinner} {elapsed}",
        };
        bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_message(printable(task).into_owned());
        // Slow steps (a shader being compiled) still show that the program lives.
        bar.enable_steady_tick(Duration::from_millis(200));
        std::mem::replace(&mut *self.bar(), bar).finish_and_clear();
    }

    fn advance(&self, amount: u64) {
        if self.shown {
            self.bar().inc(amount);
        }
    }

    fn finish(&self) {
        self.bar().finish_and_clear();
    }

    fn warn(&self, message: &str) {
        // Nobody is left to tell if standard error is closed.
        self.bar().suspend(|| drop(writeln!(stderr(), "warning: {}", printable(message))));
    }
}

impl Drop for TerminalProgress {
    /// An error on the way must not leave half a bar before its message.
    fn drop(&mut self) {
        self.bar().finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_order_of_calls_from_any_thread_is_fine() {
        for shown in [false, true] {
            let p = TerminalProgress { shown, bar: Mutex::new(ProgressBar::hidden()) };
            p.finish();
            p.advance(3);
            p.begin("reading", Some(10));
            std::thread::scope(|s| {
                for _ in 0..4 {
                    s.spawn(|| p.advance(100));
                }
            });
            p.begin("another", None);
            p.finish();
            p.finish();
        }
    }
}
