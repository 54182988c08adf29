//! SQLite: the template is a file, and a test gets a copy of it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::UNIX_EPOCH;
use std::{env, io};

use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, TryFutureExt as _};
use migrate_runtime::{Dialect, Migrations};
use sqlx::sqlite::{SqliteConnectOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, Sqlite};

use crate::error::Error;
use crate::name::{Name, is_old};
use crate::office;
use crate::provide::{Lease, Provided, Request, TestBackend, sealed};

impl sealed::Sealed for Sqlite {}

impl TestBackend for Sqlite {
    fn provide(request: Request) -> BoxFuture<'static, Result<Provided<Self>, Error>> {
        provide(request).boxed()
    }

    fn run<'c>(
        connection: &'c mut Self::Connection,
        sql: &'static str,
    ) -> BoxFuture<'c, Result<(), sqlx::Error>> {
        connection.execute(sql).map_ok(drop).boxed()
    }
}

/// Files need no budget.
const CONNECTIONS: u32 = 100;

async fn provide(request: Request) -> Result<Provided<Sqlite>, Error> {
    let folder = folder()?;
    sweep(folder, &request.test);
    let file = TestFile::new(folder, &request.test)?;
    if let Some(migrations) = &request.migrations {
        let key = request.key(Dialect::Sqlite, "");
        let copied = copy_template(folder, &key, migrations, &file.path()).await;
        if let Err(error) = copied {
            Box::new(file).give_back();
            return Err(error);
        }
    }
    Ok(Provided {
        options: options(&file.path()),
        connections: CONNECTIONS,
        url: format!("sqlite:{}", file.path().display()),
        lease: Box::new(file),
    })
}

/// Nothing of it is needed after a crash.
fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .synchronous(SqliteSynchronous::Off)
}

const FOLDER: &str = "migrate-test";

/// The folder of all files: in that of the test binary, else that for temporary files.
fn folder() -> Result<&'static Path, Error> {
    static FOUND: OnceLock<Result<PathBuf, (PathBuf, String)>> = OnceLock::new();
    let found = FOUND.get_or_init(|| {
        let of_binary = env::current_exe().ok();
        let of_binary = of_binary.as_deref().and_then(Path::parent);
        let candidates = of_binary.map(Path::to_owned).into_iter();
        first_writable(candidates.chain([env::temp_dir()]))
    });
    match found {
        Ok(folder) => Ok(folder),
        Err((folder, cause)) => Err(Error::new(format!(
            "no test database can be written to {}: {cause}",
            folder.display()
        ))
        .help("make room, or set TMPDIR to a folder that can be written")),
    }
}

/// The first folder that takes files, or the last one with what is wrong there.
fn first_writable(candidates: impl Iterator<Item = PathBuf>) -> Result<PathBuf, (PathBuf, String)> {
    let mut failure = (PathBuf::new(), String::new());
    for candidate in candidates {
        let folder = candidate.join(FOLDER);
        let tried = folder.join(format!("try-{}", Name::of_build()));
        let written = fs::create_dir_all(&folder).and_then(|()| fs::write(&tried, ""));
        let _ = fs::remove_file(&tried);
        match written {
            Ok(()) => return Ok(folder),
            Err(error) => failure = (folder, error.to_string()),
        }
    }
    Err(failure)
}

/// The file of a test, and a file that is locked as long as somebody uses it.
struct TestFile {
    folder: PathBuf,
    name: String,
    /// Closing it unlocks it, also when this process is killed.
    _lock: File,
}

const DATABASE: &str = "sqlite";
const LOCK: &str = "lock";

impl TestFile {
    fn new(folder: &Path, test: &str) -> Result<Self, Error> {
        let name = Name::of_test(test).to_string();
        let lock = locked(folder, &name)
            .map_err(|error| Error::io("a test database cannot be created", &error))?;
        Ok(Self {
            folder: folder.to_owned(),
            name,
            _lock: lock,
        })
    }

    fn path(&self) -> PathBuf {
        self.folder.join(&self.name).with_extension(DATABASE)
    }
}

/// A new file that is locked before it has its name, so that nobody finds it unlocked.
fn locked(folder: &Path, name: &str) -> io::Result<File> {
    let unnamed = folder.join(format!("{name}.new"));
    let file = File::create_new(&unnamed)?;
    file.lock()?;
    fs::rename(&unnamed, folder.join(name).with_extension(LOCK))?;
    Ok(file)
}

impl Lease for TestFile {
    fn give_back(self: Box<Self>) {
        remove(&self.folder, &self.name);
    }

    fn keep(self: Box<Self>) {}
}

/// Removes a database with all that SQLite keeps next to it, and its lock.
fn remove(folder: &Path, name: &str) {
    for extension in [
        "sqlite",
        "sqlite-journal",
        "sqlite-wal",
        "sqlite-shm",
        "new",
        LOCK,
    ] {
        let _ = fs::remove_file(folder.join(name).with_extension(extension));
    }
}

