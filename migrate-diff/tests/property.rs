//! Any two schemas of SQLite: what is generated proves itself, and what both have keeps its data.

mod support;

use std::fmt::Write as _;

use proptest::prelude::*;
use sqlx::{AssertSqlSafe, Connection as _, Row as _, SqliteConnection};
use support::{Project, cases};

const URL: &str = "sqlite::memory:";

/// A column: its type, and what else it says.
#[derive(Clone, Debug, PartialEq)]
struct Column {
    kind: &'static str,
    clause: &'static str,
}

#[derive(Clone, Debug)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is something that a table has or has not"
)]
struct Table {
    /// By position: `c0`, `c1`, …
    columns: Vec<Option<Column>>,
    key: &'static str,
    tail: &'static str,
    index: bool,
    view: bool,
    trigger: bool,
    parent: bool,
}

fn column() -> impl Strategy<Value = Option<Column>> {
    let kind = prop::sample::select(vec!["INT", "TEXT", "BLOB", "REAL", "NUMERIC", "INTEGER"]);
    let clause = prop::sample::select(vec![
        "",
        " NOT NULL DEFAULT 7",
        " DEFAULT 'x'",
        " COLLATE NOCASE",
        " CHECK (k > 0)",
        " UNIQUE",
        " UNIQUE ON CONFLICT REPLACE",
        " NOT NULL ON CONFLICT IGNORE DEFAULT 7",
    ]);
    prop::option::weighted(
        0.7,
        (kind, clause).prop_map(|(kind, clause)| Column { kind, clause }),
    )
}

fn table() -> impl Strategy<Value = Table> {
    let key = prop::sample::select(vec![
        "k INTEGER PRIMARY KEY",
        "k INTEGER PRIMARY KEY AUTOINCREMENT",
        "k INT UNIQUE",
        "k INT PRIMARY KEY",
        "k INT",
    ]);
    let tail = prop::sample::select(vec!["", ", CHECK (k < 1000)", ", CONSTRAINT u UNIQUE (k)"]);
    (
        prop::collection::vec(column(), 4),
        key,
        tail,
        any::<[bool; 4]>(),
    )
        .prop_map(
            |(columns, key, tail, [index, view, trigger, parent])| Table {
                columns,
                key,
                tail,
                index,
                view,
                trigger,
                parent,
            },
        )
}

impl Table {
    fn sql(&self, n: usize) -> String {
        let columns = self.columns.iter().enumerate().filter_map(|(c, column)| {
            column
                .as_ref()
                .map(|column| format!(", c{c} {}{}", column.kind, column.clause))
        });
        let columns: String = columns.collect();
        let parent = if self.parent {
            ", p INT REFERENCES parents (id) ON DELETE CASCADE"
        } else {
            ""
        };
        let mut sql = format!(
            "CREATE TABLE t{n} ({}{columns}{parent}{});\n",
            self.key, self.tail
        );
        if self.index {
            let _ = writeln!(sql, "CREATE INDEX i{n} ON t{n} (k DESC) WHERE k > 1;");
        }
        if self.view {
            let _ = writeln!(
                sql,
                "CREATE VIEW v{n} AS SELECT * FROM t{n};\nCREATE VIEW w{n} AS SELECT k FROM v{n};"
            );
        }
        if self.trigger {
            let _ = writeln!(
                sql,
                "CREATE TRIGGER x{n} AFTER DELETE ON t{n} BEGIN DELETE FROM parents WHERE id = old.k; SELECT 1; END;"
            );
        }
        sql
    }
}

impl Table {
    /// A row without NULL, which a column may come to refuse.
    fn insertion(&self, n: usize, k: u32) -> String {
        let columns = self
            .columns
            .iter()
            .enumerate()
            .filter(|(_, column)| column.is_some());
        let mut names: Vec<String> = columns.map(|(c, _)| format!("c{c}")).collect();
        names.extend(self.parent.then(|| "p".to_owned()));
        names.push("k".to_owned());
        let values = vec![k.to_string(); names.len()];
        format!(
            "INSERT INTO t{n} ({}) VALUES ({})",
            names.join(", "),
            values.join(", ")
        )
    }
}

fn schema(tables: &[Option<Table>]) -> String {
    let tables = tables
        .iter()
        .enumerate()
        .filter_map(|(n, table)| Some(table.as_ref()?.sql(n)));
    format!(
        "CREATE TABLE parents (id INTEGER PRIMARY KEY);\n{}",
        tables.collect::<String>()
    )
}

/// The columns that both have, and have alike.
fn common(from: &Table, to: &Table) -> Vec<String> {
    let alike = from
        .columns
        .iter()
        .zip(&to.columns)
        .enumerate()
        .filter(|(_, (from, to))| from.is_some() && from == to);
    std::iter::once("k".to_owned())
        .chain(alike.map(|(c, _)| format!("c{c}")))
        .collect()
}

async fn content(db: &mut SqliteConnection, n: usize, columns: &[String]) -> Vec<Vec<String>> {
    let columns: Vec<String> = columns
        .iter()
        .map(|column| format!("quote({column})"))
        .collect();
    let sql = format!("SELECT {} FROM t{n} ORDER BY k", columns.join(", "));
    let rows = sqlx::query(AssertSqlSafe(sql))
        .fetch_all(db)
        .await
        .expect("sound SQL");
    rows.iter()
        .map(|row| (0..columns.len()).map(|n| row.get(n)).collect())
        .collect()
}

async fn holds(from: &[Option<Table>], to: &[Option<Table>]) {
    let project = Project::new(URL, &schema(from), &schema(to));
    let Some(generated) = project.generate().await.expect("it proves itself") else {
        return;
    };
    let mut db = SqliteConnection::connect(URL).await.expect("a database");
    project
        .migrations()
        .upgrade(&mut db)
        .await
        .expect("the first revision");
    sqlx::raw_sql("INSERT INTO parents VALUES (2), (5)")
        .execute(&mut db)
        .await
        .expect("rows");
    for (n, table) in from.iter().enumerate() {
        if let Some(table) = table {
            for k in [2, 5] {
                let sql = table.insertion(n, k);
                sqlx::raw_sql(AssertSqlSafe(sql))
                    .execute(&mut db)
                    .await
                    .expect("rows");
            }
        }
    }
    let kept: Vec<(usize, Vec<String>)> = from
        .iter()
        .zip(to)
        .enumerate()
        .filter_map(|(n, (from, to))| Some((n, common(from.as_ref()?, to.as_ref()?))))
        .collect();
    let mut before = Vec::new();
    for (n, columns) in &kept {
        before.push(content(&mut db, *n, columns).await);
    }
    project.keep(&generated);
    let migrations = project.migrations();
    migrations
        .upgrade(&mut db)
        .await
        .expect("the generated revision");
    for ((n, columns), before) in kept.iter().zip(&before) {
        assert_eq!(
            &content(&mut db, *n, columns).await,
            before,
            "t{n} after the upgrade"
        );
    }
    migrations.downgrade(&mut db, "-1").await.expect("back");
    for ((n, columns), before) in kept.iter().zip(&before) {
        assert_eq!(
            &content(&mut db, *n, columns).await,
            before,
            "t{n} after the downgrade"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(128), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_two_schemas(from in prop::collection::vec(prop::option::weighted(0.8, table()), 2), to in prop::collection::vec(prop::option::weighted(0.8, table()), 2)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(holds(&from, &to));
    }
}
