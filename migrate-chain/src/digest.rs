//! The hashes that pin a revision: the checksum of its upgrade, and the digest of that and all its ancestors.

use std::fmt;
use std::str::FromStr;

use crate::Dialect;
use sha2::{Digest as _, Sha256};

macro_rules! hash_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name([u8; 32]);

        impl $name {
            /// The hash with these bytes.
            pub const fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// Its bytes.
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut digits = [0; 64];
                for (n, byte) in self.0.into_iter().enumerate() {
                    digits[2 * n] = DIGITS[usize::from(byte >> 4)];
                    digits[2 * n + 1] = DIGITS[usize::from(byte & 15)];
                }
                f.write_str(str::from_utf8(&digits).map_err(|_| fmt::Error)?)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = NotHexadecimal;

            fn from_str(text: &str) -> Result<Self, NotHexadecimal> {
                parse_hex(text).map(Self).ok_or(NotHexadecimal)
            }
        }
    };
}

hash_type! {
    /// The SHA-256 of what an upgrade does on one database: of the tokens of its SQL section, see
    /// [`of_sql`](Self::of_sql), or of the whole Rust file.
    ///
    /// ```
    /// use migrate_chain::{Checksum, Dialect};
    ///
    /// let of = |text| Checksum::of_sql(Dialect::Sqlite, text);
    /// assert_eq!(of("SELECT 1; -- a comment\r\n"), of("SELECT 1;"));
    /// ```
    Checksum
}

hash_type! {
    /// The SHA-256 of a revision and of everything under it, chained like a git commit: the digest of a head pins its
    /// whole history.
    Digest
}

impl Checksum {
    /// The checksum of a text as it is, such as a Rust file, with LF line ends.
    ///
    /// ```
    /// use migrate_chain::Checksum;
    ///
    /// assert_eq!(Checksum::of("//! a\r\n"), Checksum::of("//! a"));
    /// assert_ne!(Checksum::of("//! a"), Checksum::of("//! b"));
    /// ```
    pub fn of(text: &str) -> Self {
        let text = text
            .trim_start_matches(crate::source::BYTE_ORDER_MARK)
            .trim_end();
        let mut hasher = Sha256::new();
        if !text.as_bytes().contains(&b'\r') {
            hasher.update(text);
            return Self(hasher.finalize().into());
        }
        let mut lines = text.split("\r\n");
        hasher.update(lines.next().unwrap_or_default());
        for line in lines {
            hasher.update("\n");
            hasher.update(line);
        }
        Self(hasher.finalize().into())
    }

    /// The checksum of what [`of_sql`](Self::of_sql) covers.
    pub(crate) fn of_canonical(canonical: &[u8]) -> Self {
        Self(Sha256::digest(canonical).into())
    }
}

/// The checksum for each dialect, in the order of [`Dialect::ALL`]; none where there is no SQL for it.
pub(crate) type Checksums = [Option<Checksum>; Dialect::ALL.len()];

impl Digest {
    /// The digest of revision `id` on one database. `checksum` is none where the revision has no SQL for it; `under`
    /// are the digests of the parents and the dependencies, in any order.
    pub fn of(
        id: &str,
        checksum: Option<Checksum>,
        transactional: bool,
        under: &mut [Self],
    ) -> Self {
        under.sort_unstable();
        let mut text = Vec::with_capacity(128 + 39 * under.len());
        text.extend_from_slice(b"revision ");
        text.extend_from_slice(id.as_bytes());
        text.extend_from_slice(if transactional {
            &b"\ntransaction on"[..]
        } else {
            b"\ntransaction off"
        });
        if let Some(checksum) = checksum {
            text.extend_from_slice(b"\nchecksum ");
            text.extend_from_slice(checksum.as_bytes());
        }
        for digest in under {
            text.extend_from_slice(b"\nunder ");
            text.extend_from_slice(digest.as_bytes());
        }
        Self(Sha256::digest(text).into())
    }
}

/// The text is not 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotHexadecimal;

impl fmt::Display for NotHexadecimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not 64 hexadecimal digits")
    }
}

impl std::error::Error for NotHexadecimal {}

const DIGITS: &[u8; 16] = b"0123456789abcdef";

fn parse_hex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (byte, at) in bytes.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(&text[at..at + 2], 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checksum_is_the_sha_256_of_the_text_with_lf_line_ends() {
        // printf 'a\nb' | sha256sum
        let expected = "7e18f737311b2dc3b2f269dd78396b0351f14fb66efa879f768cb23181883c78";
        assert_eq!(Checksum::of("a\nb").to_string(), expected);
        for same in ["a\nb", "a\r\nb", "\u{feff}a\nb\r\n \t\n"] {
            assert_eq!(Checksum::of(same), Checksum::of("a\nb"), "{same:?}");
        }
        for other in ["a\n\nb", "a\rb", " a\nb", "a \nb"] {
            assert_ne!(Checksum::of(other), Checksum::of("a\nb"), "{other:?}");
        }
    }

    /// Databases hold digests: what they cover, and how, must never change.
    #[test]
    fn a_digest_is_the_sha_256_of_what_it_covers() {
        // printf 'revision p\ntransaction on' | sha256sum
        let p = "d374eaba85317c252051e6d8ccdb3e043823c8240bd66357b8174efac650e880";
        assert_eq!(Digest::of("p", None, true, &mut []).to_string(), p);
        // (printf 'revision a\ntransaction off\nchecksum '; printf x | sha256sum | cut -c -64 | xxd -r -p
        //  printf '\nunder '; printf 'revision p\ntransaction on' | sha256sum | cut -c -64 | xxd -r -p) | sha256sum
        let a = "c8525f9d16fe47ad1eee7656f076fb3aa3fab92374b6110a56e966e584d9c36f";
        let under = &mut [p.parse().expect("a digest")];
        let digest = Digest::of("a", Some(Checksum::of("x")), false, under);
        assert_eq!(digest.to_string(), a);
    }

    #[test]
    fn a_digest_changes_with_each_thing_that_it_covers_and_not_with_the_order_of_parents() {
        let checksum = |text| Some(Checksum::of(text));
        let (p, q) = (
            Digest::of("p", None, true, &mut []),
            Digest::of("q", None, true, &mut []),
        );
        let base = Digest::of("a", checksum("x"), true, &mut [p, q]);
        assert_eq!(base, Digest::of("a", checksum("x"), true, &mut [q, p]));
        for other in [
            Digest::of("b", checksum("x"), true, &mut [p, q]),
            Digest::of("a", checksum("y"), true, &mut [p, q]),
            Digest::of("a", None, true, &mut [p, q]),
            Digest::of("a", checksum("x"), false, &mut [p, q]),
            Digest::of("a", checksum("x"), true, &mut [p]),
        ] {
            assert_ne!(base, other);
        }
    }

    #[test]
    fn hexadecimal_text_is_read_back_and_nothing_else() {
        let digest = Digest::of("a", None, true, &mut []);
        assert_eq!(digest.to_string().parse(), Ok(digest));
        for wrong in ["", "zz", &"g".repeat(64), &"é".repeat(32)] {
            assert_eq!(wrong.parse::<Digest>(), Err(NotHexadecimal));
        }
    }
}
