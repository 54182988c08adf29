//! Tables as structs: the way back.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use heck::{ToPascalCase as _, ToSnakeCase as _};
use migrate_chain::lock::{Column, Key, KeyKind, Lock, Locked, Table};
use migrate_chain::types::{ColumnKind, RUST_TYPES, RustType};
use migrate_chain::{Dialect, nearest_name};

/// Writes a struct for each table and view of a lock, or for one of them. They are in step with every database in it.
///
/// # Errors
/// There is no such table; or a column has types on two databases for which there is no common Rust type.
pub fn print(lock: &Lock, only: Option<&str>) -> Result<String, String> {
    let mut printer = Printer {
        lock,
        enums: BTreeSet::new(),
    };
    let mut names: BTreeSet<&str> = BTreeSet::new();
    for locked in &lock.databases {
        names.extend(locked.built.tables.iter().map(|table| &*table.name));
    }
    if let Some(only) = only {
        if !names.contains(only) {
            let known: Vec<&str> = names.into_iter().collect();
            let nearest = nearest_name(only, &known).map_or_else(String::new, |nearest| {
                format!("; did you mean `{nearest}`?")
            });
            return Err(format!("there is no table or view `{only}`{nearest}"));
        }
        names.retain(|name| *name == only);
    }
    let mut structs = String::new();
    for name in names {
        structs.push_str(&printer.table(name)?);
    }
    let text = format!("{}{structs}", printer.enums());
    let file = syn::parse_file(&text)
        .map_err(|error| format!("the structs cannot be formatted: {error}"))?;
    // An empty line between items, which the formatter leaves out.
    Ok(prettyplease::unparse(&file).replace("}\n#[derive", "}\n\n#[derive"))
}

/// In the order in which they are preferred, where more than one fits.
const PREFERRED: [&str; 21] = [
    "i64",
    "i32",
    "i16",
    "i8",
    "u64",
    "u32",
    "u16",
    "u8",
    "f64",
    "f32",
    "bool",
    "String",
    "Vec<u8>",
    "Uuid",
    "OffsetDateTime",
    "PrimitiveDateTime",
    "Date",
    "Time",
    "Value",
    "Decimal",
    "IpNetwork",
];

struct Printer<'l> {
    lock: &'l Lock,
    /// The enums that a field has.
    enums: BTreeSet<String>,
}

