//! The locks that other tools hold while they migrate.

use migrate_chain::Dialect;
use migrate_chain::adopt::Tool;
use migrate_chain::sql::{quote_name, quote_text};

/// A lock of another tool: how to try it without waiting, and how to give it back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignLock {
    /// A query whose only value is `1` if the lock was granted.
    pub take: String,
    pub release: String,
}

/// The names that a lock is made from.
pub struct LockNames<'n> {
    /// The database as it calls itself.
    pub database: &'n str,
    /// The schema of the history; that of the database on MySQL.
    pub schema: &'n str,
    /// The table of the history.
    pub table: &'n str,
}

/// The query for the database and the schema of the connection, in this order.
pub fn query(dialect: Dialect) -> Option<&'static str> {
    match dialect {
        Dialect::Sqlite => None,
        Dialect::Postgres => Some("SELECT current_database()::text, current_schema()::text"),
        Dialect::MySql => Some("SELECT DATABASE(), DATABASE()"),
    }
}

/// The locks that the tool takes; none where it does not lock. SQLite has none to take.
pub fn of(tool: Tool, dialect: Dialect, names: &LockNames<'_>) -> Vec<ForeignLock> {
    match dialect {
        Dialect::Sqlite => Vec::new(),
        Dialect::Postgres => numbers(tool, names).into_iter().map(advisory).collect(),
        Dialect::MySql => named(tool, names)
            .into_iter()
            .map(|name| get_lock(&name))
            .collect(),
    }
}

fn advisory(number: i64) -> ForeignLock {
    ForeignLock {
        take: format!("SELECT CASE WHEN pg_try_advisory_lock({number}) THEN '1' END"),
        release: format!("SELECT pg_advisory_unlock({number})"),
    }
}

fn get_lock(name: &str) -> ForeignLock {
    let name = quote_text(Dialect::MySql, name);
    ForeignLock {
        take: format!("SELECT CAST(GET_LOCK({name}, 0) AS CHAR)"),
        release: format!("DO RELEASE_LOCK({name})"),
    }
}

/// The numbers of the advisory locks on PostgreSQL.
fn numbers(tool: Tool, names: &LockNames<'_>) -> Vec<i64> {
    let LockNames {
        database,
        schema,
        table,
    } = names;
    match tool {
        Tool::Sqlx => vec![sqlx_number(database)],
        // The name of the database is the path of the URL, or what the connection says.
        Tool::GolangMigrate => [(*database).to_owned(), format!("/{database}")]
            .map(|database| i64::from(golang_number(&[schema, table, &database])))
            .to_vec(),
        Tool::Flyway => vec![FLYWAY + i64::from(java_hash(&qualified(Dialect::Postgres, names)))],
        Tool::Prisma => vec![72_707_369],
        // The CRC-32 of its name, and before that its CRC-64.
        Tool::Goose => vec![4_097_083_626, 5_887_940_537_704_921_958],
        Tool::Diesel | Tool::Refinery | Tool::SeaOrm | Tool::Dbmate => Vec::new(),
    }
}

/// The names of the locks on MySQL.
fn named(tool: Tool, names: &LockNames<'_>) -> Vec<String> {
    let LockNames {
        database, table, ..
    } = names;
    match tool {
        Tool::Sqlx => vec![format!("{:x}", sqlx_number(database))],
        Tool::GolangMigrate => vec![golang_number(&[&format!("{database}:{table}")]).to_string()],
        Tool::Flyway => vec![format!(
            "Flyway-{}",
            java_hash(&qualified(Dialect::MySql, names))
        )],
        Tool::Prisma => vec!["prisma_migrate".to_owned()],
        Tool::Diesel | Tool::Refinery | Tool::SeaOrm | Tool::Dbmate | Tool::Goose => Vec::new(),
    }
}

fn qualified(dialect: Dialect, names: &LockNames<'_>) -> String {
    let quoted = |name| quote_name(dialect, name);
    format!("{}.{}", quoted(names.schema), quoted(names.table))
}

fn sqlx_number(database: &str) -> i64 {
    0x3d32_ad9e * i64::from(crc32fast::hash(database.as_bytes()))
}

fn golang_number(names: &[&str]) -> u32 {
    crc32fast::hash(names.join("\0").as_bytes()).wrapping_mul(1_486_364_155)
}

/// `Flyway` in the six bytes of a number.
const FLYWAY: i64 = 0x466C_7977_6179;

/// The hash of a string in Java.
fn java_hash(text: &str) -> i32 {
    text.encode_utf16().fold(0_i32, |hash, unit| {
        hash.wrapping_mul(31).wrapping_add(i32::from(unit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: LockNames<'_> = LockNames {
        database: "app",
        schema: "public",
        table: "flyway_schema_history",
    };

    #[test]
    fn the_hash_is_that_of_java() {
        // By `"…".hashCode()` of a JVM.
        assert_eq!(java_hash("hello"), 99_162_322);
        assert_eq!(java_hash("polygenelubricants"), i32::MIN);
        assert_eq!(java_hash(""), 0);
    }

    #[test]
    fn a_tool_that_locks_has_its_own_lock_on_each_server() {
        for tool in Tool::ALL {
            let count = |dialect| of(tool, dialect, &NAMES).len();
            assert_eq!(count(Dialect::Sqlite), 0, "{tool:?}");
            let expected = match tool {
                Tool::GolangMigrate => (2, 1),
                Tool::Sqlx | Tool::Flyway | Tool::Prisma => (1, 1),
                Tool::Goose => (2, 0),
                Tool::Diesel | Tool::Refinery | Tool::SeaOrm | Tool::Dbmate => (0, 0),
            };
            assert_eq!(
                (count(Dialect::Postgres), count(Dialect::MySql)),
                expected,
                "{tool:?}"
            );
        }
    }

    /// Each worked out apart from this code, by the rule in the source of the tool.
    #[test]
    fn the_locks_are_those_that_the_tools_take() {
        let of = |tool, table| {
            let names = |schema| LockNames {
                schema,
                table,
                ..NAMES
            };
            (
                numbers(tool, &names("public")),
                named(tool, &names(NAMES.database)),
            )
        };
        let locks = |numbers: &[i64], name: &str| (numbers.to_vec(), vec![name.to_owned()]);
        assert_eq!(
            of(Tool::GolangMigrate, "schema_migrations"),
            locks(&[1_787_120_056, 1_726_534_663], "2938252834")
        );
        assert_eq!(
            of(Tool::Flyway, "flyway_schema_history"),
            locks(&[77_433_833_903_597], "Flyway--320650056")
        );
        assert_eq!(
            of(Tool::Prisma, "_prisma_migrations"),
            locks(&[72_707_369], "prisma_migrate")
        );
    }

    #[test]
    fn the_lock_of_flyway_is_named_after_its_table() {
        assert_eq!(
            qualified(Dialect::Postgres, &NAMES),
            "\"public\".\"flyway_schema_history\""
        );
        assert_eq!(FLYWAY.to_be_bytes()[2..], *b"Flyway");
    }
}
