//! The help of each command that writes files: what it does, its options, and an example.
use super::support::Folder;
use snapbox::{assert_data_eq, str};

fn help(command: &str) -> String {
    let text = Folder::new().migrate(&[command, "--help"]).success();
    // The options that every command takes are told of once.
    let own = text.split("\nGlobal options:\n").next().unwrap_or_default();
    let examples = text
        .split_once("\nExample")
        .map_or(String::new(), |(_, rest)| format!("\nExample{rest}"));
    own.to_owned() + &examples
}

#[test]
fn init() {
    assert_data_eq!(
        help("init"),
        str![[r#"
Make a migration directory

Usage: cargo migrate init [OPTIONS] [DIRECTORY]

Arguments:
  [DIRECTORY]  The directory to make; that of --dir where nothing is given

Options:
      --from-database  Write a first revision with the schema of the connected database, which is at
                       it then
  -h, --help           Print help

Examples:
  cargo migrate init
  cargo migrate init db/migrations
  cargo migrate init --from-database      a database that no tool has migrated so far

"#]]
    );
}

#[test]
fn revision() {
    assert_data_eq!(
        help("revision"),
        str![[r#"
Write a new revision

Usage: cargo migrate revision [OPTIONS]

Options:
  -m, --message <MSG>         A description of the revision; its first words name the file
      --rust                  Write a revision in Rust
      --sql-file <FILE>       Take the SQL from this file; one that ends in `.down.sql` is for the
                              downgrade, `-` is the standard input
      --head <REV>            The parent: an id or its beginning, `label@head`, or `base` for a new
                              base [default: head]
      --splice                Allow a parent that is not a head: the revision begins a branch
      --branch-label <LABEL>  Give the branch that begins here a label
      --depends-on <REV>      A revision or label that must be applied before, without being a
                              parent
      --version-path <PATH>   The version location to write to, where migrate.toml has several
      --rev-id <ID>           Take this id and make none up
      --transaction <on|off>  `off` writes a revision that runs outside a transaction
      --edit                  Open the new file in $VISUAL or $EDITOR
  -h, --help                  Print help

Autogenerate:
      --autogenerate        Write the SQL that leads from what the chain builds to schema.sql, once
                            it has proved itself
      --schema-file <PATH>  The desired schema, a file or a directory of .sql files [default: what
                            `[schema]` in migrate.toml names, else schema.sql]
      --dev-url <URL>       A server for scratch databases: a URL, `docker://IMAGE` or `same-server`
                            [default: a private server]
      --live                Compare the connected database, and not what the chain builds
      --rename <OLD=NEW>    A rename in the desired schema: `old=new` for a table, `table.old=new`
                            for a column
      --online              Build indexes and check constraints without keeping others out, in
                            revisions of their own; PostgreSQL only
      --deny <WHAT>         Refuse what loses data: `destructive`
      --write-anyway        Write the revision also if its proof fails, marked as unproven: a
                            starting point to finish by hand

Examples:
  cargo migrate revision -m "Create users"
  cargo migrate revision -m "Add an index" --autogenerate
  cargo migrate revision -m "Fill slugs" --rust
  cargo migrate revision -m "Take over the schema" --sql-file schema.sql
  cargo migrate revision -m "Begin a branch" --head 1975ea83b712 --splice --branch-label billing

"#]]
    );
}

#[test]
fn merge() {
    assert_data_eq!(
        help("merge"),
        str![[r#"
Join heads by a new revision

Usage: cargo migrate merge [OPTIONS] <REVS>...

Arguments:
  <REVS>...  The revisions to join: ids or their beginnings, or `heads` for all heads

Options:
  -m, --message <MSG>         A description of the revision [default: `Merge A and B`]
      --branch-label <LABEL>  Give the joined branch a label
      --rev-id <ID>           Take this id and make none up
      --splice                Allow revisions that are no heads: the merge begins a branch
  -h, --help                  Print help

Examples:
  cargo migrate merge heads
  cargo migrate merge 27c6a30d7c24 ae1027a6acf4 -m "Join invoices and teams"

"#]]
    );
}

#[test]
fn edit() {
    assert_data_eq!(
        help("edit"),
        str![[r#"
Open a revision in $VISUAL or $EDITOR, and check the chain afterwards

Usage: cargo migrate edit [OPTIONS] <REV>

Arguments:
  <REV>  The revision: an id or its beginning, a label, `head`, `heads`, or `current` for that of
         the database

Options:
  -h, --help  Print help

Examples:
  cargo migrate edit head
  EDITOR="code --wait" cargo migrate edit 1975ea

"#]]
    );
}

#[test]
fn rebase() {
    assert_data_eq!(
        help("rebase"),
        str![[r#"
Move an unapplied branch on top of another head, so that no merge is needed

The whole branch moves, from where it leaves the history of the new parent: one `down_revision` is
changed in one
file, and nothing else. A database that has applied the branch would not know it any more, and so a
branch that is
applied in the connected database is refused.

Usage: cargo migrate rebase [OPTIONS] --onto <HEAD> <REV>

Arguments:
  <REV>
          A revision of the branch to move, such as its head

Options:
      --onto <HEAD>
          The head to move it on top of

      --offline
          Do not ask the database whether it has applied the branch

  -h, --help
          Print help (see a summary with '-h')

Example:
  cargo migrate rebase 27c6a30d7c24 --onto ae1027a6acf4

"#]]
    );
}

#[test]
fn squash() {
    assert_data_eq!(
        help("squash"),
        str![[r#"
Turn a linear run of revisions into one

The new revision has the id of the last one and the parents of the first, the upgrades in order and
the downgrades in
reverse. A database that is at the last revision is up to date with it; one that is in between stops
with an error, and
has to be upgraded with a build from before. Before anything is written, both ways are run on a
scratch database, and
must give the same schema.

Usage: cargo migrate squash [OPTIONS] --message <MSG> <A:B>

Arguments:
  <A:B>
          The first and the last revision, as `A:B`; the first may be left out for the base, the
          last for the head

Options:
  -m, --message <MSG>
          A description of the new revision

      --dev-url <URL>
          A server for scratch databases, once for each kind of database: a URL, `docker://IMAGE` or
          `same-server` [default: a private server]

  -h, --help
          Print help (see a summary with '-h')

Examples:
  cargo migrate squash 1975ea83b712:ae1027a6acf4 -m "Create the schema"
  cargo migrate squash :head -m "Create the schema" --dev-url postgres://localhost/postgres

"#]]
    );
}

#[test]
fn verify() {
    assert_data_eq!(
        help("verify"),
        str![[r#"
Run every revision up, down and up again on a scratch database

Each revision whose downgrade does not give back the schema from before is named, with what is left.
Rows are not looked
at. With --verbose, the time that each took is shown.

Usage: cargo migrate verify [OPTIONS]

Options:
      --dev-url <URL>
          A server for scratch databases, once for each kind of database: a URL, `docker://IMAGE` or
          `same-server` [default: a private server]

  -h, --help
          Print help (see a summary with '-h')

Examples:
  cargo migrate verify
  cargo migrate verify --dev-url postgres://localhost/postgres

"#]]
    );
}

#[test]
fn list_templates() {
    assert_data_eq!(
        help("list-templates"),
        str![[r#"
List the kinds of revision that `revision` writes

Usage: cargo migrate list-templates [OPTIONS]

Options:
  -h, --help  Print help

Example:
  cargo migrate list-templates

"#]]
    );
}
