//! Whether a column that changes its type may lose values.

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
pub fn narrows(was: &str, becomes: &str) -> bool {
    if was == becomes {
        return false;
    }
    let family = |kind: &str| kind.split(['(', ' ']).next().unwrap_or_default().to_owned();
    let (old, new) = (family(was), family(becomes));
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
        let fits = match (length(was), length(becomes)) {
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
    // More digits of a second keep those that are there.
    let finer = old == new
        && ["timestamp", "datetime", "time"].contains(&&*old)
        && length(was).unwrap_or(0) <= length(becomes).unwrap_or(0);
    let list = old == new
        && matches!(old.as_str(), "enum" | "set")
        && becomes.starts_with(was.trim_end_matches(')'));
    !widens && !list && !finer
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
            ("int(11)", "bigint(20)"),
            ("int(10) unsigned", "bigint(20)"),
            ("varchar(9)", "varchar(10)"),
            ("varchar(9)", "text"),
            ("text", "longtext"),
            ("enum('a','b')", "enum('a','b','c')"),
            ("int(11)", "int(11)"),
            ("timestamp", "timestamp(6)"),
            ("datetime(3)", "datetime(6)"),
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
            ("timestamp(6)", "timestamp"),
        ];
        for (was, becomes) in fits {
            assert!(!narrows(was, becomes), "{was} {becomes}");
        }
        for (was, becomes) in narrow {
            assert!(narrows(was, becomes), "{was} {becomes}");
        }
    }
}
