//! Compares our answers with the recorded ones, and holds the list of what may differ.
//!
//! Where Alembic fell over, any clear error of ours is right; where it fell over in its bookkeeping of rows, so is a plan
//! whose rows are maximal. Every other difference must belong to one of the [`RULES`].

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::{Value, json};

/// A difference that is meant: whether a case belongs to it is worked out from the case.
pub(crate) struct Rule {
    pub(crate) name: &'static str,
    pub(crate) reason: &'static str,
    /// How many of the recorded cases differ for this reason.
    pub(crate) count: usize,
    applies: fn(&Case<'_>) -> bool,
    /// The requirement that ours must meet all the same.
    holds: fn(&Case<'_>) -> bool,
}

/// Every meant difference.
pub(crate) const RULES: [Rule; 9] = [
    Rule {
        name: "duplicate-id",
        reason: "two revisions with one id are an error; Alembic warns and takes the last",
        count: 14,
        applies: |case| case.shape.parents.len() < case.shape.revisions,
        holds: |case| case.we_fail("duplicate_id"),
    },
    Rule {
        name: "unseen-cycle",
        reason: "cycles of every shape are refused; Alembic misses some that hang together with a head and a base",
        count: 5,
        applies: |case| case.shape.has_cycle(),
        holds: |case| case.we_fail("cycle") || case.we_fail("dependency_cycle"),
    },
    Rule {
        name: "bare-steps-back",
        reason: "`-N` with several rows is an error that lists them; Alembic warns and takes the first",
        count: 7,
        applies: |case| {
            case.command == "downgrade" && case.target.starts_with('-') && case.rows.len() > 1
        },
        holds: |case| case.we_fail("ambiguous_downgrade"),
    },
    Rule {
        name: "unknown-branch",
        reason: "an unknown branch before `@` is the true cause; Alembic does not always look it up",
        count: 3,
        applies: |case| {
            case.branch()
                .is_some_and(|branch| !case.shape.is_name(branch))
        },
        holds: |case| case.we_fail("not_found"),
    },
    Rule {
        name: "trailing-garbage",
        reason: "what follows the number of a relative target is an error of its own; Alembic ignores it",
        count: 1,
        applies: |case| {
            let digits = case
                .target
                .trim_start_matches(['+', '-'])
                .trim_start_matches(|c: char| c.is_ascii_digit());
            case.target.starts_with(['+', '-']) && !digits.is_empty()
        },
        holds: |case| case.we_fail("malformed"),
    },
    Rule {
        name: "history-below-base",
        reason: "a history that starts below the base says so; Alembic looks for a branch called `heads`",
        count: 1,
        applies: |case| case.command == "history" && case.target.starts_with('-'),
        holds: |case| case.we_fail("not_ancestor"),
    },
    Rule {
        name: "overlapping-rows",
        reason: "rows that another row covers are removed with the first step; Alembic carries them along",
        count: 1,
        applies: |case| case.command != "stamp" && case.shape.overlap(&case.rows),
        holds: |case| case.same_but_maximal(),
    },
    Rule {
        name: "overlapping-stamp",
        reason: "rows stay maximal where one stamped revision needs another; Alembic keeps a row for both",
        count: 17,
        applies: |case| case.command == "stamp" && case.shape.overlap(&names(&case.json["target"])),
        holds: |case| case.same_but_maximal(),
    },
    Rule {
        name: "redundant-edge",
        reason: "rows stay maximal where an edge is redundant; Alembic leaves rows that another row covers",
        count: 1,
        applies: |case| case.shape.has_redundant_edge(),
        holds: |case| case.same_but_maximal(),
    },
];

/// The result of a comparison.
#[derive(Debug, PartialEq)]
pub(crate) enum Verdict {
    /// The answers are equal, or fail alike.
    Same,
    /// Alembic fell over, and ours is right.
    Crash,
    /// They differ as the rule of this name says.
    Meant(&'static str),
    Different(String),
}

/// Compares one answer.
pub(crate) fn compare(case: &Value, theirs: &Value, ours: &Value) -> Verdict {
    let case = Case::new(case, theirs, ours);
    let difference = match case.graph_difference().or_else(|| case.difference()) {
        None if theirs["crash"] == true => return Verdict::Crash,
        None => return Verdict::Same,
        Some(difference) => difference,
    };
    match RULES
        .iter()
        .find(|rule| (rule.applies)(&case) && (rule.holds)(&case))
    {
        Some(rule) => Verdict::Meant(rule.name),
        None => Verdict::Different(difference),
    }
}

/// How often each verdict was given: `same`, `crash`, the names of rules, and the text of each difference.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) counts: BTreeMap<&'static str, usize>,
    pub(crate) differences: Vec<String>,
}

impl Tally {
    pub(crate) fn add(&mut self, case: &Value, verdict: Verdict) {
        let name = match verdict {
            Verdict::Same => "same",
            Verdict::Crash => "crash",
            Verdict::Meant(rule) => rule,
            Verdict::Different(difference) => {
                self.differences
                    .push(format!("case {}: {difference}", case["id"]));
                "different"
            }
        };
        *self.counts.entry(name).or_default() += 1;
    }

    /// Rules that were used more or less often than they say.
    pub(crate) fn miscounted(&self) -> Vec<String> {
        let used = |rule: &Rule| self.counts.get(rule.name).copied().unwrap_or_default();
        let wrong = RULES.iter().filter(|rule| used(rule) != rule.count);
        wrong
            .map(|rule| format!("{}: {} cases, not {}", rule.name, used(rule), rule.count))
            .collect()
    }
}

/// Prints the differences, and how often each verdict was given.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for difference in &self.differences {
            writeln!(f, "{difference}")?;
        }
        for (name, count) in &self.counts {
            let rule = RULES.iter().find(|rule| rule.name == *name);
            writeln!(
                f,
                "{count:5} {name}  {}",
                rule.map_or("", |rule| rule.reason)
            )?;
        }
        self.miscounted()
            .iter()
            .try_for_each(|line| writeln!(f, "{line}"))
    }
}

