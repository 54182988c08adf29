//! A `DROP TABLE` that would delete or change rows of other tables is refused.

use embed_migrations::{Error, ErrorKind, Migrations, TransactionMode, embed_migrations};

use crate::support::Backend as _;
use crate::support::chain::Chain;
use crate::support::checker::assert_consistent;
use crate::support::sqlite::Sqlite;

static RUST: Migrations = embed_migrations!("tests/chains/rust-drops");

/// A parent `p` and a child `c` that refers to it.
const FAMILY: &str = "CREATE TABLE p (id INTEGER PRIMARY KEY);
    CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER REFERENCES p (id) ON DELETE CASCADE)";
const FAMILY_ROWS: &str = "INSERT INTO p VALUES (1), (2); INSERT INTO c VALUES (10, 1), (20, NULL)";

/// A database with tables and rows, and what becomes of a revision that changes it.
struct Case {
    tables: String,
    rows: String,
    header: Option<&'static str>,
}

impl Case {
    fn new(tables: &str, rows: &str) -> Self {
        Self {
            tables: tables.to_owned(),
            rows: rows.to_owned(),
            header: None,
        }
    }

    fn family() -> Self {
        Self::new(FAMILY, FAMILY_ROWS)
    }

    fn header(mut self, line: &'static str) -> Self {
        self.header = Some(line);
        self
    }

    async fn run(&self, change: &str) -> (Sqlite, Result<(), Error>) {
        // Alone in its chain, so that the build does not refuse it first.
        let chain = Chain::new().revision("change", "none");
        let chain = match self.header {
            Some(line) => chain.header(line),
            None => chain,
        };
        let migrations = chain.up(change).load();
        let database = Sqlite::fresh().await;
        database.execute(&self.tables).await.unwrap();
        database.execute(&self.rows).await.unwrap();
        let result = migrations.upgrade(database.db()).await.map(|_| ());
        (database, result)
    }

    async fn refused(&self, change: &str) -> String {
        let (database, result) = self.run(change).await;
        let error = result.expect_err(change);
        assert_eq!(error.kind(), ErrorKind::Statement, "{error}");
        assert_eq!(error.revision(), Some("change"));
        let tables = database.tables().await;
        assert!(
            !tables.contains(&"alembic_version".to_owned()),
            "rolled back"
        );
        error.to_string()
    }

    async fn passes(&self, change: &str) -> Sqlite {
        let (database, result) = self.run(change).await;
        result.unwrap_or_else(|error| panic!("{change}\n{error}"));
        assert_consistent(&database).await;
        database
    }
}

async fn count(database: &Sqlite, table: &str) -> String {
    let sql = format!("SELECT CAST(count(*) AS TEXT) FROM {table}");
    database.column(&sql).await.concat()
}

#[tokio::test]
async fn rows_of_a_child_that_stays_are_not_lost() {
    let error = Case::family().refused("DROP TABLE p").await;
    assert!(
        error.contains("`DROP TABLE p` deletes 1 row of `c`, which refers to `p` with CASCADE"),
        "{error}"
    );
    assert!(
        error.contains("foreign_keys: off") && error.contains("foreign_keys: cascade"),
        "{error}"
    );
    let rebuild = "CREATE TABLE n (id INTEGER PRIMARY KEY, a); INSERT INTO n (id) SELECT id FROM p;
        DROP TABLE p; ALTER TABLE n RENAME TO p";
    let (database, result) = Case::family().run(rebuild).await;
    assert!(result.is_err());
    assert_eq!(count(&database, "c").await, "2", "rolled back");
}

#[tokio::test]
async fn however_the_table_is_named() {
    for drop in [
        "DROP TABLE IF EXISTS P",
        "drop table main.p",
        "DROP /* it */ TABLE\n\"main\".\"P\"",
        "DROP TABLE [p]",
        "DROP TABLE `p`",
        "DROP TABLE 'p'",
        "SELECT 1; SELECT 2; DROP TABLE p; SELECT 3",
        "-- migrate: statement\nSELECT 1; DROP TABLE p; SELECT 2;\n-- migrate: end\nSELECT 3",
        "ALTER TABLE p RENAME TO q; DROP TABLE q",
        "DROP TABLE p; ALTER TABLE c RENAME TO d",
        "DROP TABLE p; DROP TABLE c; CREATE TABLE c (id)",
    ] {
        let error = Case::family().refused(drop).await;
        assert!(
            error.contains("rows of other tables would be lost"),
            "{drop}\n{error}"
        );
    }
}

