//! `cargo migrate accept`: an edit of an applied revision that is meant.

use std::path::PathBuf;

use clap::Args;
use migrate_chain::{Dialect, Digest};
use migrate_command::parts::Globals;
use migrate_runtime::{AnyPool, Migrations};
use serde::Serialize;

use super::directory::Directory;
use super::failure::{CommandError, Result};
use super::show::Show;
use super::{failure, files, header_edit, touch};

/// Let every database that has applied a revision have it as it is now
#[derive(Args, Debug)]
#[command(
    long_about = "Let every database that has applied a revision have it as it is now

Writes the digests that the revision had before into its header, as `replaced_digest`. They come from the journal of the
connected database. The SQL does not run again: the edit must leave the same schema.",
    after_help = "\
Examples:
  cargo migrate accept ae10
  cargo migrate accept ae10 --digest 8f43…"
)]
pub struct Accept {
    /// The revision that was edited
    #[arg(value_name = "REV")]
    revision: String,

    /// A digest that databases have for it, and not those of the connected database
    #[arg(long, value_name = "DIGEST")]
    digest: Vec<String>,
}

/// The result of `accept`.
#[derive(Debug, Serialize)]
pub struct Accepted {
    revision: String,
    path: PathBuf,
    /// The digests that were added.
    digests: Vec<String>,
}

impl Accept {
    /// Writes the digests.
    ///
    /// # Errors
    /// No database knows the revision with another digest.
    pub async fn run(&self, directory: &Directory, globals: &Globals) -> Result<Accepted> {
        let index = directory.resolve_one(&self.revision)?;
        let revision = directory.revision(index);
        let known = |digest: &Digest| {
            Dialect::ALL
                .iter()
                .any(|&dialect| revision.accepts(digest, dialect))
        };
        let found = self.digests(directory, globals, revision.id()).await?;
        let new: Vec<String> = found
            .iter()
            .filter(|digest| !known(digest))
            .map(Digest::to_string)
            .collect();
        if new.is_empty() {
            return Err(CommandError::new(format!(
                "there is no edit of `{}` to accept",
                revision.id()
            ))
            .note("every digest that was found is accepted already")
            .help("connect to a database that has applied it as it was, or pass `--digest`"));
        }
        let all: Vec<&str> = revision
            .replaced_digests()
            .chain(new.iter().map(String::as_str))
            .collect();
        let text = header_edit::with_key(
            revision.text(),
            revision.is_rust(),
            "replaced_digest",
            &all.join(", "),
        );
        let text = text.ok_or_else(|| {
            CommandError::new(format!(
                "the header of `{}` cannot be changed",
                revision.id()
            ))
        })?;
        let file = revision.file();
        directory.check(
            &directory.overlay().with(file, &text),
            &format!("the new header of `{}`", revision.id()),
        )?;
        let path = directory.path(file);
        files::replace(&path, &text).map_err(|error| failure::file("write", &path, &error))?;
        touch::touch(directory);
        Ok(Accepted {
            revision: revision.id().to_owned(),
            path,
            digests: new,
        })
    }

    async fn digests(
        &self,
        directory: &Directory,
        globals: &Globals,
        id: &str,
    ) -> Result<Vec<Digest>> {
        if !self.digest.is_empty() {
            let parsed = self
                .digest
                .iter()
                .map(|digest| digest.parse().map_err(|_| wrong(digest)));
            return parsed.collect();
        }
        let Some(url) = globals.database_url()? else {
            return Err(CommandError::usage("the digest from before the edit is in the journal of a database, and none is named")
                .help("set DATABASE_URL, or pass `--database-url` or `--digest`"));
        };
        let migrations = Migrations::from(directory.chain.clone());
        let pool = AnyPool::new(&url)?;
        Ok(migrations.runner(&pool).recorded_digests(id).await?)
    }
}

fn wrong(digest: &str) -> CommandError {
    CommandError::usage(format!("`{digest}` is not a digest")).help("it has 64 hexadecimal digits")
}

impl Show for Accepted {
    fn text(&self) -> String {
        let count = match self.digests.len() {
            1 => "1 digest".to_owned(),
            n => format!("{n} digests"),
        };
        format!(
            "Changed {}\n  databases that have `{}` with {count} from before accept it as it is now",
            self.path.display(),
            self.revision
        )
    }
}
