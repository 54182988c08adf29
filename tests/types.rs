//! Every row of the table of types: a column of each kind that a Rust type is said to hold is created, and sqlx reads a
//! value from it into that type.

use migrate_chain::Dialect;
use migrate_chain::types::{ColumnKind, RUST_TYPES};
use sqlx::database::HasStatementCache;
use sqlx::{
    AssertSqlSafe, ColumnIndex, Connection as _, Database, Decode, Executor, IntoArguments,
    Row as _, Type,
};

/// The name of a kind of column as SQL.
fn sql_type(dialect: Dialect, kind: &str) -> String {
    match (dialect, kind) {
        (Dialect::MySql, "BINARY") => "BINARY(16)".to_owned(),
        (Dialect::MySql, "VARCHAR" | "CHAR" | "VARBINARY")
        | (Dialect::Postgres, "varchar" | "bpchar") => format!("{kind}(36)"),
        (Dialect::MySql, "ENUM" | "SET") => format!("{kind}('a', 'b')"),
        (Dialect::MySql, "BIT") => "BIT(8)".to_owned(),
        (Dialect::MySql, "DECIMAL") => "DECIMAL(10, 2)".to_owned(),
        (Dialect::Postgres, "char") => "\"char\"".to_owned(),
        (_, kind) => kind.replace('_', " "),
    }
}

/// A value of a type as a literal for a kind of column.
fn literal(name: &str, dialect: Dialect, kind: &str) -> &'static str {
    let is_sqlite = dialect == Dialect::Sqlite;
    match (name, kind) {
        ("bool", "boolean") => "true",
        (_, "UUID") | ("Hyphenated" | "Uuid", "uuid" | "TEXT" | "CHAR" | "VARCHAR") => {
            "'67e55044-10b1-426f-9247-bb680e5fe0c8'"
        }
        ("Uuid", "BLOB" | "BINARY") => "X'67e5504410b1426f9247bb680e5fe0c8'",
        ("i8", "char") => "'a'",
        ("bool" | "i8" | "i16" | "i32" | "i64" | "u8" | "u16" | "u32" | "u64", "YEAR") => "2026",
        ("bool" | "i8" | "i16" | "i32" | "i64" | "u8" | "u16" | "u32" | "u64", _) => "1",
        ("f32" | "f64" | "Decimal" | "BigDecimal", _) => "1.5",
        ("String" | "Box<str>", "DATE") => "'2026-11-28'",
        ("String" | "Box<str>", "TIME") => "'12:30:00'",
        ("String" | "Box<str>", "DATETIME") => "'2026-11-28 12:30:00'",
        ("Vec<u8>", "bytea") => "'\\x61'",
        ("String" | "Box<str>" | "Vec<u8>", _) => "'a'",
        (_, "INTEGER") => "1764333000",
        ("DateTime<Utc>" | "DateTime<Local>" | "OffsetDateTime", _) if is_sqlite => {
            "'2026-11-28T12:30:00+00:00'"
        }
        (
            "DateTime<Utc>" | "DateTime<Local>" | "OffsetDateTime" | "NaiveDateTime"
            | "PrimitiveDateTime",
            _,
        ) => "'2026-11-28 12:30:00'",
        ("NaiveDate" | "Date", _) => "'2026-11-28'",
        ("NaiveTime" | "Time", _) => "'12:30:00'",
        ("Json<T>" | "Value", _) => "'[1]'",
        ("IpNetwork", _) => "'10.0.0.0/8'",
        other => panic!("no value for {other:?}"),
    }
}

/// The type in the `Json<T>` of the table.
type T = Vec<i32>;

/// Reads columns of one database.
struct Reader<DB: Database> {
    dialect: Dialect,
    connection: DB::Connection,
    wrong: Vec<String>,
}

