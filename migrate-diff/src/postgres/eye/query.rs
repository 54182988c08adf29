//! The query of each catalog, made from the server's own description of it.

use std::collections::BTreeMap;

use migrate_chain::Dialect;
use migrate_chain::sql::quote_text;

use super::exceptions::{ADDED, LEFT_OUT, NAMED, ROWS, SPELT};
use super::line::Line;
use super::names::ObjectNames;
use crate::connection::TextRow;

/// Catalog, column, type, of all catalogs that a database has for itself.
pub const COLUMNS: &str = "SELECT c.relname::text, a.attname::text, t.typname::text FROM pg_class c \
    JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_type t ON t.oid = a.atttypid \
    WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind = 'r' AND NOT c.relisshared AND a.attnum > 0 \
    AND NOT a.attisdropped ORDER BY c.relname, a.attnum";

/// Catalog, column, the catalog that it refers to.
pub const REFERENCES: &str = "SELECT fktable::regclass::text, fkcols[1], pktable::regclass::text \
    FROM pg_get_catalog_foreign_keys() WHERE array_length(fkcols, 1) = 1";

/// Names of what every database has, and of what all databases share.
pub const PINNED: &str = "SELECT 'pg_authid', oid::text, quote_ident(rolname) FROM pg_roles \
    UNION ALL SELECT 'pg_tablespace', oid::text, quote_ident(spcname) FROM pg_tablespace \
    UNION ALL SELECT 'pg_namespace', oid::text, quote_ident(nspname) FROM pg_namespace \
    UNION ALL SELECT 'pg_language', oid::text, quote_ident(lanname) FROM pg_language \
    UNION ALL SELECT 'pg_am', oid::text, quote_ident(amname) FROM pg_am \
    UNION ALL SELECT 'pg_collation', oid::text, oid::regcollation::text FROM pg_collation WHERE oid < 16384 \
    UNION ALL SELECT 'pg_proc', oid::text, oid::regprocedure::text FROM pg_proc WHERE oid < 16384 \
    UNION ALL SELECT 'pg_type', oid::text, format_type(oid, NULL) FROM pg_type WHERE oid < 16384";

/// The owner of each object, and the extension it belongs to.
pub const OWNERS: &str = "SELECT classid::regclass::text, objid::text, refclassid::regclass::text, refobjid::text, deptype::text \
    FROM pg_depend WHERE deptype IN ('i', 'a', 'P', 'S', 'e') AND objid >= 16384";

/// The values of these follow from the definitions, except for what is said by hand.
const DEPENDENCIES: &str = "SELECT '', d.type, d.schema, d.identity, c.classid::regclass::text, c.objid::text, r.type || ' ' || r.identity, c.deptype::text \
    FROM pg_depend c, pg_identify_object(c.classid, c.objid, c.objsubid) d, pg_identify_object(c.refclassid, c.refobjid, c.refobjsubid) r \
    WHERE c.deptype = 'x' OR c.deptype = 'a' AND c.classid = 'pg_class'::regclass AND c.refobjsubid > 0 \
    AND (SELECT relkind FROM pg_class k WHERE k.oid = c.objid) = 'S'";

/// A column that holds oids of another catalog.
#[derive(Clone, Debug)]
pub struct Reference {
    catalog: String,
    column: String,
    to: String,
}

impl Reference {
    pub fn of(row: &TextRow) -> Self {
        let value = |n: usize| row.get(n).cloned().flatten().unwrap_or_default();
        Self {
            catalog: value(0),
            column: value(1),
            to: value(2),
        }
    }
}

/// A fact that a catalog has of each of its rows.
#[derive(Clone, Debug)]
struct Fact {
    name: String,
    sql: String,
    /// The catalog whose oids it holds.
    refers_to: Option<String>,
}

/// A catalog, and how it is read.
#[derive(Clone, Debug)]
pub struct Catalog {
    name: String,
    facts: Vec<Fact>,
    /// The column that says which object a row is about, and the catalog of that.
    key: (String, String),
}

