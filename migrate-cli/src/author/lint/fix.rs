//! `lint --fix`: writes the safe form of what has one.
//!
//! The first step of a rewrite takes the place of the statement, and each further one is a revision of its own on top. A
//! rewrite changes a revision, so that it is only done to one that somebody has said is new.

use std::ops::Range;

use jiff::ZonedDateTime;
use migrate_chain::lint::{Finding, Rewrite, RewriteStage};
use migrate_chain::{Dialect, Revision, sql};
use migrate_command::parts::{Exit, Ui};
use migrate_lint::Review;

use super::super::directory::Directory;
use super::super::failure::{self, CommandError, Result};
use super::super::new_revision::now_in;
use super::super::overlay::Overlay;
use super::super::revision_file::{self, RevisionFile};
use super::super::{file_name, files, header_edit, id, touch};
use super::range::New;

/// Rewrites what can be rewritten, and says what was not.
///
/// # Errors
/// Nothing says that the revisions are new, or the chain would not be sound; then nothing was written.
pub fn run(directory: &Directory, new: &New, review: &Review, ui: &mut Ui) -> Result<Exit> {
    if !new.is_said {
        return Err(CommandError::new(
            "nothing says which revisions are new, and only those may be rewritten",
        )
        .help("name them with --since or --base, or name a database that has not applied them"));
    }
    let now = now_in(&directory.chain.config.timezone)?;
    let mut fixed = Fixed::new(directory, &now);
    let mut later = Vec::new();
    for (revision, findings) in by_revision(review) {
        later.push((revision, fixed.revision(revision, &findings)));
    }
    for (revision, stages) in later {
        fixed.put_on_top(revision, stages)?;
    }
    let written = fixed.write()?;
    for line in written.iter().chain(&fixed.done) {
        ui.result(line);
    }
    if written.is_empty() {
        ui.result("Nothing was rewritten: no finding has one safe form");
    } else {
        ui.note("run `cargo migrate lint` again, and `cargo migrate verify` to try the downgrades");
    }
    for line in &fixed.left {
        ui.note(format!("note: {line}"));
    }
    Ok(Exit::Done)
}

/// The findings of each revision that have one safe form.
fn by_revision(review: &Review) -> Vec<(usize, Vec<&Finding>)> {
    let mut all: Vec<(usize, Vec<&Finding>)> = Vec::new();
    for finding in &review.findings {
        let is_certain = |rewrite: &Rewrite| rewrite.is_certain;
        if !finding.rewrite.as_ref().is_some_and(is_certain) {
            continue;
        }
        match all
            .iter_mut()
            .find(|(revision, _)| *revision == finding.revision)
        {
            Some((_, findings)) => findings.push(finding),
            None => all.push((finding.revision, vec![finding])),
        }
    }
    all
}

/// A chain that is being rewritten.
struct Fixed<'d> {
    directory: &'d Directory,
    now: &'d ZonedDateTime,
    /// The files that change, with their texts.
    changed: Vec<(String, String)>,
    /// The new files.
    added: Vec<(String, String)>,
    /// The statements that were rewritten, and those that were not, with the reason.
    done: Vec<String>,
    left: Vec<String>,
}

impl<'d> Fixed<'d> {
    fn new(directory: &'d Directory, now: &'d ZonedDateTime) -> Self {
        Self {
            directory,
            now,
            changed: Vec::new(),
            added: Vec::new(),
            done: Vec::new(),
            left: Vec::new(),
        }
    }

    /// Rewrites the statements of a revision, and returns what needs revisions of its own.
    fn revision(&mut self, index: usize, findings: &[&Finding]) -> Vec<RewriteStage> {
        let revision = self.directory.revision(index);
        let mut edit = TextEdit::of(revision);
        let mut later = Vec::new();
        for finding in findings {
            let Some(rewrite) = &finding.rewrite else {
                continue;
            };
            match edit.apply(&self.directory.chain.config.dialects, finding, rewrite) {
                Ok(stages) => {
                    later.extend(stages);
                    let position = finding.place.position();
                    let path = finding.place.source.path();
                    self.done.push(format!(
                        "Rewrote {} in {path}:{}",
                        finding.rule.code, position.line
                    ));
                }
                Err(why) => self
                    .left
                    .push(format!("{} was not rewritten: {why}", finding.rule.code)),
            }
        }
        if let Some(text) = edit.text() {
            self.change(revision.file(), text);
        }
        later
    }

    /// Adds a revision for each stage on top of a revision, below its children.
    fn put_on_top(&mut self, index: usize, stages: Vec<RewriteStage>) -> Result<()> {
        if stages.is_empty() {
            return Ok(());
        }
        let graph = &self.directory.chain.graph;
        let below = graph.id(index).to_owned();
        let mut parent = below.clone();
        for stage in stages {
            parent = self.add(index, &parent, &stage)?;
        }
        for &child in graph.next(index) {
            let revision = self.directory.revision(child);
            let parents: Vec<&str> = revision
                .down_revision()
                .map(|id| if id == below { &*parent } else { id })
                .collect();
            let text = self.text_of(revision);
            let text = header_edit::with_parents(&text, revision.is_rust(), &parents.join(", "))
                .ok_or_else(|| {
                    CommandError::new(format!(
                        "{} has no line `down_revision: …`",
                        revision.file()
                    ))
                })?;
            self.change(revision.file(), text);
        }
        Ok(())
    }

