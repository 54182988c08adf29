use std::fmt;

/// The reason why a target cannot be resolved.
///
/// Its text says what is wrong, which revisions it concerns, and what to do next; revisions are named by their ids.
///
/// ```
/// use migrate_chain::graph::{Node, RevisionGraph};
///
/// let graph = RevisionGraph::new(&[Node::new("1975ea83b712")]).expect("a valid chain");
/// let target = "1975ae".parse().expect("it reads like an id");
/// let error = graph.upgrade::<&str>(&[], &target).expect_err("no id starts like that");
/// assert_eq!(error.kind(), "not_found");
/// assert_eq!(error.to_string(), "no revision or branch is called `1975ae`; did you mean `1975ea83b712`?");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TargetError {
    /// The text has none of the forms of a target.
    Malformed {
        /// The target as written.
        target: String,
        /// The fault of its form.
        reason: Malformed,
    },
    /// No id or label is or starts with this name.
    UnknownRevision {
        /// The name.
        name: String,
        /// The id or label that is most like it.
        nearest: Option<String>,
    },
    /// No branch has this name.
    UnknownBranch {
        /// The name.
        name: String,
        /// The id or label that is most like it.
        nearest: Option<String>,
    },
    /// Several ids or labels start with this prefix.
    AmbiguousPrefix {
        /// The prefix.
        prefix: String,
        /// All that start with it, sorted.
        candidates: Vec<String>,
    },
    /// A revision does not share the lineage of the branch that was asked for.
    NotOnBranch {
        /// The revision.
        revision: String,
        /// The branch.
        branch: String,
    },
    /// `head` was asked for and there are several.
    MultipleHeads {
        /// The target as written.
        target: String,
        /// The heads; with each a target that names it and no other, by its branch label where one does.
        heads: Vec<(String, String)>,
    },
    /// A number of steps from the current revision, where there are several.
    AmbiguousUpgrade {
        /// The target as written.
        target: String,
        /// The revisions that it could be counted from.
        rows: Vec<String>,
    },
    /// A number of steps back from the current revision, where there are several.
    AmbiguousDowngrade {
        /// The target as written.
        target: String,
        /// The revisions that it could be counted from.
        rows: Vec<String>,
    },
    /// The steps lead to a place with more than one way on.
    AmbiguousWalk {
        /// The target as written.
        target: String,
        /// The revision where the ways part; none for the base.
        at: Option<String>,
        /// The revisions that they lead to.
        choices: Vec<String>,
    },
    /// There are fewer revisions than the steps ask for.
    OutOfRange {
        /// The target as written.
        target: String,
        /// The revision that the steps are counted from; none for the base.
        from: Option<String>,
        /// Whether that is the current revision.
        from_current: bool,
        /// How many steps there are.
        possible: usize,
    },
    /// Steps back from the current revision for an upgrade, steps on for a downgrade, or no steps at all.
    WrongWay {
        /// The target as written.
        target: String,
        /// Whether an upgrade was asked for.
        is_upgrade: bool,
    },
    /// A range starts where its steps back lead to the base, or below it.
    StartsAtBase {
        /// The target as written.
        target: String,
    },
    /// Steps were given where only a revision is allowed.
    Relative {
        /// The target as written.
        target: String,
    },
    /// The database has nothing on the branch whose current revision was asked for.
    NothingCurrent {
        /// The target as written.
        target: String,
    },
    /// Of revisions that are asked for together, one needs the others.
    Overlaps {
        /// The revision that comes later.
        revision: String,
        /// Those that it needs.
        covers: Vec<String>,
    },
    /// A downgrade to a revision that is not applied, or an empty range.
    NotAncestor {
        /// The lower end.
        lower: String,
        /// The upper end; the rows of the version table.
        upper: Vec<String>,
    },
    /// A downgrade to a revision that is applied, with no child that is.
    NothingAbove {
        /// The revision.
        revision: String,
        /// The revisions that depend on it.
        users: Vec<String>,
    },
    /// A downgrade that would remove nothing on the branch that was asked for.
    BadDowngradeTarget {
        /// The target as written.
        target: String,
        /// The branch.
        branch: String,
        /// The revisions above the target, none of which leads to the branch.
        above: Vec<String>,
    },
    /// The version table holds a revision that the chain does not have.
    UnknownRow {
        /// The row.
        row: String,
        /// The id that is most like it.
        nearest: Option<String>,
    },
    /// The version table holds a revision more than once, and the plan would change it.
    RepeatedRow {
        /// The row.
        row: String,
    },
}