impl Catalog {
    /// All that are read.
    pub fn all(columns: &[TextRow], references: &[Reference]) -> Vec<Self> {
        let mut catalogs: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
        for row in columns {
            if let [Some(catalog), Some(column), Some(kind)] = &row[..] {
                catalogs.entry(catalog).or_default().push((column, kind));
            }
        }
        catalogs.retain(|catalog, _| !is_left_out(catalog, "*"));
        catalogs
            .iter()
            .filter_map(|(name, columns)| Self::of(name, columns, references))
            .collect()
    }

    fn of(name: &str, columns: &[(&str, &str)], references: &[Reference]) -> Option<Self> {
        let refers_to = |column: &str| {
            let found = references
                .iter()
                .find(|reference| reference.catalog == name && reference.column == column);
            found.map(|reference| reference.to.clone())
        };
        let (first, _) = columns.first()?;
        let key = match *first {
            "oid" => ("oid".to_owned(), name.to_owned()),
            "objoid" | "classid" => (String::new(), String::new()),
            column => (column.to_owned(), refers_to(column)?),
        };
        let own = columns
            .iter()
            .filter(|(column, _)| *column != key.0 && !is_left_out(name, column));
        let own = own.map(|&(column, kind)| Fact {
            name: column.to_owned(),
            sql: expression(name, column, kind, columns),
            refers_to: refers_to(column).filter(|_| spelt(name, column).is_none()),
        });
        let added = ADDED
            .iter()
            .filter(|(catalog, ..)| *catalog == name)
            .map(|&(_, fact, sql)| Fact {
                name: fact.to_owned(),
                sql: sql.to_owned(),
                refers_to: None,
            });
        Some(Self {
            name: name.to_owned(),
            facts: own.chain(added).collect(),
            key,
        })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn has_oid(&self) -> bool {
        self.key.0 == "oid"
    }

    /// The oid of the object, its kind, schema and name, the catalog and oid of what it belongs to, and the facts.
    pub fn sql(&self) -> String {
        match self.name.as_str() {
            "pg_depend" => return DEPENDENCIES.to_owned(),
            "pg_description" | "pg_seclabel" => return self.of_addresses(),
            _ => {}
        }
        let name = &self.name;
        let (key, class) = &self.key;
        let sub = if name == "pg_attribute" {
            "c.attnum"
        } else {
            "0"
        };
        let facts: Vec<&str> = self.facts.iter().map(|fact| fact.sql.as_str()).collect();
        let named = NAMED.iter().find(|(catalog, _)| catalog == name);
        let identify = match named {
            Some((_, sql)) if !sql.contains("i.") => String::new(),
            _ => format!(", pg_identify_object('{class}'::regclass, c.{key}, {sub}) i"),
        };
        let named = named.map_or("i.type, i.schema, i.identity", |(_, sql)| sql);
        let relation = if name == "pg_attribute" {
            " JOIN pg_class k ON k.oid = c.attrelid"
        } else {
            ""
        };
        let rows = ROWS.iter().find(|(catalog, _)| catalog == name);
        let rows = rows.map_or_else(String::new, |(_, rows)| format!(" AND {rows}"));
        // Somebody may have granted something on what every database has.
        let granted = self.facts.iter().find(|fact| {
            fact.sql.contains("aclexplode") && self.has_oid() && name != "pg_default_acl"
        });
        let granted = granted.map_or_else(String::new, |fact| {
            format!(" OR c.{} IS NOT NULL", fact.name)
        });
        let comma = if facts.is_empty() { "" } else { ", " };
        format!(
            "SELECT c.{key}::oid::text, {named}, '{class}', c.{key}::oid::text{comma}{} FROM {name} c{relation}{identify} \
             WHERE (c.{key}::oid >= 16384{granted}){rows}",
            facts.join(", ")
        )
    }

    /// Comments and labels are about an address.
    fn of_addresses(&self) -> String {
        let facts: Vec<String> = self
            .facts
            .iter()
            .map(|fact| fact.name.clone())
            .filter(|name| !name.starts_with("obj") && name != "classoid")
            .collect();
        format!(
            "SELECT '', i.type, i.schema, i.identity, c.classoid::regclass::text, c.objoid::text, {} FROM {} c, \
             pg_identify_object(c.classoid, c.objoid, c.objsubid) i WHERE c.objoid >= 16384 \
             OR c.classoid IN ('pg_namespace'::regclass, 'pg_extension'::regclass)",
            facts.join(", "),
            self.name
        )
    }

    pub fn line<'r>(&'r self, row: &'r TextRow) -> Line<'r> {
        let value = |n: usize| {
            row.get(n)
                .and_then(|value| value.as_deref())
                .unwrap_or_default()
        };
        Line {
            kind: value(1),
            schema: value(2),
            identity: value(3),
            catalog: value(4),
            oid: value(5),
            own_catalog: &self.name,
            values: row.get(6..).unwrap_or_default(),
        }
    }

    /// The facts of a row by name, oids replaced by names.
    pub fn values(&self, line: &Line<'_>, names: &ObjectNames) -> BTreeMap<String, String> {
        let by_hand = ["pg_depend", "pg_description", "pg_seclabel"].contains(&self.name.as_str());
        let values = line.values.iter().enumerate();
        let facts = values.filter_map(|(n, value)| {
            let value = value.as_deref()?;
            if by_hand {
                return Some((format!("{}.{n}", self.name), value.to_owned()));
            }
            let fact = self.facts.get(n)?;
            let value = match &fact.refers_to {
                Some(catalog) => names.resolve(catalog, value),
                None => value.to_owned(),
            };
            Some((fact.name.clone(), value))
        });
        facts.collect()
    }
}

fn is_left_out(catalog: &str, column: &str) -> bool {
    LEFT_OUT
        .iter()
        .any(|&(name, other, _)| name == catalog && other == column)
}

fn spelt(catalog: &str, column: &str) -> Option<&'static str> {
    let found = SPELT
        .iter()
        .find(|&&(name, other, _)| name == catalog && other == column);
    found.map(|(_, _, sql)| *sql)
}

