//! Alembic: Python. The project's own Alembic writes the SQL of each revision.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

use super::super::failure::Result;
use super::migration::{Imported, Migration, at, files, sql, text};

pub fn read(folder: &Path, root: &Path) -> Result<Imported> {
    let mut imported = Imported::default();
    let versions = folder.join("versions");
    let mut scripts = Vec::new();
    for (name, path) in files(&versions)? {
        if name.strip_suffix(".py").is_some()
            && let Some(script) = VersionFile::read(&text(&path)?)
        {
            scripts.push((script, path));
        }
    }
    let order = order(&scripts.iter().map(|(script, _)| script).collect::<Vec<_>>());
    for index in order {
        let (script, path) = &scripts[index];
        let mut migration = script.migration();
        migration.files.push(path.clone());
        if script.parents.len() > 1 {
            migration.upgrade = Some(String::new());
        } else {
            let parent = script.parents.first().map_or("base", String::as_str);
            let id = &script.id;
            match printed(root, &["upgrade", &format!("{parent}:{id}"), "--sql"]) {
                Ok(text) => migration.upgrade = Some(text),
                Err(error) => imported.left.push(at(
                    path,
                    1,
                    format!("Alembic cannot print its upgrade: {error}"),
                )),
            }
            match printed(root, &["downgrade", &format!("{id}:{parent}"), "--sql"]) {
                Ok(text) => migration.downgrade = Some(text).filter(|text| !text.trim().is_empty()),
                Err(error) => imported.left.push(at(
                    path,
                    1,
                    format!("Alembic cannot print its downgrade: {error}"),
                )),
            }
        }
        imported.migrations.push(migration);
    }
    Ok(imported)
}

/// The variables at the top of a version file.
#[derive(Debug, Default, PartialEq, Eq)]
struct VersionFile {
    id: String,
    parents: Vec<String>,
    depends_on: Vec<String>,
    labels: Vec<String>,
    message: String,
    created: Option<String>,
}

impl VersionFile {
    fn read(text: &str) -> Option<Self> {
        let value = |name: &str| {
            text.lines().find_map(|line| {
                let rest = line.strip_prefix(name)?;
                let is_assigned = rest.starts_with([' ', ':', '=']);
                let (_, value) = rest.split_once('=').filter(|_| is_assigned)?;
                Some(strings(value))
            })
        };
        let id = value("revision")?.into_iter().next()?;
        let docs = text
            .trim_start()
            .strip_prefix("\"\"\"")
            .and_then(|rest| rest.split("\"\"\"").next());
        let created = docs.and_then(|docs| {
            docs.lines()
                .find_map(|line| line.strip_prefix("Create Date: "))
        });
        Some(Self {
            id,
            parents: value("down_revision").unwrap_or_default(),
            depends_on: value("depends_on").unwrap_or_default(),
            labels: value("branch_labels").unwrap_or_default(),
            message: docs
                .and_then(|docs| docs.lines().next())
                .unwrap_or_default()
                .trim()
                .to_owned(),
            created: created.and_then(|time| {
                let time =
                    jiff::civil::DateTime::strptime("%Y-%m-%d %H:%M:%S", time.trim().get(..19)?)
                        .ok()?;
                Some(time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
            }),
        })
    }

    fn migration(&self) -> Migration {
        let mut migration = Migration {
            id: self.id.clone(),
            message: self.message.clone(),
            created: self.created.clone(),
            parents: Some(self.parents.clone()),
            ..Migration::default()
        };
        for (key, values) in [
            ("depends_on", &self.depends_on),
            ("branch_labels", &self.labels),
        ] {
            if !values.is_empty() {
                migration.key(key, &values.join(", "));
            }
        }
        migration
    }
}

/// The strings of a Python value: `'a'`, `('a', 'b')`, `None`.
fn strings(value: &str) -> Vec<String> {
    let mut strings = Vec::new();
    let mut rest = value.split('#').next().unwrap_or_default();
    while let Some(at) = rest.find(['\'', '"']) {
        let quote = &rest[at..=at];
        let Some((text, after)) = rest[at + 1..].split_once(quote) else {
            break;
        };
        strings.push(text.to_owned());
        rest = after;
    }
    strings
}

/// Parents before their children.
fn order(scripts: &[&VersionFile]) -> Vec<usize> {
    let places: HashMap<&str, usize> = scripts
        .iter()
        .enumerate()
        .map(|(n, script)| (&*script.id, n))
        .collect();
    let (mut order, mut done) = (Vec::new(), vec![false; scripts.len()]);
    while order.len() < scripts.len() {
        let is_ready = |script: &VersionFile| {
            let mut under = script.parents.iter().chain(&script.depends_on);
            under.all(|id| places.get(&**id).is_none_or(|&place| done[place]))
        };
        let ready = (0..scripts.len()).filter(|&n| !done[n] && is_ready(scripts[n]));
        let ready: Vec<usize> = ready.collect();
        if ready.is_empty() {
            // A cycle: the build says so.
            order.extend((0..scripts.len()).filter(|&n| !done[n]));
            return order;
        }
        for n in ready {
            done[n] = true;
            order.push(n);
        }
    }
    order
}

/// The SQL that Alembic prints, without what it writes for itself.
fn printed(root: &Path, arguments: &[&str]) -> Result<String, String> {
    // The folder of the process is an empty path, which no process starts in.
    let root = Some(root).filter(|root| !root.as_os_str().is_empty());
    let mut commands = [("alembic", &[][..]), ("python3", &["-m", "alembic"][..])].into_iter();
    let output = loop {
        let Some((program, before)) = commands.next() else {
            return Err("there is no `alembic` on the PATH".to_owned());
        };
        let run = Command::new(program)
            .args(before)
            .args(arguments)
            .current_dir(root.unwrap_or(Path::new(".")))
            .output();
        match run {
            Ok(output) => break output,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error.to_string()),
        }
    };
    if !output.status.success() {
        let told = String::from_utf8_lossy(&output.stderr);
        return Err(told.lines().last().unwrap_or_default().trim().to_owned());
    }
    Ok(without_bookkeeping(&sql(&String::from_utf8_lossy(
        &output.stdout,
    ))))
}

