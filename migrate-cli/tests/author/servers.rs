//! `squash` and `verify` on servers: a scratch database is made there, and gone afterwards.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::support::{Folder, refused};
use snapbox::{assert_data_eq, str};
use sqlx::{Connection as _, PgConnection};
use test_servers::Server;

/// a1 <- b1, for one kind of database.
fn two(dialect: &str) -> Folder {
    let folder = Folder::new();
    folder.write(
        "migrations/migrate.toml",
        &format!("dialects = [\"{dialect}\"]\n"),
    );
    folder.revision("a1", "none");
    folder.revision("b1", "a1");
    folder
}

/// A test that counts the scratch databases of the server must be alone there.
fn alone() -> MutexGuard<'static, ()> {
    static SERVER: Mutex<()> = Mutex::new(());
    SERVER.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The scratch databases that are on a PostgreSQL server.
fn left_over(server: &Server) -> Vec<String> {
    query(
        server,
        "SELECT datname::text FROM pg_database WHERE datname LIKE 'migrate_scratch%'",
    )
}

/// The first column of what a query gives.
fn query(server: &Server, sql: &'static str) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let mut admin = PgConnection::connect(&server.admin_url())
            .await
            .expect("it answers");
        sqlx::query_scalar(sql)
            .fetch_all(&mut admin)
            .await
            .expect("it is a query")
    })
}

