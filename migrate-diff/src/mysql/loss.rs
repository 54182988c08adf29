//! Whether a column that changes its type may lose values.

/// The type in a column's definition, without what follows it.
pub(super) fn kind(definition: &str) -> String {
    let end = definition.find('(').map_or(0, |open| {
        definition[open..]
            .find(')')
            .map_or(open, |close| open + close + 1)
    });
    let first_space = definition.find(' ').unwrap_or(definition.len());
    let end = if definition.find('(').is_some_and(|open| open < first_space) {
        end
    } else {
        first_space
    };
    let unsigned = if definition[end..].trim_start().starts_with("unsigned") {
        " unsigned"
    } else {
        ""
    };
    format!("{}{unsigned}", &definition[..end])
}

const INTEGERS: [&str; 5] = ["tinyint", "smallint", "mediumint", "int", "bigint"];
const TEXTS: [&str; 6] = [
    "char",
    "varchar",
    "tinytext",
    "text",
    "mediumtext",
    "longtext",
];

/// Whether values of the old type may not fit the new one; what is not known to fit does not.
pub(super) fn narrows(was: &str, becomes: &str) -> bool {
    let (was, becomes) = (kind(was), kind(becomes));
    if was == becomes {
        return false;
    }
    let family = |kind: &str| kind.split(['(', ' ']).next().unwrap_or_default().to_owned();
    let (old, new) = (family(&was), family(&becomes));
    let rank = |names: &[&str]| {
        Some((
            names.iter().position(|name| *name == old)?,
            names.iter().position(|name| *name == new)?,
        ))
    };
    if let Some((old, new)) = rank(&INTEGERS) {
        let (from_unsigned, to_unsigned) = (was.contains("unsigned"), becomes.contains("unsigned"));
        return match (from_unsigned, to_unsigned) {
            (true, false) => new <= old,
            (false, true) => true,
            _ => new < old,
        };
    }
    if let Some((old, new)) = rank(&TEXTS) {
        let fits = match (length(&was), length(&becomes)) {
            (Some(old), Some(new)) => old <= new,
            // A text that holds at least as much as the longest string of that length.
            (Some(length), None) => new > 3 || (new == 3 && length <= 16_383) || length <= 63,
            (None, Some(_)) => false,
            (None, None) => old <= new,
        };
        return !fits;
    }
    let widens =
        [("float", "double"), ("date", "datetime")].contains(&(old.as_str(), new.as_str()));
    let list = old == new
        && matches!(old.as_str(), "enum" | "set")
        && becomes.starts_with(was.trim_end_matches(')'));
    !widens && !list
}

fn length(kind: &str) -> Option<u32> {
    kind.split_once('(')?
        .1
        .split([',', ')'])
        .next()?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_loses_nothing() {
        let fits = [
            ("int(11) NOT NULL", "bigint(20) DEFAULT 1"),
            ("int(10) unsigned", "bigint(20)"),
            ("varchar(9)", "varchar(10) NOT NULL"),
            ("varchar(9)", "text"),
            ("text", "longtext"),
            ("enum('a','b')", "enum('a','b','c')"),
            ("int(11) NOT NULL", "int(11)"),
        ];
        let narrow = [
            ("bigint(20)", "int(11)"),
            ("int(11)", "int(10) unsigned"),
            ("varchar(10)", "varchar(9)"),
            ("longtext", "varchar(9)"),
            ("varchar(20000)", "tinytext"),
            ("enum('a','b')", "enum('a')"),
            ("text", "int(11)"),
            ("decimal(10,2)", "decimal(10,1)"),
        ];
        for (was, becomes) in fits {
            assert!(!narrows(was, becomes), "{was} {becomes}");
        }
        for (was, becomes) in narrow {
            assert!(narrows(was, becomes), "{was} {becomes}");
        }
    }
}
