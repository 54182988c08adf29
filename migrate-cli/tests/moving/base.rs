//! A database of its own on each kind of server.

use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{
    AssertSqlSafe, Connection as _, Executor as _, MySqlConnection, PgConnection, Row as _,
    SqliteConnection,
};
use tempfile::TempDir;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
    MySql,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
            Self::MySql => "mysql",
        }
    }
}

pub(crate) struct Base {
    pub(crate) kind: Kind,
    pub(crate) url: String,
    _file: Option<TempDir>,
}

/// Runs a future to its end.
pub(crate) fn wait<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(future)
}

impl Base {
    pub(crate) fn new(kind: Kind) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("moving_{}_{number}", std::process::id());
        match kind {
            Kind::Sqlite => {
                let folder = tempfile::tempdir().expect("a folder");
                let path = folder.path().join("app.db");
                Self {
                    kind,
                    url: format!("sqlite://{}?mode=rwc", path.display()),
                    _file: Some(folder),
                }
            }
            Kind::Postgres => {
                let server = test_servers::postgres();
                wait(async {
                    let mut admin = PgConnection::connect(&server.admin_url())
                        .await
                        .expect("it answers");
                    let sql = format!("CREATE DATABASE {name} TEMPLATE template0");
                    admin.execute(AssertSqlSafe(sql)).await.expect("a database");
                });
                Self {
                    kind,
                    url: server.url(&name),
                    _file: None,
                }
            }
            Kind::MySql => {
                let server = test_servers::mysql();
                wait(async {
                    let mut admin = MySqlConnection::connect(&server.admin_url())
                        .await
                        .expect("it answers");
                    let sql = format!("CREATE DATABASE {name}");
                    admin.execute(AssertSqlSafe(sql)).await.expect("a database");
                });
                Self {
                    kind,
                    url: server.url(&name),
                    _file: None,
                }
            }
        }
    }

    /// Runs SQL, several statements or one.
    pub(crate) fn run(&self, sql: &str) {
        self.texts(sql);
    }

    /// The first column of what a query gives, which must be text.
    pub(crate) fn texts(&self, sql: &str) -> Vec<String> {
        macro_rules! on {
            ($connection:ty) => {{
                let mut connection = <$connection>::connect(&self.url).await.expect("it answers");
                let rows = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
                    .fetch_all(&mut connection)
                    .await;
                let rows = rows.unwrap_or_else(|error| panic!("{sql}: {error}"));
                connection.close().await.expect("it closes");
                rows.iter().map(|row| row.get::<String, _>(0)).collect()
            }};
        }
        wait(async {
            match self.kind {
                Kind::Sqlite => on!(SqliteConnection),
                Kind::Postgres => on!(PgConnection),
                Kind::MySql => on!(MySqlConnection),
            }
        })
    }

    /// The columns and indexes of the app's own tables, and what is in them.
    pub(crate) fn schema(&self) -> Vec<String> {
        let mut all = self.texts(match self.kind {
            Kind::Sqlite => {
                "SELECT m.name || '.' || c.name || ' ' || c.type || ' ' || c.\"notnull\" FROM sqlite_schema m, pragma_table_info(m.name) c \
                 WHERE m.type = 'table' AND m.name LIKE 'app_%' UNION ALL SELECT name FROM sqlite_schema WHERE type = 'index' \
                 AND name LIKE 'by_%' ORDER BY 1"
            }
            Kind::Postgres => {
                "SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable FROM information_schema.columns \
                 WHERE table_name LIKE 'app\\_%' UNION ALL SELECT indexname::text FROM pg_indexes WHERE indexname LIKE 'by\\_%' ORDER BY 1"
            }
            Kind::MySql => {
                "SELECT CAST(CONCAT(table_name, '.', column_name, ' ', column_type, ' ', is_nullable) AS CHAR) FROM information_schema.columns \
                 WHERE table_schema = DATABASE() AND table_name LIKE 'app\\_%' UNION ALL SELECT DISTINCT CAST(index_name AS CHAR) FROM \
                 information_schema.statistics WHERE table_schema = DATABASE() AND index_name LIKE 'by\\_%' ORDER BY 1"
            }
        });
        let tables: std::collections::BTreeSet<String> = all
            .iter()
            .filter_map(|line| Some(line.split_once('.')?.0.to_owned()))
            .collect();
        for table in tables {
            let sql = match self.kind {
                Kind::MySql => format!("SELECT CAST(COUNT(*) AS CHAR) FROM {table}"),
                _ => format!("SELECT CAST(COUNT(*) AS TEXT) FROM {table}"),
            };
            all.push(format!("{table}: {:?}", self.texts(&sql)));
        }
        all
    }

    /// The events of the journal, and how many revisions each is of.
    pub(crate) fn journal(&self) -> Vec<String> {
        self.texts(match self.kind {
            Kind::MySql => {
                "SELECT CAST(CONCAT(event, ' ', COUNT(*)) AS CHAR) FROM migrate_journal WHERE event IN ('stamped', 'finished') GROUP BY event ORDER BY event"
            }
            _ => {
                "SELECT event || ' ' || COUNT(*) FROM migrate_journal WHERE event IN ('stamped', 'finished') GROUP BY event ORDER BY event"
            }
        })
    }

    /// The names of all tables.
    pub(crate) fn tables(&self) -> Vec<String> {
        self.texts(match self.kind {
            Kind::Sqlite => "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY 1",
            Kind::Postgres => "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' ORDER BY 1",
            Kind::MySql => {
                "SELECT CAST(table_name AS CHAR) FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY 1"
            }
        })
    }
}

/// Runs a test on each kind of database that is not skipped.
macro_rules! each {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[test] fn $name() { super::$name(crate::base::Kind::Sqlite); })*
        }
        mod postgres {
            $(#[test] fn $name() { super::$name(crate::base::Kind::Postgres); })*
        }
        mod mysql {
            $(#[test] fn $name() { super::$name(crate::base::Kind::MySql); })*
        }
    };
}
pub(crate) use each;
