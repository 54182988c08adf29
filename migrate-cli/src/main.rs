//! `cargo migrate`: the command line of embed-migrations.

mod author;
mod cli;
mod completions;
mod project;
mod schema;

use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = cli::parse();
    match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime.block_on(cli.run()),
        Err(error) => cli.refuse(&error),
    }
}
