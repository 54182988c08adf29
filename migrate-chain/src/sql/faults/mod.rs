//! Faults of SQL that need no database to be found.

mod fault;
mod frame;

use super::facts::{self, Effect, Refusal, connection_control, refusal, transaction_control};
use super::split::{Statement, Statements, split};
use super::token::{Token, TokenKind};
use crate::Dialect;

pub use fault::{Fault, FaultKind};

/// The faults of `text` in one dialect, in order of place.
///
/// Transaction control and statements that cannot run in a transaction are faults only if it is `transactional`. A
/// quote or comment left open is reported once, and nothing after it.
///
/// ```
/// use migrate_chain::Dialect;
/// use migrate_chain::sql::{FaultKind, faults};
///
/// let found = faults(Dialect::Postgres, true, "SELECT 1; COMMIT; SELECT 'open");
/// assert_eq!(found.len(), 2);
/// assert_eq!((found[0].kind, found[0].range.clone()), (FaultKind::TransactionControl("COMMIT"), 10..16));
/// assert_eq!((found[1].kind, found[1].range.clone()), (FaultKind::UnterminatedString, 25..26));
/// ```
pub fn faults(dialect: Dialect, transactional: bool, text: &str) -> Vec<Fault> {
    find(&mut split(dialect, text), dialect, transactional, text)
}

/// The same with the statements at hand, which are split meanwhile.
pub(super) fn find(
    statements: &mut Statements<'_>,
    dialect: Dialect,
    transactional: bool,
    text: &str,
) -> Vec<Fault> {
    let mut found = Vec::new();
    let mut open = Open::default();
    // MySQL's routines, which are what it needs the markers for, may commit.
    let looks_within = transactional && dialect != Dialect::MySql && text.contains("migrate:");
    while let Some(statement) = statements.next() {
        if statements
            .strays()
            .last()
            .is_some_and(|token| open_kind(token).is_some())
        {
            break;
        }
        let kind = of_statement(dialect, transactional, text, &statement);
        if kind.is_none() && looks_within {
            found.extend(control_within(dialect, text, &statement));
        }
        if !transactional {
            open.statement(dialect, text, &statement);
        }
        found.extend(kind.map(|kind| Fault::new(kind, statement.range())));
    }
    if transactional {
        found = frame::join(found);
    }
    found.extend(open.fault());
    found.extend(
        statements
            .strays()
            .iter()
            .filter_map(|token| of_token(text, token)),
    );
    found.extend(open_executable(statements));
    sort(&mut found);
    found
}

/// The transaction that a section outside of one has opened itself.
#[derive(Default)]
struct Open(Option<Fault>);

impl Open {
    fn statement(&mut self, dialect: Dialect, text: &str, statement: &Statement) {
        let sql = &text[statement.range()];
        if statement.is_marked() {
            // As far as can be seen, it only closes: an unknown body has a BEGIN too.
            let ends = |inner: Statement| {
                facts::effect(dialect, &sql[inner.range()]) == Some(Effect::Ends)
            };
            if dialect != Dialect::MySql && split(dialect, sql).any(ends) {
                self.0 = None;
            }
            return;
        }
        let fault = || {
            let keywords = transaction_control(dialect, sql)?;
            let kind = FaultKind::UnclosedTransaction(keywords);
            Some(Fault::new(kind, statement.range()))
        };
        match facts::effect(dialect, sql) {
            Some(Effect::Opens) if self.0.is_some() => {}
            Some(Effect::Opens | Effect::Chains) => self.0 = fault(),
            Some(Effect::Ends) => self.0 = None,
            None => {}
        }
    }

    fn fault(self) -> Option<Fault> {
        self.0
    }
}

/// The faults that `text` has in every dialect: for SQL that does not say which database it is for.
///
/// A fault counts if the other dialects have one of its sort there too, or have no such statement at all: where `VACUUM`
/// means something it cannot run in a transaction, and MySQL has none.
///
/// ```
/// use migrate_chain::sql::{FaultKind, faults_common};
///
/// assert_eq!(faults_common(true, r"SELECT 'it\'s'"), []); // fine in MySQL
/// assert_eq!(faults_common(true, "COMMIT")[0].kind, FaultKind::TransactionControl("COMMIT"));
/// ```
pub fn faults_common(transactional: bool, text: &str) -> Vec<Fault> {
    common(
        &Dialect::ALL.map(|dialect| faults(dialect, transactional, text)),
        text,
    )
}

/// The same, given the faults in each dialect.
pub(crate) fn common(each: &[Vec<Fault>; Dialect::ALL.len()], text: &str) -> Vec<Fault> {
    if each.iter().all(Vec::is_empty) {
        return Vec::new();
    }
    let views = Dialect::ALL.map(|dialect| View::new(dialect, &each[dialect.index()], text));
    let is_common = |fault: &&Fault| views.iter().all(|view| view.refuses(fault));
    let mut common: Vec<Fault> = each.iter().flatten().filter(is_common).cloned().collect();
    sort(&mut common);
    common.dedup_by(|later, earlier| agree(earlier, later));
    common
}

fn sort(faults: &mut [Fault]) {
    faults.sort_by_key(|fault| fault.range.start);
}

