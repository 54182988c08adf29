//! `cargo migrate`: the command line of embed-migrations.

mod author;
mod cli;
mod completions;
mod develop;
mod find;
#[cfg(test)]
mod page;
mod project;
mod schema;

use std::io;
use std::process::ExitCode;

use tokio::runtime::{Builder, Runtime};

fn main() -> ExitCode {
    let cli = cli::parse();
    match runtime() {
        Ok(runtime) => runtime.block_on(cli.run()),
        Err(error) => cli.refuse(&error),
    }
}

/// A runtime, if the process may open what it needs: Tokio panics where a socket for its signals cannot be opened.
fn runtime() -> io::Result<Runtime> {
    #[cfg(unix)]
    {
        use std::os::unix::net::UnixStream;
        let _tried = (
            UnixStream::pair()?,
            UnixStream::pair()?,
            UnixStream::pair()?,
        );
    }
    Builder::new_current_thread().enable_all().build()
}
