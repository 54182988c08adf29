//! Words of the catalog, taken apart.

use migrate_chain::Dialect;
use migrate_chain::sql::{quote_text, tokens};

use super::parse::quote;
use crate::rows::Row;

/// The catalog's columns about a column's type, taken apart.
#[derive(Default)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is something that a column has or has not"
)]
pub struct Extra {
    pub auto_increment: bool,
    pub stored: bool,
    pub invisible: bool,
    /// Whether the default is an expression; MySQL only.
    pub expression: bool,
    pub on_update: Option<String>,
    pub rest: String,
}

impl Extra {
    pub fn of(text: &str) -> Self {
        let mut extra = Self::default();
        let mut rest = text.to_owned();
        let mut take = |words: &str| {
            let at = rest.to_ascii_lowercase().find(words);
            at.map(|at| rest.replace_range(at..at + words.len(), ""))
                .is_some()
        };
        extra.auto_increment = take("auto_increment");
        extra.stored = take("stored generated") || take("persistent");
        take("virtual generated");
        extra.expression = take("default_generated");
        extra.invisible = take("invisible");
        if let Some(at) = rest.to_ascii_lowercase().find("on update ") {
            extra.on_update = Some(rest.split_off(at)["on update ".len()..].trim().to_owned());
        }
        rest.trim_matches([' ', ',']).clone_into(&mut extra.rest);
        extra
    }
}

/// A partition as its statement writes it.
pub fn partition(method: &str, row: Row<'_>) -> String {
    let name = quote(row.text("partition_name"));
    let bound = row.get("partition_description").unwrap_or_default();
    let values = match method {
        "RANGE" if bound == "MAXVALUE" => " VALUES LESS THAN MAXVALUE".to_owned(),
        "RANGE" | "RANGE COLUMNS" => format!(" VALUES LESS THAN ({bound})"),
        "LIST" | "LIST COLUMNS" => format!(" VALUES IN ({bound})"),
        _ => String::new(),
    };
    let comment = row.filled("partition_comment");
    let comment =
        comment.map(|comment| format!(" COMMENT = {}", quote_text(Dialect::MySql, &comment)));
    format!("PARTITION {name}{values}{}", comment.unwrap_or_default())
}

/// The SQL without the name of a database before the names of what is in it.
pub fn without_database(sql: &str, database: &str) -> String {
    let name = quote(database);
    if !sql.contains(&name) {
        return sql.to_owned();
    }
    let all: Vec<_> = tokens(Dialect::MySql, sql).collect();
    let (mut text, mut end) = (String::with_capacity(sql.len()), 0);
    for pair in all.windows(2) {
        let is_ours = sql[pair[0].range()] == name && &sql[pair[1].range()] == ".";
        if is_ours {
            text.push_str(&sql[end..pair[0].start]);
            end = pair[1].end;
        }
    }
    text.push_str(&sql[end..]);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_the_database_is_left_out_before_names_only() {
        for (sql, expected) in [
            ("nextval(`x`.`sq`)", "nextval(`sq`)"),
            (
                "select `x`.`t`.`x` AS `x` from `x`.`t`",
                "select `t`.`x` AS `x` from `t`",
            ),
            ("concat('`x`.', `a`)", "concat('`x`.', `a`)"),
            ("`y`.`t`", "`y`.`t`"),
        ] {
            assert_eq!(without_database(sql, "x"), expected);
        }
    }

    #[test]
    fn extra_words_are_taken_apart() {
        let extra = Extra::of("DEFAULT_GENERATED on update CURRENT_TIMESTAMP(6)");
        assert!(extra.expression);
        assert_eq!(extra.on_update.as_deref(), Some("CURRENT_TIMESTAMP(6)"));
        assert!(extra.rest.is_empty());
        let extra = Extra::of("STORED GENERATED, INVISIBLE");
        assert!(extra.stored && extra.invisible);
        assert_eq!(
            Extra::of("WITHOUT SYSTEM VERSIONING").rest,
            "WITHOUT SYSTEM VERSIONING"
        );
    }
}
