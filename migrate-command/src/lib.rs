//! The commands of `cargo migrate` as a part of an app's own command line: they work on the embedded chain and need no
//! files.
//!
//! ```no_run
//! use std::process::ExitCode;
//!
//! use clap::Parser;
//! # mod embed_migrations { pub use migrate_command as cli; pub use migrate_runtime::*; }
//! use embed_migrations::{Migrations, cli::Migrate};
//!
//! # static MIGRATIONS: std::sync::LazyLock<Migrations> =
//! #     std::sync::LazyLock::new(|| Migrations::load("migrations").expect("a chain"));
//! # /*
//! static MIGRATIONS: Migrations = embed_migrations!();
//! # */
//!
//! #[derive(Parser)]
//! enum App {
//!     /// Answers requests.
//!     Serve,
//!     /// Migrates the database.
//!     Migrate(Migrate),
//! }
//!
//! #[tokio::main]
//! async fn main() -> ExitCode {
//!     match App::parse() {
//!         App::Serve => ExitCode::SUCCESS,
//!         App::Migrate(migrate) => migrate.run(&MIGRATIONS).await,
//!     }
//! }
//! ```
//!
//! `app migrate upgrade` then does what `cargo migrate upgrade` does. The database is the one that `--database-url`,
//! `DATABASE_URL` or a file `.env` names; with [`Migrate::run_on`] it is a pool that the app has.

mod adopt;
mod arguments;
mod command;
mod cx;
mod database;
mod dot_env;
mod draw;
mod empty;
mod entry;
mod error;
mod globals;
mod migrate;
mod paint;
mod ui;
mod width;

mod branches;
mod check;
mod current;
mod downgrade;
mod ensure_version;
mod heads;
mod history;
mod offline;
mod progress;
mod resolve;
mod run;
mod show;
mod stamp;
mod status;
mod upgrade;

pub use migrate::Migrate;

/// The parts that `cargo migrate` is made of. Not part of the API.
#[doc(hidden)]
pub mod parts {
    pub use crate::command::Command;
    pub use crate::cx::Cx;
    pub use crate::error::{CommandError, Exit};
    pub use crate::globals::{Format, Globals};
    pub use crate::ui::Ui;
}

use parts::{Command, CommandError, Cx, Exit, Format, Globals, Ui};
