//! The commands of `cargo migrate` as a part of an app's own command line: they work on the embedded chain and need no
//! files.
//!
//! ```no_run
//! use std::process::ExitCode;
//!
//! use clap::Parser;
//! # use migrate_runtime as embed_migrations;
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

mod command;
mod cx;
mod database;
mod dot_env;
mod draw;
mod entry;
mod failure;
mod globals;
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

use std::path::Path;
use std::process::ExitCode;

use clap::Subcommand as _;
pub use command::Command;
pub use cx::Cx;
pub use failure::{Exit, Failure};
pub use globals::{Format, Globals};
pub use ui::Ui;

use crate::protocol::verify;
use crate::{AnyPool, Migrations};
use database::Source;
use migrate_chain::target::Target;

/// The subcommand to mount: `migrate upgrade`, `migrate status` and the others that need no files.
#[derive(clap::Args, Clone, Debug)]
pub struct Migrate {
    #[command(flatten)]
    globals: Globals,
    #[command(subcommand)]
    command: Command,
}

impl Migrate {
    /// Runs the command on the database that the flags, the environment or `.env` name, and prints what it did.
    ///
    /// The exit code is 0 when it is done, 1 when it was refused or failed, 2 when it was called wrongly, and 3 when `check`
    /// found that the database is not where it should be.
    pub async fn run(self, migrations: &Migrations) -> ExitCode {
        let source = Source::Flags(self.globals.clone());
        self.execute(migrations, source).await
    }

    /// The same on a pool that the app has. Each command opens a connection of its own with the pool's options.
    pub async fn run_on(self, migrations: &Migrations, pool: impl Into<AnyPool>) -> ExitCode {
        self.execute(migrations, Source::Pool(pool.into())).await
    }

    async fn execute(self, migrations: &Migrations, source: Source) -> ExitCode {
        let mut ui = Ui::new(&self.globals);
        let result = Cx::new(migrations, &mut ui, source, self.globals.db_schema)
            .execute(self.command)
            .await;
        ui.end(result)
    }
}

/// A target as it is written. Commands read it before anything is connected.
fn target(text: &str) -> Result<Target, Failure> {
    Ok(text.parse().map_err(verify::target_error)?)
}

/// How this program is called, for a command to go on with: `cargo migrate`, or `app migrate` where it is mounted so.
fn program() -> String {
    let mut words = std::env::args();
    let path = words.next().unwrap_or_default();
    let name = Path::new(&path)
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy();
    if name == "cargo-migrate" {
        return "cargo migrate".to_owned();
    }
    let commands = Command::augment_subcommands(clap::Command::new(""));
    let is_command = |word: &String| commands.find_subcommand(word).is_some();
    let before: Vec<String> = words.take_while(|word| !is_command(word)).collect();
    std::iter::once(name.into_owned())
        .chain(before)
        .collect::<Vec<_>>()
        .join(" ")
}
