//! The rules for revision ids and branch labels.

use crate::diagnostic::Fault;

/// The width of Alembic's `version_num` column.
pub const MAX_ID_LENGTH: usize = 32;

/// The words that mean something else in a target.
pub const RESERVED: [&str; 5] = ["head", "heads", "base", "current", "none"];

/// Checks a revision id: 1 to 32 ASCII letters, digits and `_`, and not a word that targets use.
///
/// # Errors
/// The first rule that it breaks.
///
/// ```
/// use migrate_chain::names::check_id;
///
/// assert!(check_id("1975ea83b712").is_ok());
/// assert!(check_id("create-users").is_err());
/// assert!(check_id("head").is_err());
/// ```
pub fn check_id(id: &str) -> Result<(), Fault> {
    check(id, |c| is_name_character(c) && c != '-')
}

/// Checks a branch label: as an id, with `-` allowed inside it, as long as a target cannot read it as a number of steps.
///
/// # Errors
/// The first rule that it breaks.
///
/// ```
/// use migrate_chain::names::check_label;
///
/// assert!(check_label("shop-eu").is_ok());
/// assert!(check_label("-1").is_err());
/// assert!(check_label("release-2").is_err()); // two steps down from `release`
/// ```
pub fn check_label(label: &str) -> Result<(), Fault> {
    check(label, is_name_character)?;
    let last = label.rsplit_once('-').map(|(_, last)| last);
    let counts_steps = last.is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    if counts_steps || label.starts_with('-') {
        return Err(Fault::AmbiguousLabel {
            label: label.to_owned(),
        });
    }
    Ok(())
}

/// Whether an id or a label can have this character.
pub(crate) fn is_name_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

fn check(id: &str, allowed: fn(char) -> bool) -> Result<(), Fault> {
    if let Some(character) = id.chars().find(|&c| !allowed(c)) {
        return Err(Fault::IllegalCharacter {
            id: id.to_owned(),
            character,
        });
    }
    if id.len() > MAX_ID_LENGTH {
        return Err(Fault::TooLong {
            id: id.to_owned(),
            most: MAX_ID_LENGTH,
        });
    }
    if RESERVED.contains(&id) {
        return Err(Fault::Reserved {
            id: id.to_owned(),
            reserved: &RESERVED,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::target::Target;

    #[test]
    fn ids_are_as_wide_as_the_column_and_no_wider() {
        assert!(check_id(&"a".repeat(32)).is_ok());
        assert!(matches!(
            check_id(&"a".repeat(33)),
            Err(Fault::TooLong { .. })
        ));
    }

    /// A target is read without knowing the chain, so no label may be one that means something else.
    #[test]
    fn a_label_is_read_as_a_name_by_every_target() {
        let reads_as_name = |label: &str| {
            let target: Result<Target, _> = label.parse();
            target.is_ok_and(|target| !target.is_relative())
        };
        for label in ["a", "shop-eu", "2-a", "v-2a", "v-_2", "_"] {
            assert!(
                check_label(label).is_ok() && reads_as_name(label),
                "{label}"
            );
        }
        for label in [
            "-1",
            "-",
            "-a",
            "a-",
            "v-2",
            "release-2024",
            "a-b-1",
            "--",
            "a--1",
        ] {
            let refused = check_label(label).expect_err(label);
            assert!(matches!(refused, Fault::AmbiguousLabel { .. }), "{label}");
        }
        assert!(!reads_as_name("-1") && !reads_as_name("v-2"));
    }

    #[test]
    fn labels_may_have_a_dash_and_ids_may_not() {
        assert!(matches!(
            check_id("shop-eu"),
            Err(Fault::IllegalCharacter { character: '-', .. })
        ));
        assert!(matches!(
            check_label("büro"),
            Err(Fault::IllegalCharacter {
                character: 'ü', ..
            })
        ));
    }
}
