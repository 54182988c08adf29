//! The plan of the house: no circle of files in any crate, and rooms that import downwards only.
//!
//! A room is a folder or a file directly under a crate's `src`. An arrow goes from a file to the file that defines what it
//! imports; re-exports are followed, and tests do not count.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemMod, ItemUse, UseTree};

use crate::steps::Result;

/// The crates that are checked.
const CRATES: [&str; 13] = [
    "migrate-build",
    "migrate-chain",
    "migrate-cli",
    "migrate-command",
    "migrate-diff",
    "migrate-lint",
    "migrate-macros",
    "migrate-models",
    "migrate-render",
    "migrate-runtime",
    "migrate-servers",
    "migrate-test",
    "xtask",
];

/// The floors of a crate, from the top down: a room imports from the floors below its own, and from no other.
const FLOORS: [(&str, &[&[&str]]); 2] = [
    (
        "migrate-chain",
        &[
            &["lib"],
            &["load"],
            &["check", "fingerprint", "lint"],
            &["chain"],
            &["plan"],
            &["graph"],
            &["revision"],
            &["input"],
            &["adopt", "diagnostic"],
            &["sql", "lock"],
            &["digest", "types"],
            &["dialect", "parallel", "source", "suggest"],
        ],
    ),
    (
        "migrate-runtime",
        &[
            &["lib"],
            &["models"],
            &["api"],
            &["script", "to_sqlx"],
            &["protocol"],
            &["database"],
            &["embedded"],
            &["context"],
            &["foreign"],
            &["journal"],
            &["syntax"],
            &["sql"],
            &["values"],
            &["point"],
        ],
    ),
];

/// Checks every crate below `root`.
///
/// # Errors
/// Each circle of files and each import that goes up, a line each.
pub fn check(root: &Path) -> Result {
    let mut faults = Vec::new();
    for name in CRATES {
        let crate_ = Crate::read(&root.join(name).join("src"))?;
        let arrows = crate_.arrows();
        faults.extend(circles(&arrows).iter().map(|circle| {
            let files: Vec<String> = circle.iter().map(|file| shown(name, file)).collect();
            format!("a circle of {} files: {}", files.len(), files.join(", "))
        }));
        if let Some((_, floors)) = FLOORS.iter().find(|(floors_of, _)| *floors_of == name) {
            faults.extend(upward(&arrows, floors).map(|fault| format!("{name}: {fault}")));
        }
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(faults.join("\n").into())
    }
}

fn shown(name: &str, file: &Path) -> String {
    format!("{name}/src/{}", file.display())
}

type Arrows = BTreeMap<PathBuf, BTreeSet<PathBuf>>;

/// A module's path within its crate; empty for the root.
type ModulePath = Vec<String>;

struct Crate {
    modules: HashMap<ModulePath, Module>,
}

/// A module: its file, its imports by name, and every path that it mentions.
#[derive(Default)]
struct Module {
    file: PathBuf,
    imports: HashMap<String, Vec<String>>,
    mentioned: Vec<Vec<String>>,
}

impl Crate {
    fn read(src: &Path) -> Result<Self> {
        let root = ["lib.rs", "main.rs"].map(PathBuf::from);
        let root = root
            .into_iter()
            .find(|file| src.join(file).exists())
            .ok_or_else(|| format!("{} has neither lib.rs nor main.rs", src.display()))?;
        let mut modules = HashMap::new();
        read_file(src, &root, &ModulePath::new(), &mut modules)?;
        Ok(Self { modules })
    }

    fn arrows(&self) -> Arrows {
        let mut arrows = Arrows::new();
        for (at, module) in &self.modules {
            let from = arrows.entry(module.file.clone()).or_default();
            let paths = module.imports.values().chain(&module.mentioned);
            let targets = paths.filter_map(|path| self.defined_in(&self.absolute(at, path)?, 8));
            from.extend(targets.filter(|to| *to != module.file));
        }
        arrows
    }

    /// A path from the crate's root; none if it leads out of the crate.
    fn absolute(&self, at: &[String], path: &[String]) -> Option<ModulePath> {
        let (first, rest) = path.split_first()?;
        let base = match &**first {
            "crate" => &[],
            "self" => at,
            "super" => at.split_last()?.1,
            name => {
                let child = [at, &[name.to_owned()]].concat();
                if self.modules.contains_key(&child) {
                    return Some([child, rest.to_vec()].concat());
                }
                // An import may be of a module, which the rest of the path leads into.
                let import = self.modules.get(at)?.imports.get(name)?;
                let is_ours = ["crate", "self", "super"].contains(&&*import[0]);
                let target = is_ours.then(|| self.absolute(at, import))??;
                return Some([target, rest.to_vec()].concat());
            }
        };
        if rest.first().is_some_and(|next| next == "super") {
            return self.absolute(base, rest);
        }
        Some([base, rest].concat())
    }