impl Printer<'_> {
    fn table(&mut self, name: &str) -> Result<String, String> {
        let lock = self.lock;
        let tables = lock
            .databases
            .iter()
            .filter_map(|locked| Some((locked, locked.built.table(name)?)));
        let tables: Vec<(&Locked, &Table)> = tables.collect();
        let (_, first) = tables[0];
        let (schema, bare) = name
            .split_once('.')
            .map_or((None, name), |(schema, bare)| (Some(schema), bare));
        let mut attributes = vec![format!("name = {bare:?}")];
        attributes.extend(schema.map(|schema| format!("schema = {schema:?}")));
        attributes.extend(first.is_view.then(|| "view".to_owned()));
        attributes.extend(together(first, KeyKind::Primary, "primary_key"));
        attributes.extend(together(first, KeyKind::Unique, "unique"));
        attributes.extend(first.keys.iter().filter_map(index));
        attributes.extend(checks(&tables));
        let mut out = format!(
            "#[derive(Debug, sqlx::FromRow, embed_migrations::Table)]\n#[table({})]\npub struct {} {{\n",
            attributes.join(", "),
            singular(bare).to_pascal_case()
        );
        for column in &first.columns {
            let same = tables
                .iter()
                .filter_map(|(locked, table)| Some((*locked, table.column(&column.name)?)));
            out.push_str(&self.field(first, &same.collect::<Vec<_>>())?);
        }
        out.push_str("}\n");
        Ok(out)
    }

    fn field(&mut self, table: &Table, columns: &[(&Locked, &Column)]) -> Result<String, String> {
        let (_, first) = columns[0];
        let (held, sql_type) = self.held(table, columns)?;
        let ty = if first.is_not_null {
            held
        } else {
            format!("Option<{held}>")
        };
        let (ident, rename) = ident(&first.name);
        let mut attributes = Vec::new();
        let key = |kind: KeyKind| {
            let mut keys = table.keys.iter();
            keys.find(|key| key.kind == kind && key.columns == [first.name.as_str()])
        };
        if key(KeyKind::Primary).is_some() {
            attributes.push("primary_key".to_owned());
            attributes.extend(
                (!first.is_identity && is_integer(&ty)).then(|| "identity = false".to_owned()),
            );
        } else if first.is_identity {
            attributes.push("identity".to_owned());
        }
        attributes.extend(key(KeyKind::Unique).map(|_| "unique".to_owned()));
        attributes.extend(key(KeyKind::Foreign).map(references).into_iter().flatten());
        attributes.extend(each(columns, "type", |_, column| {
            sql_type.then(|| column.sql_type.clone())
        }));
        attributes.extend(each(columns, "default", |_, column| column.default.clone()));
        attributes.extend(each(columns, "generated", |locked, column| {
            let text = column.generated.as_deref()?;
            Some(if locked.of.dialect == Dialect::Sqlite {
                inner(text)
            } else {
                text.to_owned()
            })
        }));
        let mut out = String::new();
        if let Some(rename) = rename {
            let _ = writeln!(out, "    #[sqlx(rename = {rename:?})]");
        }
        if !attributes.is_empty() {
            let _ = writeln!(out, "    #[table({})]", attributes.join(", "));
        }
        let _ = writeln!(out, "    pub {ident}: {ty},");
        Ok(out)
    }

    /// The type that holds a column on every database, and whether the field has to say the type of the column.
    fn held(
        &mut self,
        table: &Table,
        columns: &[(&Locked, &Column)],
    ) -> Result<(String, bool), String> {
        let mut kinds = Vec::new();
        for (locked, column) in columns {
            let base = locked.built.base_type(&column.sql_type);
            if locked.built.enums.iter().any(|found| found.name == base) {
                self.enums.insert(base.to_owned());
                return Ok((enum_name(base), false));
            }
            kinds.push((
                locked.of.dialect,
                ColumnKind::of(locked.of.dialect, base),
                base,
            ));
        }
        if let [(_, ColumnKind::Array(item), _)] = &kinds[..] {
            let inner = best(&[(Dialect::Postgres, (**item).clone(), "")]);
            return Ok(inner.map_or(("Vec<String>".to_owned(), true), |row| {
                (format!("Vec<{}>", path(row)), false)
            }));
        }
        if kinds
            .iter()
            .any(|(_, kind, _)| matches!(kind, ColumnKind::Unknown | ColumnKind::Array(_)))
        {
            return Ok(("String".to_owned(), true));
        }
        if let Some(row) = best(&kinds) {
            // A text is read from it, and is not made into it.
            let is_listed = kinds.iter().any(|(.., sql)| sql.starts_with("enum("));
            Ok((path(row), is_listed))
        } else {
            let types: Vec<String> = kinds
                .iter()
                .map(|(dialect, _, sql)| format!("{sql} on {dialect}"))
                .collect();
            let (_, column) = columns[0];
            Err(format!(
                "no Rust type holds the column `{}.{}` on every database: it is {}",
                table.name,
                column.name,
                types.join(", ")
            ))
        }
    }

    fn enums(&self) -> String {
        let mut out = String::new();
        for name in &self.enums {
            let found = self
                .lock
                .databases
                .iter()
                .flat_map(|locked| &locked.built.enums);
            let Some(found) = found.into_iter().find(|found| found.name == *name) else {
                continue;
            };
            let _ = write!(
                out,
                "#[derive(Debug, sqlx::Type, embed_migrations::TableEnum)]\n#[sqlx(type_name = {name:?})]\npub enum {} {{\n",
                enum_name(name)
            );
            for label in &found.labels {
                let _ = writeln!(
                    out,
                    "    #[sqlx(rename = {label:?})]\n    {},",
                    variant(label)
                );
            }
            out.push_str("}\n");
        }
        out
    }
}

/// The type that fits every column, and is the one that would be made for as many of them as possible.
fn best(kinds: &[(Dialect, ColumnKind, &str)]) -> Option<&'static RustType> {
    let fits = |row: &RustType| {
        kinds.iter().all(|(dialect, kind, _)| match kind {
            ColumnKind::Known(kind) => row.fits[dialect.index()].contains(kind),
            kind => *kind == ColumnKind::Any,
        })
    };
    let exact = |row: &RustType| {
        let is_exact = |(dialect, kind, sql): &&(Dialect, ColumnKind, &str)| {
            if *sql == "tinyint(1)" {
                return row.name == "bool";
            }
            ColumnKind::of(*dialect, row.sql[dialect.index()]) == *kind
        };
        kinds.iter().filter(is_exact).count()
    };
    let place = |row: &RustType| PREFERRED.iter().position(|name| *name == row.name);
    let rows = RUST_TYPES
        .iter()
        .filter(|row| place(row).is_some() && fits(row));
    rows.min_by_key(|row| (usize::MAX - exact(row), place(row)))
}

