//! Privileges.

use super::{Reader, part, statement};
use crate::model::{Kind, ObjectId};
use crate::postgres::details::{DefaultPrivilege, Part};
use crate::rows::Row;

impl Reader {
    pub fn privilege(&mut self, row: Row<'_>) {
        let (plain, grantable, usual) =
            (row.text("plain"), row.text("grantable"), row.text("usual"));
        if plain == usual && grantable.is_empty() {
            return;
        }
        // A right on a column of a view is one on the view, for that column only.
        let sub = if row.get("column").is_some() {
            "0"
        } else {
            row.text("sub")
        };
        let Some(on) = self.id(row.text("class"), row.text("oid"), sub) else {
            return;
        };
        let (role, column) = (row.text("role"), row.get("column"));
        let target = target(&on);
        let with_columns = |privileges: &str| match column {
            Some(column) => privileges
                .split(", ")
                .map(|privilege| format!("{privilege} ({column})"))
                .collect::<Vec<_>>()
                .join(", "),
            None => privileges.to_owned(),
        };
        let grant = |privileges: &str, option: &str| {
            (!privileges.is_empty()).then(|| {
                let privileges = with_columns(privileges);
                format!("GRANT {privileges} ON {target} TO {role}{option}")
            })
        };
        let revoke = format!("REVOKE {} ON {target} FROM {role}", with_columns("ALL"));
        let name = column.map_or_else(|| role.to_owned(), |column| format!("{role} ({column})"));
        let create = joined(
            (!usual.is_empty()).then(|| revoke.clone()),
            [grant(plain, ""), grant(grantable, " WITH GRANT OPTION")],
        );
        let drop = joined(Some(revoke), [grant(usual, ""), None]);
        let id = ObjectId::of(Kind::Privilege, on.owner(), name);
        let mut object = statement(id, create, drop, None);
        let column = self.id(row.text("class"), row.text("oid"), row.text("sub"));
        let column =
            column.filter(|column| column.kind == Kind::Column && column.owner() == on.owner());
        object
            .depends_on
            .extend([on.clone()].into_iter().chain(column.clone()));
        object.owner = Some(column.unwrap_or(on));
        self.schema.add(object);
    }

    /// Revoking a right on a table takes it from the columns as well: those come after it.
    pub fn order_privileges(&mut self) {
        let privileges: Vec<ObjectId> = self
            .schema
            .of_kind(Kind::Privilege)
            .map(|object| object.id.clone())
            .collect();
        for id in privileges {
            let Some((role, _)) = id.name.rsplit_once(" (").filter(|_| id.name.ends_with(')'))
            else {
                continue;
            };
            let whole = ObjectId::of(Kind::Privilege, id.owner(), role);
            if self.schema.get(&whole).is_none() {
                continue;
            }
            if let Some(object) = self.schema.objects.get_mut(&id) {
                object.depends_on.insert(whole);
            }
        }
    }

    pub fn default_privilege(&mut self, row: Row<'_>) {
        let (plain, grantable, usual) =
            (row.text("plain"), row.text("grantable"), row.text("usual"));
        if plain == usual && grantable.is_empty() {
            return;
        }
        let (owner, kind, role) = (row.text("owner"), row.text("kind"), row.text("role"));
        // The owner's own rights are written down once anybody has others.
        if role == owner && plain.is_empty() == usual.is_empty() && grantable.is_empty() {
            return;
        }
        let whose = row
            .get("is_own")
            .map_or_else(|| format!(" FOR ROLE {owner}"), |_| String::new());
        let schema = row
            .get("schema")
            .map_or_else(String::new, |schema| format!(" IN SCHEMA {schema}"));
        let head = format!("ALTER DEFAULT PRIVILEGES{whose}{schema}");
        let grant = |privileges: &str, option: &str| {
            (!privileges.is_empty())
                .then(|| format!("{head} GRANT {privileges} ON {kind} TO {role}{option}"))
        };
        let revoke = format!("{head} REVOKE ALL ON {kind} FROM {role}");
        let create = joined(
            (!usual.is_empty()).then(|| revoke.clone()),
            [grant(plain, ""), grant(grantable, " WITH GRANT OPTION")],
        );
        let drop = joined(Some(revoke), [grant(usual, ""), None]);
        let name = format!("of {role} on {kind}{schema}{whose}");
        let details = DefaultPrivilege {
            definition: create.clone(),
            on: row.get("is_own").map(|_| kind.to_owned()),
            role: role.to_owned(),
            schema: row.filled("schema"),
        };
        let id = ObjectId::new(Kind::DefaultPrivilege, name);
        let mut object = part(id, Part::DefaultPrivilege(details), create, drop);
        let schema = row
            .get("schema")
            .map(|schema| ObjectId::new(Kind::Namespace, schema));
        object.owner.clone_from(&schema);
        object.depends_on.extend(schema);
        self.schema.add(object);
    }
}

fn joined(first: Option<String>, grants: [Option<String>; 2]) -> String {
    let all = first.into_iter().chain(grants.into_iter().flatten());
    all.collect::<Vec<_>>().join(";\n")
}

/// The words that GRANT has for an object.
pub fn target(on: &ObjectId) -> String {
    let name = on.owner();
    match on.kind {
        Kind::Sequence => format!("SEQUENCE {name}"),
        Kind::Function => format!("FUNCTION {name}"),
        Kind::Aggregate => format!("ROUTINE {name}"),
        Kind::Procedure => format!("PROCEDURE {name}"),
        Kind::Type => format!("TYPE {name}"),
        Kind::Domain => format!("DOMAIN {name}"),
        Kind::Namespace => format!("SCHEMA {name}"),
        _ => format!("TABLE {name}"),
    }
}
