//! Runs revisions on a scratch database, and looks at what each statement does there.

mod mysql;
mod postgres;
mod seen;
mod sqlite;

use std::fmt;

use migrate_chain::lint::File;
use migrate_chain::{Chain, Dialect, ForeignKeys, sql};
use migrate_diff::{Connection, DevServer, Error, Scratch, Scripts};
use migrate_runtime::Migrations;

pub(crate) use self::seen::{Seen, Statement};

/// The measurements on one kind of database.
#[derive(Debug)]
pub struct Measured {
    /// The kind of database.
    pub dialect: Dialect,
    /// The kind and the version of the server, such as `PostgreSQL 17.2`.
    pub server: String,
    /// Measurements that could not be made, a sentence each.
    pub notes: Vec<String>,
    pub(crate) statements: Vec<Statement>,
}

/// Why nothing was measured.
#[derive(Debug)]
pub enum Failed {
    /// There is no scratch database.
    NoScratch(Error),
    /// A statement of the chain does not run there.
    Refused {
        /// The statement, as `file:line:column`.
        place: String,
        /// The database's message.
        error: Error,
    },
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoScratch(error) => f.write_str(error.summary()),
            Self::Refused { place, error } => write!(f, "{place}: {}", error.summary()),
        }
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::NoScratch(error)
    }
}

/// Runs the chain on a scratch database up to the last revision of the deployments, and looks at each statement of theirs.
/// A deployment is as in [`migrate_chain::lint::read`].
///
/// # Errors
/// There is no scratch database, or a statement does not run there.
pub async fn measure(
    chain: &Chain,
    deployments: &[Vec<usize>],
    server: &DevServer,
) -> Result<Measured, Failed> {
    let migrations = Migrations::from(chain.clone());
    let scripts = Scripts::of_chain(&migrations, server.dialect());
    let mut scratch = Scratch::create(server, &scripts).await?;
    let replay = Replay::new(chain, deployments, scratch.connection()).await?;
    let measured = replay.run().await;
    scratch.finish().await?;
    measured
}

/// A replay of the chain.
struct Replay<'r> {
    chain: &'r Chain,
    /// The deployment of each revision.
    deployments: Vec<Option<usize>>,
    connection: &'r mut Connection,
    dialect: Dialect,
    probe: Probe,
    measured: Measured,
}

/// Watches statements, on each kind of database.
enum Probe {
    Postgres(postgres::Probe),
    MySql(mysql::Probe),
    Sqlite(sqlite::Probe),
}

impl<'r> Replay<'r> {
    async fn new(
        chain: &'r Chain,
        deployments: &[Vec<usize>],
        connection: &'r mut Connection,
    ) -> Result<Self, Error> {
        let dialect = connection.dialect();
        let (probe, server) = match dialect {
            Dialect::Postgres => (
                Probe::Postgres(postgres::Probe::default()),
                postgres::server(connection).await?,
            ),
            Dialect::MySql => {
                let server = mysql::server(connection).await?;
                (Probe::MySql(mysql::Probe::new(&server)), server)
            }
            Dialect::Sqlite => (
                Probe::Sqlite(sqlite::Probe::default()),
                sqlite::server(connection).await?,
            ),
        };
        let mut deployment_of = vec![None; chain.revisions.len()];
        for (n, revisions) in deployments.iter().enumerate() {
            for &revision in revisions {
                deployment_of[revision] = Some(n);
            }
        }
        Ok(Self {
            chain,
            deployments: deployment_of,
            connection,
            dialect,
            probe,
            measured: Measured {
                dialect,
                server,
                notes: Vec::new(),
                statements: Vec::new(),
            },
        })
    }