/// The fault of a target's form.
///
/// ```
/// use migrate_chain::target::{Malformed, Target, TargetError};
///
/// let error = "".parse::<Target>().expect_err("nothing is written");
/// assert!(matches!(error, TargetError::Malformed { reason: Malformed::Empty, .. }));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Malformed {
    /// The text is empty, or nothing follows `@`.
    Empty,
    /// Nothing comes before `@`.
    EmptyBranch,
    /// A character that no target has.
    Character(char),
    /// A sign without a number after it, or something after the number.
    Steps,
    /// A range without a colon.
    NoRange,
}

impl TargetError {
    /// A stable name for the kind of error: for tests and for output that programs read.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "malformed",
            Self::UnknownRevision { .. } | Self::UnknownRow { .. } | Self::Relative { .. } => {
                "not_found"
            }
            Self::UnknownBranch { .. } => "no_such_branch",
            Self::AmbiguousPrefix { .. } => "ambiguous_prefix",
            Self::NotOnBranch { .. } => "not_on_branch",
            Self::MultipleHeads { .. } => "multiple_heads",
            Self::AmbiguousUpgrade { .. } => "ambiguous_upgrade",
            Self::AmbiguousDowngrade { .. } => "ambiguous_downgrade",
            Self::AmbiguousWalk { .. } => "ambiguous_walk",
            Self::OutOfRange {
                from_current: true, ..
            }
            | Self::NothingCurrent { .. }
            | Self::WrongWay { .. } => "relative_out_of_range",
            Self::OutOfRange { .. } => "walked_too_far",
            Self::Overlaps { .. } => "overlaps",
            Self::NotAncestor { .. } | Self::NothingAbove { .. } | Self::StartsAtBase { .. } => {
                "not_ancestor"
            }
            Self::BadDowngradeTarget { .. } => "bad_downgrade_target",
            Self::RepeatedRow { .. } => "row_count",
        }
    }
}

impl std::error::Error for TargetError {}

impl fmt::Display for TargetError {
    #[expect(
        clippy::too_many_lines,
        reason = "one text for each kind of error, read side by side"
    )]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed { target, reason } => write!(f, "`{target}` is not a target: {reason}"),
            Self::UnknownRevision { name, nearest } => {
                write!(f, "no revision or branch is called `{name}`")?;
                suggestion(
                    f,
                    nearest.as_deref(),
                    if is_short(name) { SHORT } else { HISTORY },
                )
            }
            Self::UnknownBranch { name, nearest } => {
                write!(f, "no branch is called `{name}`")?;
                suggestion(
                    f,
                    nearest.as_deref(),
                    "; `branches` and `heads` list the branch labels there are",
                )
            }
            Self::AmbiguousPrefix { prefix, candidates } => {
                let (count, candidates) = (candidates.len(), list(candidates));
                write!(
                    f,
                    "`{prefix}` is the start of {count} names: {candidates}; write more of the one you mean"
                )
            }
            Self::NotOnBranch { revision, branch } => {
                write!(
                    f,
                    "revision `{revision}` is not on branch `{branch}`: neither comes before the other; "
                )?;
                write!(
                    f,
                    "leave out `{branch}@`, or name a revision of that branch"
                )
            }
            Self::MultipleHeads { target, heads } => multiple_heads(f, target, heads),
            Self::AmbiguousUpgrade { target, rows } => {
                write!(
                    f,
                    "`{target}` could be counted from each of {}: the database is at several ",
                    list(rows)
                )?;
                write!(
                    f,
                    "revisions; write `BRANCH@{}` to say on which branch",
                    steps_of(target)
                )
            }
            Self::AmbiguousDowngrade { target, rows } => {
                write!(
                    f,
                    "`{target}` could be counted from each of {}: the database is at several ",
                    list(rows)
                )?;
                write!(
                    f,
                    "revisions; write `BRANCH@{}` or name the revision to go back to",
                    steps_of(target)
                )
            }
            Self::AmbiguousWalk {
                target,
                at,
                choices,
            } => {
                write!(
                    f,
                    "`{target}` is ambiguous: from {} it leads to ",
                    place(at.as_deref())
                )?;
                write!(f, "{}; name the revision you mean", list(choices))
            }
            Self::OutOfRange {
                target,
                from,
                possible,
                ..
            } => {
                write!(
                    f,
                    "`{target}` leads out of the chain: from {} there are ",
                    place(from.as_deref())
                )?;
                write!(
                    f,
                    "{possible} steps that way; take fewer, or name a revision"
                )
            }
            Self::WrongWay { target, is_upgrade } => {
                let (direction, sign) = if *is_upgrade {
                    ("up", '+')
                } else {
                    ("down", '-')
                };
                write!(
                    f,
                    "`{target}` does not lead {direction} from the current revision; use `{sign}N`"
                )
            }
            Self::StartsAtBase { target } => {
                write!(
                    f,
                    "`{target}` leads to the base or below it; leave out the start of the range to begin there"
                )
            }
            Self::Relative { target } => {
                write!(
                    f,
                    "`{target}` counts steps, and only a revision is allowed here; name it by its id"
                )
            }
            Self::NothingCurrent { target } => {
                write!(
                    f,
                    "`{target}` counts from the current revision, and none is applied there; "
                )?;
                write!(f, "`current` shows what is")
            }
            Self::Overlaps { revision, covers } => {
                write!(
                    f,
                    "revision `{revision}` needs {} already; name `{revision}` alone",
                    list(covers)
                )
            }
            Self::NotAncestor { lower, upper } => not_ancestor(f, lower, upper),
            Self::NothingAbove { revision, users } => {
                write!(
                    f,
                    "no applied revision has `{revision}` as parent: it is applied as a dependency of {}; ",
                    list(users)
                )?;
                write!(f, "name a revision below the one to remove")
            }
            Self::BadDowngradeTarget {
                target,
                branch,
                above,
            } => {
                write!(
                    f,
                    "`{target}` is not a revision to go back to: of those above it, {}, ",
                    list(above)
                )?;
                write!(
                    f,
                    "none leads to `{branch}`; leave out `{branch}@`, or name a revision below that branch"
                )
            }
            Self::UnknownRow { row, nearest } => {
                write!(
                    f,
                    "the database is at revision `{row}`, which this chain does not have"
                )?;
                suggestion(
                    f,
                    nearest.as_deref(),
                    "; run the version of the program that has it, or `stamp` the database",
                )
            }
            Self::RepeatedRow { row } => {
                write!(
                    f,
                    "the version table holds `{row}` more than once; delete all but one of these rows"
                )
            }
        }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str(
                "a revision is missing; write an id, `head`, `base` or a number of steps",
            ),
            Self::EmptyBranch => f.write_str("write a branch label or an id before `@`"),
            Self::Character('@') => {
                f.write_str("`@` can appear once, between the branch and the revision")
            }
            Self::Character(':') => {
                f.write_str("a range is not allowed here; write the one revision to go to")
            }
            Self::Character(character) => write!(f, "it cannot hold {character:?}"),
            Self::Steps => f.write_str("`+` or `-` takes a number, and nothing can follow it"),
            Self::NoRange => f.write_str("a range is written `START:END`, `START:` or `:END`"),
        }
    }
}

