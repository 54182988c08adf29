//! The links of the documents: each leads to a file that git tracks and, with a `#`, to a heading in it. A page of the
//! guide links to pages of the guide only, since a link out of `docs/` is dead in the built book; and `docs/SUMMARY.md`
//! lists every page.

use std::collections::{BTreeSet, HashMap};
use std::path::{Component, Path, PathBuf};

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use xshell::{Shell, cmd};

use crate::steps::Result;

const GUIDE: &str = "docs";
const SUMMARY: &str = "docs/SUMMARY.md";

pub fn check(sh: &Shell) -> Result {
    let tracked: BTreeSet<PathBuf> = cmd!(sh, "git ls-files --cached --others --exclude-standard")
        .quiet()
        .read()?
        .lines()
        .map(PathBuf::from)
        .collect();
    let is_document = |path: &&PathBuf| path.extension().is_some_and(|end| end == "md");
    let mut documents = HashMap::new();
    for path in tracked.iter().filter(is_document) {
        documents.insert(path.clone(), Document::read(&sh.read_file(path)?));
    }
    let mut faults: Vec<String> = documents
        .iter()
        .flat_map(|(path, document)| document.faults(path, &documents, &tracked))
        .chain(unlisted(&documents))
        .collect();
    faults.sort_unstable();
    if faults.is_empty() {
        Ok(())
    } else {
        Err(faults.join("\n").into())
    }
}

/// The pages of the guide that its table of contents does not list.
fn unlisted(documents: &HashMap<PathBuf, Document>) -> Vec<String> {
    let listed: BTreeSet<PathBuf> = documents
        .get(Path::new(SUMMARY))
        .into_iter()
        .flat_map(|summary| &summary.links)
        .filter_map(|link| resolved(Path::new(SUMMARY), link))
        .collect();
    documents
        .keys()
        .filter(|path| path.starts_with(GUIDE) && *path != Path::new(SUMMARY))
        .filter(|path| !listed.contains(*path))
        .map(|path| format!("{}: {SUMMARY} does not list it", path.display()))
        .collect()
}

/// The headings of a document, as the anchors that GitHub and mdBook make of them, and its relative links.
#[derive(Default)]
struct Document {
    anchors: BTreeSet<String>,
    links: Vec<String>,
}

impl Document {
    fn read(text: &str) -> Self {
        let mut document = Self::default();
        let mut heading: Option<String> = None;
        for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
            match event {
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => {
                    let anchor = anchor(&heading.take().unwrap_or_default());
                    document.anchors.insert(anchor);
                }
                Event::Text(text) | Event::Code(text) => {
                    if let Some(heading) = &mut heading {
                        heading.push_str(&text);
                    }
                }
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. })
                    if !dest_url.contains(':') =>
                {
                    document.links.push(dest_url.into_string());
                }
                _ => {}
            }
        }
        document
    }

    fn faults(
        &self,
        path: &Path,
        documents: &HashMap<PathBuf, Self>,
        tracked: &BTreeSet<PathBuf>,
    ) -> Vec<String> {
        let fault = |link: &String| {
            let why = dead(path, link, documents, tracked)?;
            Some(format!("{}: the link `{link}` {why}", path.display()))
        };
        self.links.iter().filter_map(fault).collect()
    }
}

fn dead(
    path: &Path,
    link: &str,
    documents: &HashMap<PathBuf, Document>,
    tracked: &BTreeSet<PathBuf>,
) -> Option<&'static str> {
    let Some(target) = resolved(path, link) else {
        return Some("leads out of the repository");
    };
    if path.starts_with(GUIDE) && !target.starts_with(GUIDE) {
        return Some("leads out of the guide: name the file in `code` instead");
    }
    let is_there =
        tracked.contains(&target) || tracked.iter().any(|file| file.starts_with(&target));
    if !is_there {
        return Some("leads to no tracked file");
    }
    let (_, anchor) = link.split_once('#')?;
    let document = documents.get(&target)?;
    (!document.anchors.contains(anchor)).then_some("leads to no heading of that file")
}

/// The file that a link of a document leads to; none for one outside the repository.
fn resolved(document: &Path, link: &str) -> Option<PathBuf> {
    let file = link.split('#').next().unwrap_or_default();
    if file.is_empty() {
        return Some(document.to_owned());
    }
    let mut target = document.parent()?.to_owned();
    for part in Path::new(file).components() {
        match part {
            Component::ParentDir => {
                if !target.pop() {
                    return None;
                }
            }
            Component::Normal(name) => target.push(name),
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(target)
}

fn anchor(heading: &str) -> String {
    let kept = heading
        .trim()
        .chars()
        .filter(|char| char.is_alphanumeric() || matches!(char, ' ' | '-' | '_'));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_must_lead_to_a_file_and_a_heading() {
        let tracked: BTreeSet<PathBuf> = ["README.md", "docs/a.md", "docs/b.md", "src/lib.rs"]
            .map(PathBuf::from)
            .into();
        let document = |text: &str| Document::read(text);
        let documents = HashMap::from([
            (PathBuf::from("README.md"), document("# One `two`: three\n")),
            (PathBuf::from("docs/a.md"), document("# A\n")),
            (PathBuf::from("docs/b.md"), document("[x](a.md)")),
        ]);
        let dead = |path: &str, link: &str| dead(Path::new(path), link, &documents, &tracked);
        for (path, link) in [
            ("README.md", "docs/a.md#a"),
            ("README.md", "#one-two-three"),
            ("README.md", "src"),
            ("docs/b.md", "./a.md"),
        ] {
            assert_eq!(dead(path, link), None, "{path}: {link}");
        }
        for (path, link) in [
            ("README.md", "docs/c.md"),
            ("README.md", "docs/a.md#b"),
            ("README.md", "../elsewhere.md"),
            ("docs/b.md", "../README.md"),
        ] {
            assert!(dead(path, link).is_some(), "{path}: {link}");
        }
        assert_eq!(documents[Path::new("docs/b.md")].links, ["a.md"]);
    }
}
