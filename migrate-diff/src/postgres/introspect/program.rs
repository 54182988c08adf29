//! Functions, and what is made of them.

use super::{Reader, part, state, statement};
use crate::model::{Kind, ObjectId};
use crate::postgres::details::{Function, Part, Trigger};
use crate::rows::Row;

impl Reader {
    pub fn function(&mut self, row: Row<'_>) {
        let name = row.text("name");
        let (kind, word) = if row.text("kind") == "p" {
            (Kind::Procedure, "PROCEDURE")
        } else {
            (Kind::Function, "FUNCTION")
        };
        let mut create = row.text("definition").trim_end().to_owned();
        if row.get("is_home").is_some() {
            let qualified = format!("{word} {}.", row.text("schema"));
            create = create.replacen(&qualified, &format!("{word} "), 1);
        }
        let id = ObjectId::new(kind, name);
        let details = Function {
            definition: create.clone(),
            signature: row.text("signature").to_owned(),
            comment: row.filled("comment"),
        };
        let drop = format!("DROP {word} {name}");
        let object = part(id, Part::Function(details), create, drop);
        self.add("pg_proc", row.text("oid"), object);
    }

    pub fn aggregate(&mut self, row: Row<'_>) {
        let bare = row.text("bare");
        let name = format!("{bare}({})", row.text("identity"));
        let create = format!(
            "CREATE AGGREGATE {bare}({}) ({})",
            row.text("arguments"),
            row.text("options")
        );
        let id = ObjectId::new(Kind::Aggregate, &name);
        let object = statement(
            id,
            create,
            format!("DROP AGGREGATE {name}"),
            row.filled("comment"),
        );
        self.add("pg_proc", row.text("oid"), object);
    }

    pub fn operator(&mut self, row: Row<'_>) {
        let bare = row.text("bare");
        let name = format!("{bare} ({})", row.text("arguments"));
        let create = format!("CREATE OPERATOR {bare} ({})", row.text("options"));
        let id = ObjectId::new(Kind::Operator, &name);
        let object = statement(
            id,
            create,
            format!("DROP OPERATOR {name}"),
            row.filled("comment"),
        );
        self.add("pg_operator", row.text("oid"), object);
    }

    pub fn cast(&mut self, row: Row<'_>) {
        let name = row.text("name");
        let create = format!("CREATE CAST {name} {}", row.text("definition"));
        let id = ObjectId::new(Kind::Cast, name);
        let object = statement(
            id,
            create,
            format!("DROP CAST {name}"),
            row.filled("comment"),
        );
        self.add("pg_cast", row.text("oid"), object);
    }

    pub fn event_trigger(&mut self, row: Row<'_>) {
        let name = row.text("name");
        let create = format!("CREATE EVENT TRIGGER {name} {}", row.text("definition"));
        let id = ObjectId::new(Kind::EventTrigger, name);
        let details = Trigger {
            definition: create.clone(),
            state: state(row),
            comment: row.filled("comment"),
        };
        let drop = format!("DROP EVENT TRIGGER {name}");
        let object = part(id, Part::Trigger(details), create, drop);
        self.add("pg_event_trigger", row.text("oid"), object);
    }

    pub fn wrapper(&mut self, row: Row<'_>) {
        self.foreign(
            row,
            Kind::ForeignDataWrapper,
            "FOREIGN DATA WRAPPER",
            "pg_foreign_data_wrapper",
        );
    }

    pub fn server(&mut self, row: Row<'_>) {
        self.foreign(row, Kind::ForeignServer, "SERVER", "pg_foreign_server");
    }

    fn foreign(&mut self, row: Row<'_>, kind: Kind, word: &str, class: &str) {
        let name = row.text("name");
        let create = format!("CREATE {word} {name}{}", row.text("definition"));
        let object = statement(
            ObjectId::new(kind, name),
            create,
            format!("DROP {word} {name}"),
            row.filled("comment"),
        );
        self.add(class, row.text("oid"), object);
    }
}
