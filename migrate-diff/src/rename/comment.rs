//! `-- @renamed from=old` in a desired schema, and what it is next to.

use migrate_chain::Dialect;
use migrate_chain::sql::{Token, TokenKind, split, tokens};

use super::Rename;
use crate::error::{Error, ErrorKind};
use crate::model::Kind;

/// The renames that comments say, each at the end of the line of what it is about, or on the line above.
///
/// # Errors
/// [`ErrorKind::Rename`] if such a comment is not next to anything with a name.
pub(crate) fn renames(dialect: Dialect, file: &str, text: &str) -> Result<Vec<Rename>, Error> {
    let all: Vec<Token> = tokens(dialect, text).collect();
    let mut renames = Vec::new();
    for (n, token) in all.iter().enumerate() {
        let Some(from) = annotation(token, text) else {
            continue;
        };
        let found = (!from.is_empty()).then(|| beside(dialect, text, &all, n, from));
        let found = found.flatten();
        renames.push(found.ok_or_else(|| misplaced(file, text, token))?);
    }
    Ok(renames)
}

fn misplaced(file: &str, text: &str, token: &Token) -> Error {
    let line = text[..token.start].matches('\n').count() + 1;
    let summary =
        format!("{file}:{line}: this comment is not next to anything that can be renamed");
    let help = "write `-- @renamed from=old` at the end of the first line of a CREATE statement, at the end of the line of a column, a \
        constraint, an index or a label in it, or on the line above";
    Error::new(ErrorKind::Rename, summary)
        .detail(text[token.range()].to_owned())
        .help(help)
}

/// The text of a comment of ours after `from=`; nothing if it says nothing.
fn annotation<'t>(token: &Token, text: &'t str) -> Option<&'t str> {
    let is_comment = matches!(token.kind, TokenKind::LineComment | TokenKind::BlockComment);
    let comment = is_comment.then(|| &text[token.range()])?;
    let words = comment.trim_start_matches(['-', '#', '/', '*', ' ', '\t']);
    let rest = words.strip_prefix("@renamed")?;
    let value = rest
        .trim_end_matches(['*', '/'])
        .trim()
        .strip_prefix("from");
    let value = value.and_then(|value| value.trim_start().strip_prefix('='));
    Some(value.map_or("", str::trim))
}

fn beside(dialect: Dialect, text: &str, all: &[Token], n: usize, from: &str) -> Option<Rename> {
    let before = all[..n].iter().rposition(|token| !token.is_trivia());
    let trails = before.is_some_and(|before| !text[all[before].end..all[n].start].contains('\n'));
    let anchor = if trails {
        before?
    } else {
        n + all[n..].iter().position(|token| !token.is_trivia())?
    };
    let at = all[anchor].start;
    let statement = split(dialect, text)
        .map(|statement| statement.range_with_terminator())
        .find(|range| range.contains(&at))?;
    let words = all
        .iter()
        .filter(|token| !token.is_trivia() && statement.contains(&token.start));
    let words = StatementWords {
        dialect,
        text,
        list: words.copied().collect(),
    };
    let place = words.list.iter().position(|word| word.start == at)?;
    let (kinds, owner, to) = words.subject(place)?;
    Some(Rename {
        kinds,
        owner,
        from: plain(from),
        to,
        is_required: false,
    })
}

fn plain(name: &str) -> String {
    name.trim_matches(['"', '`', '[', ']', '\'']).to_owned()
}

/// The word after CREATE that says what is created.
const KINDS: [(&str, Kind); 13] = [
    ("table", Kind::Table),
    ("view", Kind::View),
    ("index", Kind::Index),
    ("type", Kind::Type),
    ("domain", Kind::Domain),
    ("sequence", Kind::Sequence),
    ("function", Kind::Function),
    ("procedure", Kind::Procedure),
    ("aggregate", Kind::Aggregate),
    ("trigger", Kind::Trigger),
    ("policy", Kind::Policy),
    ("event", Kind::Event),
    ("collation", Kind::Collation),
];

/// The words of a statement.
struct StatementWords<'t> {
    dialect: Dialect,
    text: &'t str,
    list: Vec<Token>,
}

/// The kinds that it may be of, its owner and its name.
type CommentSubject = (Vec<Kind>, Option<String>, String);

