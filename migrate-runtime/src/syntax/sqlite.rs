use std::collections::BTreeSet;

use migrate_chain::sql::sqlite::pragma_name;

use super::words::{Around, JournalType, Syntax};

#[derive(Debug)]
pub(super) struct Sqlite;

impl Syntax for Sqlite {
    fn column_type(&self, kind: JournalType) -> Option<&'static str> {
        Some(match kind {
            JournalType::Sequence => "INTEGER PRIMARY KEY",
            JournalType::Word => "VARCHAR(16)",
            JournalType::Id => "VARCHAR(32)",
            JournalType::Tool => "VARCHAR(64)",
            JournalType::Hash => "CHAR(64)",
            JournalType::Text | JournalType::Time => "TEXT",
            JournalType::Number => "INTEGER",
            JournalType::Evidence => return None,
        })
    }

    fn now(&self) -> &'static str {
        "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"
    }

    fn ago(&self, milliseconds: u128) -> String {
        let (seconds, fraction) = (milliseconds / 1000, milliseconds % 1000);
        format!("strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-{seconds}.{fraction:03} seconds')")
    }

    fn suspends_keys_by_transaction(&self) -> bool {
        true
    }

    fn fail_unless(&self, condition: &str) -> String {
        format!("SELECT CASE WHEN {condition} THEN 1 ELSE abs(-9223372036854775807 - 1) END")
    }

    fn begin(&self) -> &'static str {
        "BEGIN IMMEDIATE"
    }

    fn shell_setup(&self) -> &'static str {
        // The shell goes on after an error otherwise, and would commit half a revision. Foreign keys are as sqlx has them.
        ".bail on\nPRAGMA foreign_keys = ON;\n"
    }

    fn undo(&self, script: &[&str]) -> Vec<String> {
        let named = script.iter().filter_map(|statement| pragma_name(statement));
        let again = named.filter_map(|pragma| {
            let value = pragma_default(&pragma.name)?;
            Some(format!("PRAGMA {} = {value}", pragma.name))
        });
        again.collect::<BTreeSet<_>>().into_iter().collect()
    }

    fn without_keys(&self) -> Around {
        Around {
            // SQLite takes this pragma outside a transaction only.
            before_begin: &["PRAGMA foreign_keys = OFF"],
            after_begin: &[NOTE_VIOLATIONS],
            before_commit: CHECK_KEYS,
            after_commit: &["PRAGMA foreign_keys = ON"],
        }
    }
}

/// The value that a PRAGMA has on a new connection of a run, if it changes what SQL means.
fn pragma_default(name: &str) -> Option<&'static str> {
    match name {
        "foreign_keys" | "short_column_names" | "trusted_schema" => Some("ON"),
        "case_sensitive_like"
        | "defer_foreign_keys"
        | "full_column_names"
        | "ignore_check_constraints"
        | "legacy_alter_table"
        | "query_only"
        | "recursive_triggers"
        | "reverse_unordered_selects"
        | "writable_schema" => Some("OFF"),
        _ => None,
    }
}

/// A revision is not to blame for rows that referred to nothing before it.
const NOTE_VIOLATIONS: &str = "CREATE TEMP TABLE migrate_pointed_nowhere AS SELECT \"table\", rowid AS number, parent FROM pragma_foreign_key_check";

/// An error if a revision has made rows that refer to nothing: any row breaks the constraint, whose name tells why. The
/// shell stops at it, and what is not committed is rolled back.
const CHECK_KEYS: &[&str] = &[
    "CREATE TEMP TABLE migrate_points_nowhere (\"table\", number, parent, CONSTRAINT \"rows that refer to nothing\" CHECK (0))",
    "INSERT INTO migrate_points_nowhere SELECT \"table\", rowid, parent FROM pragma_foreign_key_check EXCEPT SELECT * FROM \
     migrate_pointed_nowhere",
    "DROP TABLE temp.migrate_points_nowhere",
    "DROP TABLE temp.migrate_pointed_nowhere",
];
