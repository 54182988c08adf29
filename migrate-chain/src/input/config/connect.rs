//! The table `[connect]`: SQL that runs on each new connection of a run.

use std::ops::Range;

use super::reader::{Reader, Value};
use super::value::non_empty;
use crate::Dialect;
use crate::diagnostic::Fault;
use crate::sql;

pub const TAKES: &str =
    "a table of SQL for `sqlite`, `postgres` and `mysql`, such as { postgres = \"SET ROLE app\" }";

/// Each text must be sound for its database, and leave transactions to the runtime.
pub fn read(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<()> {
    for (key, value) in value.get_ref().as_table()? {
        let name: &str = key.get_ref();
        match name.parse::<Dialect>() {
            Ok(dialect) => text(reader, dialect, value),
            Err(_) => {
                reader.unknown_key(Some("connect"), name, &Dialect::NAMES, key.span());
            }
        }
    }
    Some(())
}

fn text(reader: &mut Reader<'_>, dialect: Dialect, value: &Value<'_>) {
    let Some(text) = non_empty(value) else {
        let key = format!("connect.{}", dialect.name());
        return reader.wrong_value(&key, TAKES, value.span());
    };
    // With an escape in it, what is read is not what is written, and the whole value is the place.
    let start = reader.written(&value.span()).find(&text);
    let place = |range: Range<usize>| match start.map(|start| value.span().start + start) {
        Some(start) => start + range.start..start + range.end,
        None => value.span(),
    };
    // The second check reports every statement that controls a transaction.
    let is_other =
        |fault: &sql::Fault| !matches!(fault.kind, sql::FaultKind::UnclosedTransaction(_));
    for fault in sql::faults(dialect, false, &text)
        .into_iter()
        .filter(is_other)
    {
        let (kind, dialect) = (fault.kind, Some(dialect));
        reader.fault(Fault::Sql { kind, dialect }, place(fault.range));
    }
    for statement in sql::split(dialect, &text) {
        let control = sql::transaction_control(dialect, &text[statement.range()]);
        if let Some(keywords) = control {
            let fault = Fault::ConnectTransaction { keywords };
            reader.fault(fault, place(statement.range()));
        }
    }
    reader.settings.config.connect[dialect.index()] = Some(text);
}
