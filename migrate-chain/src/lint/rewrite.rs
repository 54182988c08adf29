use std::fmt;

/// The safe way to write a statement: one or several stages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewrite {
    /// The stages, in order. The first takes the place of the statement; each later one is a revision of its own.
    pub stages: Vec<RewriteStage>,
    /// Whether it does just what the statement does, so that `--fix` may write it.
    pub is_certain: bool,
}

/// A part of a rewrite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RewriteStage {
    /// A few words for the message of its revision.
    pub title: String,
    /// The statements that upgrade.
    pub upgrade: String,
    /// The statements that undo it; empty if nothing has to be undone.
    pub downgrade: String,
    /// Whether it runs in a transaction. One that does not is a revision of its own, also as the first.
    pub transaction: bool,
}

impl RewriteStage {
    /// A stage within a transaction.
    pub fn new(
        title: impl Into<String>,
        upgrade: impl Into<String>,
        downgrade: impl Into<String>,
    ) -> Self {
        Self {
            title: title.into(),
            upgrade: upgrade.into(),
            downgrade: downgrade.into(),
            transaction: true,
        }
    }

    /// The same outside a transaction.
    #[must_use]
    pub fn outside(self) -> Self {
        Self {
            transaction: false,
            ..self
        }
    }
}

impl Rewrite {
    /// One that `--fix` may write.
    pub(super) fn certain(stages: impl IntoIterator<Item = RewriteStage>) -> Self {
        Self {
            stages: stages.into_iter().collect(),
            is_certain: true,
        }
    }

    /// One that a person has to judge.
    pub(super) fn advice(stages: impl IntoIterator<Item = RewriteStage>) -> Self {
        Self {
            stages: stages.into_iter().collect(),
            is_certain: false,
        }
    }
}

/// The SQL, with a comment above each stage that is a revision of its own.
impl fmt::Display for Rewrite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, stage) in self.stages.iter().enumerate() {
            let comment = match (n, stage.transaction) {
                (0, true) => "",
                (0, false) => "-- in a revision of its own, with `transaction: off`:\n",
                (_, true) => "\n-- in the next revision:\n",
                (_, false) => "\n-- in the next revision, with `transaction: off`:\n",
            };
            write!(f, "{comment}{}", stage.upgrade)?;
        }
        Ok(())
    }
}