#[test]
fn a_chain_for_postgresql_is_tried_on_its_server() {
    let _alone = alone();
    let server = test_servers::postgres();
    let folder = two("postgres");
    folder.edit(
        "migrations/versions/b1.sql",
        "upgrade\n",
        "upgrade\nCREATE TYPE mood AS ENUM ('fine');\nALTER TABLE a1 ADD m mood;\n",
    );
    let url = server.admin_url();
    assert_data_eq!(
        folder.migrate(&["verify", "--dev-url", &url]).failure(),
        str![[r#"
error: on postgres, the downgrade of `b1` does not undo its upgrade
  note: what is left after it:
    + type mood
    + column a1.m
  help: correct the downgrade in migrations/versions/b1.sql

"#]]
    );
    folder.edit(
        "migrations/versions/b1.sql",
        "DROP TABLE b1;",
        "DROP TABLE b1;\nALTER TABLE a1 DROP m;\nDROP TYPE mood;",
    );
    assert_data_eq!(
        folder.migrate(&["verify", "--dev-url", &url]).success(),
        str![[r#"
postgres: 2 revisions upgraded, downgraded and upgraded again

"#]]
    );
    // The server of the database serves as well.
    assert_data_eq!(
        folder
            .migrate(&["squash", ":", "-m", "All", "--database-url", &url])
            .success(),
        str![[r#"
Created migrations/versions/b1_all.sql
Removed migrations/versions/a1.sql
Removed migrations/versions/b1.sql
  b1 is what 2 revisions were; both ways gave the same schema on postgres

"#]]
    );
    assert_eq!(
        folder.migrate(&["verify", "--dev-url", &url]).success(),
        "postgres: 1 revision upgraded, downgraded and upgraded again\n"
    );
    assert_eq!(left_over(server), [""; 0]);
}

#[test]
fn a_squash_that_gives_another_schema_is_not_written() {
    let _alone = alone();
    let server = test_servers::postgres();
    let folder = two("postgres");
    // Set for one transaction, which is one revision, or all of the squash.
    folder.edit(
        "migrations/versions/a1.sql",
        "upgrade\n",
        "upgrade\nCREATE SCHEMA other;\nSET LOCAL search_path TO other;\n",
    );
    folder.edit(
        "migrations/versions/a1.sql",
        "DROP TABLE a1",
        "DROP SCHEMA other CASCADE",
    );
    let url = server.admin_url();
    let calls = [&["squash", ":", "-m", "All", "--dev-url", &url][..]];
    let said = refused(&folder, &calls);
    let (_, said) = said
        .split_once('\n')
        .expect("the call, and what is said of it");
    assert_data_eq!(
        said,
        str![[r#"
error: the upgrade of the squash gives another schema than the revisions did; nothing was written
  note: it differs in:
    - table b1
    + table other.b1
  help: squash a shorter run: one of the revisions counts on the commit of another

"#]]
    );
    // And one that does not run in one transaction at all.
    folder.edit(
        "migrations/versions/a1.sql",
        "SET LOCAL search_path TO other;",
        "CREATE TYPE mood AS ENUM ('fine');",
    );
    folder.edit(
        "migrations/versions/a1.sql",
        "DROP SCHEMA other CASCADE",
        "DROP TABLE a1; DROP TYPE mood; DROP SCHEMA other",
    );
    folder.edit(
        "migrations/versions/b1.sql",
        "upgrade\n",
        "upgrade\nALTER TYPE mood ADD VALUE 'sad';\n",
    );
    folder.write(
        "migrations/versions/c1.sql",
        "-- revision: c1\n-- down_revision: b1\n\n-- migrate: upgrade\nCREATE TABLE c1 (m mood DEFAULT 'sad');\n",
    );
    let said = refused(&folder, &calls);
    let (_, said) = said
        .split_once('\n')
        .expect("the call, and what is said of it");
    assert_data_eq!(
        said,
        str![[r#"
error: the squash does not run, though the revisions do; nothing was written
  note: the upgrade of revision `c1` failed: unsafe use of new value "sad" of enum type mood (code 55P04)
      --> migrations/versions/c1_all.sql:20:33
       |
    20 | CREATE TABLE c1 (m mood DEFAULT 'sad');
       |                                 ^
       |
       = note: hint: New enum values must be committed before they can be used.
       = note: the revision was rolled back as a whole
       = help: a new value of an enum cannot be used before it is committed: leave `ALTER TYPE … ADD VALUE` in this revision and move what uses the value into the next one, or write `transaction: off` in the header
  help: squash a shorter run: one of the revisions counts on the commit of another

"#]]
    );
    assert_eq!(left_over(server), [""; 0]);
}

#[cfg(unix)]
#[test]
fn a_signal_leaves_no_scratch_database() {
    let _alone = alone();
    let server = test_servers::postgres();
    let folder = two("postgres");
    folder.edit(
        "migrations/versions/b1.sql",
        "upgrade\n",
        "upgrade\nSELECT pg_sleep(600);\n",
    );
    let before = folder.contents();
    let url = server.admin_url();
    let verify = &["verify"][..];
    let squash = &["squash", ":", "-m", "All"][..];
    for (command, signal) in [(verify, "-INT"), (squash, "-TERM"), (verify, "-HUP")] {
        let mut command = folder.command(&[command, &["--dev-url", &url]].concat());
        let child = command
            .stderr(std::process::Stdio::piped())
            .spawn()
            .expect("it starts");
        wait_until_asleep(server);
        let id = child.id().to_string();
        let sent = std::process::Command::new("kill")
            .args([signal, &id])
            .status();
        assert!(sent.expect("it starts").success());
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(1));
        assert_data_eq!(
            String::from_utf8(output.stderr).expect("UTF-8"),
            str![[r#"
error: interrupted: nothing was written, and the scratch databases are dropped

"#]]
        );
        assert_eq!(left_over(server), [""; 0]);
    }
    assert_eq!(folder.contents(), before);
}

/// Waits until a revision sleeps in a scratch database.
fn wait_until_asleep(server: &Server) {
    let asleep = "SELECT datname::text FROM pg_stat_activity \
                  WHERE datname LIKE 'migrate_scratch%' AND state = 'active' AND query LIKE '%pg_sleep%'";
    let started = Instant::now();
    while query(server, asleep).is_empty() {
        assert!(started.elapsed() < Duration::from_mins(1), "nothing sleeps");
    }
}

#[test]
fn a_chain_for_mysql_is_tried_on_its_server() {
    let url = test_servers::mysql().admin_url();
    let folder = two("mysql");
    folder.edit(
        "migrations/versions/b1.sql",
        "upgrade\n",
        "upgrade\nALTER TABLE a1 ADD m VARCHAR(10) NOT NULL DEFAULT 'x';\n",
    );
    assert_data_eq!(
        folder.migrate(&["verify", "--dev-url", &url]).failure(),
        str![[r#"
error: on mysql, the downgrade of `b1` does not undo its upgrade
  note: what is left after it:
    + column `a1`.`m`
  help: correct the downgrade in migrations/versions/b1.sql

"#]]
    );
    folder.edit(
        "migrations/versions/b1.sql",
        "DROP TABLE b1;",
        "DROP TABLE b1;\nALTER TABLE a1 DROP m;",
    );
    assert_data_eq!(
        folder.migrate(&["verify", "--dev-url", &url]).success(),
        str![[r#"
mysql: 2 revisions upgraded, downgraded and upgraded again

"#]]
    );
    assert_data_eq!(
        folder
            .migrate(&["squash", ":", "-m", "All", "--dev-url", &url])
            .success(),
        str![[r#"
Created migrations/versions/b1_all.sql
Removed migrations/versions/a1.sql
Removed migrations/versions/b1.sql
  b1 is what 2 revisions were; both ways gave the same schema on mysql

"#]]
    );
    folder.migrate(&["verify", "--dev-url", &url]).success();
}

#[test]
fn what_runs_outside_a_transaction_becomes_a_revision_of_its_own() {
    let _alone = alone();
    let server = test_servers::postgres();
    let url = server.admin_url();
    let folder = two("postgres");
    folder.write(
        "migrations/schema.sql",
        "CREATE TABLE a1 (n integer, m text);\nCREATE TABLE b1 (n integer);\nCREATE INDEX a1_n ON a1 (n);\n",
    );
    let arguments = [
        "revision",
        "--autogenerate",
        "--online",
        "-m",
        "Find by n",
        "--dev-url",
        &url,
        "--rev-id",
        "c1",
        "--branch-label",
        "found",
        "--format",
        "json",
    ];
    let told = folder.migrate(&arguments).success();
    assert!(told.contains("\"revision\": \"c1\""), "{told}");
    let written = folder
        .tree()
        .into_iter()
        .filter(|file| file.contains("find_by_n"));
    let texts: Vec<String> = written.map(|file| folder.read(&file)).collect();
    let [column, index] = [false, true].map(|is_index| {
        let text = texts
            .iter()
            .find(|text| text.contains("-- transaction: off\n") == is_index);
        text.expect("one of each")
    });
    assert!(
        column.contains("-- revision: c1\n-- down_revision: b1\n-- branch_labels: found\n"),
        "{column}"
    );
    assert!(
        column.contains("ADD COLUMN") && !column.contains("CREATE INDEX"),
        "{column}"
    );
    assert!(
        index.contains("-- down_revision: c1\n") && index.contains("CREATE INDEX CONCURRENTLY"),
        "{index}"
    );
    assert_eq!(texts.len(), 2);
    assert_eq!(
        folder
            .migrate(&["revision", "--autogenerate", "--dev-url", &url])
            .success(),
        "The chain builds the desired schema: no revision was written\n"
    );
    folder.migrate(&["verify", "--dev-url", &url]).success();
    assert_eq!(left_over(server), [""; 0]);
}
