use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use migrate_chain::target::Target;

use super::CommandError;
/// A target as it is written. Commands read it before anything is connected.
pub fn target(text: &str) -> Result<Target, CommandError> {
    Ok(text.parse()?)
}

/// A time as it is written, such as `5m` or `1m 30s`.
#[derive(Clone, Copy, Debug)]
pub struct Time(pub Duration);

impl FromStr for Time {
    type Err = humantime::DurationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        humantime::parse_duration(text).map(Self)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        humantime::format_duration(self.0).fmt(f)
    }
}

/// How this program is called, for a command to go on with: `cargo migrate`, or `app migrate` where it is mounted so.
pub fn program() -> String {
    let mut words = std::env::args();
    let path = words.next().unwrap_or_default();
    let name = Path::new(&path)
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy();
    if name == "cargo-migrate" {
        return "cargo migrate".to_owned();
    }
    let is_command = |word: &String| COMMANDS.contains(&&**word);
    let before: Vec<String> = words.take_while(|word| !is_command(word)).collect();
    std::iter::once(name.into_owned())
        .chain(before)
        .collect::<Vec<_>>()
        .join(" ")
}

/// The names of the commands, sorted.
pub const COMMANDS: [&str; 18] = [
    "adopt",
    "branches",
    "check",
    "current",
    "down",
    "downgrade",
    "ensure-version",
    "ensure_version",
    "heads",
    "history",
    "info",
    "resolve",
    "run",
    "show",
    "stamp",
    "status",
    "up",
    "upgrade",
];
