//! `cargo migrate scratch`: a database of the chain for the time of a command.

use std::ffi::OsString;
use std::io;
use std::process::ExitStatus;

use clap::Args;
use migrate_chain::Dialect;
use migrate_command::parts::{CommandError, Exit, Ui};
use migrate_diff::{DevServer, Scripts};
use migrate_runtime::{AnyPool, Migrations};
use tokio::process::{Child, Command};
#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::author::{Directory, Result, Servers, comparison, until_interrupted};
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
        let server = until_interrupted(servers.one()).await?;
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
            .map_err(|error| CommandError::new(format!("a temporary folder: {error}")))?;
        let url = format!("sqlite:{}", folder.path().join("scratch.db").display());
        let pool = AnyPool::new(&url)?;
        until_interrupted(async { Ok(migrations.upgrade(&pool).await?) }).await?;
        self.command(&url).await
    }

    async fn on_server(&self, server: &DevServer, migrations: &Migrations) -> Result<Exit> {
        let scripts = Scripts::of_chain(migrations, server.dialect());
        let upgraded = Box::pin(async {
            let mut scratch = migrate_diff::Scratch::create(server, &scripts).await?;
            scratch.upgrade(migrations, "heads").await?;
            Ok(scratch)
        });
        let scratch = migrate_diff::until_interrupted(upgraded).await;
        let scratch = scratch.map_err(comparison)?;
        let exit = self.command(&scratch.url()).await;
        scratch.finish().await.map_err(comparison)?;
        exit
    }

    async fn command(&self, url: &str) -> Result<Exit> {
        let Some((program, arguments)) = self.command.split_first() else {
            return Err(CommandError::usage("no command is named"));
        };
        let failed = |what: &str, error: &io::Error| {
            CommandError::new(format!("`{}` {what}: {error}", program.display()))
        };
        let mut command = Command::new(program);
        command.args(arguments).env("DATABASE_URL", url);
        let signals = Signals::new().map_err(|error| failed("cannot be sent signals", &error))?;
        let child = command
            .spawn()
            .map_err(|error| failed("cannot be started", &error))?;
        let status = signals.wait(child).await;
        let status = status.map_err(|error| failed("cannot be waited for", &error))?;
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

/// The signals that this process gets. They are caught before the command is there, so that none ends this process alone.
#[cfg(unix)]
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for the end of the command, and passes them on.
    async fn wait(mut self, mut child: Child) -> io::Result<ExitStatus> {
        loop {
            let sent = tokio::select! {
                status = child.wait() => return status,
                _ = self.interrupt.recv() => "INT",
                _ = self.terminate.recv() => "TERM",
                _ = self.hangup.recv() => "HUP",
            };
            pass_on(&child, sent);
        }
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
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn wait(self, mut child: Child) -> io::Result<ExitStatus> {
        child.wait().await
    }
}
