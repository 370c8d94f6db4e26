//! Progress as lines, for files and other programs: one every ten seconds, in words or in JSON.

use std::io::{Write, stderr};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::json;

use super::time_left::{TimeLeft, in_words};
use crate::Progress;
use crate::input::printable;

/// How often a line is written.
const INTERVAL: Duration = Duration::from_secs(10);

/// How a line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// `chain 1 of 4: 120 of 300 (40 %), 25 s, 40 s left`
    Words,
    /// `{"task": ..., "done": ..., "total": ..., "seconds": ..., "seconds_left": ...}`
    Json,
}

/// A task as far as it is done.
#[derive(Debug)]
struct Task {
    name: String,
    done: u64,
    total: Option<u64>,
    begun: Instant,
    left: TimeLeft,
    /// Whether a line told of it, so that its end is told as well.
    told: bool,
}

impl Task {
    fn line(&mut self, style: Style, ended: bool) -> String {
        self.told = true;
        let elapsed = self.begun.elapsed();
        let left = self.total.and_then(|total| self.left.update(elapsed, self.done, total));
        match style {
            Style::Json => json!({
                "task": self.name,
                "done": self.done,
                "total": self.total,
                "seconds": (elapsed.as_secs_f64() * 10.0).round() / 10.0,
                "seconds_left": left.filter(|_| !ended).map(|l| l.as_secs_f64().round()),
                "ended": ended,
            })
            .to_string(),
            Style::Words if ended => format!("{}: done, {}", self.name, in_words(elapsed)),
            Style::Words => {
                let part = match self.total {
                    Some(total) => {
                        let percent = 100.0 * self.done as f64 / total.max(1) as f64;
                        format!("{} of {total} ({percent:.0} %)", self.done)
                    }
                    None => format!("{} steps", self.done),
                };
                let left = left.map_or(String::new(), |l| format!(", {} left", in_words(l)));
                format!("{}: {part}, {}{left}", self.name, in_words(elapsed))
            }
        }
    }
}

/// Lines on standard error, as long as it lives.
#[derive(Debug)]
pub struct LineProgress {
    style: Style,
    task: Arc<Mutex<Option<Task>>>,
    /// Dropped, it ends the thread that writes.
    end: Option<Sender<()>>,
    writer: Option<JoinHandle<()>>,
}

impl LineProgress {
    /// Lines of a style.
    pub fn new(style: Style) -> Self {
        let task: Arc<Mutex<Option<Task>>> = Arc::default();
        let (end, ended) = mpsc::channel();
        let shared = Arc::clone(&task);
        let write = move || {
            while ended.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
                let mut task = shared.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(task) = task.as_mut().filter(|t| t.begun.elapsed() >= INTERVAL / 2) {
                    say(&task.line(style, false));
                }
            }
        };
        // Without a thread there are no lines; the work goes on.
        let writer = std::thread::Builder::new().name("progress".into()).spawn(write).ok();
        Self { style, task, end: Some(end), writer }
    }

    fn task(&self) -> std::sync::MutexGuard<'_, Option<Task>> {
        self.task.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Nobody is left to tell if standard error is closed.
fn say(line: &str) {
    let _ = writeln!(stderr(), "{}", printable(line));
}

impl Progress for LineProgress {
    fn begin(&self, task: &str, total: Option<u64>) {
        let new = Task {
            name: task.to_owned(),
            done: 0,
            total,
            begun: Instant::now(),
            left: TimeLeft::default(),
            told: false,
        };
        *self.task() = Some(new);
    }

    fn advance(&self, amount: u64) {
        if let Some(task) = self.task().as_mut() {
            task.done += amount;
        }
    }

    fn finish(&self) {
        if let Some(mut task) = self.task().take().filter(|t| t.told) {
            say(&task.line(self.style, true));
        }
    }

    fn warn(&self, message: &str) {
        match self.style {
            Style::Words => say(&format!("warning: {message}")),
            Style::Json => say(&json!({ "warning": message }).to_string()),
        }
    }
}

impl Drop for LineProgress {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_say_how_far_a_task_is() {
        let begun = Instant::now() - Duration::from_secs(20);
        let mut task = Task {
            name: "chain 1 of 4".into(),
            done: 100,
            total: Some(300),
            begun,
            left: TimeLeft::default(),
            told: false,
        };
        assert_eq!(task.line(Style::Words, false), "chain 1 of 4: 100 of 300 (33 %), 20 s, 40 s left");
        assert_eq!(task.line(Style::Words, true), "chain 1 of 4: done, 20 s");
        let value: serde_json::Value = serde_json::from_str(&task.line(Style::Json, false)).unwrap();
        assert_eq!((&value["done"], &value["total"], &value["ended"]), (&json!(100), &json!(300), &json!(false)));
        let mut open = Task { total: None, ..task };
        assert_eq!(open.line(Style::Words, false), "chain 1 of 4: 100 steps, 20 s");
    }

    #[test]
    fn any_order_of_calls_is_fine_and_short_tasks_are_not_told() {
        for style in [Style::Words, Style::Json] {
            let p = LineProgress::new(style);
            p.finish();
            p.advance(3);
            p.begin("reading", Some(10));
            p.advance(20);
            assert!(p.task().as_ref().is_some_and(|t| t.done == 20 && !t.told));
            p.begin("another", None);
            p.finish();
            p.finish();
        }
    }
}