fn of_statement(
    dialect: Dialect,
    transactional: bool,
    text: &str,
    statement: &Statement,
) -> Option<FaultKind> {
    if statement.copies_from_stdin() {
        return Some(FaultKind::CopyFromStdin);
    }
    let text = &text[statement.range()];
    if let Some(keywords) = connection_control(dialect, text) {
        return Some(FaultKind::ConnectionControl(keywords));
    }
    if !transactional {
        return None;
    }
    if let Some(keyword) = transaction_control(dialect, text) {
        return Some(FaultKind::TransactionControl(keyword));
    }
    refusal(dialect, text)
        .map(|Refusal { what, remedy }| FaultKind::NotInTransaction { what, remedy })
}

/// Transaction control in what a marker makes one statement, and a database reads as several.
///
/// A lone `END` may close a body that [`split`] does not know, which is what the marker is for.
fn control_within(
    dialect: Dialect,
    text: &str,
    statement: &Statement,
) -> impl Iterator<Item = Fault> {
    let outer = statement.range();
    let text = &text[outer.clone()];
    split(dialect, text).filter_map(move |inner| {
        let keyword = transaction_control(dialect, &text[inner.range()])?;
        let range = inner.range();
        let range = outer.start + range.start..outer.start + range.end;
        (keyword != "END").then(|| Fault::new(FaultKind::TransactionControl(keyword), range))
    })
}

fn of_token(text: &str, token: &Token) -> Option<Fault> {
    if let Some(kind) = open_kind(token) {
        let length = opening(&text[token.range()], token.kind);
        return Some(Fault::new(kind, token.start..token.start + length));
    }
    let kind = match token.kind {
        TokenKind::StatementMarker => FaultKind::UnclosedStatementMarker,
        TokenKind::EndMarker => FaultKind::StrayEndMarker,
        TokenKind::MetaCommand => FaultKind::PsqlMetaCommand,
        // The marker before it is the fault.
        _ => return None,
    };
    Some(Fault::new(kind, token.range()))
}

/// The fault of a token that runs into the end of the text.
fn open_kind(token: &Token) -> Option<FaultKind> {
    match token.kind {
        _ if token.terminated => None,
        TokenKind::String => Some(FaultKind::UnterminatedString),
        TokenKind::QuotedIdentifier => Some(FaultKind::UnterminatedQuotedIdentifier),
        TokenKind::BlockComment => Some(FaultKind::UnterminatedComment),
        TokenKind::DollarQuote => Some(FaultKind::UnterminatedDollarQuote),
        _ => None,
    }
}

/// How long the part of an open token is that opens it.
fn opening(token: &str, kind: TokenKind) -> usize {
    match kind {
        TokenKind::BlockComment => 2,
        TokenKind::DollarQuote => token[1..].find('$').map_or(1, |tag| tag + 2),
        _ => token
            .find(['\'', '"', '`', '['])
            .map_or(1, |prefix| prefix + 1),
    }
}

/// The `/*!` that is never closed, unless a quote within it is the reason.
fn open_executable(statements: &Statements<'_>) -> Option<Fault> {
    let open = statements.open_executable()?;
    let kind = FaultKind::UnterminatedComment;
    let explained = statements
        .strays()
        .iter()
        .any(|token| open_kind(token).is_some());
    (!explained).then(|| Fault::new(kind, open.range()))
}

/// Whether two dialects' faults are the same to a reader.
fn agree(one: &Fault, other: &Fault) -> bool {
    if is_open(one.kind) || is_open(other.kind) {
        // Each dialect may see the open quote elsewhere; none of them can read the text.
        return is_open(one.kind) && is_open(other.kind);
    }
    let overlap = one.range.start < other.range.end && other.range.start < one.range.end;
    overlap && std::mem::discriminant(&one.kind) == std::mem::discriminant(&other.kind)
}

fn is_open(kind: FaultKind) -> bool {
    matches!(
        kind,
        FaultKind::UnterminatedString
            | FaultKind::UnterminatedQuotedIdentifier
            | FaultKind::UnterminatedComment
            | FaultKind::UnterminatedDollarQuote
    )
}

/// How one dialect sees a text.
struct View<'a> {
    dialect: Dialect,
    /// In order of place.
    faults: &'a [Fault],
    /// The starts of its statements.
    starts: Vec<usize>,
}

impl<'a> View<'a> {
    fn new(dialect: Dialect, faults: &'a [Fault], text: &str) -> Self {
        let starts = split(dialect, text)
            .map(|statement| statement.range().start)
            .collect();
        Self {
            dialect,
            faults,
            starts,
        }
    }

    /// Whether this dialect refuses what some dialect calls a `fault`.
    fn refuses(&self, fault: &Fault) -> bool {
        self.has_same(fault) || self.lacks_statement(fault)
    }

    fn has_same(&self, fault: &Fault) -> bool {
        if is_open(fault.kind) {
            return self.faults.iter().rev().any(|own| agree(own, fault));
        }
        let behind = self
            .faults
            .partition_point(|own| own.range.start < fault.range.end);
        let before = self.faults[..behind].iter().rev();
        before
            .take_while(|own| own.range.end > fault.range.start)
            .any(|own| agree(own, fault))
    }

    fn lacks_statement(&self, fault: &Fault) -> bool {
        match fault.kind {
            FaultKind::TransactionControl(what)
            | FaultKind::NotInTransaction { what, .. }
            | FaultKind::OwnTransaction { first: what, .. }
            | FaultKind::UnclosedTransaction(what)
            | FaultKind::ConnectionControl(what) => {
                !facts::has_statement(self.dialect, what)
                    && self.starts.binary_search(&fault.range.start).is_ok()
            }
            _ => false,
        }
    }
}
