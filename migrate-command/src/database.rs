use super::dot_env::DotEnv;
use super::{CommandError, Globals};
use migrate_runtime::{AnyPool, Dialect};

/// The source of a command's database.
pub enum Source {
    /// The options, the environment, or `.env`.
    Flags(Globals),
    /// The app has it.
    Pool(AnyPool),
}

/// Whether a command may make a database that is not there: a file of SQLite.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It only reads.
    Read,
    /// It writes.
    Write,
}

impl Source {
    pub fn pool(&self, access: Access) -> Result<AnyPool, CommandError> {
        match self {
            Self::Pool(pool) => Ok(pool.clone()),
            Self::Flags(globals) => open(&globals.require_database_url()?, access),
        }
    }

    /// The kind of database; `None` where nothing says.
    pub fn dialect(&self) -> Result<Option<Dialect>, CommandError> {
        match self {
            Self::Pool(pool) => Ok(Some(pool.dialect())),
            Self::Flags(globals) => {
                let Some(url) = globals.database_url()? else {
                    return Ok(None);
                };
                kind(&url).map(Some)
            }
        }
    }

    /// The database as it can be shown: a URL without its password.
    pub fn shown(&self) -> String {
        match self {
            Self::Pool(pool) => pool.dialect().name().to_owned(),
            Self::Flags(globals) => {
                let url = globals.database_url().ok().flatten().unwrap_or_default();
                AnyPool::shown_url(&url)
            }
        }
    }
}

impl Globals {
    /// The URL of the database that the options name, else `DATABASE_URL`, else the file `.env` here or in a folder above.
    ///
    /// # Errors
    /// The line of `.env` that sets it cannot be read.
    pub fn database_url(&self) -> Result<Option<String>, CommandError> {
        match &self.database_url {
            Some(url) => Ok(Some(url.clone())),
            None => self.variable("DATABASE_URL"),
        }
    }

    /// A variable of the environment, else of the file `.env` here or in a folder above. An empty one counts as unset.
    ///
    /// # Errors
    /// The line of `.env` that sets it cannot be read.
    pub fn variable(&self, name: &str) -> Result<Option<String>, CommandError> {
        if let Some(value) = std::env::var(name).ok().filter(|value| !value.is_empty()) {
            return Ok(Some(value));
        }
        if let Some(file) = self.dot_env.get() {
            return file.variable(name);
        }
        let file = DotEnv::read()?;
        self.dot_env.get_or_init(|| file).variable(name)
    }

    /// The same; it must be there.
    ///
    /// # Errors
    /// Nothing names a database, or the line of `.env` that sets it cannot be read.
    pub fn require_database_url(&self) -> Result<String, CommandError> {
        self.database_url()?.ok_or_else(|| {
            CommandError::usage("no database is named")
                .help("set DATABASE_URL, or pass `--database-url sqlite:app.db`, `postgres://…` or `mysql://…`")
        })
    }
}

fn open(url: &str, access: Access) -> Result<AnyPool, CommandError> {
    kind(url)?;
    let pool = match access {
        Access::Read => AnyPool::existing(url)?,
        Access::Write => AnyPool::new(url)?,
    };
    must_exist(&pool, access)?;
    Ok(pool)
}

/// SQLite would say that it cannot open the file, whatever the reason.
#[allow(
    clippy::unnecessary_wraps,
    unused_variables,
    reason = "without SQLite there is nothing to look for"
)]
fn must_exist(pool: &AnyPool, access: Access) -> Result<(), CommandError> {
    match *pool {
        #[cfg(feature = "sqlite")]
        AnyPool::Sqlite(ref pool) => {
            let options = pool.connect_options();
            let file = options.get_filename();
            let text = file.to_string_lossy();
            let is_in_memory = text.is_empty() || text.starts_with("file:") || text == ":memory:";
            if is_in_memory || file.exists() {
                return Ok(());
            }
            if let Some(folder) = file
                .parent()
                .filter(|folder| !folder.as_os_str().is_empty() && !folder.is_dir())
            {
                let what = format!(
                    "there is no folder {} for the database file",
                    folder.display()
                );
                return Err(CommandError::new(what).help("create it, or correct the database URL"));
            }
            if access == Access::Write {
                return Ok(());
            }
            let what = format!("there is no database file {}", file.display());
            Err(CommandError::new(what).help(format!(
                "`{} upgrade` creates it",
                super::arguments::program()
            )))
        }
        #[allow(unreachable_patterns, reason = "with SQLite alone, none is left")]
        _ => Ok(()),
    }
}

/// The kind of database; a URL of none is a wrong use of the command.
fn kind(url: &str) -> Result<Dialect, CommandError> {
    AnyPool::kind_of(url).map_err(|error| {
        if AnyPool::dialect_of(url).is_some() {
            return error.into();
        }
        let failure = CommandError::usage(error.summary());
        match error.advice() {
            Some(advice) => failure.help(advice),
            None => failure,
        }
    })
}