/// The statements between those for the transaction and the version table.
fn without_bookkeeping(text: &str) -> String {
    let is_own = |paragraph: &&str| {
        let statement = paragraph
            .lines()
            .filter(|line| !line.starts_with("-- Running"))
            .collect::<Vec<_>>()
            .join(" ");
        let statement = statement.trim().trim_end_matches(';').to_ascii_uppercase();
        ["", "BEGIN", "COMMIT", "START TRANSACTION"].contains(&&*statement)
            || statement.contains("ALEMBIC_VERSION")
    };
    let kept = text.split("\n\n").filter(|paragraph| !is_own(paragraph));
    let kept = kept.map(|paragraph| {
        let lines = paragraph
            .lines()
            .filter(|line| !line.starts_with("-- Running"));
        lines.collect::<Vec<_>>().join("\n").trim().to_owned()
    });
    kept.collect::<Vec<_>>().join("\n\n").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variables_of_a_version_file_are_read() {
        let text = "\"\"\"Create users\n\nRevision ID: ae10\nRevises: 1975\nCreate Date: 2024-01-31 12:04:05.123456\n\n\"\"\"\n\
                    from alembic import op\n\nrevision: str = 'ae10'\ndown_revision: Union[str, None] = '1975'\n\
                    branch_labels = ('shop',)\ndepends_on = None\n";
        let script = VersionFile::read(text).expect("a version file");
        assert_eq!(
            script,
            VersionFile {
                id: "ae10".into(),
                parents: vec!["1975".into()],
                depends_on: vec![],
                labels: vec!["shop".into()],
                message: "Create users".into(),
                created: Some("2024-01-31T12:04:05Z".into()),
            }
        );
    }

    #[test]
    fn what_alembic_writes_for_itself_is_left_out() {
        let printed = "BEGIN;\n\nCREATE TABLE alembic_version (\n    version_num VARCHAR(32) NOT NULL\n);\n\n\
                       -- Running upgrade  -> ae10\n\nCREATE TABLE users (\n    id SERIAL NOT NULL\n);\n\n\
                       INSERT INTO alembic_version (version_num) VALUES ('ae10') RETURNING alembic_version.version_num;\n\nCOMMIT;\n\n";
        assert_eq!(
            without_bookkeeping(printed),
            "CREATE TABLE users (\n    id SERIAL NOT NULL\n);"
        );
    }
}
