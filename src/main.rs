//! The command line: see [`photosphere::cli`].

use std::process::ExitCode;

use clap::Parser;
use photosphere::cli::{self, Cli};

fn main() -> ExitCode {
    match cli::run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            cli::report(&error);
            ExitCode::from(cli::exit_code(&error))
        }
    }
}
