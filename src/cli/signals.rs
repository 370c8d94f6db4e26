//! What happens when the process is told to end.
//!
//! SIGINT (Ctrl-C), SIGTERM and SIGHUP (the terminal is gone) end the program at once, as a shell and a batch system expect: a thread of its own removes what is not whole,
//! says what is kept and how to go on, and lets the signal do what it does by itself, so that the exit code is 128 and the signal's number. SIGXFSZ (a file larger than
//! `ulimit -f`) becomes an error of writing like a full disk. A signal that was ignored when the program began (`nohup`, jobs in the background of a script) stays ignored.
//!
//! On Windows Ctrl-C ends the program as it ends any other; what was not whole is removed by the next run in the folder.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What is said if nothing else is known.
const NOTHING: &str =
    "results are written when all is computed: of this run there are none, and the same command begins anew";

static KEPT: Mutex<Option<String>> = Mutex::new(None);
/// Command lines that are carried out: in a program that embeds this one, signals are its own business in between.
static RUNNING: AtomicUsize = AtomicUsize::new(0);

/// Says what of the run is kept if a signal ends it, and how to go on.
pub fn kept(text: impl Into<String>) {
    *KEPT.lock().unwrap_or_else(PoisonError::into_inner) = Some(text.into());
}

/// As long as it lives, signals are dealt with as this module says.
#[derive(Debug)]
#[must_use]
pub struct Running(());

impl Running {
    /// From now on. The thread that listens is made once; where no thread can be made, signals do what they do by themselves.
    pub fn begin() -> Self {
        *KEPT.lock().unwrap_or_else(PoisonError::into_inner) = None;
        RUNNING.fetch_add(1, Ordering::SeqCst);
        #[cfg(unix)]
        unix::listen();
        Self(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        RUNNING.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(unix)]
mod unix {
    use std::io::{IsTerminal, Write, stderr};
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::mpsc::channel;
    use std::sync::{Arc, Once, PoisonError};
    use std::thread::Builder;

    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
    use signal_hook::iterator::Signals;
    use signal_hook::low_level::emulate_default_handler;

    use super::{KEPT, NOTHING, RUNNING};
    use crate::input::printable;
    use crate::output::abandon_all;

    pub fn listen() {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            let wanted: Vec<i32> = [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|s| !is_ignored(*s)).collect();
            let (ready, wait) = channel();
            // The listener is there before the signals are taken over: without it they would go unheard.
            let made = Builder::new().name("signals".into()).stack_size(1 << 18).spawn(move || {
                let signals = Signals::new(&wanted);
                let _ = ready.send(());
                let Ok(mut signals) = signals else { return };
                signals.forever().for_each(end);
            });
            if made.is_ok() {
                let _ = wait.recv();
            }
            // With a handler the system refuses the write (EFBIG) and goes on.
            let _ = signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)));
        });
    }

    fn end(signal: i32) {
        if RUNNING.load(Ordering::SeqCst) > 0 {
            // Held to the end: no file comes into its place after the message.
            let _abandoned = abandon_all();
            let kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let name = match signal {
                SIGINT => "SIGINT (Ctrl-C)",
                SIGTERM => "SIGTERM",
                _ => "SIGHUP (the terminal is gone)",
            };
            let line = if stderr().is_terminal() { "\r\x1b[K" } else { "" };
            let text =
                format!("ended by {name}; nothing half-written is left; {}\n", kept.as_deref().unwrap_or(NOTHING));
            let _ = stderr().lock().write_all(format!("{line}{}", printable(&text)).as_bytes());
            let _ = emulate_default_handler(signal);
            std::process::exit(128 + signal);
        }
        // Of an embedding program: what it does with Ctrl-C it has done by a handler of its own.
        if signal != SIGINT {
            let _ = emulate_default_handler(signal);
        }
    }

    /// Whether the signal was ignored when the program began; told by Linux only.
    fn is_ignored(signal: i32) -> bool {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
            .is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
    }
}