/// The value of a column as text.
fn expression(catalog: &str, column: &str, kind: &str, columns: &[(&str, &str)]) -> String {
    if let Some(sql) = spelt(catalog, column) {
        return sql.to_owned();
    }
    match kind {
        "_aclitem" => privileges(catalog, column, columns),
        // Its name would lack its arguments.
        "regproc" => format!("c.{column}::oid::text"),
        _ => format!("c.{column}::text"),
    }
}

/// An expression for the privileges, in order. The owner is one role or another, and NULL means the initial privileges.
fn privileges(catalog: &str, column: &str, columns: &[(&str, &str)]) -> String {
    let kind = match catalog {
        "pg_class" => "CASE WHEN c.relkind = 'S' THEN 's'::\"char\" ELSE 'r'::\"char\" END",
        "pg_proc" => "'f'",
        "pg_type" => "'T'",
        "pg_namespace" => "'n'",
        "pg_language" => "'l'",
        "pg_foreign_data_wrapper" => "'F'",
        "pg_foreign_server" => "'S'",
        _ => "",
    };
    let owner = columns
        .iter()
        .map(|(column, _)| *column)
        .find(|column| column.ends_with("owner"));
    let owner = match catalog {
        "pg_attribute" => "k.relowner".to_owned(),
        "pg_default_acl" => "c.defaclrole".to_owned(),
        _ => owner.map_or_else(|| "0::oid".to_owned(), |owner| format!("c.{owner}")),
    };
    let all = if kind.is_empty() {
        format!("c.{column}")
    } else {
        format!("coalesce(c.{column}, acldefault({kind}, {owner}))")
    };
    format!(
        "(SELECT string_agg(p, ', ' ORDER BY p) FROM (SELECT CASE x.grantee WHEN {owner} THEN 'the owner' WHEN 0 THEN 'PUBLIC' \
         ELSE quote_ident(pg_get_userbyid(x.grantee)) END || ' ' || x.privilege_type || CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' \
         ELSE '' END FROM aclexplode({all}) x) AS p (p))"
    )
}

pub fn text(value: &str) -> String {
    quote_text(Dialect::Postgres, value)
}