#[tokio::test]
async fn every_way_to_lose_is_seen() {
    for (tables, rows) in [
        // NULL and a default instead of the value.
        ("CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p REFERENCES p ON DELETE SET NULL)",
         "INSERT INTO p VALUES (1); INSERT INTO c VALUES (1)"),
        ("CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p DEFAULT NULL REFERENCES p ON DELETE SET DEFAULT)",
         "INSERT INTO p VALUES (1); INSERT INTO c VALUES (1)"),
        // The primary key that is not named, and one of two columns.
        ("CREATE TABLE p (a, b, PRIMARY KEY (b, a)); CREATE TABLE c (x, y, FOREIGN KEY (x, y) REFERENCES p ON DELETE CASCADE)",
         "INSERT INTO p VALUES (1, 2); INSERT INTO c VALUES (2, 1)"),
        ("CREATE TABLE p (a, b, UNIQUE (a, b)); CREATE TABLE c (x, y, FOREIGN KEY (y, x) REFERENCES P (b, a) ON DELETE CASCADE)",
         "INSERT INTO p VALUES (1, 2); INSERT INTO c VALUES (1, 2)"),
        // Hooks do not see these.
        ("CREATE TABLE p (id TEXT PRIMARY KEY) WITHOUT ROWID;
          CREATE TABLE c (id INTEGER PRIMARY KEY, p TEXT REFERENCES p ON DELETE CASCADE) WITHOUT ROWID",
         "INSERT INTO p VALUES ('a'); INSERT INTO c VALUES (1, 'a')"),
        // The type and the collation of the parent count.
        ("CREATE TABLE p (id TEXT COLLATE NOCASE PRIMARY KEY); CREATE TABLE c (p REFERENCES p ON DELETE CASCADE)",
         "INSERT INTO p VALUES ('A'); INSERT INTO c VALUES ('a')"),
        ("CREATE TABLE p (id TEXT PRIMARY KEY); CREATE TABLE c (p INTEGER REFERENCES p ON DELETE CASCADE)",
         "INSERT INTO p VALUES ('1'); INSERT INTO c VALUES (1)"),
        // Names with quotes in them.
        ("CREATE TABLE p (\"i\"\"d\" INTEGER PRIMARY KEY); CREATE TABLE \"c'\"\"\" (\"p\"\"p\" REFERENCES p (\"i\"\"d\") ON DELETE CASCADE)",
         "INSERT INTO p VALUES (1); INSERT INTO \"c'\"\"\" VALUES (1)"),
        // The second of two foreign keys.
        ("CREATE TABLE o (id INTEGER PRIMARY KEY); CREATE TABLE p (id INTEGER PRIMARY KEY);
          CREATE TABLE c (o REFERENCES o, p REFERENCES p ON DELETE CASCADE, FOREIGN KEY (o) REFERENCES p ON DELETE SET NULL)",
         "INSERT INTO p VALUES (1); INSERT INTO c VALUES (NULL, 1)"),
    ] {
        Case::new(tables, rows).refused("DROP TABLE p").await;
        Case::new(tables, "SELECT 1").passes("DROP TABLE p").await;
    }
}

#[tokio::test]
async fn what_is_lost_by_way_of_another_table_counts() {
    let tables = format!(
        "{FAMILY}; CREATE TABLE g (c UNIQUE REFERENCES c (id) ON DELETE SET NULL); CREATE TABLE h (g REFERENCES g (c) ON UPDATE CASCADE)"
    );
    let rows = format!("{FAMILY_ROWS}; INSERT INTO g VALUES (10)");
    let case = Case::new(&tables, &rows);
    let error = case.refused("DROP TABLE p; DROP TABLE c").await;
    assert!(
        error.contains("changes rows of `g`, which refers to `c` with SET NULL"),
        "{error}"
    );
    case.passes("DROP TABLE p; DROP TABLE c; DROP TABLE g")
        .await;
    case.passes("DROP TABLE g; DROP TABLE c; DROP TABLE p")
        .await;
}

#[tokio::test]
async fn what_loses_nothing_passes() {
    let family = Case::family();
    family.passes("DROP TABLE p; DROP TABLE c").await;
    family.passes("DROP TABLE c; DROP TABLE p").await;
    family.passes("DELETE FROM c; DROP TABLE p").await;
    family
        .passes("DROP TABLE IF EXISTS q; CREATE TABLE q (a); DROP TABLE q")
        .await;
    // A row of the table itself, and one that refers to nothing.
    let tables = "CREATE TABLE p (id INTEGER PRIMARY KEY, p REFERENCES p ON DELETE CASCADE)";
    Case::new(tables, "INSERT INTO p VALUES (1, NULL), (2, 1)")
        .passes("DROP TABLE p")
        .await;
    let tables = "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p REFERENCES p ON DELETE CASCADE)";
    let rows = "PRAGMA foreign_keys = OFF; INSERT INTO p VALUES (1); INSERT INTO c VALUES (2), (NULL); PRAGMA foreign_keys = ON";
    Case::new(tables, rows).passes("DROP TABLE p").await;
    // A temporary table hides the other.
    family.passes("CREATE TEMP TABLE p (a); DROP TABLE p").await;
}

#[tokio::test]
async fn the_header_decides() {
    let database = Case::family()
        .header("foreign_keys: cascade")
        .passes("DROP TABLE p")
        .await;
    assert_eq!(
        count(&database, "c").await,
        "1",
        "the row is gone, as was said"
    );
    let rebuild = "CREATE TABLE n (id INTEGER PRIMARY KEY); INSERT INTO n SELECT id FROM p; DROP TABLE p; ALTER TABLE n RENAME TO p";
    let database = Case::family()
        .header("foreign_keys: off")
        .passes(rebuild)
        .await;
    assert_eq!(count(&database, "c").await, "2");
}

