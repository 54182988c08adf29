//! `revision --autogenerate` on a thousand tables, against Alembic's, and on PostgreSQL against migra, the diff tool that most
//! people take: programs as users run them, from their start to their end.
//!
//! One column is new. Alembic and migra compare a database that is there. Ours builds the chain and the wanted schema on scratch
//! databases, compares them and runs the revision in both directions.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use test_servers::{Kind, Server};
use xshell::{Shell, cmd};

use crate::Result;
use crate::crates::{bench_folder, scratch};
use crate::measure::{Row, median, side_by_side, timed};

const RUNS: usize = 3;
const TABLES: usize = 1_000;
/// Ten times the tables may take this many times as long: linear, with room for what SQLite does itself, which reads all of its
/// catalog for each table that is created.
const LINEAR: f64 = 15.0;

pub(crate) fn run() -> Result<Vec<Row>> {
    let sh = Shell::new()?;
    let root = bench_folder().join("..");
    sh.change_dir(&root);
    cmd!(sh, "cargo build --quiet --release --package cargo-migrate").run()?;
    let mut rows = sqlite(&root)?;
    rows.extend(postgres(&root)?);
    Ok(rows)
}

fn sqlite(root: &Path) -> Result<Vec<Row>> {
    let case = Case::new(root, TABLES)?;
    let file = case.folder.path().join("app.db");
    let (path, sql) = (&file, &case.sql);
    cmd!(case.sh, "sqlite3 -batch -bail {path}")
        .stdin(sql)
        .quiet()
        .run()?;
    let url = format!("sqlite:///{}", file.display());
    let times = side_by_side(RUNS, || case.ours("sqlite::memory:"), || case.alembic(&url))?;
    let tenth = Case::new(root, TABLES / 10)?;
    let few = medians(|| tenth.ours("sqlite::memory:"))?;
    Ok(vec![
        Row::ratio(
            format!("autogenerate, {TABLES} tables, SQLite"),
            times,
            "Alembic",
            1.0,
        ),
        Row::time("  by itself", times.0, Duration::from_secs(3)),
        growth(times.0, few),
    ])
}

fn postgres(root: &Path) -> Result<Vec<Row>> {
    let server = Server::start(Kind::Postgres);
    let url = server.admin_url();
    let case = Case::new(root, TABLES)?;
    let (before, after) = (server.url("before"), server.url("after"));
    for name in ["before", "after"] {
        let create = format!("CREATE DATABASE {name}");
        cmd!(case.sh, "psql --quiet {url} -c {create}").run()?;
    }
    let ((), ddl) = timed(|| case.fill(&before, false))?;
    case.fill(&after, true)?;
    let alembic = before.replacen("postgres://", "postgresql+pg8000://", 1);
    let times = side_by_side(RUNS, || case.ours(&url), || case.alembic(&alembic))?;
    let migra = medians(|| case.migra(&before, &after))?;
    let tenth = Case::new(root, TABLES / 10)?;
    let few = medians(|| tenth.ours(&url))?;
    let beyond = times.0.saturating_sub(2 * ddl);
    Ok(vec![
        Row::ratio(
            format!("autogenerate, {TABLES} tables, PostgreSQL"),
            times,
            "Alembic",
            1.0,
        ),
        Row::ratio(
            "  without the time of psql for both schemas",
            (beyond, migra),
            "migra",
            1.0,
        ),
        Row::time("  the same by itself", beyond, Duration::from_secs(8)),
        growth(times.0, few),
    ])
}

fn medians(mut run: impl FnMut() -> Result<Duration>) -> Result<Duration> {
    let times: Result<Vec<Duration>> = (0..RUNS).map(|_| run()).collect();
    Ok(median(times?))
}

fn growth(whole: Duration, tenth: Duration) -> Row {
    let growth = whole.as_secs_f64() / tenth.as_secs_f64();
    Row::alone(
        "  against a tenth of the tables",
        format!("× {growth:.1}"),
        format!("≤ × {LINEAR}"),
        growth <= LINEAR,
    )
}

/// Tables whose first has one column more in `schema.sql` than in the chain.
struct Case {
    folder: tempfile::TempDir,
    sh: Shell,
    /// The command of this repository.
    migrate: PathBuf,
    /// The programs of Alembic.
    python: PathBuf,
    count: usize,
    sql: String,
}

