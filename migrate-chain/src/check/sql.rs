use crate::diagnostic::{Diagnostic, Fault};
use crate::draft::{Body, Draft};
use crate::source::Place;
use crate::{Dialect, sql};

/// The SQL of every section can be read, split, and run in the way that the header says.
///
/// A section that names databases is read as each of them. One without names is refused only for what every database
/// that it may serve would refuse: `dialects` are those that `migrate.toml` declares.
pub(crate) fn statements(dialects: &[Dialect], draft: &Draft, faults: &mut Vec<Diagnostic>) {
    let Body::Sql(script) = &draft.body else {
        return;
    };
    let transactional = !draft.header.transaction_off;
    for direction in [&script.upgrade, &script.downgrade] {
        for (named, body) in direction.bodies() {
            let text = &draft.source.text()[body.clone()];
            let declared: Vec<Dialect> = direction
                .served_unnamed()
                .filter(|dialect| dialects.contains(dialect))
                .collect();
            let found = match (named, &declared[..]) {
                (Some(dialect), _) => sql::faults(dialect, transactional, text),
                (None, []) => sql::faults_common(transactional, text),
                (None, declared) => declared
                    .iter()
                    .flat_map(|&dialect| sql::faults(dialect, transactional, text))
                    .collect(),
            };
            for fault in found {
                let range = body.start + fault.range.start..body.start + fault.range.end;
                add(
                    faults,
                    Diagnostic::new(Fault::Sql(fault.kind), Place::new(&draft.source, range)),
                );
            }
        }
    }
}

/// Adds a fault, unless another dialect has found the same at the same place.
fn add(faults: &mut Vec<Diagnostic>, diagnostic: Diagnostic) {
    if !faults
        .iter()
        .rev()
        .take_while(|d| d.place.source == diagnostic.place.source)
        .any(|d| *d == diagnostic)
    {
        faults.push(diagnostic);
    }
}
