//! The `trunkline` binary: everything is in the library, so that tests can reach it.

use std::process::ExitCode;

fn main() -> ExitCode {
    trunkline::cli::run(std::env::args_os())
}
