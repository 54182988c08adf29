//! MySQL and MariaDB say whether they can do an ALTER TABLE in a given way: the first that they accept is how it is done.

use std::collections::HashSet;

use migrate_chain::lint::{Blocks, Effect, Lasts};
use migrate_chain::{Dialect, sql};
use migrate_diff::{Connection, Error};

use super::seen::{Seen, plain};

/// The kind and version of the server.
pub async fn server(connection: &mut Connection) -> Result<String, Error> {
    let text = connection
        .text("SELECT CAST(VERSION() AS CHAR(200))")
        .await?;
    let is_mariadb = text.contains("MariaDB");
    // Some say that they are MySQL 5.5.5 first, for clients from before MariaDB 10.
    let version = text.strip_prefix("5.5.5-").unwrap_or(&text);
    let version = version.split('-').next().unwrap_or_default();
    let name = if is_mariadb { "MariaDB" } else { "MySQL" };
    Ok(format!("{name} {version}"))
}

pub struct Probe {
    is_mariadb: bool,
    tables: HashSet<String>,
}

/// A way to change a table, and what that blocks.
struct Way {
    clauses: &'static [&'static str],
    effect: Effect,
}

const NONE: Effect = Effect::NONE;

const fn blocking(lasts: Lasts) -> Effect {
    Effect {
        blocks: Blocks::Writes,
        lasts,
    }
}

/// The ways, strongest first.
const WAYS: [Way; 6] = [
    Way {
        clauses: &["ALGORITHM=INSTANT"],
        effect: NONE,
    },
    Way {
        clauses: &["ALGORITHM=NOCOPY", "LOCK=NONE"],
        effect: NONE,
    },
    Way {
        clauses: &["ALGORITHM=INPLACE", "LOCK=NONE"],
        effect: NONE,
    },
    Way {
        clauses: &["ALGORITHM=NOCOPY", "LOCK=SHARED"],
        effect: blocking(Lasts::Scan),
    },
    Way {
        clauses: &["ALGORITHM=INPLACE", "LOCK=SHARED"],
        effect: blocking(Lasts::Scan),
    },
    Way {
        clauses: &["ALGORITHM=COPY"],
        effect: blocking(Lasts::Copy),
    },
];

impl Probe {
    pub fn new(server: &str) -> Self {
        Self {
            is_mariadb: server.starts_with("MariaDB"),
            tables: HashSet::new(),
        }
    }

    pub async fn deployment(&mut self, connection: &mut Connection) -> Result<(), Error> {
        let tables = "SELECT CAST(table_name AS CHAR(200)) FROM information_schema.tables \
                      WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'";
        let rows = connection.rows(tables).await?.into_iter().flatten();
        self.tables = rows.flatten().map(|name| name.to_lowercase()).collect();
        Ok(())
    }

    pub async fn run(
        &mut self,
        connection: &mut Connection,
        statement: &str,
    ) -> Result<Option<Seen>, Error> {
        let change =
            AlterTable::read(statement).filter(|change| self.tables.contains(&change.table));
        if let Some(change) = change {
            for way in WAYS {
                let of_mariadb = way.clauses[0] == "ALGORITHM=NOCOPY";
                if of_mariadb && !self.is_mariadb {
                    continue;
                }
                let clauses = way.clauses.join(change.comma);
                let tried = format!("{statement}{}{clauses}", change.comma);
                if connection.execute(&tried).await.is_ok() {
                    return Ok(Some(seen(&change.table, &way)));
                }
            }
        }
        connection.execute(statement).await?;
        Ok(None)
    }
}

fn seen(table: &str, way: &Way) -> Seen {
    let effect = way.effect;
    let (code, message) = if effect.lasts == Lasts::Copy {
        (
            "alter-copies",
            format!("the server copies `{table}` while writes wait"),
        )
    } else {
        (
            "alter-locks",
            format!("writes to `{table}` wait until it is done"),
        )
    };
    Seen::Effect {
        effect,
        facts: vec![format!("is done with {}", way.clauses.join(", "))],
        otherwise: (code, message),
        outlasts: Vec::new(),
    }
}

/// A statement that can be given an algorithm.
struct AlterTable {
    table: String,
    /// The text before each clause.
    comma: &'static str,
}

impl AlterTable {
    /// One that names an algorithm or a lock itself is run as it is.
    fn read(statement: &str) -> Option<Self> {
        let mut cursor = sql::Cursor::new(Dialect::MySql, statement);
        if { cursor.clone() }.find_any(&["ALGORITHM", "LOCK", "PARTITION"]) {
            return None;
        }
        let comma = if cursor.eat("ALTER") {
            while cursor.is_any(&["ONLINE", "IGNORE"]) {
                cursor.bump();
            }
            if !cursor.eat("TABLE") {
                return None;
            }
            if cursor.eat("IF") {
                cursor.eat("EXISTS");
            }
            ", "
        } else {
            let makes = cursor.eat("CREATE") || cursor.eat("DROP");
            while cursor.is_any(&["UNIQUE", "FULLTEXT", "SPATIAL"]) {
                cursor.bump();
            }
            if !(makes && cursor.eat("INDEX") && cursor.find("ON")) {
                return None;
            }
            cursor.bump();
            " "
        };
        let start = cursor.range().start;
        cursor.eat_name();
        let name = &statement[start..cursor.range().start];
        let last = name.rsplit('.').next().unwrap_or(name);
        Some(Self {
            table: plain(last.trim()),
            comma,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_a_change_is_found() {
        let table = |statement| AlterTable::read(statement).map(|change| change.table);
        for statement in [
            "ALTER TABLE Orders ADD a INT",
            "alter table `shop`.`orders` drop a",
            "CREATE UNIQUE INDEX i USING BTREE ON orders (a)",
            "DROP INDEX i ON orders",
        ] {
            assert_eq!(table(statement).as_deref(), Some("orders"), "{statement}");
        }
        for statement in [
            "ALTER TABLE orders ADD a INT, ALGORITHM=INPLACE",
            "ALTER DATABASE shop CHARACTER SET utf8mb4",
            "CREATE TABLE orders (a INT)",
        ] {
            assert_eq!(table(statement), None, "{statement}");
        }
    }
}
