//! A line of a lock: fields with two blanks or more between them, so that they can be aligned.

use std::borrow::Cow;

/// Writes a value so that it is one field: without line ends, and without two blanks in a row.
pub fn escape(value: &str) -> Cow<'_, str> {
    let is_plain = !value.contains(['\\', '\n', '\r', '\t'])
        && !value.contains("  ")
        && !value.starts_with(' ')
        && !value.ends_with(' ');
    if is_plain {
        return Cow::Borrowed(value);
    }
    let mut out = String::with_capacity(value.len() + 8);
    let mut after_blank = true;
    let mut characters = value.chars().peekable();
    while let Some(character) = characters.next() {
        let is_blank = character == ' ';
        match character {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            ' ' if after_blank || characters.peek().is_none() => out.push_str("\\s"),
            other => out.push(other),
        }
        after_blank = is_blank && out.ends_with(' ');
    }
    Cow::Owned(out)
}

/// The value of a field.
pub fn unescape(field: &str) -> Cow<'_, str> {
    if !field.contains('\\') {
        return Cow::Borrowed(field);
    }
    let mut out = String::with_capacity(field.len());
    let mut characters = field.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some('n') => out.push('\n'),
                Some('r') => out.push('\r'),
                Some('t') => out.push('\t'),
                Some('s') => out.push(' '),
                Some(other) => out.push(other),
                None => {}
            },
            other => out.push(other),
        }
    }
    Cow::Owned(out)
}

/// The fields of a line, still escaped.
pub fn fields(line: &str) -> impl Iterator<Item = &str> {
    let mut rest = line.trim_start_matches(' ');
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (field, after) = rest.split_once("  ").unwrap_or((rest, ""));
        rest = after.trim_start_matches(' ');
        Some(field)
    })
}

/// Writes the fields of each line below each other, with `indent` before them.
pub fn align(out: &mut String, indent: &str, lines: &[Vec<String>]) {
    let columns = lines.iter().map(Vec::len).max().unwrap_or_default();
    let width = |n: usize| {
        let fields = lines.iter().filter(|line| line.len() > n + 1);
        let widths = fields.map(|line| line[n].chars().count());
        widths.max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    for line in lines {
        out.push_str(indent);
        for (n, field) in line.iter().enumerate() {
            out.push_str(field);
            if n + 1 < line.len() {
                let blanks = widths[n].saturating_sub(field.chars().count()) + 2;
                out.extend(std::iter::repeat_n(' ', blanks));
            }
        }
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_is_one_field_and_comes_back() {
        for text in [
            "", "a", " a ", "a  b", "a   b", "a\nb", "\\", "\\s  ", "a\tb\r", "  ",
        ] {
            let line = format!("x  {}  y", escape(text));
            let found: Vec<&str> = fields(&line).collect();
            if text.is_empty() {
                continue;
            }
            assert_eq!(found.len(), 3, "{text:?}: {line:?}");
            assert_eq!(unescape(found[1]), text);
        }
    }
}
