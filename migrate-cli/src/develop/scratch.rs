//! `cargo migrate scratch`: a database of the chain for the time of a command.

use std::ffi::OsString;
use std::process::ExitStatus;

use clap::Args;
use migrate_chain::Dialect;
use migrate_command::parts::{Exit, Failure, Ui};
use migrate_diff::{DevServer, Scripts};
use migrate_runtime::{AnyPool, Migrations};
use tokio::process::{Child, Command};

use crate::author::{Directory, Result, Servers, comparison};
use crate::project::Project;

/// Run a command with a scratch database of the chain
#[derive(Args, Debug)]
#[command(
    long_about = "Run a command with a scratch database of the chain

DATABASE_URL names the database for the command, whose exit code is passed on. The database is dropped afterwards.",
    after_help = "\
Examples:
  cargo migrate scratch -- cargo sqlx prepare --workspace
  cargo migrate scratch -- cargo test"
)]
pub struct Scratch {
    /// A server for the database: a URL, `docker://IMAGE` or `same-server` [default: a private server]
    #[arg(long, value_name = "URL")]
    dev_url: Option<String>,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

impl Scratch {
    /// Creates the database, runs the command and drops the database.
    ///
    /// # Errors
    /// There is no server, the chain does not run, or the command cannot be started.
    pub async fn run(self, project: &Project, ui: &mut Ui) -> Result<Exit> {
        let migrations = project.load()?;
        let directory = Directory::open(project.directory())?;
        let named: Vec<String> = self.dev_url.iter().cloned().collect();
        let servers = Servers::of(&directory, project.globals(), &named)?;
        let server = servers.one().await?;
        ui.flush()?;
        if server.dialect() == Dialect::Sqlite {
            self.with_file(&migrations).await
        } else {
            self.on_server(&server, &migrations).await
        }
    }

    /// Another process can use a file, and no database in memory.
    async fn with_file(&self, migrations: &Migrations) -> Result<Exit> {
        let folder = tempfile::tempdir()
            .map_err(|error| Failure::new(format!("a temporary folder: {error}")))?;
        let url = format!("sqlite:{}", folder.path().join("scratch.db").display());
        migrations.upgrade(&AnyPool::new(&url)?).await?;
        self.command(&url).await
    }

    async fn on_server(&self, server: &DevServer, migrations: &Migrations) -> Result<Exit> {
        let scripts = Scripts::of_chain(migrations, server.dialect());
        let scratch = migrate_diff::Scratch::create(server, &scripts).await;
        let mut scratch = scratch.map_err(comparison)?;
        scratch
            .upgrade(migrations, "heads")
            .await
            .map_err(comparison)?;
        let exit = self.command(&scratch.url()).await;
        scratch.finish().await.map_err(comparison)?;
        exit
    }

    async fn command(&self, url: &str) -> Result<Exit> {
        let Some((program, arguments)) = self.command.split_first() else {
            return Err(Failure::usage("no command is named"));
        };
        let started = Command::new(program)
            .args(arguments)
            .env("DATABASE_URL", url)
            .spawn();
        let child = started.map_err(|error| {
            Failure::new(format!(
                "`{}` cannot be started: {error}",
                program.display()
            ))
        })?;
        let status = wait(child).await.map_err(|error| {
            Failure::new(format!(
                "`{}` cannot be waited for: {error}",
                program.display()
            ))
        })?;
        Ok(Exit::Code(code(status)))
    }
}

/// As a shell has it: 128 and the number of the signal that ended it.
fn code(status: ExitStatus) -> u8 {
    #[cfg(unix)]
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    #[cfg(not(unix))]
    let signal: Option<i32> = None;
    let code = status.code().or(signal.map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

/// Waits for the end of the command, and passes on the signals that this process gets meanwhile.
#[cfg(unix)]
async fn wait(mut child: Child) -> std::io::Result<ExitStatus> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    loop {
        let sent = tokio::select! {
            status = child.wait() => return status,
            _ = interrupt.recv() => "INT",
            _ = terminate.recv() => "TERM",
            _ = hangup.recv() => "HUP",
        };
        pass_on(&child, sent);
    }
}

/// A terminal sends its signals to both; a second one does no harm.
#[cfg(unix)]
fn pass_on(child: &Child, signal: &str) {
    if let Some(id) = child.id() {
        let mut kill = std::process::Command::new("kill");
        let _ = kill.args(["-s", signal, &id.to_string()]).status();
    }
}

#[cfg(not(unix))]
async fn wait(mut child: Child) -> std::io::Result<ExitStatus> {
    child.wait().await
}