    /// The file that defines what a path names. `hops` bounds the re-exports that are followed.
    fn defined_in(&self, path: &[String], hops: usize) -> Option<PathBuf> {
        let mut at = 0;
        while at < path.len() && self.modules.contains_key(&path[..=at]) {
            at += 1;
        }
        let module = self.modules.get(&path[..at])?;
        match path.get(at).and_then(|name| module.imports.get(name)) {
            // Of another crate, if it leads out of this one.
            Some(import) if hops > 0 => {
                let target = self.absolute(&path[..at], import)?;
                self.defined_in(&[&*target, &path[at + 1..]].concat(), hops - 1)
            }
            _ => Some(module.file.clone()),
        }
    }
}

/// Reads a file of a module, and the files of the modules that it declares.
fn read_file(
    src: &Path,
    file: &Path,
    at: &ModulePath,
    modules: &mut HashMap<ModulePath, Module>,
) -> Result {
    let text = fs::read_to_string(src.join(file))?;
    let parsed = syn::parse_file(&text).map_err(|error| format!("{}: {error}", file.display()))?;
    let mut children = Vec::new();
    read_items(&parsed.items, file, at, modules, &mut children);
    for child in children {
        let name = child.last().ok_or("a module has a name")?;
        let is_root = file
            .file_stem()
            .is_some_and(|stem| ["lib", "main", "mod"].iter().any(|root| stem == *root));
        let folder = match file.parent() {
            Some(folder) if is_root => folder.to_owned(),
            _ => file.with_extension(""),
        };
        let candidates = [format!("{name}.rs"), format!("{name}/mod.rs")];
        let found = candidates
            .iter()
            .map(|candidate| folder.join(candidate))
            .find(|candidate| src.join(candidate).exists())
            .ok_or_else(|| format!("{}: no file for the module `{name}`", file.display()))?;
        read_file(src, &found, &child, modules)?;
    }
    Ok(())
}

fn read_items(
    items: &[Item],
    file: &Path,
    at: &ModulePath,
    modules: &mut HashMap<ModulePath, Module>,
    children: &mut Vec<ModulePath>,
) {
    let mut module = Module {
        file: file.to_owned(),
        ..Module::default()
    };
    for item in items {
        match item {
            Item::Mod(inner) if is_test(&inner.attrs) => {}
            Item::Mod(ItemMod { ident, content, .. }) => {
                let child = [&**at, &[ident.to_string()]].concat();
                match content {
                    Some((_, items)) => read_items(items, file, &child, modules, children),
                    None => children.push(child),
                }
            }
            other => module.visit_item(other),
        }
    }
    modules.insert(at.clone(), module);
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let condition = attribute.meta.require_list();
        attribute.path().is_ident("cfg")
            && condition.is_ok_and(|list| has_word(list.tokens.clone(), "test"))
    })
}

fn has_word(tokens: TokenStream, word: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == word,
        TokenTree::Group(group) => has_word(group.stream(), word),
        _ => false,
    })
}

impl<'ast> Visit<'ast> for Module {
    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        if !is_test(&item.attrs) {
            self.import(&mut Vec::new(), &item.tree);
        }
    }

    /// `pub(in crate::…)` imports nothing.
    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.segments.len() > 1 {
            let segments = path
                .segments
                .iter()
                .map(|segment| segment.ident.to_string());
            self.mentioned.push(segments.collect());
        }
        visit::visit_path(self, path);
    }
}

impl Module {
    fn import(&mut self, prefix: &mut Vec<String>, tree: &UseTree) {
        match tree {
            UseTree::Path(path) => {
                prefix.push(path.ident.to_string());
                self.import(prefix, &path.tree);
                prefix.pop();
            }
            UseTree::Name(name) if name.ident == "self" => {
                if let Some(last) = prefix.last() {
                    self.imports.insert(last.clone(), prefix.clone());
                }
            }
            UseTree::Name(name) => self.bind(prefix, &name.ident, &name.ident),
            UseTree::Rename(rename) => self.bind(prefix, &rename.ident, &rename.rename),
            UseTree::Glob(_) => self.mentioned.push(prefix.clone()),
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.import(prefix, tree);
                }
            }
        }
    }

    fn bind(&mut self, prefix: &[String], ident: &syn::Ident, name: &syn::Ident) {
        let path = [prefix, &[ident.to_string()]].concat();
        if name == "_" {
            self.mentioned.push(path);
        } else {
            self.imports.insert(name.to_string(), path);
        }
    }
}