#[tokio::test]
async fn outside_a_transaction_it_is_refused_before_it_runs() {
    let case = Case::family().header("transaction: off");
    for change in [
        "DROP TABLE p; DROP TABLE c",
        "BEGIN; DROP TABLE p; DROP TABLE c; COMMIT",
        "-- migrate: statement\nSELECT 1; DROP TABLE p;\n-- migrate: end\nSELECT 2",
    ] {
        let (database, result) = case.run(change).await;
        let error = result.unwrap_err();
        assert!(
            error.to_string().contains("deletes 1 row of `c`"),
            "{error}"
        );
        assert_eq!(count(&database, "c").await, "2");
        // Nothing is in doubt: the next start tries it again.
        database.execute("DELETE FROM c").await.unwrap();
    }
    case.passes("DROP TABLE c; DROP TABLE p").await;
}

#[tokio::test]
async fn it_can_go_on_once_the_rows_are_gone() {
    let chain = Chain::new()
        .revision("change", "none")
        .header("transaction: off");
    let migrations = chain
        .up("CREATE TABLE x (a); DROP TABLE p; CREATE TABLE y (a)")
        .load();
    let database = Sqlite::fresh().await;
    database.execute(FAMILY).await.unwrap();
    database.execute(FAMILY_ROWS).await.unwrap();
    let error = migrations.upgrade(database.db()).await.unwrap_err();
    assert!(error.to_string().contains("statement"), "{error}");
    database.execute("DELETE FROM c").await.unwrap();
    migrations.upgrade(database.db()).await.unwrap();
    assert_eq!(count(&database, "y").await, "0");
}

/// On the way down, from the file and from the journal; and all revisions in one transaction.
#[tokio::test]
async fn in_every_run() {
    let older = || {
        Chain::new()
            .revision("older", "none")
            .up("SELECT 1")
            .down("SELECT 1")
    };
    let chain = older()
        .revision("p", "older")
        .up("CREATE TABLE p (id INTEGER PRIMARY KEY)")
        .down("DROP TABLE p")
        .revision("rows", "p")
        .up("CREATE TABLE q (a); INSERT INTO p VALUES (1)")
        .down("DROP TABLE q");
    let migrations = chain.load();
    let database = Sqlite::fresh().await;
    migrations.upgrade(database.db()).await.unwrap();
    let child = "CREATE TABLE c (p REFERENCES p ON DELETE CASCADE); INSERT INTO c VALUES (1)";
    database.execute(child).await.unwrap();
    let older = older();
    let older = older.load();
    for migrations in [&migrations, &older] {
        let runner = migrations.runner(database.db()).to("base");
        let error = runner
            .transaction_mode(TransactionMode::Single)
            .downgrade()
            .await
            .unwrap_err();
        assert_eq!(error.revision(), Some("p"), "{error}");
        assert!(
            error.to_string().contains("deletes 1 row of `c`"),
            "{error}"
        );
        assert_eq!(
            database.versions().await,
            ["rows"],
            "rolled back as a whole"
        );
    }
    assert_eq!(count(&database, "c").await, "1");
}

#[tokio::test]
async fn in_an_attached_database() {
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("other.db");
    let attach = format!("ATTACH '{}' AS other", other.display());
    let change = format!(
        "{attach}; CREATE TABLE other.p (id INTEGER PRIMARY KEY);
         CREATE TABLE other.c (p REFERENCES p ON DELETE CASCADE);
         INSERT INTO other.p VALUES (1); INSERT INTO other.c VALUES (1); DROP TABLE p"
    );
    let error = Case::new("SELECT 1", "SELECT 1").refused(&change).await;
    assert!(error.contains("deletes 1 row of `c`"), "{error}");
}

#[tokio::test]
async fn in_rust() {
    for target in ["inside", "outside"] {
        let database = Sqlite::fresh().await;
        let family = RUST.runner(database.db()).to("family");
        family.upgrade().await.unwrap();
        let mood = format!("INSERT INTO mood VALUES ('{target}')");
        database.execute(&mood).await.unwrap();
        let error = RUST.upgrade(database.db()).await.unwrap_err();
        assert_eq!(error.revision(), Some(target), "{error}");
        assert!(
            error.to_string().contains("deletes 1 row of `c`"),
            "{error}"
        );
        assert_eq!(count(&database, "c").await, "1");
    }
}

/// SQLite itself refuses to drop a table that rows refer to without CASCADE or SET.
#[tokio::test]
async fn a_table_that_rows_refer_to_gets_the_header_as_advice() {
    for action in ["", "ON DELETE RESTRICT"] {
        let tables = format!(
            "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p REFERENCES p {action})"
        );
        let rows = "INSERT INTO p VALUES (1); INSERT INTO c VALUES (1)";
        let error = Case::new(&tables, rows).refused("DROP TABLE p").await;
        assert!(error.contains("FOREIGN KEY constraint failed"), "{error}");
        assert!(
            error.contains("write `foreign_keys: off` in the header"),
            "{error}"
        );
    }
}
