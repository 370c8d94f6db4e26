//! Progress on standard error: bars on a terminal, lines elsewhere.

mod lines;
mod time_left;

use std::io::{IsTerminal, Write, stderr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressState, ProgressStyle};

pub use lines::{LineProgress, Style};
pub use time_left::{TimeLeft, in_words};

use super::args::ProgressChoice;
use crate::Progress;
use crate::input::printable;

/// Progress as the user wants it.
pub fn shown(choice: ProgressChoice) -> Box<dyn Progress> {
    match choice {
        ProgressChoice::Auto if stderr().is_terminal() => Box::new(TerminalProgress::new()),
        ProgressChoice::Auto | ProgressChoice::Lines => Box::new(LineProgress::new(Style::Words)),
        ProgressChoice::Bar => Box::new(TerminalProgress { shown: true, bar: Mutex::new(ProgressBar::hidden()) }),
        ProgressChoice::Json => Box::new(LineProgress::new(Style::Json)),
        ProgressChoice::None => Box::new(WarningsOnly),
    }
}

/// No progress; warnings are told all the same.
#[derive(Clone, Copy, Debug)]
pub struct WarningsOnly;

impl Progress for WarningsOnly {
    fn begin(&self, _: &str, _: Option<u64>) {}
    fn advance(&self, _: u64) {}
    fn finish(&self) {}

    fn warn(&self, message: &str) {
        // Nobody is left to tell if standard error is closed.
        let _ = writeln!(stderr(), "warning: {}", printable(message));
    }
}

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
            Some(_) => "{msg:<28} {bar:40.cyan/dim} {percent:>3} %  {left}",
            None => "{msg:<28} {spinner} {elapsed}",
        };
        let left = Arc::new(Mutex::new(TimeLeft::default()));
        let tell = move |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            let mut left = left.lock().unwrap_or_else(PoisonError::into_inner);
            let found = state.len().and_then(|total| left.update(state.elapsed(), state.pos(), total));
            let _ = found.map_or(Ok(()), |found| write!(out, "{} left", in_words(found)));
        };
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style.with_key("left", tell));
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
