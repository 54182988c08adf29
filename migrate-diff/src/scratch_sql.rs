//! The SQL that runs on a scratch database, and what is known of it before it runs.

use std::collections::BTreeSet;
use std::ops::Range;

use migrate_chain::sql::split;
use migrate_chain::{Dialect, Position};
use migrate_runtime::Migrations;

use crate::connection::Connection;
use crate::error::{Error, ErrorKind, database_message};
use crate::reach::{self, Reach, Roles, What};

/// A part of a file that holds SQL.
#[derive(Clone, Debug)]
pub(crate) struct ScratchSql<'s> {
    file: String,
    text: &'s str,
    range: Range<usize>,
}

impl<'s> ScratchSql<'s> {
    /// A whole file.
    pub fn file(name: impl Into<String>, text: &'s str) -> Self {
        Self {
            file: name.into(),
            text,
            range: 0..text.len(),
        }
    }

    /// The upgrades and downgrades of a chain on a kind of database, and what runs on each connection before them.
    pub fn chain(migrations: &'s Migrations, dialect: Dialect) -> Vec<Self> {
        let connect = migrations.connect_sql(dialect);
        let connect = connect.map(|text| Self::file("[connect] in migrate.toml", text));
        let mut scripts: Vec<Self> = connect.into_iter().collect();
        for revision in migrations.revisions() {
            let up = revision.upgrade_range(dialect);
            let down = revision
                .downgrade_range(dialect)
                .filter(|down| up.as_ref() != Some(down));
            scripts.extend(up.into_iter().chain(down).map(|range| Self {
                file: migrations.path_of(revision),
                text: revision.text(),
                range,
            }));
        }
        scripts
    }

    fn sql(&self) -> &'s str {
        &self.text[self.range.clone()]
    }

    /// Its file, as messages name it.
    pub fn name(&self) -> &str {
        &self.file
    }

    /// Runs its statements, one by one. `what` is what the SQL is, in a sentence.
    pub async fn run(&self, connection: &mut Connection, what: &str) -> Result<(), Error> {
        let text = self.sql();
        for statement in split(connection.dialect(), text) {
            let sql = &text[statement.range()];
            if statement.copies_from_stdin() {
                let place = self.place(statement.range().start);
                let summary = format!("{place}: `COPY … FROM stdin` has no input here");
                return Err(Error::new(ErrorKind::Desired, summary)
                    .detail(sql.to_owned())
                    .help("leave the rows out: `pg_dump --schema-only` writes none; rows that every database needs belong in a revision, as INSERT statements"));
            }
            let done = connection.0.execute(sql).await;
            done.map_err(|error| {
                let place = self.place(statement.range().start);
                let message = database_message(&error);
                let summary = format!("{place}: the database refused {what}: {message}");
                Error::new(ErrorKind::Desired, summary).detail(sql.to_owned())
            })?;
        }
        Ok(())
    }

    /// `file:line:column` of a byte of its SQL.
    pub fn place(&self, offset: usize) -> String {
        let Position { line, column } = Position::of(self.text, self.range.start + offset);
        format!("{}:{line}:{column}", self.file)
    }
}

/// All SQL that is to run on a scratch database.
#[derive(Clone, Debug, Default)]
pub struct Scripts<'s> {
    /// The SQL that runs there.
    pub(crate) run: Vec<ScratchSql<'s>>,
    /// SQL whose effects are brought about there by other statements.
    pub(crate) like: Vec<ScratchSql<'s>>,
}

impl<'s> Scripts<'s> {
    /// The upgrades and downgrades of a chain.
    pub fn of_chain(migrations: &'s Migrations, dialect: Dialect) -> Self {
        Self {
            run: ScratchSql::chain(migrations, dialect),
            like: Vec::new(),
        }
    }

    /// Refuses what reaches beyond the scratch database called `own`.
    ///
    /// On a server that holds nothing else, what all databases share is free for use, and only leaving is refused.
    pub(crate) fn check(&self, dialect: Dialect, own: &str, is_private: bool) -> Result<(), Error> {
        let mut refused = Vec::new();
        for script in &self.run {
            for Reach { range, what } in reach::beyond(dialect, own, script.sql()) {
                if is_private && what != What::Leaves {
                    continue;
                }
                let words = script.sql()[range.clone()].split_ascii_whitespace();
                let words: Vec<&str> = words.collect();
                let why = match what {
                    What::Leaves => "leaves the scratch database".to_owned(),
                    What::Server => "reaches beyond the scratch database".to_owned(),
                    What::Database(name) => format!("reaches the database `{name}`"),
                };
                refused.push(format!(
                    "{}: `{}` {why}",
                    script.place(range.start),
                    words.join(" ")
                ));
            }
        }
        if refused.is_empty() {
            return Ok(());
        }
        let summary = if is_private {
            "a statement would leave the scratch database: nothing was run"
        } else {
            "statements reach beyond the scratch database, on a server that holds other databases: nothing was run"
        };
        let help = if is_private {
            "leave it out: a dump without `CREATE DATABASE` and without `\\connect` or `USE` is the schema of any database \
             (`pg_dump --schema-only`, `mariadb-dump --no-data` with the name of one database)"
        } else {
            "leave out --dev-url, MIGRATE_DEV_URL and `dev_url` in migrate.toml, so that a private server is started, where they \
             reach nothing; or name a container: `dev_url = \"docker://postgres:17\"`"
        };
        let error = Error::new(ErrorKind::Beyond, summary).help(help);
        Err(refused.into_iter().fold(error, Error::detail))
    }

    /// The roles that statements name and no statement creates before.
    pub(crate) fn missing_roles(&self, dialect: Dialect) -> BTreeSet<String> {
        let all = |scripts: &[ScratchSql<'_>]| {
            scripts.iter().fold(Roles::default(), |mut all, script| {
                let roles = reach::roles(dialect, script.sql());
                all.named.extend(roles.named);
                all.created.extend(roles.created);
                all
            })
        };
        let (run, like) = (all(&self.run), all(&self.like));
        let mut missing = run.named;
        missing.extend(like.named);
        missing.extend(like.created);
        missing.retain(|role| !run.created.contains(role));
        missing
    }
}