pub(crate) struct Case<'a> {
    json: &'a Value,
    theirs: &'a Value,
    ours: &'a Value,
    command: &'a str,
    target: &'a str,
    rows: BTreeSet<&'a str>,
    shape: Shape<'a>,
}

impl<'a> Case<'a> {
    fn new(json: &'a Value, theirs: &'a Value, ours: &'a Value) -> Self {
        Self {
            json,
            theirs,
            ours,
            command: json["command"].as_str().unwrap_or_default(),
            target: json["target"].as_str().unwrap_or_default(),
            rows: names(&json["current"]),
            shape: Shape::new(&json["revisions"]),
        }
    }

    fn graph_difference(&self) -> Option<String> {
        let (theirs, ours) = (&self.theirs["graph"], &self.ours["graph"]);
        (!theirs.is_null() && theirs != ours).then(|| format!("graph: {theirs}, not {ours}"))
    }

    fn difference(&self) -> Option<String> {
        if self.theirs["ok"] == true {
            return self.differing_field();
        }
        let (theirs, ours) = (self.theirs["kind"].as_str(), self.ours["kind"].as_str());
        let fine = if self.theirs["crash"] == true {
            self.ours["ok"] == false || (self.theirs["phase"] == "apply" && self.rows_are_maximal())
        } else {
            self.ours["ok"] == false && theirs.map(meaning) == ours.map(meaning)
        };
        (!fine).then(|| format!("fails with {}, not {}", self.theirs["kind"], self.ours))
    }

    fn differing_field(&self) -> Option<String> {
        let fields = ["ok", "plan", "result", "steps", "final"];
        let field = fields
            .into_iter()
            .find(|field| self.theirs[field] != self.ours[field])?;
        Some(format!(
            "{field}: {}, not {}",
            self.theirs[field], self.ours
        ))
    }

