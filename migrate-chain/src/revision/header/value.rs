use std::ops::Range;

use crate::revision::ForeignKeys;

/// A value and the bytes it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spanned<T> {
    pub value: T,
    pub range: Range<usize>,
}

/// The value of a key.
pub struct Value<'s> {
    pub text: &'s str,
    pub start: usize,
}

impl Value<'_> {
    pub fn range(&self) -> Range<usize> {
        self.start..self.start + self.text.len()
    }
}

pub const ONE_ID: &str = "one id, of letters, digits and `_`";
pub const IDS: &str = "ids with commas between them";
pub const PARENTS: &str = "`none`, or ids with commas between them";
pub const LABELS: &str = "labels with commas between them";

pub fn list(
    value: &Value<'_>,
    expected: &'static str,
) -> Result<Vec<Spanned<String>>, &'static str> {
    let mut start = value.start;
    let mut ids = Vec::new();
    for part in value.text.split(',') {
        let id = part.trim_ascii();
        if id.is_empty() || id.as_bytes().iter().any(u8::is_ascii_whitespace) {
            return Err(expected);
        }
        let offset = start + (part.len() - part.trim_ascii_start().len());
        ids.push(Spanned {
            value: id.to_owned(),
            range: offset..offset + id.len(),
        });
        start += part.len() + 1;
    }
    Ok(ids)
}

pub fn switch(value: &str) -> Result<bool, &'static str> {
    match value {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("`on` or `off`"),
    }
}

pub fn foreign_keys(value: &str) -> Result<ForeignKeys, &'static str> {
    ForeignKeys::from_name(value).ok_or("`on`, `off` or `cascade`")
}

pub fn reason(value: &Value<'_>) -> Result<Spanned<String>, &'static str> {
    let reason = Spanned {
        value: value.text.to_owned(),
        range: value.range(),
    };
    if value.text.is_empty() {
        Err("the reason, in words")
    } else {
        Ok(reason)
    }
}

pub fn digests(value: &str) -> Result<Vec<String>, &'static str> {
    let is_digest =
        |digest: &str| digest.len() == 64 && digest.bytes().all(|b| b.is_ascii_hexdigit());
    let digests: Vec<String> = value
        .split(',')
        .map(|digest| digest.trim_ascii().to_ascii_lowercase())
        .collect();
    if digests.iter().all(|digest| is_digest(digest)) {
        Ok(digests)
    } else {
        Err("digests of 64 hexadecimal digits")
    }
}

/// Accepts `20240101120000 9f86d0…, 20240102130000`: versions of another tool, each with its checksum if there is one.
pub fn adopted(value: &str) -> Result<Vec<String>, &'static str> {
    let one = |part: &str| {
        let words: Vec<&str> = part.split_ascii_whitespace().collect();
        (1..=2).contains(&words.len()).then(|| words.join(" "))
    };
    let adopted: Option<Vec<String>> = value.split(',').map(one).collect();
    adopted.ok_or("versions of another tool with commas between them, each followed by its checksum if the tool keeps one")
}

/// Accepts `2026-11-22T08:00:00Z` with an optional fraction, and an offset in place of the `Z`.
pub fn rfc3339(value: &str) -> Result<(), &'static str> {
    let wrong = "a time such as 2026-11-22T08:00:00Z";
    let (date_time, rest) = value.split_at_checked(19).ok_or(wrong)?;
    let fits = |text: &str, shape: &str| {
        text.len() == shape.len()
            && text.bytes().zip(shape.bytes()).all(|(b, s)| {
                if s == b'0' {
                    b.is_ascii_digit()
                } else {
                    b == s
                }
            })
    };
    let number = |range: Range<usize>| date_time[range].parse::<u8>().unwrap_or(u8::MAX);
    let in_range = fits(date_time, "0000-00-00T00:00:00")
        && (1..=12).contains(&number(5..7))
        && (1..=31).contains(&number(8..10))
        && number(11..13) < 24
        && number(14..16) < 60
        && number(17..19) <= 60;
    let zone = match rest.strip_prefix('.') {
        Some(fraction) => fraction.trim_start_matches(|c: char| c.is_ascii_digit()),
        None => rest,
    };
    let fraction_is_full = !rest.starts_with('.') || rest.len() > zone.len() + 1;
    let zone_fits = zone == "Z" || fits(zone, "+00:00") || fits(zone, "-00:00");
    if in_range && fraction_is_full && zone_fits {
        Ok(())
    } else {
        Err(wrong)
    }
}
