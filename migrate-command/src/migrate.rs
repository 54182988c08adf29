use std::process::ExitCode;

use super::database::Source;
use super::{Command, Cx, Globals, Ui};
use migrate_runtime::{AnyPool, Migrations};

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
