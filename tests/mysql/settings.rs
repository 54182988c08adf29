//! The settings that revisions run under: those of the server, whatever another revision, sqlx or the app has set.

use sqlx::{Connection as _, MySqlConnection};

use crate::support::Backend;
use crate::support::chain::Chain;
use crate::support::mysql::MySql;
use crate::support::ran;

/// A revision that leaves traces of every kind.
const TRACES: &str =
    "SET sql_mode = 'ANSI_QUOTES', time_zone = '+03:00', foreign_key_checks = 0, @left = 7;
SET NAMES latin1;
SET SESSION join_cache_level = 8, tx_isolation = 'SERIALIZABLE';
CREATE TEMPORARY TABLE gone (id INT);
PREPARE gone FROM 'SELECT 1'";

/// The settings as a revision finds them.
const SEEN: &str = "INSERT INTO seen SELECT CONCAT_WS(' ', @@sql_mode, @@time_zone, @@foreign_key_checks, @@join_cache_level, \
    @@tx_isolation, @@character_set_client, COALESCE(@left, 'nothing'))";

const OF_THE_SERVER: &str = "SELECT CONCAT_WS(' ', @@GLOBAL.sql_mode, @@GLOBAL.time_zone, @@GLOBAL.foreign_key_checks, \
    @@GLOBAL.join_cache_level, @@GLOBAL.tx_isolation, 'utf8mb4', 'nothing')";

fn chain() -> Chain {
    let changes = format!("{TRACES};\nALTER TABLE seen ADD COLUMN x INT DEFAULT 0");
    Chain::new()
        .revision("a", "none")
        .up("CREATE TABLE seen (what TEXT)")
        .revision("rows", "a")
        .up(&format!("{TRACES};\nINSERT INTO seen VALUES ('rows')"))
        .revision("b", "rows")
        .up(SEEN)
        .revision("outside", "b")
        .up(&changes)
        .revision("c", "outside")
        .up(&SEEN.replace("INTO seen", "INTO seen (what)"))
        .revision("d", "c")
        .up("CREATE TABLE gone (id INT);\nINSERT INTO gone VALUES (1)")
}

#[tokio::test]
async fn each_revision_starts_from_those_of_the_server() {
    let chain = chain();
    let migrations = chain.load();
    for at_once in [true, false] {
        let database = MySql::fresh().await;
        for target in ["a", "rows", "b", "outside", "c", "d"] {
            if !at_once {
                let runner = migrations.runner(database.db()).to(target);
                runner.upgrade().await.unwrap();
            }
        }
        migrations.upgrade(database.db()).await.unwrap();
        let expected = database.column(OF_THE_SERVER).await.pop().unwrap();
        let seen = database.column("SELECT what FROM seen").await;
        assert_eq!(seen, ["rows", &expected, &expected], "at once: {at_once}");
        assert_eq!(database.column("SELECT id FROM gone").await, ["1"]);
    }
}

/// A connection of the app's own, with settings that differ from the server's and from sqlx's.
async fn peculiar(database: &MySql) -> MySqlConnection {
    let mut passed = database.connect().await;
    let set = "SET SESSION sql_mode = 'PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES', join_cache_level = 4, time_zone = '-07:00', \
               group_concat_max_len = 99, autocommit = 1, max_statement_time = 12, completion_type = 'NO_CHAIN'";
    sqlx::raw_sql(set).execute(&mut passed).await.unwrap();
    passed
}

/// Settings that a revision makes by dynamic SQL are found by a comparison.
#[tokio::test]
async fn a_connection_that_is_passed_has_its_own_back() {
    let hidden =
        "SET @q = CONCAT('SET SESSION join_', 'cache_level = 7');\nPREPARE q FROM @q;\nEXECUTE q";
    for (sql, fails) in [
        (TRACES, false),
        (hidden, false),
        (TRACES, true),
        (hidden, true),
    ] {
        let database = MySql::fresh().await;
        let mut passed = peculiar(&database).await;
        let before = MySql::session(&mut passed).await;
        let end = if fails { "SELECT missing" } else { "SELECT 1" };
        let chain = chain().revision("z", "d").up(&format!("{sql};\n{end}"));
        let upgraded = chain.load().upgrade(&mut passed).await;
        assert_eq!(upgraded.is_err(), fails, "{upgraded:?}");
        assert_eq!(MySql::session(&mut passed).await, before, "{sql} {fails}");
        let seen =
            "SELECT COUNT(*) FROM seen WHERE what LIKE 'IGNORE_SPACE%' OR what LIKE 'PIPES%'";
        assert_eq!(database.column(seen).await, ["0"]);
    }
}

