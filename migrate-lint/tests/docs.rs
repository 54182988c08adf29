//! The table of rules in `docs/lint.md` is the one in the code. `SNAPSHOTS=overwrite` writes it.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use migrate_chain::Dialect;
use migrate_chain::lint::EXAMPLE_TABLES;
use migrate_lint::markdown_table;
use snapbox::{Data, assert_data_eq};

#[test]
fn the_document_lists_the_rules_of_the_code() {
    let path = Path::new("../docs/lint.md");
    let text = fs::read_to_string(path).expect("it is there");
    let mark = "<!-- rules: written by migrate-lint/tests/docs.rs -->\n";
    let (by_hand, _) = text.split_once(mark).expect("it has the mark");
    let mut generated = format!("{by_hand}{mark}");
    for (dialect, tables) in EXAMPLE_TABLES {
        let name = match dialect {
            Dialect::Sqlite => "SQLite",
            Dialect::Postgres => "PostgreSQL",
            Dialect::MySql => "MySQL and MariaDB",
        };
        let _ = write!(generated, "\n{name}:\n\n```sql\n{tables}```\n");
    }
    generated.push_str(
        "\nSources: *build* needs no database and is there in the macro, too; *squawk* and *measured* are in the command line.\n\n",
    );
    generated.push_str("| rule | databases | severity | source | blocks | finds | bad | good |\n|---|---|---|---|---|---|---|---|\n");
    generated.push_str(&markdown_table());
    assert_data_eq!(generated, Data::read_from(path, None).raw());
}
