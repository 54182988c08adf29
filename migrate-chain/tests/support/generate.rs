//! Migration directories made up by proptest: sound chains, and files of any text.

use std::collections::BTreeMap;
use std::io;

use migrate_chain::{DirectoryEntry, Tree};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// A migration directory in memory, by path.
#[derive(Clone, Debug, Default)]
pub struct Files(BTreeMap<String, Vec<u8>>);

impl Files {
    pub fn with(mut self, path: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.0.insert(path.to_owned(), bytes.into());
        self
    }

    /// The same files, each with its text changed.
    pub fn map(&self, change: impl Fn(&str) -> String) -> Self {
        let changed = self.0.iter().map(|(path, bytes)| {
            let text = std::str::from_utf8(bytes).expect("generated text is UTF-8");
            (path.clone(), change(text).into_bytes())
        });
        Self(changed.collect())
    }
}

impl Tree for Files {
    fn name(&self) -> &'static str {
        "migrations"
    }

    fn read(&self, path: &str) -> io::Result<Option<Vec<u8>>> {
        Ok(self.0.get(path).cloned())
    }

    fn list(&self, path: &str) -> io::Result<Option<Vec<DirectoryEntry>>> {
        let prefix = if path.is_empty() {
            String::new()
        } else {
            format!("{path}/")
        };
        let below: Vec<&str> = self
            .0
            .keys()
            .filter_map(|file| file.strip_prefix(&prefix))
            .collect();
        let mut entries: Vec<DirectoryEntry> = below
            .iter()
            .map(|rest| {
                let (name, is_directory) = match rest.split_once('/') {
                    Some((folder, _)) => (folder, true),
                    None => (*rest, false),
                };
                let name = name.to_owned();
                DirectoryEntry { name, is_directory }
            })
            .collect();
        entries.dedup();
        Ok((!below.is_empty()).then_some(entries))
    }
}

/// A revision of a sound chain.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a line of the header or not"
)]
#[derive(Clone, Debug)]
pub struct Plan {
    /// Its parents and its dependencies, among the revisions before it.
    parents: Vec<Index>,
    dependencies: Vec<Index>,
    message: String,
    has_label: bool,
    transaction: bool,
    irreversible: bool,
    dialects: bool,
    id: String,
}

fn plan() -> impl Strategy<Value = Plan> {
    let graph = (vec(any::<Index>(), 1..3), vec(any::<Index>(), 0..2));
    let header = ("[A-Za-zé][A-Za-zé .,]{0,20}", any::<[bool; 4]>());
    (graph, header, "[a-z0-9_]{1,8}").prop_map(|(graph, header, id)| Plan {
        parents: graph.0,
        dependencies: graph.1,
        message: header.0,
        has_label: header.1[0],
        transaction: header.1[1],
        irreversible: header.1[2],
        dialects: header.1[3],
        id,
    })
}

/// A sound chain of up to eight revisions, with branches, merges, labels and dependencies.
pub fn sound_chain() -> impl Strategy<Value = Files> {
    vec(plan(), 0..8).prop_map(|plans| {
        let ids: Vec<String> = plans
            .iter()
            .enumerate()
            .map(|(n, plan)| format!("{}_{n}", plan.id))
            .collect();
        let start = Files::default()
            .with("migrate.toml", "heads = \"many\"\n")
            .with("versions/.gitkeep", "");
        plans.iter().enumerate().fold(start, |files, (n, plan)| {
            let path = format!("versions/{}.sql", ids[n]);
            files.with(&path, revision(plan, &ids[..n], &ids[n]))
        })
    })
}

fn revision(plan: &Plan, before: &[String], id: &str) -> String {
    let parents = chosen(&plan.parents, before);
    let dependencies = chosen(&plan.dependencies, before);
    let mut text = format!("-- {}\n--\n-- revision: {id}\n", plan.message.trim());
    let parents = if parents.is_empty() {
        "none".to_owned()
    } else {
        parents
    };
    text += &["-- down_revision: ", &parents, "\n"].concat();
    if !dependencies.is_empty() {
        text += &["-- depends_on: ", &dependencies, "\n"].concat();
    }
    if plan.has_label {
        text += &["-- branch_labels: label-", id, "\n"].concat();
    }
    if !plan.transaction {
        text += "-- transaction: off\n";
    }
    if plan.irreversible {
        text += "-- irreversible: it is gone\n";
    }
    text += "\n-- migrate: upgrade\nCREATE TABLE t (\n    a TEXT DEFAULT 'é'\n);\n";
    if plan.dialects {
        text += "\n-- migrate: upgrade mysql\nSELECT 'it\\'s';\nSELECT 2;\n";
    }
    if !plan.irreversible {
        text += "\n-- migrate: downgrade\nDROP TABLE t;\n";
    }
    text
}

/// The names chosen, each once, with commas between them.
fn chosen(indices: &[Index], names: &[String]) -> String {
    let mut chosen: Vec<&str> = Vec::new();
    for index in indices.iter().filter(|_| !names.is_empty()) {
        let name = &*names[index.index(names.len())];
        if !chosen.contains(&name) {
            chosen.push(name);
        }
    }
    chosen.join(", ")
}

/// Any text, most of it of bits that mean something in a revision file or in `migrate.toml`.
pub fn any_text() -> impl Strategy<Value = String> {
    let bit = prop_oneof![
        8 => select(BITS).prop_map(str::to_owned),
        1 => any::<String>(),
    ];
    vec(bit, 0..30).prop_map(|bits| bits.concat())
}

const BITS: &[&str] = &[
    "\n",
    "\n",
    "\n",
    "\r\n",
    "\r",
    "\u{feff}",
    " ",
    "\t",
    "\u{a0}",
    "é",
    "🦀",
    "\0",
    "-- ",
    "--",
    "//! ",
    "revision: ",
    "\n-- revision: a\n-- down_revision: none\n\n-- migrate: upgrade\n",
    "\n-- revision: b\n-- down_revision: a\n\n",
    "down_revision: ",
    "down_revison: ",
    "depends_on: ",
    "branch_labels: ",
    "created: 2026-11-22T08:00:00Z",
    "created: é026-11-22T08:00:00Z",
    "transaction: off",
    "irreversible: ",
    "replaces: a",
    "replaced_digest: ",
    "none",
    "head",
    "a",
    "b",
    "A",
    ",",
    ":",
    ";",
    "\n-- migrate: upgrade\n",
    "\n-- migrate: downgrade\n",
    "-- migrate: ",
    "-- migrate downgrade",
    "--migrate: statement",
    "\n-- migrate: statement\n",
    "\n-- migrate: end\n",
    "-- migrate: upgrade mysql ",
    "sqlite ",
    "postgress ",
    "oracle ",
    "CREATE TABLE t (a INT)",
    "BEGIN",
    "VACUUM",
    "COPY t FROM stdin",
    "\\i x",
    "'",
    "\"",
    "`",
    "[",
    "]",
    "$$",
    "/*",
    "/*!",
    "*/",
    "\n<<<<<<< ours\n",
    "\n=======\n",
    "\n>>>>>>> theirs\n",
    "pub async fn upgrade() {}",
    "= ",
    "\n[",
    "versions = [\"versions\"]\n",
    "versions = [\"versions\", \"é\"]\n",
    "heads = \"many\"\n",
    "heads = ",
    "head = \"many\"\n",
    "dialects = [\"sqlite\", \"mysql\"]\n",
    "downgrade = \"required\"\n",
    "recursive = true\n",
    "truncate_slug_length = 0x",
];
