//! A project in a temporary folder: a first revision, a desired schema, and what is generated between them.

#![allow(dead_code, reason = "each database uses its own part of it")]

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use migrate_chain::config::Config;
use migrate_diff::{
    Checked, DevServer, Draft, Error, Filter, Generated, Rename, Request, autogenerate, check,
};
use migrate_runtime::Migrations;
use tempfile::TempDir;

pub(crate) struct Project {
    folder: TempDir,
    url: String,
    pub(crate) renames: Vec<Rename>,
    pub(crate) online: bool,
    pub(crate) deny_destructive: bool,
    pub(crate) write_anyway: bool,
    pub(crate) live: Option<String>,
    pub(crate) config: Config,
}

impl Project {
    /// One whose chain makes `from`, and whose desired schema is `to`.
    pub(crate) fn new(url: &str, from: &str, to: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::create_dir(folder.path().join("versions")).expect("a folder");
        let project = Self {
            folder,
            url: url.to_owned(),
            renames: Vec::new(),
            online: false,
            deny_destructive: false,
            write_anyway: false,
            live: None,
            config: Config::default(),
        };
        project.write_revision(1, "", from, "");
        project.want(to);
        project
    }

    pub(crate) fn want(&self, schema: &str) {
        fs::write(self.desired(), schema).expect("a file");
    }

    pub(crate) fn desired(&self) -> PathBuf {
        self.folder.path().join("schema.sql")
    }

    fn write_revision(&self, n: usize, header: &str, upgrade: &str, downgrade: &str) {
        let parent = if n == 1 {
            "none".to_owned()
        } else {
            format!("r{}", n - 1)
        };
        let text = format!(
            "-- Revision {n}\n--\n-- revision: r{n}\n-- down_revision: {parent}\n{header}\n\
             -- migrate: upgrade\n{upgrade}\n-- migrate: downgrade\n{downgrade}\n"
        );
        fs::write(self.folder.path().join(format!("versions/r{n}.sql")), text).expect("a file");
    }

    /// Adds what was generated to the chain, as files.
    pub(crate) fn keep(&self, generated: &Generated) {
        let first = self.migrations().revisions().len() + 1;
        for (n, draft) in generated.drafts.iter().enumerate() {
            let header = draft
                .header()
                .iter()
                .fold(String::new(), |mut header, line| {
                    let _ = writeln!(header, "-- {line}");
                    header
                });
            self.write_revision(
                first + n,
                &header,
                &draft.upgrade_sql(),
                &draft.downgrade_sql(),
            );
        }
    }

    pub(crate) fn migrations(&self) -> Migrations {
        Migrations::load(self.folder.path()).expect("a sound chain")
    }

    pub(crate) async fn generate(&self) -> Result<Option<Generated>, Error> {
        let (migrations, desired) = (
            self.migrations(),
            migrate_diff::Desired::read(&self.desired())?,
        );
        autogenerate(&self.request(&migrations, &desired, &self.server()?)).await
    }

    pub(crate) async fn check(&self) -> Result<Option<Checked>, Error> {
        let (migrations, desired) = (
            self.migrations(),
            migrate_diff::Desired::read(&self.desired())?,
        );
        check(&self.request(&migrations, &desired, &self.server()?)).await
    }

    fn server(&self) -> Result<DevServer, Error> {
        DevServer::at(&self.url)
    }

    fn request<'r>(
        &'r self,
        migrations: &'r Migrations,
        desired: &'r migrate_diff::Desired,
        server: &'r DevServer,
    ) -> Request<'r> {
        let request = Request::new(migrations, desired, server)
            .filter(Filter::new(&self.config))
            .renames(self.renames.clone())
            .online(self.online)
            .deny_destructive(self.deny_destructive)
            .write_anyway(self.write_anyway);
        match &self.live {
            Some(url) => request.live(url),
            None => request,
        }
    }
}

/// How many cases a property gets: so many, or as many as `PROPTEST_CASES` says.
pub(crate) fn cases(usual: u32) -> u32 {
    let cases = std::env::var("PROPTEST_CASES").ok();
    cases.and_then(|cases| cases.parse().ok()).unwrap_or(usual)
}