/// A type as a file without imports writes it.
fn path(row: &RustType) -> String {
    match (row.feature, row.name) {
        ("", name) => name.to_owned(),
        ("time" | "ipnetwork", name) => format!("sqlx::types::{}::{name}", row.feature),
        (_, "Value") => "sqlx::types::JsonValue".to_owned(),
        (_, name) => format!("sqlx::types::{name}"),
    }
}

fn is_integer(ty: &str) -> bool {
    ["i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64"].contains(&ty)
}

/// `key = "text"`, or one text for each database where they differ.
fn each(
    columns: &[(&Locked, &Column)],
    key: &str,
    of: impl Fn(&Locked, &Column) -> Option<String>,
) -> Option<String> {
    let texts = columns
        .iter()
        .map(|(locked, column)| (locked.of.dialect, of(locked, column)));
    let texts: Vec<(Dialect, Option<String>)> = texts.collect();
    let (_, first) = &texts[0];
    if texts.iter().all(|(_, text)| text == first) {
        return first.as_ref().map(|text| format!("{key} = {text:?}"));
    }
    let some = texts
        .iter()
        .filter_map(|(dialect, text)| Some(format!("{} = {:?}", dialect.name(), text.as_ref()?)));
    Some(format!("{key}({})", some.collect::<Vec<_>>().join(", ")))
}

/// `(expression) virtual` without its word and its parentheses.
fn inner(generated: &str) -> String {
    let end = generated.rfind(')').unwrap_or(generated.len());
    generated[..end].trim_start_matches('(').to_owned()
}

/// A key over several columns, as an attribute of the struct.
fn together(table: &Table, kind: KeyKind, word: &str) -> Vec<String> {
    let keys = table
        .keys
        .iter()
        .filter(|key| key.kind == kind && key.columns.len() > 1);
    let is_plain = |key: &&Key| key.columns.iter().all(|column| ident(column).1.is_none());
    keys.filter(is_plain)
        .map(|key| format!("{word}({})", key.columns.join(", ")))
        .collect()
}

/// A foreign key over one column, as attributes of the field.
fn references(key: &Key) -> Vec<String> {
    let text = key.text.trim_start_matches("references ");
    let (target, actions) = text.split_once(')').unwrap_or((text, ""));
    let target = format!("{})", target.replace(" (", "("));
    let mut attributes = vec![format!("references = {target:?}")];
    for (word, attribute) in [(" on delete ", "on_delete"), (" on update ", "on_update")] {
        if let Some((_, action)) = actions.split_once(word) {
            let action = action.split(" on ").next().unwrap_or_default();
            attributes.push(format!("{attribute} = {action:?}"));
        }
    }
    attributes
}

/// An index over columns, as an attribute of the struct. One over expressions is for a revision.
fn index(key: &Key) -> Option<String> {
    let is_unique = key.text.starts_with("unique ");
    let text = key.text.trim_start_matches("unique ");
    let (columns, rest) = text.strip_prefix('(')?.split_once(')')?;
    let columns: Vec<&str> = columns
        .split(", ")
        .map(|column| column.trim_matches(['"', '`']))
        .collect();
    let is_plain = columns.iter().all(|column| ident(column).1.is_none());
    let condition = match rest.trim() {
        "" => None,
        rest => Some(format!("where = {:?}", rest.strip_prefix("WHERE ")?)),
    };
    let words = columns.into_iter().map(str::to_owned);
    let words = words.chain([format!("name = {:?}", key.name)]);
    let words = words
        .chain(condition)
        .chain(is_unique.then(|| "unique".to_owned()));
    let is_index = key.kind == KeyKind::Index && is_plain;
    is_index.then(|| format!("index({})", words.collect::<Vec<_>>().join(", ")))
}

/// The checks of a table, as attributes of the struct. MariaDB makes those of JSON.
fn checks(tables: &[(&Locked, &Table)]) -> Vec<String> {
    let of_one = |(locked, table): &(&Locked, &Table)| {
        let checks = table.keys.iter().filter(|key| key.kind == KeyKind::Check);
        let checks = checks.filter(|key| !key.text.starts_with("(json_valid("));
        let attribute = |key: &Key| {
            let condition = key
                .text
                .strip_prefix('(')
                .and_then(|text| text.strip_suffix(')'));
            let condition = condition.unwrap_or(&key.text);
            match tables.len() {
                1 => format!("check = {condition:?}"),
                _ => format!("check({} = {condition:?})", locked.of.dialect.name()),
            }
        };
        checks.map(attribute).collect::<Vec<_>>()
    };
    tables.iter().flat_map(of_one).collect()
}

