//! A text as a lock.

use super::facts::{Built, Column, Declarations, Declared, Enum, Key, KeyKind, Named, Table};
use super::line::{fields, unescape};
use super::write::word;
use super::{FORMAT, Head, Lock, Locked, Of, Unsound};
use crate::{Checksum, Dialect};

impl Head {
    /// Reads the head of a lock, and not its body.
    ///
    /// # Errors
    /// The reason why it is not sound.
    pub fn parse(text: &str) -> Result<Self, Unsound> {
        let mut head = LockReader::default();
        let mut at = 0;
        for (number, line) in text.split_inclusive('\n').enumerate() {
            at += line.len();
            let line = line.trim_end_matches(['\n', '\r']);
            if is_conflict(line) {
                return Err(Unsound::Conflict);
            }
            if line.is_empty() {
                return head.finish(at, number + 1);
            }
            if !line.starts_with('#') {
                head.line(line).map_err(|unsound| {
                    unsound.unwrap_or(Unsound::Malformed { line: number + 1 })
                })?;
            }
        }
        Err(Unsound::Malformed {
            line: text.lines().count().max(1),
        })
    }
}

/// The marker of a merge; no line of a lock begins like it.
fn is_conflict(line: &str) -> bool {
    ["<<<<<<<", "=======", ">>>>>>>", "|||||||"]
        .iter()
        .any(|marker| line.starts_with(marker))
}

#[derive(Default)]
struct LockReader {
    has_format: bool,
    databases: Vec<Of>,
    files: Option<Checksum>,
    checksum: Option<Checksum>,
}

impl LockReader {
    fn line(&mut self, line: &str) -> Result<(), Option<Unsound>> {
        if let Some(format) = line.strip_prefix("format ") {
            let format = format.trim().parse().map_err(|_| None)?;
            if format != FORMAT {
                return Err(Some(Unsound::Newer { format }));
            }
            self.has_format = true;
            return Ok(());
        }
        let mut fields = fields(line);
        let (name, digest) = (fields.next().ok_or(None)?, fields.next().ok_or(None)?);
        if let "checksum" | "files" = name {
            let checksum = Some(digest.parse().map_err(|_| None)?);
            *(if name == "files" {
                &mut self.files
            } else {
                &mut self.checksum
            }) = checksum;
            return Ok(());
        }
        self.databases.push(Of {
            dialect: name.parse().map_err(|_| None)?,
            digest: digest.parse().map_err(|_| None)?,
            server: unescape(fields.next().ok_or(None)?).into_owned(),
        });
        Ok(())
    }

    fn finish(self, body: usize, line: usize) -> Result<Head, Unsound> {
        match self.checksum {
            Some(checksum) if self.has_format => Ok(Head {
                databases: self.databases,
                files: self.files,
                checksum,
                body,
            }),
            _ => Err(Unsound::Malformed { line }),
        }
    }
}

impl Lock {
    /// Reads a lock.
    ///
    /// # Errors
    /// The reason why it is not sound.
    pub fn parse(text: &str) -> Result<Self, Unsound> {
        let head = Head::parse(text)?;
        let (before, body) = text.split_at(head.body);
        if body.lines().any(is_conflict) {
            return Err(Unsound::Conflict);
        }
        if Checksum::of(body) != head.checksum {
            return Err(Unsound::Edited);
        }
        let locked = |of| Locked {
            of,
            built: Built::default(),
        };
        let mut lock = Self {
            databases: head.databases.into_iter().map(locked).collect(),
            ..Self::default()
        };
        let mut section = BodyPart::None;
        let first = before.lines().count() + 1;
        for (number, line) in body.lines().enumerate() {
            let taken = lock.line(line, &mut section);
            taken.ok_or(Unsound::Malformed {
                line: first + number,
            })?;
        }
        Ok(lock)
    }

    fn line(&mut self, line: &str, section: &mut BodyPart) -> Option<()> {
        if line.is_empty() {
            return Some(());
        }
        if let Some(name) = line
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            *section = self.section(name)?;
            return Some(());
        }
        let mut fields = fields(line);
        match *section {
            BodyPart::Database(n) => built_line(&mut self.databases[n].built, fields),
            BodyPart::Files => {
                let path = fields.nth(1)?;
                self.files
                    .push((unescape(path).into_owned(), fields.next()?.parse().ok()?));
                Some(())
            }
            BodyPart::Models => declared_line(self.declared.as_mut()?, fields),
            BodyPart::None => None,
        }
    }

    fn section(&mut self, name: &str) -> Option<BodyPart> {
        match name {
            "files" => Some(BodyPart::Files),
            "models" => {
                self.declared = Some(Declarations::default());
                Some(BodyPart::Models)
            }
            name => {
                let dialect: Dialect = name.parse().ok()?;
                let mut locked = self.databases.iter();
                let at = locked.position(|locked| locked.of.dialect == dialect)?;
                Some(BodyPart::Database(at))
            }
        }
    }
}