impl<DB: Database + HasStatementCache> Reader<DB>
where
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
    DB::Arguments: IntoArguments<DB>,
    for<'s> &'s str: ColumnIndex<DB::Row>,
{
    async fn new(dialect: Dialect, url: &str) -> Self {
        let connection = DB::Connection::connect(url).await;
        Self {
            dialect,
            connection: connection.expect("it connects"),
            wrong: Vec::new(),
        }
    }

    /// Creates a column, and reads a value from it; notes what went wrong, if anything.
    async fn read<V>(&mut self, name: &str, kind: &str)
    where
        V: for<'r> Decode<'r, DB> + Type<DB>,
    {
        let (sql_type, value) = (
            sql_type(self.dialect, kind),
            literal(name, self.dialect, kind),
        );
        for sql in [
            "DROP TABLE IF EXISTS t".to_owned(),
            format!("CREATE TABLE t (v {sql_type} NOT NULL)"),
            format!("INSERT INTO t VALUES ({value})"),
        ] {
            let done = self.connection.execute(AssertSqlSafe(sql.clone())).await;
            if let Err(error) = done {
                if !matches!(kind, "UUID" | "citext") {
                    self.wrong
                        .push(format!("{name} from {kind}: {sql}: {error}"));
                }
                return;
            }
        }
        let row = sqlx::query("SELECT v FROM t").persistent(false);
        let row = row.fetch_one(&mut self.connection).await;
        let read = row.and_then(|row| row.try_get::<V, _>("v").map(drop));
        let error = read
            .err()
            .map(|error| format!("{name} from {kind}: {error}"));
        self.wrong.extend(error);
    }
}

macro_rules! each {
    ($(
        [$($cfg:tt)*] [$($generic:ident)?] $type:ty, $name:literal, $feature:literal ;
        [$($sqlite:ident)*] $sqlite_sql:literal ; [$($postgres:ident)*] $postgres_sql:literal ; [$($mysql:ident)*] $mysql_sql:literal ;
    )*) => {
        #[cfg(feature = "sqlite")]
        async fn sqlite(url: &str) -> Vec<String> {
            let mut reader = Reader::<sqlx::Sqlite>::new(Dialect::Sqlite, url).await;
            $($(reader.read::<$type>($name, stringify!($sqlite)).await;)*)*
            reader.wrong
        }

        #[cfg(feature = "postgres")]
        async fn postgres(url: &str) -> Vec<String> {
            let mut reader = Reader::<sqlx::Postgres>::new(Dialect::Postgres, url).await;
            $($(reader.read::<$type>($name, stringify!($postgres)).await;)*)*
            reader.wrong
        }

        #[cfg(feature = "mysql")]
        async fn mysql(url: &str) -> Vec<String> {
            let mut reader = Reader::<sqlx::MySql>::new(Dialect::MySql, url).await;
            $($(reader.read::<$type>($name, stringify!($mysql)).await;)*)*
            reader.wrong
        }
    };
}

migrate_chain::rust_types!(each);

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn sqlx_reads_each_kind_of_column_of_sqlite() {
    assert_eq!(sqlite("sqlite::memory:").await, Vec::<String>::new());
}

#[cfg(feature = "postgres")]
#[tokio::test]
async fn sqlx_reads_each_kind_of_column_of_postgres() {
    let url = test_servers::postgres().admin_url();
    assert_eq!(postgres(&url).await, Vec::<String>::new());
}

#[cfg(feature = "mysql")]
#[tokio::test]
async fn sqlx_reads_each_kind_of_column_of_mysql() {
    let server = test_servers::mysql();
    let created = server
        .mariadb()
        .args(["-e", "CREATE DATABASE IF NOT EXISTS types"])
        .status();
    assert!(created.expect("mariadb is installed").success());
    assert_eq!(mysql(&server.url("types")).await, Vec::<String>::new());
}

#[test]
fn each_kind_of_column_is_one_that_the_lock_knows() {
    for row in RUST_TYPES {
        for dialect in Dialect::ALL {
            for kind in row.fits[dialect.index()] {
                let written = match (dialect, *kind) {
                    (Dialect::Postgres, "varchar") => "character varying(36)".to_owned(),
                    (Dialect::Postgres, "bpchar") => "character(36)".to_owned(),
                    (Dialect::Postgres, "timestamptz") => "timestamp with time zone".to_owned(),
                    (Dialect::Postgres, "timestamp" | "time") => {
                        format!("{kind} without time zone")
                    }
                    (dialect, kind) => sql_type(dialect, kind),
                };
                assert_eq!(
                    ColumnKind::of(dialect, &written),
                    ColumnKind::Known(kind),
                    "{dialect}: {written}"
                );
            }
        }
    }
}