/// Each pair, both ways: what is generated has proved itself.
pub(crate) async fn proves(url: &str, pairs: &[(&str, &str, &str)]) {
    let mut failures = Vec::new();
    for (what, from, to) in pairs {
        for (way, from, to) in [("forth", from, to), ("back", to, from)] {
            if let Err(failure) = proved(url, from, to).await {
                failures.push(format!("{what}, {way}: {failure}"));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

async fn proved(url: &str, from: &str, to: &str) -> Result<(), String> {
    let generated = Project::new(url, from, to).generate().await;
    let generated = generated.map_err(|error| error.to_string())?;
    generated
        .map(drop)
        .ok_or_else(|| "no difference was seen".to_owned())
}

/// All pairs at once, both ways, each in a schema of PostgreSQL that has its name: as many cases for the price of one.
pub(crate) async fn prove_together(url: &str, pairs: &[(&str, &str, &str)]) {
    let (from, to) = (
        together(pairs, |pair| pair.1.to_owned()),
        together(pairs, |pair| pair.2.to_owned()),
    );
    for (way, from, to) in [("forth", &from, &to), ("back", &to, &from)] {
        let generated = Project::new(url, from, to).generate().await;
        let generated = generated.unwrap_or_else(|error| panic!("{way}: {error}"));
        let difference = generated.map_or_else(String::new, |all| all.difference.to_string());
        for (what, ..) in pairs {
            let schema = what.replace(' ', "_");
            assert!(
                difference.contains(&schema),
                "{what}, {way}: no difference was seen"
            );
        }
    }
}

fn together(pairs: &[(&str, &str, &str)], side: impl Fn(&(&str, &str, &str)) -> String) -> String {
    let mut text = String::new();
    for pair in pairs {
        let (schema, sql) = (pair.0.replace(' ', "_"), side(pair));
        let _ = writeln!(
            text,
            "CREATE SCHEMA {schema}; SET search_path = {schema}, public; {sql}\nRESET search_path;"
        );
    }
    text
}

/// Pairs that say the same.
pub(crate) async fn are_same(url: &str, pairs: &[(&str, &str, &str)]) {
    for (what, from, to) in pairs {
        let found = Project::new(url, from, to)
            .check()
            .await
            .unwrap_or_else(|error| panic!("{what}: {error}"));
        assert!(
            found.is_none(),
            "{what}: {}",
            found.expect("it is some").difference
        );
    }
}

pub(crate) fn upgrade_of(generated: &Generated) -> String {
    generated.drafts.iter().map(Draft::upgrade_sql).collect()
}

pub(crate) fn hazards(generated: &Generated) -> Vec<String> {
    generated
        .hazards()
        .map(|hazard| format!("{}: {}", hazard.word(), hazard.text()))
        .collect()
}

#[cfg(feature = "postgres")]
pub(crate) async fn databases(url: &str, sql: &'static str) -> Vec<String> {
    use sqlx::Connection as _;
    let mut admin = sqlx::PgConnection::connect(url)
        .await
        .expect("the server answers");
    sqlx::query_scalar(sql)
        .fetch_all(&mut admin)
        .await
        .expect("names")
}

/// The plans of each pair, both ways, against `tests/plans/{file}`. `SNAPSHOTS=overwrite` takes what is planned now.
pub(crate) async fn plans_are(file: &str, url: &str, pairs: &[(&str, &str, &str)]) {
    let mut text = String::new();
    for (what, from, to) in pairs {
        for (way, from, to) in [("forth", from, to), ("back", to, from)] {
            let _ = writeln!(text, "== {what}, {way}");
            match Project::new(url, from, to).generate().await {
                Ok(Some(generated)) => describe(&mut text, &generated),
                Ok(None) => text.push_str("no difference\n"),
                Err(error) => {
                    let _ = writeln!(text, "{error}");
                }
            }
        }
    }
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/plans")
        .join(file);
    if std::env::var("SNAPSHOTS").is_ok_and(|value| value == "overwrite") {
        fs::write(&path, &text).expect("a file");
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert!(text == expected, "{}", first_difference(&expected, &text));
}

fn describe(text: &mut String, generated: &Generated) {
    for line in generated.difference.to_string().lines() {
        let _ = writeln!(text, "{line}");
    }
    for draft in &generated.drafts {
        for line in draft.header() {
            let _ = writeln!(text, "-- {line}");
        }
        let _ = write!(text, "up:\n{}", draft.upgrade_sql());
        let _ = write!(text, "down:\n{}", draft.downgrade_sql());
    }
}

fn first_difference(expected: &str, found: &str) -> String {
    let mut heading = "";
    for (expected, found) in expected.lines().zip(found.lines()) {
        if found.starts_with("== ") {
            heading = found;
        }
        if expected != found {
            return format!("{heading}\nexpected: {expected}\nfound:    {found}");
        }
    }
    "one has more lines than the other".to_owned()
}
