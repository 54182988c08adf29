use crate::sql::{FaultKind, Remedy};

pub fn code(kind: FaultKind) -> &'static str {
    match kind {
        FaultKind::UnterminatedString => "unterminated-string",
        FaultKind::UnterminatedQuotedIdentifier => "unterminated-identifier",
        FaultKind::UnterminatedComment => "unterminated-comment",
        FaultKind::UnterminatedDollarQuote => "unterminated-dollar-quote",
        FaultKind::UnclosedStatementMarker => "unclosed-statement",
        FaultKind::StrayEndMarker => "stray-end",
        FaultKind::TransactionControl(_) => "transaction-control",
        FaultKind::NotInTransaction { .. } => "not-in-transaction",
        FaultKind::OwnTransaction { .. } => "own-transaction",
        FaultKind::UnclosedTransaction(_) => "unclosed-transaction",
        FaultKind::ConnectionControl(_) => "connection-control",
        FaultKind::PsqlMetaCommand => "psql-meta-command",
        FaultKind::CopyFromStdin => "copy-from-stdin",
    }
}

pub fn message(kind: FaultKind) -> String {
    match kind {
        FaultKind::UnterminatedString => "the string is never closed".to_owned(),
        FaultKind::UnterminatedQuotedIdentifier => {
            "the quoted identifier is never closed".to_owned()
        }
        FaultKind::UnterminatedComment => "the comment is never closed".to_owned(),
        FaultKind::UnterminatedDollarQuote => "the dollar quote is never closed".to_owned(),
        FaultKind::UnclosedStatementMarker => {
            "no `-- migrate: end` closes `-- migrate: statement`".to_owned()
        }
        FaultKind::StrayEndMarker => {
            "no `-- migrate: statement` opens what `-- migrate: end` closes".to_owned()
        }
        FaultKind::TransactionControl(keywords) => {
            format!("`{keywords}` in a revision that already runs in a transaction")
        }
        FaultKind::NotInTransaction {
            what,
            remedy: Remedy::ForeignKeysOff | Remedy::ForeignKeysOn,
        } => format!("`{what}` has no effect in a transaction"),
        FaultKind::NotInTransaction { what, .. } => format!("`{what}` cannot run in a transaction"),
        FaultKind::OwnTransaction {
            foreign_keys_off, ..
        } => if foreign_keys_off {
            "the section switches foreign keys off and opens a transaction of its own"
        } else {
            "the section opens and commits a transaction of its own"
        }
        .to_owned(),
        FaultKind::UnclosedTransaction(keywords) => {
            format!("no `COMMIT` closes this `{keywords}`")
        }
        FaultKind::ConnectionControl(keywords) => {
            format!("`{keywords}` {}", connection(keywords).0)
        }
        FaultKind::PsqlMetaCommand => {
            "this is a psql command, which no server understands".to_owned()
        }
        FaultKind::CopyFromStdin => "`COPY … FROM stdin` has no input in a revision".to_owned(),
    }
}

pub fn label(kind: FaultKind) -> Option<&'static str> {
    match kind {
        FaultKind::UnterminatedString
        | FaultKind::UnterminatedQuotedIdentifier
        | FaultKind::UnterminatedComment
        | FaultKind::UnterminatedDollarQuote => Some("opened here"),
        _ => None,
    }
}

pub fn help(kind: FaultKind) -> &'static str {
    match kind {
        FaultKind::UnterminatedString | FaultKind::UnterminatedQuotedIdentifier => {
            "close it; a quote that is part of it is written twice"
        }
        FaultKind::UnterminatedComment => {
            "close it with `*/`; in PostgreSQL, a comment within it needs its own"
        }
        FaultKind::UnterminatedDollarQuote => "close it with the same tag, letter for letter",
        FaultKind::UnclosedStatementMarker => "write `-- migrate: end` below the statement",
        FaultKind::StrayEndMarker => {
            "remove it, or write `-- migrate: statement` above the statement"
        }
        FaultKind::TransactionControl(_) => {
            "remove it: the revision and its record commit together; or write `transaction: off` in the header"
        }
        FaultKind::NotInTransaction {
            remedy: Remedy::TransactionOff,
            ..
        } => "write `transaction: off` in the header, ideally in a revision of its own",
        FaultKind::NotInTransaction {
            remedy: Remedy::ForeignKeysOff,
            ..
        } => "remove it, and write `foreign_keys: off` in the header",
        FaultKind::NotInTransaction {
            remedy: Remedy::ForeignKeysOn,
            ..
        } => "remove it: foreign keys are enforced, unless the header says `foreign_keys: off`",
        FaultKind::OwnTransaction {
            foreign_keys_off: true,
            ..
        } => {
            "remove these lines and write `foreign_keys: off` in the header: the revision then runs in a transaction \
             without foreign keys, and checks them before it commits"
        }
        FaultKind::OwnTransaction { .. } => {
            "remove these lines: the revision and its record commit together; or write `transaction: off` in the header"
        }
        FaultKind::UnclosedTransaction(_) => "write `COMMIT;` where the transaction should end",
        FaultKind::ConnectionControl(keywords) => connection(keywords).1,
        FaultKind::PsqlMetaCommand => "write the SQL that it runs",
        FaultKind::CopyFromStdin => "write INSERT statements, or load the rows in a Rust revision",
    }
}

/// The effect of a statement on the connection of a run, and the alternative.
fn connection(keywords: &str) -> (&'static str, &'static str) {
    match keywords {
        "USE" => (
            "changes the database that the revision is recorded in",
            "remove it, and write the database before the name: `other.users`",
        ),
        "SET autocommit" => (
            "changes who commits the revision and its record",
            "remove it; to commit parts on their own, write `transaction: off` in the header",
        ),
        "XA" => (
            "takes the connection into a distributed transaction",
            "remove it: the revision and its record commit together, in one transaction",
        ),
        "COMMIT … RELEASE" => ("ends the connection of the run", "leave RELEASE out"),
        "UNLOCK TABLES" | "UNLOCK INSTANCE" => (
            "has no lock of this revision to release",
            "remove it, with the statement that locks",
        ),
        "DISCARD ALL" => (
            "releases the lock that keeps other runs out",
            "name what to discard: `DISCARD PLANS`, `DISCARD SEQUENCES` or `DISCARD TEMP`",
        ),
        "pg_advisory_unlock_all" => (
            "releases the lock that keeps other runs out",
            "release your own lock by its key: `SELECT pg_advisory_unlock(key)`",
        ),
        _ => (
            "keeps the run from recording the revision",
            "remove it: no other run works on this database meanwhile; to keep the application out, stop it",
        ),
    }
}
