//! The command line, feature `cli`.
//!
//! [`Cli`] is the grammar; [`run`] carries a command out; [`report`] and [`exit_code`] turn an error into what a person
//! and a script see. Commands read options, check outputs, write files and draw; what they compute is in [`scenario`](crate::scenario). A
//! further command needs a variant of [`args::Command`], a file in `commands/`, and a line in [`run_with`].

pub mod args;
pub mod commands;
pub mod notes;
mod parse;
pub mod progress;
mod signals;
pub mod table;

use std::ffi::OsString;
use std::io::{ErrorKind, Write};

pub use args::Cli;
use args::{Command, ProgressChoice};
use clap::Parser;

use crate::input::printable;
use crate::scenario::config;
use crate::{Error, Progress, Result};

/// The command line as a whole: reads the arguments, the program's name first, carries the command out, and tells errors. Gives the exit code (see [`exit_code`]).
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        // Advice to take an option or command with a similar name would lead astray.
        Err(error) if let Some(answer) = not_supported(&error) => {
            tell(&format!("error: {answer}\n\nFor more information, try '--help'.\n"));
            return USAGE;
        }
        // Help, the version, and wrong usage.
        Err(error) => {
            let plain = error.render().to_string();
            match error.use_stderr() {
                // An argument may be a file's name that a pattern of the shell found.
                true if printable(&plain) != plain => tell(&plain),
                _ => drop(error.print()),
            }
            return if error.use_stderr() { USAGE } else { 0 };
        }
    };
    if let Some(told) = crate::threads::prepare() {
        tell(&format!("warning: {told}\n"));
    }
    let _signals = signals::Running::begin();
    match run(cli) {
        Ok(()) => 0,
        Err(error) => {
            report(&error);
            exit_code(&error)
        }
    }
}

/// Exit code of wrong usage, clap's own.
const USAGE: u8 = 2;

/// Carries out a command, progress on the terminal.
///
/// # Errors
/// Any: see [`exit_code`].
pub fn run(cli: Cli) -> Result<()> {
    let choice = if cli.quiet { ProgressChoice::None } else { cli.progress };
    run_with(cli, &*progress::shown(choice))
}

/// As [`run`], with another place for progress.
///
/// # Errors
/// As [`run`].
pub fn run_with(cli: Cli, progress: &dyn Progress) -> Result<()> {
    commands::set_quiet(cli.quiet);
    match cli.command {
        Command::Devices => commands::devices::run(),
        Command::CrossSection(args) => commands::cross_section::run(&args, progress),
        Command::Plan(args) => commands::plan::run(&args, progress),
        Command::Spectrum(args) => commands::spectrum::run(&args, progress),
        Command::Jacobian(args) => commands::jacobian::run(&args, progress),
        Command::Fit(args) => commands::fit::run(&args, progress),
        Command::Sample(args) => commands::sample::run(&args, progress),
        Command::Bench(args) => commands::bench::run(&args, progress),
        Command::Simulate(args) => commands::simulate::run(&args, progress),
        Command::Example(args) => commands::example::run(&args),
        Command::Cache(args) => commands::cache::run(&args),
    }
}

/// The answer to arguments that ask for something which is not there yet (`photosphere transmission`, `--clouds`,
/// `--format geisa`).
pub fn not_supported(error: &clap::Error) -> Option<String> {
    use clap::error::{ContextKind, ContextValue};
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(name)) => Some(name.as_str()),
        _ => None,
    };
    let is_format = text(ContextKind::InvalidArg).is_some_and(|argument| argument.starts_with("--format"));
    let kinds = [ContextKind::InvalidSubcommand, ContextKind::InvalidArg, ContextKind::InvalidValue];
    kinds.into_iter().filter(|kind| is_format || *kind != ContextKind::InvalidValue).find_map(|kind| {
        let name = text(kind)?;
        let name = name.split(['=', ' ']).next().unwrap_or(name);
        config::not_supported(name.trim_start_matches('-'))
    })
}

/// Exit code of an error: 3 input, 4 device or memory, 5 output. (0 is success; 2, wrong usage, is clap's.)
pub fn exit_code(error: &Error) -> u8 {
    match error {
        Error::Io { action, .. } if is_output(action) => 5,
        Error::NoAdapter(_) | Error::DeviceLost(_) | Error::Rejected(_) | Error::Internal(_) => 4,
        Error::OutOfMemory { .. } | Error::HostMemory { .. } | Error::NoThread(_) => 4,
        _ => 3,
    }
}

/// Whether the action that failed was one on a result.
fn is_output(action: &str) -> bool {
    ["write", "create", "create folder", "rename", "remove"].contains(&action)
}

/// Prints `error: ...` to standard error, and what to do about it where that is known.
pub fn report(error: &Error) {
    let mut text = format!("error: {error}\n");
    if let Some(hint) = hint(error) {
        text += &format!("hint: {hint}\n");
    }
    tell(&text);
}

/// Prints to standard error.
fn tell(text: &str) {
    // Nobody is left to tell if standard error is closed.
    let _ = std::io::stderr().lock().write_all(printable(text).as_bytes());
}

/// What helps against an error.
fn hint(error: &Error) -> Option<&'static str> {
    match error {
        Error::Config { .. } => Some("docs/configuration.md explains every key, with a complete example"),
        Error::NoAdapter(_) => Some("`photosphere devices` lists what can be used; `--device cpu` needs no driver"),
        Error::DeviceLost(_) => Some(
            "run it again; if it is lost again, `--device cpu` needs no driver (`sample --resume` goes on from its checkpoint)",
        ),
        Error::Rejected(_) => {
            Some("this is a fault of the program or of the driver: please report it; `--device cpu` needs no driver")
        }
        Error::Internal(_) => Some("this is a fault of the program: please report it"),
        Error::NoThread(_) => {
            Some("the limit of processes of this user, container or batch job is reached: `ulimit -u`")
        }
        Error::HostMemory { .. } => Some(
            "fewer points, layers or pairs need less memory; `photosphere plan` tells beforehand what a spectrum takes",
        ),
        // A hint of the error's own is part of its message.
        Error::OutOfMemory { hint: None, .. } => {
            Some("fewer points or layers need less memory; `--device cpu` uses the computer's own")
        }
        Error::Io { action, source, .. } if is_output(action) && source.kind() == ErrorKind::FileTooLarge => Some(
            "the limit of a file's length (`ulimit -f`) is too small; what lay there before is as it was (`sample --resume` goes on from its checkpoint)",
        ),
        Error::Io { action, .. } if is_output(action) => {
            Some("choose another place with --out, or make the folder writable")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
