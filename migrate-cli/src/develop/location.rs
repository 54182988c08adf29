//! A database as a whole: its name, the server that it is on, and how one like it is created.

use std::fs;
use std::path::Path;

use migrate_chain::Dialect;
use migrate_chain::sql::quote_name;
use migrate_command::parts::CommandError;
use migrate_diff::{Connection, Model, dialect_of};
use migrate_runtime::AnyPool;

use crate::author::{Result, comparison};

/// A database that a URL names.
pub struct Location {
    url: String,
    dialect: Dialect,
    /// Its name on the server; the path of its file on SQLite.
    name: String,
}

impl Location {
    /// Reads the URL.
    ///
    /// # Errors
    /// It is malformed, or names a server without a database.
    pub fn of(url: &str) -> Result<Self> {
        let dialect = dialect_of(url).map_err(comparison)?;
        let name = AnyPool::database_of(url)?;
        let name = name.filter(|name| !name.is_empty()).ok_or_else(|| {
            CommandError::new("the URL names no database that can be created or dropped")
                .help("write its name, or the path of its file, at the end of the URL")
        })?;
        Ok(Self {
            url: url.to_owned(),
            dialect,
            name,
        })
    }

    /// Its name in a sentence.
    pub fn shown(&self) -> String {
        format!("the {} database `{}`", self.dialect, self.name)
    }

    /// Whether it is there.
    pub async fn exists(&self) -> bool {
        match self.dialect {
            Dialect::Sqlite => Path::new(&self.name).exists(),
            _ => Connection::open(&self.url).await.is_ok(),
        }
    }

    /// Creates it. `options` are those of CREATE DATABASE.
    ///
    /// # Errors
    /// The server or the system refuses.
    pub async fn create(&self, options: &str) -> Result<()> {
        if self.dialect == Dialect::Sqlite {
            let created = fs::File::create_new(&self.name);
            return created.map(drop).map_err(|error| {
                CommandError::new(format!("{} cannot be created: {error}", self.shown()))
            });
        }
        self.on_server(&format!(
            "CREATE DATABASE {}{options}",
            self.quoted(&self.name)
        ))
        .await
    }

    /// Drops it, whoever is connected to it.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub async fn drop(&self) -> Result<()> {
        if self.dialect == Dialect::Sqlite {
            return self.remove_files();
        }
        let force = if self.dialect == Dialect::Postgres {
            " WITH (FORCE)"
        } else {
            ""
        };
        self.on_server(&format!("DROP DATABASE {}{force}", self.quoted(&self.name)))
            .await
    }

    /// Drops it if it is there, and creates one like it. On PostgreSQL the new one is there before the old one goes, so that
    /// a missing right is found in time.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub async fn recreate(&self) -> Result<()> {
        if !self.exists().await {
            return self.create("").await;
        }
        let options = self.options().await?;
        if self.dialect != Dialect::Postgres {
            self.drop().await?;
            return self.create(&options).await;
        }
        let new = self.quoted(&format!("{}_fresh", self.name));
        self.on_server(&format!("DROP DATABASE IF EXISTS {new}"))
            .await?;
        self.on_server(&format!(
            "CREATE DATABASE {new} TEMPLATE template0{options}"
        ))
        .await?;
        self.drop().await?;
        let name = self.quoted(&self.name);
        self.on_server(&format!("ALTER DATABASE {new} RENAME TO {name}"))
            .await
    }

    /// The encoding and the locale, or the character set, as CREATE DATABASE takes them.
    async fn options(&self) -> Result<String> {
        let model = Box::pin(Model::of(&self.url)).await.map_err(comparison)?;
        Ok(model.map_or_else(String::new, |model| model.creation_options().to_owned()))
    }

    async fn on_server(&self, sql: &str) -> Result<()> {
        let maintenance = match self.dialect {
            Dialect::Postgres => "postgres",
            _ => "",
        };
        let url = AnyPool::with_database(&self.url, maintenance);
        let mut connection = Connection::open(&url).await.map_err(comparison)?;
        connection.execute(sql).await.map_err(|error| {
            comparison(error).help(
                "the role of the URL needs the right to create databases, and to own this one to drop it",
            )
        })
    }

    fn quoted(&self, name: &str) -> String {
        quote_name(self.dialect, name)
    }

    fn remove_files(&self) -> Result<()> {
        for end in ["", "-journal", "-wal", "-shm"] {
            let file = format!("{}{end}", self.name);
            match fs::remove_file(&file) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(CommandError::new(format!(
                        "{file} cannot be removed: {error}"
                    )));
                }
                _ => {}
            }
        }
        Ok(())
    }
}