#[tokio::test]
async fn triggers_and_routines_keep_those_of_the_server() {
    let database = MySql::fresh().await;
    let chain = Chain::new().revision("a", "none").up(
        "CREATE TABLE t (id INT, or_text VARCHAR(9));\nCREATE TRIGGER r BEFORE INSERT ON t FOR EACH ROW SET NEW.or_text = \
         1 || 0;\nCREATE PROCEDURE p() INSERT INTO t VALUES (1, '');\nINSERT INTO t VALUES (2, '')",
    );
    chain.load().upgrade(database.db()).await.unwrap();
    let modes = "SELECT sql_mode FROM information_schema.triggers WHERE trigger_schema = DATABASE() UNION SELECT sql_mode \
                 FROM information_schema.routines WHERE routine_schema = DATABASE()";
    let global = database.column("SELECT @@GLOBAL.sql_mode").await;
    assert_eq!(database.column(modes).await, global);
    assert_eq!(database.column("SELECT or_text FROM t").await, ["1"]);
}

/// A downgrade that only the journal has would run as mojibake.
#[tokio::test]
async fn the_journal_keeps_its_text_whatever_a_revision_sets() {
    let database = MySql::fresh().await;
    let chain = Chain::new()
        .revision("a", "none")
        .up("CREATE TABLE t (x VARCHAR(9)) CHARACTER SET utf8mb4")
        .revision("rows", "a")
        .up("SET NAMES latin1;\nINSERT INTO t VALUES ('1')")
        .down("INSERT INTO t VALUES ('grün')")
        .revision("outside", "rows")
        .up("SET NAMES latin1;\nCREATE TABLE u (id INT)")
        .down("INSERT INTO t VALUES ('blau\u{fc}')");
    chain.load().upgrade(database.db()).await.unwrap();
    let downgrades =
        "SELECT downgrade FROM migrate_journal WHERE downgrade IS NOT NULL AND event = 'finished'";
    let downgrades = database.column(downgrades).await.concat();
    assert!(
        downgrades.contains("('grün')") && downgrades.contains("('blau\u{fc}')"),
        "{downgrades}"
    );
}

/// One that is cut off while the server is at work has nothing queued but a ROLLBACK; the next run does the rest.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_is_cut_off_gives_them_back_with_the_next_one() {
    let database = MySql::fresh().await;
    let mut passed = peculiar(&database).await;
    let before = MySql::session(&mut passed).await;
    let chain = Chain::line(1).revision("slow", "r1").up("DO SLEEP(0.3)");
    let migrations = chain.load();
    let upgrade = migrations.upgrade(&mut passed);
    let cut = tokio::time::timeout(std::time::Duration::from_millis(200), upgrade).await;
    let nothing = Chain::new();
    nothing.load().status(&mut passed).await.unwrap();
    assert_eq!(
        MySql::session(&mut passed).await,
        before,
        "cut off: {}",
        cut.is_err()
    );
    passed.close().await.unwrap();
}

/// The statement is ended: nobody waits for it any more, and it may hold locks for long.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_on_a_pool_that_is_cut_off_ends_its_statement() {
    let database: &'static MySql = Box::leak(Box::new(MySql::fresh().await));
    let chain = Chain::line(1).revision("slow", "r1").up("DO SLEEP(100)");
    let migrations = chain.load();
    let sleeping = "SELECT id FROM information_schema.processlist WHERE state = 'User sleep' AND db = DATABASE()";
    let is_sleeping = async || !database.column(sleeping).await.is_empty();
    crate::support::cut_when_pending(migrations.upgrade(database.db()), is_sleeping).await;
    let started = std::time::Instant::now();
    while !database.column(sleeping).await.is_empty() {
        assert!(started.elapsed().as_secs() < 20, "it still runs");
        tokio::task::yield_now().await;
    }
    chain.edit("slow", "SLEEP(100)", "SLEEP(0)");
    let report = chain.reload().upgrade(database.db()).await.unwrap();
    assert_eq!(ran(&report), ["slow"]);
}
