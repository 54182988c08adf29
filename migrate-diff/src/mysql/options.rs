//! The options of a table: those that differ, and no other, so that a comment does not rebuild the table.

use std::collections::BTreeMap;

use migrate_chain::Dialect;
use migrate_chain::sql::quote_text;

use crate::model::{Table, TableDetails};

/// The clauses that lead from one table's options to another's. What a table no longer says is taken back. With another
/// engine the options mean something else, and all that are `spelt` in the new table's statement are said.
pub fn changed(old: &Table, new: &Table, spelt: &str) -> Vec<String> {
    let (TableDetails::MySql(was), TableDetails::MySql(becomes)) = (&old.details, &new.details)
    else {
        return Vec::new();
    };
    if was.engine != becomes.engine {
        return vec![spelt.to_owned()];
    }
    let mut clauses = Vec::new();
    if was.collation != becomes.collation {
        let collation = &becomes.collation;
        let charset = collation.split('_').next().unwrap_or(collation);
        clauses.push(format!("DEFAULT CHARSET={charset} COLLATE={collation}"));
    }
    let (had, has) = (each(&was.options), each(&becomes.options));
    let gone = had.keys().filter(|name| !has.contains_key(*name));
    clauses.extend(gone.map(|name| format!("{name}={}", usual(name))));
    let set = has
        .iter()
        .filter(|(name, value)| had.get(*name) != Some(value));
    clauses.extend(set.map(|(name, value)| format!("{name}={value}")));
    if old.comment != new.comment {
        let comment = new.comment.as_deref().unwrap_or_default();
        clauses.push(format!("COMMENT={}", quote_text(Dialect::MySql, comment)));
    }
    clauses
}

/// The options by name: `row_format=COMPRESSED`, `` `page_compressed`='1' ``.
fn each(options: &str) -> BTreeMap<String, String> {
    let pairs = options
        .split(' ')
        .filter_map(|option| option.split_once('='));
    pairs
        .map(|(name, value)| {
            let name = if name.starts_with('`') {
                name.to_owned()
            } else {
                name.to_uppercase()
            };
            (name, value.to_owned())
        })
        .collect()
}

/// The default of an option.
fn usual(name: &str) -> &'static str {
    const ZERO: [&str; 7] = [
        "AVG_ROW_LENGTH",
        "CHECKSUM",
        "DELAY_KEY_WRITE",
        "KEY_BLOCK_SIZE",
        "MAX_ROWS",
        "MIN_ROWS",
        "TABLE_CHECKSUM",
    ];
    if ZERO.contains(&name) { "0" } else { "DEFAULT" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mysql::details;

    fn table(engine: &str, options: &str, comment: Option<&str>) -> Table {
        Table {
            comment: comment.map(str::to_owned),
            details: TableDetails::MySql(details::Table {
                engine: engine.to_owned(),
                collation: "utf8mb4_bin".to_owned(),
                options: options.to_owned(),
                ..details::Table::default()
            }),
        }
    }

    #[test]
    fn only_what_differs_is_said() {
        let options = "row_format=COMPRESSED key_block_size=8 `page_compressed`='1'";
        let old = table("InnoDB", options, None);
        let new = table("InnoDB", options, Some("it's"));
        assert_eq!(changed(&old, &new, ""), ["COMMENT='it''s'"]);
        let new = table("InnoDB", "row_format=DYNAMIC", None);
        let expected = [
            "KEY_BLOCK_SIZE=0",
            "`page_compressed`=DEFAULT",
            "ROW_FORMAT=DYNAMIC",
        ];
        assert_eq!(changed(&old, &new, ""), expected);
        let new = table("Aria", "transactional=1", None);
        assert_eq!(changed(&old, &new, "ENGINE=Aria"), ["ENGINE=Aria"]);
    }
}
