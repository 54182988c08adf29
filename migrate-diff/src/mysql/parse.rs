//! Parses the answer of `SHOW CREATE TABLE`, line by line.

use migrate_chain::Dialect;
use migrate_chain::sql::quote_name;

/// A table's statement, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    pub(crate) parts: Vec<Part>,
    /// The text after the brackets, without the next value of `AUTO_INCREMENT`.
    pub(crate) options: String,
    pub(crate) partitions: Option<String>,
}

/// A line between the brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub kind: PartKind,
    /// In backticks.
    pub name: String,
    /// The whole line, without the comma.
    pub line: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartKind {
    Column,
    Primary,
    Key,
    Foreign,
    Check,
    Period,
}

/// Takes a statement apart; the line that is not known otherwise.
pub fn table(sql: &str) -> Result<Table, String> {
    let mut table = Table::default();
    let mut lines = sql.lines().skip(1);
    for line in lines.by_ref() {
        if let Some(options) = line.strip_prefix(')') {
            table.options = without_next_value(options.trim());
            break;
        }
        let line = line.trim().trim_end_matches(',');
        table.parts.push(part(line).ok_or_else(|| line.to_owned())?);
    }
    let rest: Vec<&str> = lines.collect();
    table.partitions = (!rest.is_empty()).then(|| rest.join("\n").trim().to_owned());
    Ok(table)
}

fn part(line: &str) -> Option<Part> {
    let kind = if line.starts_with('`') {
        PartKind::Column
    } else if line.starts_with("PRIMARY KEY") {
        PartKind::Primary
    } else if line.starts_with("PERIOD FOR ") {
        PartKind::Period
    } else if ["KEY", "UNIQUE KEY", "FULLTEXT KEY", "SPATIAL KEY"]
        .iter()
        .any(|word| line.starts_with(word))
    {
        PartKind::Key
    } else {
        let rest = line.strip_prefix("CONSTRAINT ")?;
        let rest = &rest[quoted(rest)?.len()..];
        match rest.split_whitespace().next()? {
            "FOREIGN" => PartKind::Foreign,
            "CHECK" => PartKind::Check,
            _ => return None,
        }
    };
    let name = match kind {
        PartKind::Primary => "PRIMARY".to_owned(),
        PartKind::Period => "PERIOD".to_owned(),
        _ => quoted(&line[line.find('`')?..])?.to_owned(),
    };
    Some(Part {
        kind,
        name,
        line: line.to_owned(),
    })
}

/// The name in backticks that the text begins with.
fn quoted(text: &str) -> Option<&str> {
    let inside = text.strip_prefix('`')?;
    let mut end = 0;
    loop {
        end += inside[end..].find('`')? + 1;
        if inside.as_bytes().get(end) != Some(&b'`') {
            return Some(&text[..=end]);
        }
        end += 1;
    }
}

fn without_next_value(options: &str) -> String {
    let words = options.split(' ').filter(|word| {
        word.strip_prefix("AUTO_INCREMENT=")
            .is_none_or(|value| value.parse::<u64>().is_err())
    });
    words.collect::<Vec<_>>().join(" ")
}

/// A name as a statement writes it.
pub fn quote(name: &str) -> String {
    quote_name(Dialect::MySql, name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_known_by_its_kind_and_name() {
        let sql = "CREATE TABLE `t` (\n  `a``b` int(11) NOT NULL AUTO_INCREMENT COMMENT 'x, y',\n  `c` varchar(9) DEFAULT NULL,\n  PRIMARY KEY (`a``b`),\n\
            \x20 UNIQUE KEY `u` (`c`(3)),\n  CONSTRAINT `f` FOREIGN KEY (`c`) REFERENCES `p` (`id`) ON DELETE CASCADE,\n  CONSTRAINT `k` CHECK (`c` <> '')\n\
            ) ENGINE=InnoDB AUTO_INCREMENT=7 DEFAULT CHARSET=utf8mb4 COMMENT='AUTO_INCREMENT=x'\n PARTITION BY HASH (`a``b`)\nPARTITIONS 4";
        let table = table(sql).expect("it is known");
        let found: Vec<_> = table
            .parts
            .iter()
            .map(|part| (part.kind, part.name.as_str()))
            .collect();
        assert_eq!(
            found,
            [
                (PartKind::Column, "`a``b`"),
                (PartKind::Column, "`c`"),
                (PartKind::Primary, "PRIMARY"),
                (PartKind::Key, "`u`"),
                (PartKind::Foreign, "`f`"),
                (PartKind::Check, "`k`"),
            ]
        );
        assert_eq!(
            table.options,
            "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COMMENT='AUTO_INCREMENT=x'"
        );
        assert_eq!(
            table.partitions.as_deref(),
            Some("PARTITION BY HASH (`a``b`)\nPARTITIONS 4")
        );
    }

    #[test]
    fn a_line_of_another_kind_is_told() {
        let sql = "CREATE TABLE `t` (\n  `a` int(11),\n  SOMETHING NEW (`x`, `y`)\n) ENGINE=InnoDB";
        assert_eq!(table(sql), Err("SOMETHING NEW (`x`, `y`)".to_owned()));
    }
}