const HISTORY: &str = "; `history` lists the revisions there are";
const SHORT: &str = "; write at least four characters of an id, and other names in full";

fn is_short(name: &str) -> bool {
    name.chars().count() < 4
}

fn suggestion(f: &mut fmt::Formatter<'_>, nearest: Option<&str>, otherwise: &str) -> fmt::Result {
    match nearest {
        Some(name) => write!(f, "; did you mean `{name}`?"),
        None => f.write_str(otherwise),
    }
}

fn multiple_heads(
    f: &mut fmt::Formatter<'_>,
    target: &str,
    heads: &[(String, String)],
) -> fmt::Result {
    write!(
        f,
        "`{target}` means one head, and there are {}: ",
        heads.len()
    )?;
    for (place, (id, only)) in heads.iter().enumerate() {
        let comma = if place == 0 { "" } else { ", " };
        let hint = if id == only {
            String::new()
        } else {
            format!(" (`{only}`)")
        };
        write!(f, "{comma}`{id}`{hint}")?;
    }
    f.write_str("; name one of them, write `heads` for all, or merge them")
}

fn not_ancestor(f: &mut fmt::Formatter<'_>, lower: &str, upper: &[String]) -> fmt::Result {
    if upper.is_empty() {
        return write!(
            f,
            "`{lower}` is not applied: the database is at no revision; `upgrade` goes there"
        );
    }
    write!(
        f,
        "`{lower}` is not below {}; `history` shows what comes before what",
        list(upper)
    )
}

fn place(id: Option<&str>) -> String {
    id.map_or("the base".to_owned(), |id| format!("`{id}`"))
}

/// The steps at the end of a target.
fn steps_of(target: &str) -> &str {
    &target[target.rfind(['+', '-']).unwrap_or(0)..]
}

/// The first few names.
fn list(names: &[String]) -> String {
    let mut shown: Vec<String> = names
        .iter()
        .take(MOST_NAMES)
        .map(|name| format!("`{name}`"))
        .collect();
    if names.len() > MOST_NAMES {
        shown.push(format!("and {} more", names.len() - MOST_NAMES));
    }
    shown.join(", ")
}

const MOST_NAMES: usize = 10;
