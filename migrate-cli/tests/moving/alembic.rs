//! A project that the real Alembic has made: its folder is imported, and its database is gone on with, by turns.
//!
//! `cargo xtask setup` installs Alembic under `target/alembic`.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::base::{Base, Kind, each};
use super::layout::package;
use super::support::Folder;

each!(an_alembic_project_is_imported_and_its_databases_are_gone_on_with);

/// The name of each revision, and its two functions.
const REVISIONS: [(&str, &str, &str, &str); 3] = [
    (
        "a1",
        "Create users",
        "op.create_table('app_users', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('name', sa.String(40), nullable=False))\n\
         \x20   op.create_index('by_name', 'app_users', ['name'])",
        "op.drop_index('by_name', 'app_users')\n    op.drop_table('app_users')",
    ),
    (
        "b1",
        "Add a size",
        "op.add_column('app_users', sa.Column('size', sa.Integer(), nullable=True))",
        "op.drop_column('app_users', 'size')",
    ),
    (
        "c1",
        "Fill it",
        "op.execute(\"INSERT INTO app_users (id, name) VALUES (1, 'it''s; here')\")\n\
         \x20   op.execute(\"INSERT INTO app_users (id, name) VALUES (2, 'two\\n\\nlines')\")",
        "op.execute('DELETE FROM app_users')",
    ),
];

pub(crate) fn tools() -> PathBuf {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/alembic/bin");
    assert!(
        tools.join("alembic").exists(),
        "there is no Alembic in target/alembic: run `cargo xtask setup`, which installs it"
    );
    tools
}

fn path() -> String {
    let others = std::env::var("PATH").unwrap_or_default();
    format!("{}:{others}", tools().display())
}

/// Runs Alembic; what it prints.
#[track_caller]
fn alembic(folder: &Folder, arguments: &[&str]) -> String {
    let output = Command::new(tools().join("alembic"))
        .args(arguments)
        .current_dir(folder.path())
        .output()
        .expect("it starts");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {text}{error}");
    text
}

/// The database as `SQLAlchemy` names it.
fn url(base: &Base) -> String {
    let url = base.url.trim_end_matches("?mode=rwc");
    match base.kind {
        Kind::Sqlite => url.replace("sqlite://", "sqlite:///"),
        Kind::Postgres => url.replace("postgres://", "postgresql+pg8000://"),
        Kind::MySql => url.replace("mysql://", "mysql+pymysql://"),
    }
}

fn connect(folder: &Folder, base: &Base) {
    let settings = folder.read("alembic.ini");
    let line = |line: &str| match line.strip_prefix("sqlalchemy.url = ") {
        Some(_) => format!("sqlalchemy.url = {}\n", url(base)),
        None => format!("{line}\n"),
    };
    folder.write(
        "alembic.ini",
        &settings.lines().map(line).collect::<String>(),
    );
}

/// A project as `alembic init` and `alembic revision` write it.
fn project(base: &Base) -> Folder {
    let folder = Folder::new();
    package(&folder, "alembic", base.kind);
    alembic(&folder, &["init", "alembic"]);
    connect(&folder, base);
    for (id, message, upgrade, downgrade) in REVISIONS {
        alembic(&folder, &["revision", "-m", message, "--rev-id", id]);
        let slug = message.to_lowercase().replace(' ', "_");
        let file = format!("alembic/versions/{id}_{slug}.py");
        for body in [upgrade, downgrade] {
            let body = body.replace("\n\n", "\\n\\n");
            folder.edit(&file, "    pass\n", &format!("    {body}\n"));
        }
    }
    folder
}

fn an_alembic_project_is_imported_and_its_databases_are_gone_on_with(kind: Kind) {
    let whole = Base::new(kind);
    let folder = project(&whole);
    let said = folder.run(&["import"], &[("PATH", &path())]).success();
    assert!(said.starts_with("Read 3 migrations of alembic"), "{said}");
    alembic(&folder, &["upgrade", "head"]);
    // Nothing is taken over: the version table is the same.
    let migrate = |base: &Base, command: &str| {
        folder
            .migrate(&[command, "--database-url", &base.url])
            .success()
    };
    assert!(migrate(&whole, "upgrade").starts_with("nothing to do"));
    migrate(&whole, "check");
    let new = Base::new(kind);
    migrate(&new, "upgrade");
    assert_eq!(new.schema(), whole.schema());
    let begun = Base::new(kind);
    connect(&folder, &begun);
    for (id, ..) in REVISIONS {
        alembic(&folder, &["upgrade", id]);
        assert!(migrate(&begun, "current").contains(id));
    }
    alembic(&folder, &["downgrade", "a1"]);
    let said = migrate(&begun, "upgrade");
    assert!(said.starts_with("upgraded 2 revisions"), "{said}");
    assert_eq!(begun.schema(), whole.schema());
    let current = alembic(&folder, &["current"]);
    assert!(current.contains("c1 (head)"), "{current}");
    // The imported revisions undo those that Alembic has applied.
    let said = folder
        .migrate(&["downgrade", "base", "--database-url", &whole.url])
        .success();
    assert!(said.starts_with("downgraded 3 revisions"), "{said}");
    assert_eq!(whole.schema(), [""; 0]);
    assert_eq!(alembic_current(&folder, &whole), "");
}

fn alembic_current(folder: &Folder, base: &Base) -> String {
    connect(folder, base);
    alembic(folder, &["current"]).trim().to_owned()
}