    fn add(&mut self, index: usize, parent: &str, stage: &RewriteStage) -> Result<String> {
        let directory = self.directory;
        let id = id::choose(None, directory)?;
        let message = capital(&stage.title);
        let transaction = if stage.transaction { "" } else { "off" };
        let text = RevisionFile::new(&message, false)
            .key("revision", &id)
            .key("down_revision", parent)
            .key("created", revision_file::created(self.now))
            .key("transaction", transaction)
            .body(body(&directory.chain.config.dialects, stage))
            .text();
        let name = file_name::file_name(&directory.chain.config, &id, &message, self.now);
        let location = directory.location_of(directory.revision(index).file());
        let file = format!("{location}/{name}.sql");
        directory.refuse_existing(&file)?;
        self.done
            .push(format!("Created {}", directory.path(&file).display()));
        self.added.push((file, text));
        Ok(id)
    }

    fn text_of(&self, revision: &Revision) -> String {
        let changed = self
            .changed
            .iter()
            .find(|(file, _)| file == revision.file());
        changed.map_or_else(|| revision.text().to_owned(), |(_, text)| text.clone())
    }

    fn change(&mut self, file: &str, text: String) {
        self.changed.retain(|(changed, _)| changed != file);
        self.changed.push((file.to_owned(), text));
    }

    /// Writes all of it, if the chain is sound with it.
    fn write(&self) -> Result<Vec<String>> {
        let all = || self.changed.iter().chain(&self.added);
        let overlay: Overlay<'_> = all().fold(self.directory.overlay(), |overlay, (file, text)| {
            overlay.with(file, text)
        });
        self.directory.check(&overlay, "the rewrite")?;
        for (file, text) in &self.added {
            self.directory.create(file, text)?;
        }
        let mut written = Vec::new();
        for (file, text) in &self.changed {
            let path = self.directory.path(file);
            files::replace(&path, text).map_err(|error| failure::file("write", &path, &error))?;
            written.push(format!("Changed {}", path.display()));
        }
        if !written.is_empty() {
            touch::touch(self.directory);
        }
        Ok(written)
    }
}

/// The changes of a revision's text: each takes the place of some of its bytes.
struct TextEdit<'r> {
    revision: &'r Revision,
    changes: Vec<(Range<usize>, String)>,
}

impl<'r> TextEdit<'r> {
    fn of(revision: &'r Revision) -> Self {
        Self {
            revision,
            changes: Vec::new(),
        }
    }

    /// The text with all changes; none if there is no change.
    fn text(mut self) -> Option<String> {
        self.changes
            .sort_by_key(|(range, _)| std::cmp::Reverse(range.start));
        let mut text = self.revision.text().to_owned();
        for (range, with) in &self.changes {
            text.replace_range(range.clone(), with);
        }
        (!self.changes.is_empty()).then_some(text)
    }

    /// Rewrites one statement, and returns what needs revisions of its own.
    fn apply(
        &mut self,
        declared: &[Dialect],
        finding: &Finding,
        rewrite: &Rewrite,
    ) -> std::result::Result<Vec<RewriteStage>, String> {
        let statement = finding.statement.clone();
        serves_postgres_alone(declared, self.revision)?;
        if is_part(finding) {
            return Err("the statement does several things: split it first".to_owned());
        }
        let [first, rest @ ..] = &*rewrite.stages else {
            return Err("there is nothing to write".to_owned());
        };
        let upgrade = first.upgrade.trim_end_matches(';').to_owned();
        if first.transaction {
            let mut rest = rest.to_vec();
            self.undo_first(finding, first, &mut rest)?;
            self.changes.push((statement, upgrade));
            return Ok(rest);
        }
        if self.is_alone() {
            self.outside()?;
            self.changes.push((statement, upgrade));
            return Ok(rest.to_vec());
        }
        self.take_out_of_downgrade(&first.downgrade);
        self.remove(&statement);
        Ok(rewrite.stages.clone())
    }

    /// Whether the revision does one thing, and may do it outside a transaction.
    fn is_alone(&self) -> bool {
        let count = |section: Option<Range<usize>>| {
            let text = section.map_or("", |section| &self.revision.text()[section]);
            sql::split(Dialect::Postgres, text).count()
        };
        self.revision.is_transactional()
            && count(self.revision.upgrade_range(Dialect::Postgres)) == 1
            && count(self.revision.downgrade_range(Dialect::Postgres)) <= 1
    }

