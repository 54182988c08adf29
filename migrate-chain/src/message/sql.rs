use crate::sql::{FaultKind, Remedy};

pub(super) fn code(kind: FaultKind) -> &'static str {
    match kind {
        FaultKind::UnterminatedString => "unterminated-string",
        FaultKind::UnterminatedQuotedIdentifier => "unterminated-identifier",
        FaultKind::UnterminatedComment => "unterminated-comment",
        FaultKind::UnterminatedDollarQuote => "unterminated-dollar-quote",
        FaultKind::UnclosedStatementMarker => "unclosed-statement",
        FaultKind::StrayEndMarker => "stray-end",
        FaultKind::TransactionControl(_) => "transaction-control",
        FaultKind::NotInTransaction { .. } => "not-in-transaction",
        FaultKind::PsqlMetaCommand => "psql-meta-command",
        FaultKind::CopyFromStdin => "copy-from-stdin",
    }
}

pub(super) fn message(kind: FaultKind) -> String {
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
            format!("`{keywords}` in a revision that runs in a transaction already")
        }
        FaultKind::NotInTransaction {
            what,
            remedy: Remedy::ForeignKeysOff,
        } => format!("`{what}` has no effect in a transaction"),
        FaultKind::NotInTransaction { what, .. } => format!("`{what}` cannot run in a transaction"),
        FaultKind::PsqlMetaCommand => "a command for psql, which no server knows".to_owned(),
        FaultKind::CopyFromStdin => "`COPY … FROM stdin` has no input in a revision".to_owned(),
    }
}

pub(super) fn label(kind: FaultKind) -> Option<&'static str> {
    match kind {
        FaultKind::UnterminatedString
        | FaultKind::UnterminatedQuotedIdentifier
        | FaultKind::UnterminatedComment
        | FaultKind::UnterminatedDollarQuote => Some("opened here"),
        _ => None,
    }
}

pub(super) fn help(kind: FaultKind) -> &'static str {
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
        } => "write `transaction: off` in the header, best in a revision with nothing else in it",
        FaultKind::NotInTransaction {
            remedy: Remedy::ForeignKeysOff,
            ..
        } => "remove it, and write `foreign_keys: off` in the header",
        FaultKind::PsqlMetaCommand => "write the SQL that it stands for",
        FaultKind::CopyFromStdin => "write INSERT statements, or load the rows in a Rust revision",
    }
}