/// The name of a field for a column, and the name of the column where that is another.
fn ident(column: &str) -> (String, Option<&str>) {
    let is_plain = syn::parse_str::<syn::Ident>(column).is_ok();
    if is_plain {
        return (column.to_owned(), None);
    }
    let raw = format!("r#{column}");
    if column
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || c == '_')
        && syn::parse_str::<syn::Ident>(&raw).is_ok()
    {
        return (raw, None);
    }
    let snake = column.to_snake_case();
    let snake = if snake.starts_with(|first: char| first.is_ascii_digit()) || snake.is_empty() {
        format!("column_{snake}")
    } else {
        snake
    };
    (snake, Some(column))
}

fn enum_name(name: &str) -> String {
    name.rsplit('.').next().unwrap_or(name).to_pascal_case()
}

fn variant(label: &str) -> String {
    let name = label.to_pascal_case();
    if name.starts_with(|first: char| first.is_ascii_alphabetic()) {
        name
    } else {
        format!("V{name}")
    }
}

/// The name of one row of a table that is called in the plural.
fn singular(name: &str) -> String {
    for (plural, singular) in [
        ("ies", "y"),
        ("sses", "ss"),
        ("xes", "x"),
        ("ches", "ch"),
        ("shes", "sh"),
        ("ss", "ss"),
        ("us", "us"),
        ("s", ""),
    ] {
        if let Some(stem) = name.strip_suffix(plural) {
            return format!("{stem}{singular}");
        }
    }
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use migrate_chain::Digest;
    use migrate_chain::lock::{Built, Of};

    use super::*;
    use crate::{Holding, Model, canonical, check};

    /// A table with two columns of each kind that a database has: one of them can be NULL.
    fn every_kind(dialect: Dialect) -> Lock {
        let mut table = Table {
            name: "everything".to_owned(),
            ..Table::default()
        };
        let kinds = RUST_TYPES.iter().flat_map(|row| row.fits[dialect.index()]);
        for kind in kinds.copied().collect::<BTreeSet<_>>() {
            let sql_type = match (dialect, kind) {
                (Dialect::Postgres, "varchar") => "character varying".to_owned(),
                (Dialect::Postgres, "bpchar") => "character".to_owned(),
                (Dialect::Postgres, "char") => "\"char\"".to_owned(),
                (Dialect::Postgres, "timestamptz") => "timestamp with time zone".to_owned(),
                (Dialect::Postgres, "timestamp" | "time") => format!("{kind} without time zone"),
                (_, kind) => kind.replace('_', " "),
            };
            assert_eq!(ColumnKind::of(dialect, &sql_type), ColumnKind::Known(kind));
            for is_not_null in [true, false] {
                table.columns.push(Column {
                    name: format!("c{}", table.columns.len()),
                    sql_type: sql_type.clone(),
                    is_not_null,
                    ..Column::default()
                });
            }
        }
        let of = Of {
            dialect,
            digest: Digest::default(),
            server: String::new(),
        };
        let built = Built {
            tables: vec![table],
            ..Built::default()
        };
        Lock {
            databases: vec![Locked { of, built }],
            ..Lock::default()
        }
    }

    #[test]
    fn a_field_is_printed_for_each_kind_of_column_and_is_in_step() {
        for dialect in Dialect::ALL {
            let lock = every_kind(dialect);
            let printed = print(&lock, None).expect("each kind has a type");
            let input = syn::parse_str(&printed).expect("one struct");
            let model = Model::parse(&input).unwrap_or_else(|errors| panic!("{errors:?}"));
            let finding = check(&model, &lock);
            assert!(finding.errors.is_empty(), "{dialect}: {:?}", finding.errors);
            for held in &finding.held {
                let ty = canonical(&held.ty);
                let row = RUST_TYPES.iter().find(|row| path(row) == ty);
                let row =
                    row.unwrap_or_else(|| panic!("{dialect}: `{ty}` is not a type of the table"));
                let Holding::Kind(ColumnKind::Known(kind)) = &held.holding else {
                    panic!("{dialect}: {held:?}");
                };
                assert!(
                    row.fits[dialect.index()].contains(kind),
                    "{dialect}: {ty} and {kind}"
                );
            }
        }
    }

    #[test]
    fn a_struct_is_called_like_one_row() {
        for (table, row) in [
            ("users", "user"),
            ("categories", "category"),
            ("boxes", "box"),
            ("address", "address"),
            ("status", "status"),
        ] {
            assert_eq!(singular(table), row);
        }
    }

    #[test]
    fn a_column_that_is_no_name_of_a_field_is_renamed() {
        assert_eq!(ident("type"), ("r#type".to_owned(), None));
        assert_eq!(ident("Order No"), ("order_no".to_owned(), Some("Order No")));
        assert_eq!(ident("2nd"), ("column_2nd".to_owned(), Some("2nd")));
        assert_eq!(ident("id"), ("id".to_owned(), None));
    }
}