    async fn run(mut self) -> Result<Measured, Failed> {
        let order = self.chain.graph.parents_first();
        let last = order
            .iter()
            .rposition(|&revision| self.deployments[revision].is_some());
        let needed = last.map_or(&[][..], |last| &order[..=last]);
        let (mut deployment, mut skipped) = (None, None);
        self.connect().await?;
        for &revision in needed {
            if self.chain.revisions[revision].is_rust() {
                skipped = Some(revision);
                continue;
            }
            let own = self.deployments[revision];
            if own.is_some() && own != deployment {
                deployment = own;
                self.probe.deployment(self.connection).await?;
            }
            match (self.revision(revision).await, skipped) {
                (Err(Failed::Refused { place, error }), Some(rust)) => {
                    self.measured.notes.push(format!(
                        "not measured on {} from {place} on, since `{}` is written in Rust and was left out: {}",
                        self.measured.server,
                        self.chain.graph.id(rust),
                        error.summary()
                    ));
                    return Ok(self.measured);
                }
                (done, _) => done?,
            }
        }
        Ok(self.measured)
    }

    /// Prepares each connection of a run.
    async fn connect(&mut self) -> Result<(), Error> {
        let connect = &self.chain.config.connect[self.dialect.index()];
        let text = connect.as_deref().unwrap_or_default();
        for statement in sql::split(self.dialect, text) {
            self.connection.execute(&text[statement.range()]).await?;
        }
        Ok(())
    }

    async fn revision(&mut self, index: usize) -> Result<(), Failed> {
        let revision = &self.chain.revisions[index];
        let file = File::of(self.chain, index);
        let is_transactional = revision.is_transactional() && self.dialect != Dialect::MySql;
        // A statement outside a transaction leaves no lock to look at.
        let is_measured = self.deployments[index].is_some()
            && (revision.is_transactional() || self.dialect != Dialect::Postgres);
        if self.dialect == Dialect::Sqlite {
            let keys = revision.foreign_keys() != ForeignKeys::Off;
            self.connection
                .execute(&format!("PRAGMA foreign_keys = {keys}"))
                .await?;
        }
        if is_transactional {
            self.connection.execute("BEGIN").await?;
        }
        if is_measured {
            self.probe.revision(self.connection).await?;
        }
        for range in file.statements(self.chain, self.dialect) {
            let text = &file.source.text()[range.clone()];
            let line = file.source.position(range.start).line;
            let done = if is_measured {
                self.probe.run(self.connection, text, line).await
            } else {
                self.connection.execute(text).await.map(|()| None)
            };
            let seen = done.map_err(|error| {
                let position = file.source.position(range.start);
                let path = file.source.path();
                let place = format!("{path}:{}:{}", position.line, position.column);
                Failed::Refused { place, error }
            })?;
            let statement = seen.map(|seen| Statement {
                revision: index,
                range,
                seen,
            });
            self.measured.statements.extend(statement);
        }
        if is_transactional {
            self.connection.execute("COMMIT").await?;
        }
        self.end_revision(index).await?;
        Ok(())
    }

    /// Each revision starts from the same settings.
    async fn end_revision(&mut self, index: usize) -> Result<(), Error> {
        match &mut self.probe {
            Probe::Sqlite(probe) => {
                let own = self.measured.statements.iter_mut();
                let own = own.filter(|statement| statement.revision == index);
                probe.end(self.connection, own).await?;
            }
            Probe::Postgres(_) => {
                self.connection.execute("RESET ALL").await?;
                self.connect().await?;
            }
            Probe::MySql(_) => {}
        }
        Ok(())
    }
}

impl Probe {
    /// Takes note of the tables that are there before a deployment.
    async fn deployment(&mut self, connection: &mut Connection) -> Result<(), Error> {
        match self {
            Self::Postgres(probe) => probe.deployment(connection).await,
            Self::MySql(probe) => probe.deployment(connection).await,
            Self::Sqlite(probe) => probe.deployment(connection).await,
        }
    }

    /// A revision begins.
    async fn revision(&mut self, connection: &mut Connection) -> Result<(), Error> {
        match self {
            Self::Postgres(probe) => probe.revision(connection).await,
            Self::MySql(_) | Self::Sqlite(_) => Ok(()),
        }
    }

    /// Runs a statement, and says what it did.
    async fn run(
        &mut self,
        connection: &mut Connection,
        statement: &str,
        line: usize,
    ) -> Result<Option<Seen>, Error> {
        match self {
            Self::Postgres(probe) => probe.run(connection, statement, line).await,
            Self::MySql(probe) => probe.run(connection, statement).await,
            Self::Sqlite(probe) => probe.run(connection, statement).await,
        }
    }
}
