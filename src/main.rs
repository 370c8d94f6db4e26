//! The command line: see [`photosphere::cli`].

use std::process::ExitCode;

use clap::Parser;
use photosphere::cli::{self, Cli};

fn main() -> ExitCode {
    quiet_drivers();
    let arguments = match Cli::try_parse() {
        Ok(arguments) => arguments,
        // Advice to take an option or command with a similar name would lead astray.
        Err(error) if let Some(answer) = cli::not_supported(&error) => {
            eprintln!("error: {answer}\n\nFor more information, try '--help'.");
            return ExitCode::from(2);
        }
        // Help, the version, and wrong usage.
        Err(error) => error.exit(),
    };
    match cli::run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            cli::report(&error);
            ExitCode::from(cli::exit_code(&error))
        }
    }
}

/// Mesa's Vulkan drivers print an error about this variable where it is not set (in containers, over ssh), though nothing is
/// wrong: it names a folder for sockets of a display.
fn quiet_drivers() {
    if std::env::var_os("XDG_RUNTIME_DIR").is_none() {
        // SAFETY: no other thread runs yet that could read the environment.
        unsafe { std::env::set_var("XDG_RUNTIME_DIR", std::env::temp_dir()) };
    }
}