impl Case {
    fn new(root: &Path, count: usize) -> Result<Self> {
        let folder = tempfile::tempdir_in(scratch()?)?;
        let (sql, wanted) = (tables(count, false), tables(count, true));
        let ours = folder.path().join("ours/versions");
        fs::create_dir_all(&ours)?;
        let revision = format!(
            "-- First\n--\n-- revision: a1\n-- down_revision: none\n\n-- migrate: upgrade\n{sql}\n-- migrate: downgrade\nSELECT 1;\n"
        );
        fs::write(ours.join("a1_first.sql"), revision)?;
        fs::write(ours.join("../schema.sql"), wanted)?;
        let alembic = folder.path().join("alembic");
        fs::create_dir_all(alembic.join("versions"))?;
        for (name, text) in [
            ("alembic.ini", "[alembic]\nscript_location = %(here)s\n"),
            ("env.py", include_str!("env.py")),
            ("script.py.mako", include_str!("script.py.mako")),
        ] {
            fs::write(alembic.join(name), text)?;
        }
        let sh = Shell::new()?;
        sh.change_dir(folder.path());
        Ok(Self {
            folder,
            sh,
            migrate: root.join("target/release/cargo-migrate"),
            python: root.join("target/alembic/bin"),
            count,
            sql,
        })
    }

    fn ours(&self, dev_url: &str) -> Result<Duration> {
        let migrate = &self.migrate;
        let run = cmd!(
            self.sh,
            "{migrate} migrate --dir ours revision -m more --autogenerate --dev-url {dev_url}"
        );
        let ((), time) = timed(|| Ok(run.quiet().ignore_stdout().run()?))?;
        self.take_back("ours/versions", "a1_first.sql", "ADD COLUMN")?;
        Ok(time)
    }

    fn alembic(&self, url: &str) -> Result<Duration> {
        let (program, count) = (self.python.join("alembic"), self.count.to_string());
        let run = cmd!(
            self.sh,
            "{program} --config alembic/alembic.ini revision -m more --autogenerate"
        );
        let run = run.env("ALEMBIC_URL", url).env("TABLES", count);
        let ((), time) = timed(|| Ok(run.quiet().ignore_stdout().run()?))?;
        self.take_back("alembic/versions", "", "op.add_column(")?;
        Ok(time)
    }

    /// Removes what was written, which must have one change.
    fn take_back(&self, folder: &str, stays: &str, change: &str) -> Result {
        let files = self.sh.read_dir(folder)?;
        let mut written = files
            .into_iter()
            .filter(|path| path.is_file() && !path.ends_with(stays));
        let path = written.next().ok_or("nothing was written")?;
        let text = self.sh.read_file(&path)?;
        assert_eq!(text.matches(change).count(), 1, "{text}");
        Ok(self.sh.remove_path(path)?)
    }

    /// Its exit code is 2 if there is a difference.
    fn migra(&self, before: &str, after: &str) -> Result<Duration> {
        let program = migra(&self.sh)?;
        let run = cmd!(self.sh, "{program} --unsafe {before} {after}");
        let (output, time) = timed(|| Ok(run.quiet().ignore_status().output()?))?;
        let text = String::from_utf8(output.stdout)?;
        assert_eq!(text.matches("add column").count(), 1, "{text}");
        Ok(time)
    }

    /// Creates the schema in an empty database.
    fn fill(&self, url: &str, more: bool) -> Result {
        cmd!(self.sh, "psql --quiet -v ON_ERROR_STOP=1 {url}")
            .stdin(tables(self.count, more))
            .quiet()
            .run()?;
        Ok(())
    }
}

/// The fork of migra that is kept up, in an environment of its own.
fn migra(sh: &Shell) -> Result<PathBuf> {
    let folder = bench_folder().join("target/migra");
    let program = folder.join("bin/migra");
    if !program.exists() {
        let pip = folder.join("bin/pip");
        cmd!(sh, "python3 -m venv {folder}").run()?;
        cmd!(
            sh,
            "{pip} install --quiet migradiff==1.7.2 psycopg2-binary==2.9.13"
        )
        .run()?;
    }
    Ok(program)
}

fn tables(count: usize, more: bool) -> String {
    let mut sql = String::new();
    for n in 0..count {
        let last = match n.checked_sub(1) {
            Some(before) => format!(", parent integer REFERENCES t{before} (id)"),
            None if more => ", more integer".to_owned(),
            None => String::new(),
        };
        let _ = write!(
            sql,
            "CREATE TABLE t{n} (id integer NOT NULL PRIMARY KEY, name varchar(40) NOT NULL, a integer NOT NULL, b integer NOT NULL{last});\n\
             CREATE INDEX i{n} ON t{n} (name);\n"
        );
    }
    sql
}
