//! What revision ids and branch labels may be called.

use crate::diagnostic::Fault;

/// The width of Alembic's `version_num` column.
pub const MAX_ID_LENGTH: usize = 32;

/// Words that targets use for something else.
pub const RESERVED: [&str; 5] = ["head", "heads", "base", "current", "none"];

/// Checks a revision id: 1 to 32 ASCII letters, digits and `_`, and no word that targets use.
///
/// # Errors
/// The first thing that is wrong with it.
///
/// ```
/// use migrate_chain::names::check_id;
///
/// assert!(check_id("1975ea83b712").is_ok());
/// assert!(check_id("create-users").is_err());
/// assert!(check_id("head").is_err());
/// ```
pub fn check_id(id: &str) -> Result<(), Fault> {
    check(id, |c| c.is_ascii_alphanumeric() || c == '_')
}

/// Checks a branch label: as an id, with `-` allowed as well.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn check_label(label: &str) -> Result<(), Fault> {
    check(label, |c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

fn check(id: &str, allowed: fn(char) -> bool) -> Result<(), Fault> {
    if let Some(character) = id.chars().find(|&c| !allowed(c)) {
        return Err(Fault::IllegalCharacter {
            id: id.to_owned(),
            character,
        });
    }
    if id.len() > MAX_ID_LENGTH {
        return Err(Fault::TooLong { id: id.to_owned() });
    }
    if RESERVED.contains(&id) {
        return Err(Fault::Reserved { id: id.to_owned() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_as_wide_as_the_column_and_no_wider() {
        assert!(check_id(&"a".repeat(32)).is_ok());
        assert!(matches!(
            check_id(&"a".repeat(33)),
            Err(Fault::TooLong { .. })
        ));
    }

    #[test]
    fn labels_may_have_a_dash_and_ids_may_not() {
        assert!(check_label("shop-eu").is_ok());
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