/// The sets of files that reach each other.
fn circles(arrows: &Arrows) -> Vec<BTreeSet<&Path>> {
    let reach: BTreeMap<&Path, BTreeSet<&Path>> = arrows
        .keys()
        .map(|file| (&**file, reachable(arrows, file)))
        .collect();
    let mut found: Vec<BTreeSet<&Path>> = Vec::new();
    for (file, reached) in &reach {
        if !reached.contains(file) || found.iter().any(|circle| circle.contains(file)) {
            continue;
        }
        let returns = |other: &&Path| reach.get(*other).is_some_and(|back| back.contains(file));
        found.push(reached.iter().copied().filter(returns).collect());
    }
    found
}

fn reachable<'a>(arrows: &'a Arrows, from: &'a Path) -> BTreeSet<&'a Path> {
    let mut reached = BTreeSet::new();
    let mut next: Vec<&Path> = vec![from];
    while let Some(file) = next.pop() {
        let targets = arrows.get(file).into_iter().flatten();
        next.extend(targets.map(|to| &**to).filter(|to| reached.insert(*to)));
    }
    reached
}

/// The imports that do not go down.
fn upward<'a>(
    arrows: &'a Arrows,
    floors: &'a [&'a [&'a str]],
) -> impl Iterator<Item = String> + 'a {
    let floor = |room: &str| floors.iter().position(|rooms| rooms.contains(&room));
    arrows
        .iter()
        .flat_map(|(from, targets)| targets.iter().map(move |to| (from, to)))
        .filter_map(move |(from, to)| {
            let (upper, lower) = (room_of(from), room_of(to));
            let goes_down = match (floor(&upper), floor(&lower)) {
                (Some(above), Some(below)) => upper == lower || above < below,
                _ => false,
            };
            let (from, to) = (from.display(), to.display());
            (!goes_down).then(|| {
                format!("src/{from} imports from src/{to}, which is not on a floor below `{upper}`")
            })
        })
}

/// The first part of a file's path, without its extension.
fn room_of(file: &Path) -> String {
    let first = file.iter().next().unwrap_or_default();
    Path::new(first)
        .with_extension("")
        .to_string_lossy()
        .into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Draws `a → b, c` a line each.
    fn arrows(drawing: &str) -> Arrows {
        let mut arrows = Arrows::new();
        for line in drawing.lines() {
            let (from, targets) = line.split_once('→').expect("an arrow");
            let targets = targets.split(',').map(|to| PathBuf::from(to.trim()));
            arrows.insert(PathBuf::from(from.trim()), targets.collect());
        }
        arrows
    }

    #[test]
    fn a_circle_is_found_whole_and_what_leads_into_it_is_not_part_of_it() {
        let arrows = arrows("a.rs → b.rs\nb.rs → c.rs, d.rs\nc.rs → b.rs\nd.rs → e.rs");
        let found = circles(&arrows);
        assert_eq!(found, [BTreeSet::from(["b.rs", "c.rs"].map(Path::new))]);
    }

    #[test]
    fn an_import_from_a_floor_above_or_beside_or_unknown_is_a_fault() {
        let floors: &[&[&str]] = &[&["api"], &["left", "right"], &["base"]];
        let faults = |drawing: &str| upward(&arrows(drawing), floors).count();
        assert_eq!(
            faults("api/a.rs → left/b.rs, base.rs\nleft/b.rs → left/c.rs"),
            0
        );
        assert_eq!(faults("base.rs → api/a.rs"), 1);
        assert_eq!(faults("left/b.rs → right/c.rs"), 1);
        assert_eq!(faults("left/b.rs → attic/c.rs"), 1);
    }

    #[test]
    fn reexports_lead_to_the_file_that_defines_the_name() {
        let folder = std::env::temp_dir().join(format!("xtask-house-{}", std::process::id()));
        let files = [
            ("lib.rs", "mod a; mod b; pub use a::Thing;"),
            ("a.rs", "pub struct Thing;"),
            (
                "b.rs",
                "use crate::Thing; fn f(_: Thing) {} #[cfg(test)] mod tests { use super::super::b; }",
            ),
        ];
        fs::create_dir_all(&folder).expect("a folder");
        for (file, text) in files {
            fs::write(folder.join(file), text).expect("a file");
        }
        let arrows = Crate::read(&folder).expect("a crate").arrows();
        fs::remove_dir_all(&folder).expect("it is ours");
        assert_eq!(
            arrows[Path::new("b.rs")],
            BTreeSet::from([PathBuf::from("a.rs")])
        );
    }
}
