//! The command line: see [`photosphere::cli`].

#![deny(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    quiet_drivers();
    ExitCode::from(photosphere::cli::main(std::env::args_os()))
}

/// Mesa's Vulkan drivers print an error about this variable where it is not set (in containers, over ssh), though nothing is
/// wrong: it names a folder for sockets of a display.
#[allow(unsafe_code, reason = "the environment of a process may be changed by its first thread alone")]
fn quiet_drivers() {
    if std::env::var_os("XDG_RUNTIME_DIR").is_none() {
        // SAFETY: no other thread runs yet that could read the environment.
        unsafe { std::env::set_var("XDG_RUNTIME_DIR", std::env::temp_dir()) };
    }
}