/// Removes what earlier runs of this test have left, and all that is old, unless somebody uses it.
fn sweep(folder: &Path, test: &str) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        match Name::parse(&stem) {
            Some(Name::Test {
                test: of, created, ..
            }) if (of == test || is_old(created)) && is_unused(&path.with_extension(LOCK)) => {
                remove(folder, &stem);
            }
            Some(Name::Build { .. } | Name::Template { .. }) if is_old(modified(&path)) => {
                let _ = fs::remove_file(&path);
            }
            _ => {}
        }
    }
}

fn is_unused(lock: &Path) -> bool {
    match File::open(lock) {
        Ok(file) => file.try_lock().is_ok(),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

fn modified(path: &Path) -> u64 {
    let modified = path.metadata().and_then(|data| data.modified()).ok();
    let since = modified.and_then(|modified| modified.duration_since(UNIX_EPOCH).ok());
    since.map_or(u64::MAX, |since| since.as_secs())
}

/// Copies the template to `to`, and builds it first if it is not there.
async fn copy_template(
    folder: &Path,
    key: &str,
    migrations: &Migrations,
    to: &Path,
) -> Result<(), Error> {
    // Its name has no date, so that it is found without looking at the folder.
    let name = Name::Template {
        key: key.to_owned(),
        created: 0,
    };
    let template = folder.join(name.to_string()).with_extension(DATABASE);
    let failed = |error: io::Error| Error::io("a test database cannot be created", &error);
    loop {
        match fs::copy(&template, to) {
            Ok(_) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                migrations.check_source()?;
                let build = build(template.clone(), migrations.clone());
                office::run(build).await?;
            }
            Err(error) => return Err(failed(error)),
        }
    }
}

/// Builds a template under another name. Others wait for it, by a lock that ends with this process.
async fn build(template: PathBuf, migrations: Migrations) -> Result<(), Error> {
    let failed = |error: io::Error| Error::io("the template of test databases", &error);
    let path = template.with_extension(LOCK);
    let locked = tokio::task::spawn_blocking(move || {
        let file = File::create(&path)?;
        file.lock()?;
        Ok(file)
    });
    let _lock = locked
        .await
        .map_err(|error| Error::new(error.to_string()))?
        .map_err(failed)?;
    if template.exists() {
        return Ok(());
    }
    let folder = template.parent().unwrap_or(Path::new("."));
    let name = Name::of_build().to_string();
    let built = run_chain(&folder.join(&name).with_extension(DATABASE), &migrations).await;
    let done = built.and_then(|path| fs::rename(path, &template).map_err(failed));
    remove(folder, &name);
    done
}

async fn run_chain(path: &Path, migrations: &Migrations) -> Result<PathBuf, Error> {
    let failed = |error| Error::database("the template of test databases", error);
    let mut connection = options(path).connect().await.map_err(failed)?;
    migrations.upgrade(&mut connection).await?;
    connection.close().await.map_err(failed)?;
    Ok(path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_cannot_be_written_is_passed_over() {
        let folder = tempfile::tempdir().expect("a folder");
        // A file where a folder would have to be, for root may write everywhere.
        let closed = folder.path().join("closed");
        fs::write(&closed, "").expect("a file");
        let open = folder.path().join("open");
        let found = first_writable([closed.clone(), open.clone()].into_iter());
        assert_eq!(found, Ok(open.join(FOLDER)));
        let (named, cause) = first_writable([closed.clone()].into_iter()).expect_err("none");
        assert_eq!(named, closed.join(FOLDER));
        assert!(!cause.is_empty());
    }

    #[test]
    fn only_what_nobody_uses_is_swept() {
        let folder = tempfile::tempdir().expect("a folder");
        let used = TestFile::new(folder.path(), "001122334455").expect("a file");
        let left = TestFile::new(folder.path(), "001122334455").expect("a file");
        for file in [&used, &left] {
            fs::write(file.path(), "").expect("a file");
        }
        let left_path = left.path();
        drop(left);
        sweep(folder.path(), "ffffffffffff");
        assert!(left_path.exists(), "it is of another test");
        sweep(folder.path(), "001122334455");
        assert!(used.path().exists() && !left_path.exists());
        Box::new(used).give_back();
        let rest = fs::read_dir(folder.path()).expect("it lists").count();
        assert_eq!(rest, 0);
    }

    #[test]
    fn what_is_older_than_a_day_is_swept() {
        let folder = tempfile::tempdir().expect("a folder");
        let name = "migrate_test_001122334455_1700000000_001122334455_0";
        for extension in ["sqlite", "sqlite-wal", LOCK] {
            fs::write(folder.path().join(name).with_extension(extension), "").expect("a file");
        }
        fs::write(folder.path().join("mine.sqlite"), "").expect("a file");
        sweep(folder.path(), "ffffffffffff");
        let rest = fs::read_dir(folder.path()).expect("it lists").count();
        assert_eq!(rest, 1);
    }
}
