//! A lock as text.

use std::fmt::{self, Write as _};

use super::facts::{Built, Column, Declared, Enum, Key, KeyKind};
use super::line::{align, escape};
use super::{FORMAT, Lock, files_checksum};
use crate::Checksum;

const TITLE: &str =
    "# The schema at the heads of this chain: `cargo migrate lock` writes it. Do not edit it.";

impl fmt::Display for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body = body(self);
        let mut head = String::new();
        let heads = self.databases.iter().map(|locked| {
            let of = &locked.of;
            [
                of.dialect.name().to_owned(),
                of.digest.to_string(),
                escape(&of.server).into_owned(),
            ]
            .to_vec()
        });
        let files = files_checksum(&self.files);
        let files = files.map(|checksum| vec!["files".to_owned(), checksum.to_string()]);
        let checksum = vec!["checksum".to_owned(), Checksum::of(&body).to_string()];
        let lines: Vec<Vec<String>> = heads.chain(files).chain([checksum]).collect();
        align(&mut head, "", &lines);
        write!(f, "{TITLE}\nformat {FORMAT}\n{head}\n{body}")
    }
}

fn body(lock: &Lock) -> String {
    let mut out = String::new();
    for locked in &lock.databases {
        section(&mut out, locked.of.dialect.name());
        built(&mut out, &locked.built);
    }
    if !lock.files.is_empty() {
        section(&mut out, "files");
        let line = |(path, checksum): &(String, Checksum)| {
            vec![
                "file".to_owned(),
                escape(path).into_owned(),
                checksum.to_string(),
            ]
        };
        align(
            &mut out,
            "",
            &lock.files.iter().map(line).collect::<Vec<_>>(),
        );
    }
    if let Some(declared) = &lock.declared {
        section(&mut out, "models");
        for found in &declared.models {
            model(&mut out, found);
        }
        for found in &declared.enums {
            enumeration(&mut out, found);
        }
    }
    out
}

fn section(out: &mut String, name: &str) {
    if !out.is_empty() {
        out.push('\n');
    }
    let _ = writeln!(out, "[{name}]");
}

fn built(out: &mut String, built: &Built) {
    for table in &built.tables {
        let kind = if table.is_view { "view" } else { "table" };
        let _ = writeln!(out, "{kind}  {}", escape(&table.name));
        align(
            out,
            "  ",
            &table.columns.iter().map(column_line).collect::<Vec<_>>(),
        );
        align(
            out,
            "  ",
            &table.keys.iter().map(key_line).collect::<Vec<_>>(),
        );
    }
    for found in &built.enums {
        enumeration(out, found);
    }
    for domain in &built.domains {
        let line = ["domain", &escape(&domain.name), &escape(&domain.text)];
        align(out, "", &[line.map(str::to_owned).to_vec()]);
    }
}

fn enumeration(out: &mut String, found: &Enum) {
    let labels = found.labels.iter().map(|label| escape(label).into_owned());
    let line = ["enum".to_owned(), escape(&found.name).into_owned()];
    align(out, "", &[line.into_iter().chain(labels).collect()]);
}

fn column_line(column: &Column) -> Vec<String> {
    let clause = |word: &str, text: &Option<String>| {
        text.as_ref().map(|text| format!("{word} {}", escape(text)))
    };
    let sql_type = match &*column.sql_type {
        "" => "-".into(),
        sql_type => escape(sql_type),
    };
    let fixed = [
        "column".to_owned(),
        escape(&column.name).into_owned(),
        sql_type.into_owned(),
    ];
    let flags = [
        column.is_not_null.then(|| "not null".to_owned()),
        column.is_identity.then(|| "identity".to_owned()),
        clause("generated", &column.generated),
        clause("default", &column.default),
    ];
    fixed
        .into_iter()
        .chain(flags.into_iter().flatten())
        .collect()
}

fn key_line(key: &Key) -> Vec<String> {
    let columns = key.columns.iter().map(|column| quoted(column));
    let columns: Vec<String> = columns.collect();
    let place = match key.kind {
        KeyKind::Index => escape(&key.name).into_owned(),
        KeyKind::Check => return vec![word(key.kind).to_owned(), escape(&key.text).into_owned()],
        _ => escape(&format!("({})", columns.join(", "))).into_owned(),
    };
    let text = (!key.text.is_empty()).then(|| escape(&key.text).into_owned());
    [word(key.kind).to_owned(), place]
        .into_iter()
        .chain(text)
        .collect()
}

/// A column in a list. A name with a comma is quoted.
fn quoted(column: &str) -> String {
    if column.contains([',', '"', '(', ')', ' ']) {
        format!("\"{}\"", column.replace('"', "\"\""))
    } else {
        column.to_owned()
    }
}

pub fn word(kind: KeyKind) -> &'static str {
    match kind {
        KeyKind::Primary => "primary key",
        KeyKind::Unique => "unique",
        KeyKind::Foreign => "foreign key",
        KeyKind::Check => "check",
        KeyKind::Index => "index",
    }
}

fn model(out: &mut String, model: &Declared) {
    let options = (!model.options.is_empty()).then(|| escape(&model.options).into_owned());
    let line = ["model", &escape(&model.table), &escape(&model.model)].map(str::to_owned);
    align(out, "", &[line.into_iter().chain(options).collect()]);
    let line = |field: &super::Named| {
        vec![
            "field".to_owned(),
            escape(&field.name).into_owned(),
            escape(&field.text).into_owned(),
        ]
    };
    align(
        out,
        "  ",
        &model.fields.iter().map(line).collect::<Vec<_>>(),
    );
}
