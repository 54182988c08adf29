//! Offline scripts, run by the `mariadb` client and compared with a live run.

use std::io::Write as _;
use std::process::{Command, Stdio};

use embed_migrations::Dialect;

use crate::support::Backend as _;
use crate::support::chain::Chain;
use crate::support::checker::assert_consistent;
use crate::support::mysql::MySql;

/// Runs a script in the client; what it printed.
pub(super) fn client(database: &MySql, arguments: &[&str], script: &str) -> String {
    let options = database.options();
    let client = Command::new("mariadb")
        .args([
            "--no-defaults",
            "--protocol=tcp",
            "--user=root",
            "--default-character-set=utf8mb4",
        ])
        .arg(format!("--host={}", options.get_host()))
        .arg(format!("--port={}", options.get_port()))
        .args(arguments)
        .arg(&database.name)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut client = client.expect("the client `mariadb` is needed: run `cargo xtask setup`");
    client
        .stdin
        .take()
        .unwrap()
        .write_all(script.as_bytes())
        .unwrap();
    let output = client.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && errors.is_empty(),
        "{errors}\n{script}"
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Everything but times, and what only a run that may be cut off needs to write.
async fn dump(database: &MySql) -> Vec<String> {
    let mut dump = database.schema().await;
    let is_the_journal = |sql: &String| sql.contains("`migrate_journal`");
    for sql in dump.iter_mut().filter(|sql| is_the_journal(sql)) {
        let end = sql.rfind(" AUTO_INCREMENT=").unwrap_or(sql.len());
        sql.truncate(end);
    }
    dump.extend(database.versions().await);
    let columns = "event, direction, revision, down_revision, depends_on, checksum, digest, finished_at IS NOT NULL, \
                   statements, statements_hash, downgrade, tool_version, error";
    let rows = format!(
        "SELECT CONCAT_WS('|', {columns}) FROM migrate_journal WHERE event NOT IN ('started', 'statement') ORDER BY sequence"
    );
    dump.extend(database.column(&rows).await);
    dump
}

#[tokio::test]
async fn a_script_does_what_a_run_does() {
    let chain = Chain::line(2)
        .revision("hard", "r2")
        .up("CREATE TABLE a (id INTEGER PRIMARY KEY, `odd;name` VARCHAR(40) DEFAULT 'it''s; \\\\ -- no comment');\n\
             DELIMITER //\nCREATE TRIGGER tr AFTER INSERT ON a FOR EACH ROW BEGIN DELETE FROM t1; INSERT INTO t2 VALUES (1); END//\nDELIMITER ;\n\
             INSERT INTO a (id) VALUES (1) -- ends in a comment")
        .down("DROP TRIGGER tr; DROP TABLE a")
        .revision("last", "hard")
        .up("CREATE TABLE last (id INTEGER) # so does this")
        .down("DROP TABLE last");
    let migrations = chain.load();
    let (live, offline) = (MySql::fresh().await, MySql::fresh().await);
    migrations.upgrade(live.db()).await.unwrap();
    client(
        &offline,
        &[],
        &migrations.sql(Dialect::MySql, "r1").unwrap(),
    );
    client(
        &offline,
        &[],
        &migrations.sql(Dialect::MySql, "r1:head").unwrap(),
    );
    assert_eq!(dump(&offline).await, dump(&live).await);
    assert_eq!(offline.column("SELECT id FROM t2").await, ["1"]);
    migrations.check(offline.db()).await.unwrap();
    assert_consistent(&offline).await;

    let down = migrations.sql_downgrade(Dialect::MySql, "head:r1").unwrap();
    client(&offline, &[], &down);
    migrations.downgrade(live.db(), "r1").await.unwrap();
    assert_eq!(dump(&offline).await, dump(&live).await);
    assert_consistent(&offline).await;
}
