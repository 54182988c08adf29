//! Targets: the names that a user can give revisions.

mod error;

use std::fmt;
use std::str::FromStr;

use crate::revision::names;

pub use error::{Malformed, TargetError};

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
    pub(super) text: String,
    pub(super) branch: Option<String>,
    pub(super) anchor: Anchor,
    pub(super) steps: Option<Steps>,
}

/// The start of a target's steps, or the target itself if it has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    /// Nothing is written: the rows of the version table.
    Here,
    Base,
    Head,
    Heads,
    Current,
    Name(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Steps {
    pub up: bool,
    /// A number too large to hold is as good as the largest: no graph is that deep.
    pub count: usize,
}

impl Target {
    /// Whether it counts steps: `+1`, `head-2`.
    pub fn is_relative(&self) -> bool {
        self.steps.is_some()
    }

    /// Whether it means something else for each database: it counts from the rows of the version table, or names them.
    pub fn needs_rows(&self) -> bool {
        matches!(self.anchor, Anchor::Here | Anchor::Current)
    }

    /// The target that a whole graph leads to: every head.
    pub fn heads() -> Self {
        Self {
            text: "heads".to_owned(),
            branch: None,
            anchor: Anchor::Heads,
            steps: None,
        }
    }

    /// The target where nothing is applied.
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
    /// Its start; `None` for the base.
    pub start: Option<Target>,
    /// Its end; `None` for the heads.
    pub end: Option<Target>,
}

impl Range {
    /// Whether one of its ends depends on the rows of the version table.
    pub fn needs_rows(&self) -> bool {
        let ends = [&self.start, &self.end];
        ends.into_iter().flatten().any(Target::needs_rows)
    }
}

impl Range {
    /// The range of a script: `a:b`, or a target alone, which is its end.
    ///
    /// # Errors
    /// [`TargetError`] when a target cannot be read.
    ///
    /// ```
    /// use migrate_chain::target::Range;
    ///
    /// let range = Range::of_script("ae10")?;
    /// assert!(range.start.is_none() && range.end.is_some());
    /// # Ok::<(), migrate_chain::target::TargetError>(())
    /// ```
    pub fn of_script(text: &str) -> Result<Self, TargetError> {
        if text.contains(':') {
            return text.parse();
        }
        let end = Some(text.parse()?);
        Ok(Self { start: None, end })
    }
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

/// The first character that no id, label or symbol has.
fn illegal(text: &str) -> Option<char> {
    text.chars()
        .find(|&character| !names::is_name_character(character))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::graph::RevisionGraph;
    use crate::graph::testing::graph;
    use crate::plan::resolve::Way;

    // a1aa#main <- b2bb <- c3cc
    //              b2bb <- d4dd#side        and x9xx depends on d4dd
    fn branches() -> RevisionGraph {
        graph(
            "a1aa # main\n b2bb < a1aa\n c3cc < b2bb\n d4dd < b2bb # side\n x9xx ~ d4dd # own v-b",
        )
    }

    fn up(rows: &[&str], target: &str) -> Result<String, TargetError> {
        let it = branches();
        let goals = it.goals(&target.parse()?, rows, Way::Exact)?;
        Ok(it.ids_of(&goals).join(" "))
    }

    fn down(rows: &[&str], target: &str) -> Result<String, TargetError> {
        let it = branches();
        let floor = it.floor(&target.parse()?, rows)?;
        Ok(floor
            .revision
            .map_or("base".to_owned(), |revision| it.id(revision).to_owned()))
    }

    fn kind(result: &Result<String, TargetError>) -> &str {
        match result {
            Ok(found) => found,
            Err(error) => error.kind(),
        }
    }

    #[test]
    fn every_form_of_an_absolute_target_is_understood() {
        for (target, expected) in [
            ("b2bb", "b2bb"),
            ("b2", "b2bb"),
            ("main", "a1aa"),
            ("v-b", "x9xx"),
            ("base", ""),
            ("heads", "c3cc x9xx"),
            ("current", "b2bb"),
            ("side@head", "d4dd"),
            ("x9xx@heads", "x9xx"),
            ("own@base", ""),
            ("main@b2", "b2bb"),
            ("c3@a1", "a1aa"),
            ("own@current", ""),
        ] {
            assert_eq!(up(&["b2bb"], target), Ok(expected.to_owned()), "{target}");
        }
    }

    #[test]
    fn steps_up_are_counted_from_rows_and_from_revisions() {
        assert_eq!(kind(&up(&[], "own@+1")), "x9xx");
        assert_eq!(kind(&up(&["a1aa"], "+1")), "b2bb");
        assert_eq!(kind(&up(&["a1aa"], "side@+2")), "d4dd");
        assert_eq!(kind(&up(&["x9xx"], "main@+0")), "relative_out_of_range");
        assert_eq!(kind(&up(&["c3cc", "x9xx"], "+1")), "ambiguous_upgrade");
        // d4dd is applied through x9xx, and is the tip of its branch.
        assert_eq!(kind(&up(&["x9xx"], "side@+1")), "relative_out_of_range");
        assert_eq!(kind(&up(&[], "a1+2")), "ambiguous_walk");
        assert_eq!(kind(&up(&[], "side@a1+2")), "d4dd");
        assert_eq!(kind(&up(&["a1aa"], "current+1")), "b2bb");
        assert_eq!(kind(&up(&[], "c3cc-2")), "a1aa");
        assert_eq!(kind(&up(&[], "c3cc-3")), "walked_too_far");
        assert_eq!(
            kind(&up(&[], "c3cc-99999999999999999999999")),
            "walked_too_far"
        );
        assert_eq!(
            kind(&up(&[], "c3cc+99999999999999999999999")),
            "walked_too_far"
        );
    }

    #[test]
    fn steps_down_are_counted_from_the_one_row() {
        assert_eq!(kind(&down(&["c3cc"], "-1")), "b2bb");
        assert_eq!(kind(&down(&["c3cc"], "-3")), "base");
        assert_eq!(kind(&down(&["c3cc"], "-4")), "relative_out_of_range");
        assert_eq!(kind(&down(&["c3cc", "x9xx"], "-1")), "ambiguous_downgrade");
        assert_eq!(kind(&down(&["c3cc", "x9xx"], "own@-1")), "base");
        assert_eq!(kind(&down(&["x9xx"], "side@-1")), "b2bb");
        assert_eq!(kind(&down(&[], "-1")), "relative_out_of_range");
        assert_eq!(kind(&down(&["c3cc"], "+1")), "relative_out_of_range");
        assert_eq!(kind(&down(&["c3cc"], "a1+1")), "b2bb");
    }

    #[test]
    fn what_has_no_form_is_malformed() {
        for target in [
            "",
            "+",
            "-",
            "@",
            "a@",
            "@a",
            "a@b@c",
            "head+1x",
            "+1x",
            "-1-",
            "head+",
            "heads-",
            "a:b",
            "a b",
            " a",
            "a\n",
            "a+b",
            "++1",
            "+-1",
            "a@+",
            "-x",
            "main@-1x",
            "é",
            "é@head",
            "a;b",
            "a\0",
            "a@\u{202e}b",
        ] {
            let error = target.parse::<Target>().expect_err(target);
            assert_eq!(error.kind(), "malformed", "{target:?}");
            assert!(!error.to_string().is_empty());
        }
        for range in ["", "a", "a:b:c", "a b:c"] {
            assert_eq!(range.parse::<Range>().expect_err(range).kind(), "malformed");
        }
    }

    #[test]
    fn what_means_nothing_is_refused() {
        for (target, expected) in [
            ("HEAD", "not_found"),
            ("a1aa-1x", "not_found"),
            (&"x".repeat(100_000), "not_found"),
            ("head", "multiple_heads"),
            ("main@head", "multiple_heads"),
            ("heads+1", "multiple_heads"),
            ("lost@base", "not_found"),
            ("lost@a1aa", "no_such_branch"),
            ("own@a1aa", "not_on_branch"),
            ("own@a1", "not_found"),
            ("x9", "x9xx"),
            ("base-1", "walked_too_far"),
        ] {
            assert_eq!(kind(&up(&[], target)), expected, "{target:.20}");
        }
        assert_eq!(kind(&down(&["gone"], "-1")), "not_found");
    }

    #[test]
    fn a_prefix_names_its_candidates_and_is_not_cut_short_names() {
        let it = graph("abcd1\n abcd2\n abc\n ab # abcd");
        let meaning = |text: &str| it.resolve::<&str>(&text.parse().expect("a name"), &[]);
        assert_eq!(meaning("abcd"), Ok(vec![Some(3)]));
        assert_eq!(meaning("abc"), Ok(vec![Some(2)]));
        assert_eq!(
            meaning("a").expect_err("three names start so").kind(),
            "ambiguous_prefix"
        );
        assert_eq!(
            graph("abc")
                .resolve::<&str>(&"ab".parse().expect("a name"), &[])
                .expect_err("short")
                .kind(),
            "not_found"
        );
    }

    #[test]
    fn messages_say_what_and_what_next() {
        let messages = [
            (
                up(&[], "head"),
                "`head` means one head, and there are 3: `c3cc`, `d4dd` (`side@head`), `x9xx` (`own@head`); \
                name one of them, write `heads` for all, or merge them",
            ),
            (
                up(&[], "hed"),
                "no revision or branch is called `hed`; did you mean `head`?",
            ),
            (
                up(&["c3cc", "x9xx"], "+1"),
                "`+1` could be counted from each of `c3cc`, `x9xx`: the database is at several \
                revisions; write `BRANCH@+1` to say on which branch",
            ),
            (
                up(&["a1aa"], "+2"),
                "`+2` is ambiguous: from `b2bb` it leads to `c3cc`, `d4dd`; name the revision you mean",
            ),
            (
                up(&["c3cc"], "+2"),
                "`+2` leads out of the chain: from `c3cc` there are 0 steps that way; take fewer, or \
                name a revision",
            ),
            (
                up(&["c3cc"], "-1"),
                "`-1` does not lead up from the current revision; use `+N`",
            ),
            (
                up(&["c3c"], "current"),
                "the database is at revision `c3c`, which this chain does not have; did you mean `c3cc`?",
            ),
            (
                up(&[], "a@b@c"),
                "`a@b@c` is not a target: `@` can appear once, between the branch and the revision",
            ),
        ];
        for (result, message) in messages {
            assert_eq!(result.expect_err(message).to_string(), message);
        }
    }

    #[test]
    fn a_script_ends_at_a_target_alone_and_starts_where_a_range_does() {
        let ends = |text: &str| {
            let range = Range::of_script(text)?;
            let shown = |end: Option<Target>| end.map(|end| end.to_string());
            Ok::<_, TargetError>((shown(range.start), shown(range.end)))
        };
        let target = |text: &str| Some(text.to_owned());
        assert_eq!(ends("b2bb"), Ok((None, target("b2bb"))));
        assert_eq!(ends("b2bb:head"), Ok((target("b2bb"), target("head"))));
        assert!(ends("b2 bb").is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_parsed_or_refused(text in ".*") {
            match text.parse::<Target>() {
                Ok(target) => prop_assert_eq!(target.to_string(), text),
                Err(error) => prop_assert_eq!(error.kind(), "malformed"),
            }
        }

        #[test]
        fn any_target_is_resolved_or_refused(
            text in "((main|side|own|lost|a1|head)@)?(a1|b2bb|head|heads|base|current|v)?([+-][0-9]{1,20})?",
            rows in proptest::sample::subsequence(vec!["a1aa", "b2bb", "c3cc", "d4dd", "x9xx"], 0..3),
        ) {
            let it = branches();
            if let Ok(target) = text.parse::<Target>() {
                let rows = it.ids_of(&it.maximal(&it.rows(&rows).expect("the rows are known")));
                let _ = it.resolve(&target, &rows);
                if let Ok(plan) = it.upgrade(&rows, &target) {
                    prop_assert!(plan.steps().len() <= it.len());
                }
                if let Ok(plan) = it.downgrade(&rows, &target) {
                    prop_assert!(plan.steps().len() <= it.len());
                }
            }
        }
    }
}
