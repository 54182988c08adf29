//! Lines that fit a terminal.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::paint::{is_mark, plain, shown};

/// A line over as many lines as it needs to have at most so many columns, those after the first indented. A word is never
/// broken, and an id is a word: one that is too long is left as it is.
pub fn wrapped(line: &str, columns: Option<usize>, indent: usize) -> String {
    let line = shown(line);
    let Some(columns) = columns.filter(|&columns| width(&line) > columns) else {
        return line;
    };
    let mut out = String::new();
    let mut used = 0;
    let mut gap = 0;
    let mut is_first = true;
    for (n, word) in line.split(' ').enumerate() {
        gap += usize::from(n > 0);
        if word.is_empty() {
            continue;
        }
        if !is_first && used + gap + width(word) > columns {
            out.push('\n');
            gap = indent;
            used = 0;
        }
        out.push_str(&" ".repeat(gap));
        out.push_str(word);
        used += gap + width(word);
        gap = 0;
        is_first = false;
    }
    out
}

/// A line cut to so many columns, with `…` where something is left out. Colours take no room, and none is cut off.
pub fn cut(line: &str, columns: usize) -> String {
    let line = shown(line);
    if width(&line) <= columns {
        return line;
    }
    let mut out = String::new();
    let (mut used, mut is_full) = (0, false);
    for character in line.chars() {
        if is_mark(character) {
            out.push(character);
            continue;
        }
        used += character.width().unwrap_or(0);
        if !is_full && used < columns {
            out.push(character);
        } else if !is_full {
            is_full = true;
            out.push('…');
        }
    }
    out
}

fn width(text: &str) -> usize {
    plain(text).width()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paint::{BAD, ID};

    #[test]
    fn a_line_is_cut_to_the_terminal_and_keeps_its_colours() {
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdef", 4), "abc…");
        assert_eq!(cut("表表表", 4), "表…");
        assert_eq!(
            cut(&format!("{BAD}abcdef{BAD:#}"), 4),
            format!("{BAD}abc…{BAD:#}")
        );
    }

    #[test]
    fn no_word_is_broken_and_no_line_is_longer_than_it_must_be() {
        let line = format!(
            "current   {ID}1975ea83b712{ID:#}  Create the users of the shop and their teams"
        );
        assert_eq!(wrapped(&line, None, 10), line);
        let narrow = wrapped(&line, Some(30), 10);
        assert_eq!(
            plain(&narrow),
            "current   1975ea83b712  Create\n          the users of the\n          shop and their teams"
        );
        assert_eq!(
            plain(&wrapped(&line, Some(5), 2)).lines().nth(1),
            Some("  1975ea83b712")
        );
        assert_eq!(
            wrapped("    a message of several words", Some(16), 4),
            "    a message of\n    several\n    words"
        );
        let rejoined: Vec<String> = plain(&narrow)
            .split_whitespace()
            .map(str::to_owned)
            .collect();
        assert_eq!(
            rejoined,
            plain(&line).split_whitespace().collect::<Vec<_>>()
        );
    }
}
