//! Small things that are set on an object.

use super::{Reader, statement};
use crate::model::{Kind, ObjectId};
use crate::rows::Row;

impl Reader {
    pub fn setting(&mut self, row: Row<'_>) {
        let (class, oid, sub) = (row.text("class"), row.text("oid"), row.text("sub"));
        let Some(on) = self.id(class, oid, "0") else {
            return;
        };
        let id = ObjectId::of(
            Kind::Setting,
            on.owner(),
            setting_name(&on, row.text("what")),
        );
        let mut object = statement(
            id,
            row.text("set").to_owned(),
            row.text("unset").to_owned(),
            None,
        );
        // A column that is inherited may stay while its table goes.
        let column = self
            .id(class, oid, sub)
            .filter(|column| column.owner() == on.owner());
        object
            .depends_on
            .extend([on.clone()].into_iter().chain(self.id(class, oid, sub)));
        let needs = row
            .get("needs")
            .and_then(|index| self.id("pg_class", index, "0"));
        object.depends_on.extend(needs);
        // A server does not take its user mappings along.
        object.owner = (on.kind != Kind::ForeignServer).then(|| column.unwrap_or(on));
        self.schema.add(object);
    }
}

/// A setting of an index or a constraint has its name too.
fn setting_name(on: &ObjectId, what: &str) -> String {
    match on.table {
        Some(_) => format!("{what} of {}", on.name),
        None => what.to_owned(),
    }
}
