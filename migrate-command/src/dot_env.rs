//! The file `.env`. The environment of the process stays as it is.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

use super::CommandError;

/// The variables of a file `.env`, and the lines that cannot be read.
#[derive(Default)]
pub struct DotEnv {
    file: PathBuf,
    variables: Vec<(String, String)>,
    unread: Vec<BadLine>,
}

/// A line that cannot be read. Its text may hold a password, and is not shown.
struct BadLine {
    number: usize,
    text: String,
}

impl DotEnv {
    /// The file in the current folder, or in the nearest one above that has it; empty if there is none.
    ///
    /// # Errors
    /// That the file cannot be read at all.
    pub fn read() -> Result<Self, CommandError> {
        let here = env::current_dir().map_err(|error| unreadable(Path::new(NAME), &error))?;
        let mut places = here.ancestors().map(|folder| folder.join(NAME));
        let Some(path) = places.find(|path| path.is_file()) else {
            return Ok(Self::default());
        };
        let file = path.strip_prefix(&here).unwrap_or(&path).to_owned();
        let bytes = fs::read(&path).map_err(|error| unreadable(&file, &error))?;
        Ok(Self::parse(file, &bytes))
    }

    fn parse(file: PathBuf, bytes: &[u8]) -> Self {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let mut lines: Vec<EnvLine<'_>> = bytes
            .split(|&byte| byte == b'\n')
            .map(EnvLine::new)
            .collect();
        let mut unread = Vec::new();
        let mut at = 0;
        while at < lines.len() {
            if let Some(end) = (at + 1..=lines.len()).find(|&end| is_sound(&lines[at..end])) {
                at = end;
                continue;
            }
            let text = std::mem::take(&mut lines[at].text).into_owned();
            at += 1;
            unread.push(BadLine { number: at, text });
        }
        // All at once, since a value may refer to those before.
        let text = joined(&lines);
        let variables = dotenvy::from_read_iter(text.as_bytes()).flatten();
        Self {
            file,
            variables: variables.collect(),
            unread,
        }
    }

    /// The value of a variable, if it has one.
    ///
    /// # Errors
    /// The line that sets it cannot be read.
    pub fn variable(&self, name: &str) -> Result<Option<String>, CommandError> {
        if let Some(line) = self.unread.iter().find(|line| line.sets(name)) {
            let what = format!(
                "{}:{}: the line that sets {name} cannot be read",
                self.file.display(),
                line.number
            );
            return Err(CommandError::new(what).help(format!(
                "write it as `{name}='…'`, or set {name} in the environment"
            )));
        }
        let mut values = self
            .variables
            .iter()
            .filter(|(key, value)| key == name && !value.is_empty());
        Ok(values.next().map(|(_, value)| value.clone()))
    }

    /// A warning for each line that is left out. One that sets a variable of ours is an error where that is asked for.
    pub fn warnings(&self) -> impl Iterator<Item = String> {
        let is_ours = |line: &&BadLine| OURS.iter().any(|name| line.sets(name));
        self.unread
            .iter()
            .filter(move |line| !is_ours(line))
            .map(|line| {
                format!(
                    "warning: {}:{}: this line is not `NAME=value` and is left out",
                    self.file.display(),
                    line.number
                )
            })
    }
}

const NAME: &str = ".env";

/// The variables that the commands ask for.
const OURS: [&str; 2] = ["DATABASE_URL", "MIGRATE_DEV_URL"];

fn unreadable(file: &Path, error: &io::Error) -> CommandError {
    CommandError::new(format!("{} cannot be read: {error}", file.display()))
        .help("correct it, or set DATABASE_URL in the environment")
}

/// A line, and whether it is text at all.
struct EnvLine<'t> {
    text: std::borrow::Cow<'t, str>,
    is_text: bool,
}

impl<'t> EnvLine<'t> {
    fn new(bytes: &'t [u8]) -> Self {
        Self {
            text: String::from_utf8_lossy(bytes),
            is_text: std::str::from_utf8(bytes).is_ok(),
        }
    }
}

fn joined(lines: &[EnvLine<'_>]) -> String {
    lines
        .iter()
        .map(|line| &*line.text)
        .collect::<Vec<_>>()
        .join("\n")
        + "\n"
}

/// Whether these lines can be read: one variable, with its value over all of them.
fn is_sound(lines: &[EnvLine<'_>]) -> bool {
    lines.iter().all(|line| line.is_text)
        && dotenvy::from_read_iter(joined(lines).as_bytes()).all(|variable| variable.is_ok())
}

impl BadLine {
    fn sets(&self, name: &str) -> bool {
        let line = self.text.trim_start();
        let line = line.strip_prefix("export ").unwrap_or(line).trim_start();
        line.strip_prefix(name).is_some_and(|rest| {
            !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: impl AsRef<[u8]>) -> DotEnv {
        DotEnv::parse(NAME.into(), text.as_ref())
    }

    fn url(text: impl AsRef<[u8]>) -> Option<String> {
        parse(text)
            .variable("DATABASE_URL")
            .expect("it can be read")
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_first_name() {
        assert_eq!(
            url("\u{feff}DATABASE_URL=sqlite:a.db\r\n").as_deref(),
            Some("sqlite:a.db")
        );
    }

    #[test]
    fn a_line_that_cannot_be_read_is_told_by_its_number_and_the_rest_counts() {
        let file = parse(
            b"HOST=h\nnot a setting\nNAME=it's\n\xff=1\nMORE='two\nlines'\nDATABASE_URL=postgres://${HOST}/db\n",
        );
        let warnings: Vec<String> = file.warnings().collect();
        let expected = [2, 3, 4]
            .map(|n| format!("warning: .env:{n}: this line is not `NAME=value` and is left out"));
        assert_eq!(warnings, expected);
        assert_eq!(
            file.variable("DATABASE_URL")
                .expect("it can be read")
                .as_deref(),
            Some("postgres://h/db")
        );
        assert_eq!(
            file.variable("MORE").expect("it can be read").as_deref(),
            Some("two\nlines")
        );
    }

    #[test]
    fn the_line_that_sets_the_variable_is_an_error_and_is_not_shown() {
        for line in [
            "DATABASE_URL=postgres://app:it's@h/db",
            "  export DATABASE_URL sec ret",
            "DATABASE_URL",
        ] {
            let failure = parse(format!("A=1\n{line}\n"))
                .variable("DATABASE_URL")
                .expect_err(line);
            assert_eq!(
                failure.summary(),
                ".env:2: the line that sets DATABASE_URL cannot be read"
            );
        }
        assert_eq!(
            url("DATABASE_URLS it's\nDATABASE_URL=\nDATABASE_URL=sqlite:b.db"),
            Some("sqlite:b.db".to_owned())
        );
    }
}