    /// Whether we fail, with a kind that means this.
    fn we_fail(&self, kind: &str) -> bool {
        self.ours["ok"] == false
            && self.ours["kind"]
                .as_str()
                .is_some_and(|ours| meaning(ours) == meaning(kind))
    }

    fn branch(&self) -> Option<&str> {
        Some(self.target.split_once('@')?.0)
    }

    /// Whether the plans are equal, and our rows are the maximal ones of theirs.
    fn same_but_maximal(&self) -> bool {
        let last = self.shape.maximal(&names(&self.theirs["final"]));
        self.ours["ok"] == true
            && self.theirs["ok"] == true
            && self.theirs["plan"] == self.ours["plan"]
            && json!(last) == self.ours["final"]
            && self.rows_are_maximal()
    }

    fn rows_are_maximal(&self) -> bool {
        let is_maximal = |rows: &Value| json!(self.shape.maximal(&names(rows))) == *rows;
        items(&self.ours["steps"]).all(|step| is_maximal(&step["rows"]))
            && is_maximal(&self.ours["final"])
    }
}

/// Kinds that mean the same: Alembic does not always tell an unknown branch from an unknown revision, what is malformed
/// is looked up as a name, and which cycle is found first depends on the walk.
fn meaning(kind: &str) -> &str {
    match kind {
        "no_such_branch" | "malformed" => "not_found",
        "dependency_cycle" => "cycle",
        "walked_too_far" => "relative_out_of_range",
        other => other,
    }
}

/// The graph of a case, walked naively: the comparison must not trust the code that it judges.
struct Shape<'a> {
    revisions: usize,
    /// Parents and dependencies, labels resolved.
    parents: BTreeMap<&'a str, Vec<&'a str>>,
    labels: BTreeMap<&'a str, &'a str>,
}

impl<'a> Shape<'a> {
    fn new(revisions: &'a Value) -> Self {
        let mut labels = BTreeMap::new();
        for revision in items(revisions) {
            let id = revision["revision"].as_str().unwrap_or_default();
            labels.extend(
                names(&revision["branch_labels"])
                    .into_iter()
                    .map(|label| (label, id)),
            );
        }
        let mut parents = BTreeMap::new();
        for revision in items(revisions) {
            let all = items(&revision["down_revision"]).chain(items(&revision["depends_on"]));
            let all = all
                .filter_map(Value::as_str)
                .map(|name| *labels.get(name).unwrap_or(&name));
            parents.insert(
                revision["revision"].as_str().unwrap_or_default(),
                all.collect(),
            );
        }
        Self {
            revisions: items(revisions).count(),
            parents,
            labels,
        }
    }

    fn is_name(&self, start: &str) -> bool {
        self.parents
            .keys()
            .chain(self.labels.keys())
            .any(|name| name.starts_with(start))
    }

    /// Everything below a revision, without itself where there is no cycle.
    fn below(&self, id: &str) -> BTreeSet<&'a str> {
        let mut below = BTreeSet::new();
        let mut todo: Vec<&str> = self.parents.get(id).cloned().unwrap_or_default();
        while let Some(id) = todo.pop() {
            if below.insert(id) {
                todo.extend(self.parents.get(id).into_iter().flatten());
            }
        }
        below
    }

    fn has_cycle(&self) -> bool {
        self.parents.keys().any(|id| self.below(id).contains(id))
    }

    fn has_redundant_edge(&self) -> bool {
        self.parents
            .values()
            .any(|parents| self.overlap(&parents.iter().copied().collect()))
    }

    /// Whether one of these needs another.
    fn overlap(&self, ids: &BTreeSet<&str>) -> bool {
        self.maximal(ids).len() < ids.len()
    }

    fn maximal<'i>(&self, ids: &BTreeSet<&'i str>) -> BTreeSet<&'i str> {
        let covered: BTreeSet<&str> = ids.iter().flat_map(|id| self.below(id)).collect();
        ids.iter()
            .copied()
            .filter(|id| !covered.contains(id))
            .collect()
    }
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

fn names(list: &Value) -> BTreeSet<&str> {
    items(list).filter_map(Value::as_str).collect()
}
