use crate::cli::{Failure, Globals};
use crate::{AnyPool, Dialect};

/// Where the database of a command comes from.
pub(super) enum Source {
    /// The options, the environment, or `.env`.
    Flags(Globals),
    /// The app has it.
    Pool(AnyPool),
}

/// Whether a command may make a database that is not there: a file of SQLite.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// It only reads.
    Read,
    /// It writes.
    Write,
}

impl Source {
    pub(super) fn pool(&self, access: Access) -> Result<AnyPool, Failure> {
        match self {
            Self::Pool(pool) => Ok(pool.clone()),
            Self::Flags(globals) => open(&globals.require_database_url()?, access),
        }
    }

    /// The kind of database; `None` where nothing says.
    pub(super) fn dialect(&self) -> Result<Option<Dialect>, Failure> {
        match self {
            Self::Pool(pool) => Ok(Some(pool.dialect())),
            Self::Flags(globals) => {
                let Some(url) = globals.database_url()? else {
                    return Ok(None);
                };
                AnyPool::dialect_of(&url)
                    .map(Some)
                    .ok_or_else(|| unknown_scheme(&url))
            }
        }
    }

    /// The database as it can be shown: a URL without its password.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Pool(pool) => pool.dialect().name().to_owned(),
            Self::Flags(globals) => {
                let url = globals.database_url().ok().flatten().unwrap_or_default();
                without_password(&url)
            }
        }
    }
}

impl Globals {
    /// The URL of the database that the options name, else `DATABASE_URL`, else the file `.env` here or in a folder above.
    ///
    /// # Errors
    /// That the file `.env` cannot be read.
    pub fn database_url(&self) -> Result<Option<String>, Failure> {
        if let Some(url) = &self.database_url {
            return Ok(Some(url.clone()));
        }
        if let Some(url) = std::env::var(VARIABLE).ok().filter(|url| !url.is_empty()) {
            return Ok(Some(url));
        }
        from_file()
    }

    /// The same; it must be there.
    ///
    /// # Errors
    /// That nothing names a database, or that `.env` cannot be read.
    pub fn require_database_url(&self) -> Result<String, Failure> {
        self.database_url()?.ok_or_else(|| {
            Failure::usage("no database is named")
                .help("set DATABASE_URL, or pass `--database-url sqlite:app.db`, `postgres://…` or `mysql://…`")
        })
    }
}

const VARIABLE: &str = "DATABASE_URL";

/// What `.env` says. The environment of the process stays as it is.
fn from_file() -> Result<Option<String>, Failure> {
    let variables = match dotenvy::dotenv_iter() {
        Ok(variables) => variables,
        Err(error) if error.not_found() => return Ok(None),
        Err(error) => return Err(unreadable(&error)),
    };
    for variable in variables {
        let (name, value) = variable.map_err(|error| unreadable(&error))?;
        if name == VARIABLE && !value.is_empty() {
            return Ok(Some(value));
        }
    }
    Ok(None)
}

/// The line itself is not shown: it may hold a password.
fn unreadable(error: &dotenvy::Error) -> Failure {
    let why = match error {
        dotenvy::Error::LineParse(..) => "a line of it is no `NAME=value`".to_owned(),
        error => error.to_string(),
    };
    Failure::new(format!("the file .env cannot be read: {why}"))
        .help("correct it, or set DATABASE_URL in the environment")
}

fn open(url: &str, access: Access) -> Result<AnyPool, Failure> {
    if AnyPool::dialect_of(url).is_none() {
        return Err(unknown_scheme(url));
    }
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
fn must_exist(pool: &AnyPool, access: Access) -> Result<(), Failure> {
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
                return Err(Failure::new(what).help("make it, or correct the database URL"));
            }
            if access == Access::Write {
                return Ok(());
            }
            let what = format!("there is no database file {}", file.display());
            Err(Failure::new(what).help(format!("`{} upgrade` makes it", super::program())))
        }
        #[allow(unreachable_patterns, reason = "with SQLite alone, none is left")]
        _ => Ok(()),
    }
}

fn unknown_scheme(url: &str) -> Failure {
    Failure::usage(format!(
        "`{}` names no database that is known",
        without_password(url)
    ))
    .help("it begins with `sqlite:`, `postgres://` or `mysql://`")
}

/// `postgres://app:secret@host/db` as `postgres://app:***@host/db`.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let shown = match authority.rsplit_once('@') {
        Some((user, host)) => match user.split_once(':') {
            Some((user, _)) => format!("{user}:***@{host}"),
            None => format!("{user}@{host}"),
        },
        None => authority.to_owned(),
    };
    let path = hide_parameter(path);
    format!("{scheme}://{shown}{path}")
}

/// A password can be a parameter too.
fn hide_parameter(path: &str) -> String {
    match path.split_once("password=") {
        Some((before, value)) => {
            let rest = value.find('&').map_or("", |end| &value[end..]);
            format!("{before}password=***{rest}")
        }
        None => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        for (url, shown) in [
            (
                "postgres://app:se:cr@et@host:5432/db",
                "postgres://app:***@host:5432/db",
            ),
            ("postgres://app@host/db", "postgres://app@host/db"),
            (
                "postgres:///db?host=/tmp&password=x&user=a",
                "postgres:///db?host=/tmp&password=***&user=a",
            ),
            ("mysql://host", "mysql://host"),
            ("sqlite:app.db", "sqlite:app.db"),
            ("sqlite://a@b:c.db", "sqlite://a@b:c.db"),
        ] {
            assert_eq!(without_password(url), shown);
        }
    }
}