impl StatementWords<'_> {
    fn word(&self, n: usize) -> &str {
        let token = self.list.get(n);
        token.map_or("", |token| &self.text[token.range()])
    }

    fn is(&self, n: usize, words: &[&str]) -> bool {
        words
            .iter()
            .any(|word| self.word(n).eq_ignore_ascii_case(word))
    }

    /// The first place from `n` on that has none of some words.
    fn after(&self, mut n: usize, words: &[&str]) -> usize {
        while self.is(n, words) {
            n += 1;
        }
        n
    }

    /// A name, with its schema, and the place after it.
    fn name(&self, mut n: usize) -> Option<(String, usize)> {
        let is_name = |n: usize| {
            let kind = self.list.get(n).map(|token| token.kind);
            matches!(kind, Some(TokenKind::Word | TokenKind::QuotedIdentifier))
        };
        let mut name = is_name(n).then(|| plain(self.word(n)))?;
        while self.word(n + 1) == "." && is_name(n + 2) {
            n += 2;
            name = format!("{name}.{}", plain(self.word(n)));
        }
        Some((name, n + 1))
    }

    fn find(&self, from: usize, word: &str) -> Option<usize> {
        (from..self.list.len()).find(|n| self.is(*n, &[word]))
    }

    /// The thing that the word at `place` is about.
    fn subject(&self, place: usize) -> Option<CommentSubject> {
        if self.is(0, &["alter"]) {
            return self.added_constraint();
        }
        self.is(0, &["create"]).then_some(())?;
        let (at, kind) = self.kind()?;
        let start = self.after(at + 1, &["concurrently", "if", "not", "exists"]);
        let (name, end) = self.name(start)?;
        let body = self.find(end, "(").filter(|open| *open < place);
        match (kind, body) {
            (Kind::Table, Some(open)) => match self.item(open, place) {
                Some(item) => self.part(item, &name),
                None => Some((vec![kind], None, name)),
            },
            (Kind::Type, Some(open)) if self.is(open - 1, &["enum"]) => {
                match self.item(open, place) {
                    Some(item) => self.label(item, name),
                    None => Some((vec![kind], None, name)),
                }
            }
            (Kind::Table, None) => Some((vec![kind], None, name)),
            _ if !self.is_in_line(end, place) => None,
            (Kind::Index | Kind::Trigger | Kind::Policy, _) => {
                let on = self.find(end, "on")?;
                let (table, _) = self.name(self.after(on + 1, &["only"]))?;
                Some((vec![kind], Some(table), name))
            }
            _ => Some((vec![kind], None, name)),
        }
    }

    /// Whether no line ends between the words that end at `end` and the one at `place`.
    fn is_in_line(&self, end: usize, place: usize) -> bool {
        place < end || {
            let from = self.list[end - 1].end;
            !self.text[from..self.list[place].start].contains('\n')
        }
    }

    fn kind(&self) -> Option<(usize, Kind)> {
        for n in 1..self.list.len() {
            if self.is(n, &["(", "as", "on"]) {
                return None;
            }
            let known = KINDS.iter().find(|(word, _)| self.is(n, &[word]));
            match known {
                // An event trigger.
                Some((_, Kind::Event)) if self.is(n + 1, &["trigger"]) => return None,
                Some((_, Kind::View)) if self.is(n - 1, &["materialized"]) => {
                    return Some((n, Kind::MaterializedView));
                }
                Some((_, kind)) => return Some((n, *kind)),
                None => {}
            }
        }
        None
    }

    /// `ALTER TABLE t ADD CONSTRAINT c`, as dumps write it.
    fn added_constraint(&self) -> Option<CommentSubject> {
        self.is(1, &["table"]).then_some(())?;
        let (table, end) = self.name(self.after(2, &["only", "if", "exists"]))?;
        let is_added = self.is(end, &["add"]) && self.is(end + 1, &["constraint"]);
        let (name, _) = self.name(end + 2).filter(|_| is_added)?;
        Some((self.constraint_kinds(), Some(table), name))
    }

    /// A unique constraint of MySQL is an index.
    fn constraint_kinds(&self) -> Vec<Kind> {
        match self.dialect {
            Dialect::MySql => vec![Kind::Index, Kind::Constraint],
            Dialect::Postgres | Dialect::Sqlite => vec![Kind::Constraint],
        }
    }

    /// The place where the item of a list begins that has the word at `place`; none after the list.
    fn item(&self, open: usize, place: usize) -> Option<usize> {
        let (mut depth, mut start) = (0_usize, open + 1);
        for n in open + 1..self.list.len() {
            match self.word(n) {
                "(" => depth += 1,
                // The bracket of the list itself closes.
                ")" if depth == 0 && n <= place => return None,
                ")" => depth = depth.saturating_sub(1),
                // The comma belongs to the item before it.
                "," if depth == 0 && n < place => start = n + 1,
                _ => {}
            }
        }
        Some(start)
    }

    /// A column, a constraint with a name, or an index of MySQL.
    fn part(&self, start: usize, table: &str) -> Option<CommentSubject> {
        let part = |kinds: Vec<Kind>, name: String| Some((kinds, Some(table.to_owned()), name));
        if self.is(start, &["constraint"]) {
            return part(self.constraint_kinds(), self.name(start + 1)?.0);
        }
        let words = ["unique", "fulltext", "spatial", "key", "index"];
        if self.dialect == Dialect::MySql && self.is(start, &words) {
            let name = self.name(self.after(start, &words))?.0;
            return part(vec![Kind::Index], name);
        }
        if self.is(start, &["primary", "unique", "check", "foreign"]) {
            return None;
        }
        part(vec![Kind::Column], self.name(start)?.0)
    }

    fn label(&self, start: usize, name: String) -> Option<CommentSubject> {
        let text = self.word(start).strip_prefix('\'')?.strip_suffix('\'')?;
        Some((vec![Kind::Type], Some(name), text.replace("''", "'")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        let renames = renames(Dialect::Sqlite, "schema.sql", text).expect("sound comments");
        renames.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_comment_belongs_to_what_it_is_next_to() {
        let text = "-- @renamed from=users\nCREATE TABLE people (\n  id INTEGER PRIMARY KEY,\n\
            \x20 email TEXT, -- @renamed from=mail\n  -- @renamed from=\"n\"\n  name TEXT CHECK (name IN ('a', 'b')) -- @renamed from=m\n);\n";
        assert_eq!(
            read(text),
            [
                "table users -> people",
                "column people.mail -> email",
                "column people.n -> name",
                "column people.m -> name"
            ]
        );
        assert_eq!(
            read("CREATE TABLE b ( -- @renamed from=a\n x);"),
            ["table a -> b"]
        );
        assert_eq!(
            read("CREATE TABLE b (x\n); -- @renamed from=a\n"),
            ["table a -> b"]
        );
    }

    #[test]
    fn a_comment_next_to_nothing_is_an_error_with_its_line() {
        for text in [
            "CREATE VIEW v AS SELECT\n1 AS a; -- @renamed from=a",
            "CREATE TABLE t (a int,\nUNIQUE (a) -- @renamed from=a\n);",
            "\n-- @renamed from=a\nSELECT 1;",
            "\n-- @renamed from=a",
            "\nCREATE TABLE t (x); -- @renamed",
        ] {
            let error = renames(Dialect::Sqlite, "schema.sql", text).expect_err("it is misplaced");
            assert!(error.summary().starts_with("schema.sql:2: "), "{error}");
        }
    }

    #[test]
    fn whatever_has_a_name_can_have_had_another() {
        for (sql, expected) in [
            (
                "CREATE VIEW v AS -- @renamed from=w\nSELECT 1;",
                "view w -> v",
            ),
            (
                "-- @renamed from=w\nCREATE OR REPLACE MATERIALIZED VIEW s.v AS SELECT 1;",
                "materialized view w -> s.v",
            ),
            (
                "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON ONLY s.t (a); -- @renamed from=j",
                "index s.t.j -> i",
            ),
            (
                "CREATE TABLE t (a int,\n CONSTRAINT c CHECK (a > 0), -- @renamed from=d\n b int);",
                "constraint t.d -> c",
            ),
            (
                "ALTER TABLE ONLY t ADD CONSTRAINT c UNIQUE (a); -- @renamed from=d",
                "constraint t.d -> c",
            ),
            (
                "-- @renamed from=humour\nCREATE TYPE mood AS ENUM ('a');",
                "type humour -> mood",
            ),
            (
                "CREATE TYPE mood AS ENUM (\n 'sad',\n 'it''s' -- @renamed from='it is'\n);",
                "label mood.it is -> it's",
            ),
            (
                "CREATE DOMAIN d AS int; -- @renamed from=e",
                "domain e -> d",
            ),
            ("CREATE SEQUENCE d; -- @renamed from=e", "sequence e -> d"),
            (
                "-- @renamed from=g\nCREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$;",
                "function g -> f",
            ),
            (
                "-- @renamed from=y\nCREATE TRIGGER x AFTER UPDATE OF a ON t FOR EACH ROW EXECUTE FUNCTION f();",
                "trigger t.y -> x",
            ),
            (
                "CREATE POLICY p ON t; -- @renamed from=q",
                "policy t.q -> p",
            ),
        ] {
            let renames = renames(Dialect::Postgres, "schema.sql", sql).expect(sql);
            let renames: Vec<String> = renames.iter().map(ToString::to_string).collect();
            assert_eq!(renames, [expected], "{sql}");
        }
        let sql = "CREATE TABLE t (a int,\n UNIQUE KEY k (a), -- @renamed from=l\n CONSTRAINT `u` UNIQUE (a) -- @renamed from=w\n);";
        let renames = renames(Dialect::MySql, "schema.sql", sql).expect("sound comments");
        let renames: Vec<String> = renames.iter().map(ToString::to_string).collect();
        assert_eq!(renames, ["index t.l -> k", "index t.w -> u"]);
    }
}