/// The part of the body that a line is in.
enum BodyPart {
    None,
    Database(usize),
    Files,
    Models,
}

fn built_line<'l>(built: &mut Built, mut fields: impl Iterator<Item = &'l str>) -> Option<()> {
    let (kind, first) = (fields.next()?, fields.next()?);
    let name = unescape(first).into_owned();
    match kind {
        "table" | "view" => built.tables.push(Table {
            name,
            is_view: kind == "view",
            ..Table::default()
        }),
        "enum" => built.enums.push(enumeration(name, fields)),
        "domain" => built.domains.push(Named {
            name,
            text: unescape(fields.next()?).into_owned(),
        }),
        "column" => built.tables.last_mut()?.columns.push(column(name, fields)?),
        kind => built.tables.last_mut()?.keys.push(key(kind, name, fields)?),
    }
    Some(())
}

fn enumeration<'l>(name: String, labels: impl Iterator<Item = &'l str>) -> Enum {
    Enum {
        name,
        labels: labels.map(|label| unescape(label).into_owned()).collect(),
    }
}

fn column<'l>(name: String, mut fields: impl Iterator<Item = &'l str>) -> Option<Column> {
    let sql_type = match fields.next()? {
        "-" => String::new(),
        sql_type => unescape(sql_type).into_owned(),
    };
    let mut column = Column {
        name,
        sql_type,
        ..Column::default()
    };
    for field in fields {
        match field {
            "not null" => column.is_not_null = true,
            "identity" => column.is_identity = true,
            field => {
                let (word, text) = field.split_once(' ')?;
                let text = Some(unescape(text).into_owned());
                match word {
                    "default" => column.default = text,
                    "generated" => column.generated = text,
                    _ => return None,
                }
            }
        }
    }
    Some(column)
}

fn key<'l>(kind: &str, first: String, mut fields: impl Iterator<Item = &'l str>) -> Option<Key> {
    let kinds = [
        KeyKind::Primary,
        KeyKind::Unique,
        KeyKind::Foreign,
        KeyKind::Check,
        KeyKind::Index,
    ];
    let kind = kinds.into_iter().find(|known| word(*known) == kind)?;
    let text = fields
        .next()
        .map(|text| unescape(text).into_owned())
        .unwrap_or_default();
    let (name, columns, text) = match kind {
        KeyKind::Check => (String::new(), Vec::new(), first),
        KeyKind::Index => (first, Vec::new(), text),
        _ => (String::new(), columns(&first)?, text),
    };
    Some(Key {
        kind,
        name,
        columns,
        text,
    })
}

/// The names of a list in parentheses.
fn columns(list: &str) -> Option<Vec<String>> {
    let mut rest = list.strip_prefix('(')?.strip_suffix(')')?;
    let mut names = Vec::new();
    while !rest.is_empty() {
        let (name, after) = if rest.starts_with('"') {
            let end = closing(rest)?;
            (rest[1..end].replace("\"\"", "\""), &rest[end + 1..])
        } else {
            let end = rest.find(", ").unwrap_or(rest.len());
            (rest[..end].to_owned(), &rest[end..])
        };
        names.push(name);
        rest = after.strip_prefix(", ").unwrap_or(after);
    }
    Some(names)
}

/// The quotation mark that ends a name which begins with one.
fn closing(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'"' if bytes.get(at + 1) == Some(&b'"') => at += 2,
            b'"' => return Some(at),
            _ => at += 1,
        }
    }
    None
}

fn declared_line<'l>(
    declared: &mut Declarations,
    mut fields: impl Iterator<Item = &'l str>,
) -> Option<()> {
    let kind = fields.next()?;
    let mut field = || fields.next().map(|field| unescape(field).into_owned());
    match kind {
        "model" => declared.models.push(Declared {
            table: field()?,
            model: field()?,
            options: field().unwrap_or_default(),
            fields: Vec::new(),
        }),
        "field" => declared.models.last_mut()?.fields.push(Named {
            name: field()?,
            text: field()?,
        }),
        "enum" => {
            let name = field()?;
            declared.enums.push(enumeration(name, fields));
        }
        _ => return None,
    }
    Some(())
}