    /// Adds `transaction: off` to the header, after the line of the parents.
    fn outside(&mut self) -> std::result::Result<(), String> {
        let mut at = 0;
        for line in self.revision.text().split_inclusive('\n') {
            at += line.len();
            let key = line.trim_start().trim_start_matches("--").trim_start();
            if key.starts_with("down_revision") {
                let end = if line.ends_with("\r\n") { "\r\n" } else { "\n" };
                let line = format!("-- transaction: off{end}");
                self.changes.push((at..at, line));
                return Ok(());
            }
        }
        Err("its header has no line `down_revision: …`".to_owned())
    }

    /// `DROP NOT NULL` in the downgrade undoes the last stage now, and the first one is undone in its place.
    fn undo_first(
        &mut self,
        finding: &Finding,
        first: &RewriteStage,
        rest: &mut [RewriteStage],
    ) -> std::result::Result<(), String> {
        if finding.rule.code != "not-null-scans" {
            return Ok(());
        }
        let Some(section) = self.revision.downgrade_range(Dialect::Postgres) else {
            for stage in rest {
                stage.downgrade.clear();
            }
            return Ok(());
        };
        let plain = |text: &str| words(text).replace("alter column", "alter");
        let set = &finding.place.source.text()[finding.statement.clone()];
        let unset = plain(set).replace("set not null", "drop not null");
        let downgrade = &self.revision.text()[section.clone()];
        let found = sql::split(Dialect::Postgres, downgrade)
            .map(|statement| statement.range())
            .find(|range| plain(&downgrade[range.clone()]) == unset);
        let found =
            found.ok_or("its downgrade does not say `DROP NOT NULL` in a statement of its own")?;
        let at = section.start + found.start..section.start + found.end;
        self.changes
            .push((at, first.downgrade.trim_end_matches(';').to_owned()));
        Ok(())
    }

    /// Removes the statement that drops what the revision no longer creates.
    fn take_out_of_downgrade(&mut self, undo: &str) {
        let Some(section) = self.revision.downgrade_range(Dialect::Postgres) else {
            return;
        };
        let own = dropped_index(undo);
        let downgrade = &self.revision.text()[section.clone()];
        let found = sql::split(Dialect::Postgres, downgrade)
            .map(|statement| statement.range())
            .find(|range| own.is_some() && dropped_index(&downgrade[range.clone()]) == own);
        if let Some(found) = found {
            self.remove(&(section.start + found.start..section.start + found.end));
        }
    }

    /// Removes a statement with its terminator and the end of its line.
    fn remove(&mut self, statement: &Range<usize>) {
        let rest = &self.revision.text()[statement.end..];
        let semicolon = rest.len() - rest.trim_start_matches([' ', '\t', ';', '\r']).len();
        let line = usize::from(rest[semicolon..].starts_with('\n'));
        let end = statement.end + semicolon + line;
        self.changes.push((statement.start..end, String::new()));
    }
}

/// The names in a `DROP INDEX`.
fn dropped_index(statement: &str) -> Option<String> {
    let text = words(statement.trim_end_matches(';'));
    let names = text.strip_prefix("drop index ")?.split(' ');
    let names = names.filter(|word| !["concurrently", "if", "exists"].contains(word));
    Some(names.collect::<Vec<_>>().join(" "))
}

/// Whether a finding is about one of several parts of its statement.
fn is_part(finding: &Finding) -> bool {
    let text = finding.place.source.text();
    let before = &text[finding.statement.start..finding.place.range.start];
    finding.place.range.end != finding.statement.end || before.contains(',')
}

/// A section that other databases run, too, cannot be written in PostgreSQL's words.
fn serves_postgres_alone(
    declared: &[Dialect],
    revision: &Revision,
) -> std::result::Result<(), String> {
    let own = revision.upgrade_range(Dialect::Postgres);
    let shared = declared
        .iter()
        .filter(|&&dialect| dialect != Dialect::Postgres)
        .find(|&&dialect| revision.upgrade_range(dialect) == own);
    match shared {
        Some(other) => Err(format!(
            "its section is for {other}, too: give PostgreSQL a section of its own"
        )),
        None => Ok(()),
    }
}

/// A statement in lower case, with single blanks.
fn words(text: &str) -> String {
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    words.join(" ").to_lowercase()
}

/// The sections of a stage: for PostgreSQL, and empty ones for the other databases of the chain.
fn body(declared: &[Dialect], stage: &RewriteStage) -> String {
    let others: Vec<&str> = declared
        .iter()
        .filter(|&&dialect| dialect != Dialect::Postgres)
        .map(|dialect| dialect.name())
        .collect();
    let nothing = "-- Nothing has to be undone.";
    let downgrade = if stage.downgrade.is_empty() {
        nothing
    } else {
        &stage.downgrade
    };
    if others.is_empty() {
        return revision_file::sql_body(&stage.upgrade, Some(downgrade));
    }
    let others = others.join(" ");
    format!(
        "-- migrate: upgrade postgres\n{}\n\n-- migrate: upgrade {others}\n-- PostgreSQL alone needs this.\n\n\
         -- migrate: downgrade postgres\n{downgrade}\n\n-- migrate: downgrade {others}\n-- PostgreSQL alone needs this.\n",
        stage.upgrade
    )
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(letters).collect()
}
