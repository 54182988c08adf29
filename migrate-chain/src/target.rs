//! What a user can call a revision, and which revisions that means.

mod error;
mod resolve;

use std::fmt;
use std::str::FromStr;

pub use error::{Malformed, TargetError};
pub(crate) use resolve::Way;

/// An identifier as a user writes it: `head`, `ae10`, `main@head`, `ae1027a6acf4-2`, `+1`.
///
/// | form | meaning |
/// |---|---|
/// | an id, or a prefix that only one id or label has | that revision |
/// | a branch label | the revision that declares it |
/// | `head`, `heads`, `base`, `current` | the one head; all heads; nothing applied; the rows of the version table |
/// | `+N`, `-N` | N revisions on from the current one, or back |
/// | `REV+N`, `REV-N` | N revisions on from another one, or back |
/// | `B@…` | any of these, kept to the lineage of `B`: a branch label or an id |
///
/// ```
/// use migrate_chain::target::Target;
///
/// let target: Target = "main@ae10-2".parse().expect("a branch, a prefix and a number of steps");
/// assert_eq!(target.to_string(), "main@ae10-2");
/// assert!(target.is_relative());
///
/// let error = "head+1x".parse::<Target>().expect_err("something follows the number");
/// assert_eq!(error.kind(), "malformed");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    text: String,
    branch: Option<String>,
    anchor: Anchor,
    steps: Option<Steps>,
}

/// What the steps of a target are counted from, or the target itself where there are none.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Anchor {
    /// Nothing is written: the rows of the version table.
    Here,
    Base,
    Head,
    Heads,
    Current,
    Name(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Steps {
    up: bool,
    /// A number too large to hold is as good as the largest: no graph is that deep.
    count: usize,
}

impl Target {
    /// Whether it counts steps: `+1`, `head-2`.
    ///
    /// ```
    /// use migrate_chain::target::Target;
    ///
    /// assert!("-1".parse::<Target>().is_ok_and(|target| target.is_relative()));
    /// assert!("head".parse::<Target>().is_ok_and(|target| !target.is_relative()));
    /// ```
    pub fn is_relative(&self) -> bool {
        self.steps.is_some()
    }

    /// The target that a whole graph leads to: every head.
    ///
    /// ```
    /// assert_eq!(migrate_chain::target::Target::heads().to_string(), "heads");
    /// ```
    pub fn heads() -> Self {
        Self {
            text: "heads".to_owned(),
            branch: None,
            anchor: Anchor::Heads,
            steps: None,
        }
    }

    /// The target where nothing is applied.
    ///
    /// ```
    /// assert_eq!(migrate_chain::target::Target::base().to_string(), "base");
    /// ```
    pub fn base() -> Self {
        Self {
            text: "base".to_owned(),
            branch: None,
            anchor: Anchor::Base,
            steps: None,
        }
    }

    pub(crate) fn is_current(&self) -> bool {
        self.anchor == Anchor::Current && self.branch.is_none() && self.steps.is_none()
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        let malformed = |reason| TargetError::Malformed {
            target: text.to_owned(),
            reason,
        };
        let (branch, rest) = match text.split_once('@') {
            Some((branch, rest)) => (Some(branch), rest),
            None => (None, text),
        };
        if branch.is_some_and(str::is_empty) {
            return Err(malformed(Malformed::EmptyBranch));
        }
        if let Some(character) = branch.and_then(illegal) {
            return Err(malformed(Malformed::Character(character)));
        }
        let (anchor, steps) = split_steps(rest);
        if anchor.is_empty() && steps.is_none() {
            return Err(malformed(Malformed::Empty));
        }
        if anchor.starts_with(['+', '-']) || anchor.contains('+') || anchor.ends_with('-') {
            return Err(malformed(Malformed::Steps));
        }
        if let Some(character) = illegal(anchor) {
            return Err(malformed(Malformed::Character(character)));
        }
        Ok(Self {
            text: text.to_owned(),
            branch: branch.map(str::to_owned),
            anchor: Anchor::new(anchor),
            steps,
        })
    }
}

impl Anchor {
    fn new(text: &str) -> Self {
        match text {
            "" => Self::Here,
            "base" => Self::Base,
            "head" => Self::Head,
            "heads" => Self::Heads,
            "current" => Self::Current,
            name => Self::Name(name.to_owned()),
        }
    }
}

/// A range as `history -r` and `--sql` take it: `A:B`, `A:`, `:B`.
///
/// ```
/// use migrate_chain::target::Range;
///
/// let range: Range = "base:head".parse().expect("two ends");
/// assert_eq!(range.end.expect("an end").to_string(), "head");
/// assert!(":".parse::<Range>().expect("both ends are open").start.is_none());
/// assert_eq!("head".parse::<Range>().expect_err("no colon").kind(), "malformed");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Range {
    /// Where it starts; none for the base.
    pub start: Option<Target>,
    /// Where it ends; none for the heads.
    pub end: Option<Target>,
}

impl FromStr for Range {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        let (start, end) = text.split_once(':').ok_or_else(|| TargetError::Malformed {
            target: text.to_owned(),
            reason: Malformed::NoRange,
        })?;
        let end_of = |text: &str| {
            if text.is_empty() {
                Ok(None)
            } else {
                text.parse().map(Some)
            }
        };
        Ok(Self {
            start: end_of(start)?,
            end: end_of(end)?,
        })
    }
}

/// Splits `rev-2` at its last sign where nothing but digits follows.
fn split_steps(text: &str) -> (&str, Option<Steps>) {
    let anchor = text.trim_end_matches(|character: char| character.is_ascii_digit());
    let digits = &text[anchor.len()..];
    let before = anchor.strip_suffix(['+', '-']);
    match before {
        Some(before) if !digits.is_empty() => {
            let count = digits.parse().unwrap_or(usize::MAX);
            (
                before,
                Some(Steps {
                    up: anchor.ends_with('+'),
                    count,
                }),
            )
        }
        _ => (text, None),
    }
}

/// The first character that no id, label or symbol has. Which ids there can be is checked where they are declared.
fn illegal(text: &str) -> Option<char> {
    text.chars().find(|&character| {
        matches!(character, '@' | ':') || character.is_whitespace() || character.is_control()
    })
}
