//! Colours, and the one place where text becomes what a terminal sees.
//!
//! Text can come from anywhere: a message, a file name, a value in a database. So a colour is a mark in it and no escape
//! sequence, and only [`painted`] writes such sequences, after it has made every control character visible.

use std::fmt::{self, Write as _};

use anstyle::{AnsiColor, Style};
use migrate_render::visible;

/// A colour. As `{ID}` it begins in a text, and as `{ID:#}` it ends.
#[derive(Clone, Copy)]
pub struct Paint(char);

pub const ID: Paint = Paint('\u{fdd0}');
pub const HEAD: Paint = Paint('\u{fdd1}');
pub const CURRENT: Paint = Paint('\u{fdd2}');
pub const DIM: Paint = Paint('\u{fdd3}');
pub const BAD: Paint = Paint('\u{fdd4}');
pub const GOOD: Paint = Paint('\u{fdd5}');
pub const BOLD: Paint = Paint('\u{fdd6}');
pub const ERROR: Paint = Paint('\u{fdd7}');
/// Ends each of them. Like them it is a noncharacter, which no text holds.
const END: char = '\u{fdd8}';

impl fmt::Display for Paint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char(if f.alternate() { END } else { self.0 })
    }
}

/// Whether a character is the beginning or the end of a colour, and takes no room.
pub fn is_mark(c: char) -> bool {
    c == END || style(c).is_some()
}

fn style(mark: char) -> Option<Style> {
    Some(match Paint(mark).0 {
        c if c == ID.0 => AnsiColor::Yellow.on_default(),
        c if c == HEAD.0 => AnsiColor::Green.on_default().bold(),
        c if c == CURRENT.0 => AnsiColor::Cyan.on_default().bold(),
        c if c == DIM.0 => Style::new().dimmed(),
        c if c == BAD.0 => AnsiColor::Red.on_default().bold(),
        c if c == GOOD.0 => AnsiColor::Green.on_default(),
        c if c == BOLD.0 => Style::new().bold(),
        c if c == ERROR.0 => AnsiColor::BrightRed.on_default().bold(),
        _ => return None,
    })
}

/// A text as a terminal may have it: with colours, and with nothing else that it would act on.
pub fn painted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in shown(text).chars() {
        let _ = match style(c) {
            Some(style) => write!(out, "{style}"),
            None if c == END => write!(out, "{}", anstyle::Reset),
            None => out.write_char(c),
        };
    }
    out
}

/// A text with its control characters made visible, and with the marks of its colours.
pub fn shown(text: &str) -> String {
    let parts = text.split_inclusive(is_mark).map(|part| {
        let (plain, mark) = part.split_at(part.trim_end_matches(is_mark).len());
        visible(plain) + mark
    });
    parts.collect()
}

/// A text without its colours.
pub fn plain(text: &str) -> String {
    text.replace(is_mark, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_become_sequences_and_those_of_others_do_not() {
        let text = format!("{BAD}a\u{1b}[31m\u{9b}1m{BAD:#} b\n");
        assert_eq!(
            painted(&text),
            "\u{1b}[1m\u{1b}[31ma\\u{1b}[31m\\u{9b}1m\u{1b}[0m b\n"
        );
        assert_eq!(plain(&text), "a\u{1b}[31m\u{9b}1m b\n");
    }
}
