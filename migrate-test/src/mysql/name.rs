//! The names of databases on MySQL, which cannot be renamed there.

use crate::name::{KEY, PREFIX, TEST, now};

/// A database that one test after the other uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pooled {
    /// The key of its template.
    pub key: String,
    /// Only who has this share of the server's connections may use it.
    pub slot: u32,
    pub created: u64,
    number: u32,
}

impl Pooled {
    pub fn new(key: &str, slot: u32) -> Self {
        use std::hash::{BuildHasher as _, RandomState};
        let random = RandomState::new().hash_one(slot) & 0xffff_ffff;
        Self {
            key: key.to_owned(),
            slot,
            created: now(),
            number: u32::try_from(random).unwrap_or_default(),
        }
    }

    /// The beginning of the names of those with this key and share.
    pub fn beginning(key: &str, slot: u32) -> String {
        format!("{PREFIX}{key}_{slot}_")
    }

    pub fn parse(name: &str) -> Option<Self> {
        let parts: Vec<&str> = name.strip_prefix(PREFIX)?.split('_').collect();
        let &[key, slot, created, number] = &parts[..] else {
            return None;
        };
        let parsed = Self {
            key: key.to_owned(),
            slot: slot.parse().ok()?,
            created: created.parse().ok()?,
            number: u32::from_str_radix(number, 16).ok()?,
        };
        (key.len() == KEY && parsed.to_string() == name).then_some(parsed)
    }
}

impl std::fmt::Display for Pooled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            key,
            slot,
            created,
            number,
        } = self;
        write!(f, "{PREFIX}{key}_{slot}_{created}_{number:x}")
    }
}

/// A table in a database that stays because a test has failed in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    pub test: String,
    pub created: u64,
}

impl Mark {
    pub const BEGINNING: &'static str = "migrate_test_failed_";

    pub fn new(test: &str) -> Self {
        Self {
            test: test.to_owned(),
            created: now(),
        }
    }

    pub fn parse(table: &str) -> Option<Self> {
        let (test, created) = table.strip_prefix(Self::BEGINNING)?.split_once('_')?;
        let created = created.parse().ok()?;
        (test.len() == TEST).then(|| Self {
            test: test.to_owned(),
            created,
        })
    }
}

impl std::fmt::Display for Mark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}_{}", Self::BEGINNING, self.test, self.created)
    }
}

/// A pattern of LIKE for names that begin so.
pub fn like(beginning: &str) -> String {
    format!("{}%", beginning.replace('_', "\\_"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::hash;

    #[test]
    fn a_name_says_whose_it_is() {
        let pooled = Pooled::new(&hash("chain", KEY), 12);
        assert!(pooled.to_string().len() <= 64);
        assert!(
            pooled
                .to_string()
                .starts_with(&Pooled::beginning(&pooled.key, 12))
        );
        assert_eq!(Pooled::parse(&pooled.to_string()), Some(pooled));
        let mark = Mark::new(&hash("a test", TEST));
        assert!(mark.to_string().len() <= 64);
        assert_eq!(Mark::parse(&mark.to_string()), Some(mark));
    }

    #[test]
    fn names_that_are_almost_ours_are_not_ours() {
        for name in [
            "migrate_test_mine_1_1700000000_0",
            "migrate_test_00112233445566778899_01_1700000000_0",
            "migrate_test_00112233445566778899_1_1700000000",
            "customers",
        ] {
            assert_eq!(Pooled::parse(name), None, "{name}");
        }
        assert_eq!(Mark::parse("migrate_test_failed_mine_1"), None);
    }
}
