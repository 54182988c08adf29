//! The name of a new revision file, from `file_template`.

use jiff::ZonedDateTime;
use migrate_chain::config::Config;

/// The file of a new revision, relative to its version location and without its extension.
///
/// ```text
/// {year}/{month}/{rev}_{slug}   →   2026/11/ae1027a6acf4_create_users
/// ```
pub fn file_name(config: &Config, id: &str, message: &str, created: &ZonedDateTime) -> String {
    let slug = slug(message, config.truncate_slug_length);
    let mut name = String::new();
    let mut rest = &*config.file_template;
    while let Some((before, field_and_rest)) = rest.split_once('{') {
        // The configuration is checked: every brace is closed, and each field is one of these.
        let (field, after) = field_and_rest
            .split_once('}')
            .unwrap_or((field_and_rest, ""));
        name.push_str(before);
        name.push_str(&value(field, id, &slug, created));
        rest = after;
    }
    name.push_str(rest);
    // A revision without a message has no slug, and no sign before it.
    if slug.is_empty() {
        name.truncate(name.trim_end_matches(['_', '-']).len());
    }
    name
}

fn value(field: &str, id: &str, slug: &str, created: &ZonedDateTime) -> String {
    match field {
        "rev" => id.to_owned(),
        "slug" => slug.to_owned(),
        "year" => format!("{:04}", created.year()),
        "month" => format!("{:02}", created.month()),
        "day" => format!("{:02}", created.day()),
        "hour" => format!("{:02}", created.hour()),
        "minute" => format!("{:02}", created.minute()),
        "second" => format!("{:02}", created.second()),
        _ => created.timestamp().as_second().to_string(),
    }
}

/// The words of a message in lower case, with `_` between them: Alembic's rule, with its way to shorten. What is cut
/// off ends at a word, and in `_`.
fn slug(message: &str, longest: usize) -> String {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let words = message
        .split(|c| !is_word(c))
        .filter(|word| !word.is_empty());
    let slug = words.collect::<Vec<_>>().join("_").to_lowercase();
    let Some((end, _)) = slug.char_indices().nth(longest) else {
        return slug;
    };
    let cut = &slug[..end];
    format!("{}_", cut.rsplit_once('_').map_or(cut, |(words, _)| words))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: &str) -> ZonedDateTime {
        time.parse().expect("a time with a zone")
    }

    fn name(template: &str, message: &str) -> String {
        let mut config = Config::default();
        config.file_template = template.to_owned();
        file_name(
            &config,
            "ae10",
            message,
            &at("2026-03-07T09:05:01+01:00[Europe/Zurich]"),
        )
    }

    #[test]
    fn every_field_has_its_value_in_the_zone_of_the_time() {
        assert_eq!(
            name("{year}/{month}/{day}-{hour}{minute}{second}-{rev}", ""),
            "2026/03/07-090501-ae10"
        );
        assert_eq!(
            name("{epoch}_{rev}_{slug}", "Create users"),
            "1772870701_ae10_create_users"
        );
    }

    #[test]
    fn without_a_message_nothing_hangs_on_the_id() {
        assert_eq!(name("{rev}_{slug}", ""), "ae10");
        assert_eq!(name("{rev}_{slug}", "!?"), "ae10");
    }

    #[test]
    fn slugs_are_those_of_alembic() {
        // ScriptDirectory._rev_path of Alembic 1.20.1 gave these for the same messages.
        let cases = [
            ("Create users", 40, "create_users"),
            (
                "add  foo.bar's column -- (again)",
                40,
                "add_foo_bar_s_column_again",
            ),
            ("Größe & Äpfel", 40, "größe_äpfel"),
            ("already_snake__case", 40, "already_snake__case"),
            (
                "a rather long message that goes on and on and on",
                40,
                "a_rather_long_message_that_goes_on_and_",
            ),
            (
                "supercalifragilisticexpialidocious_and_more_of_it",
                10,
                "supercalif_",
            ),
            ("exactly ten", 11, "exactly_ten"),
            ("exactly ten", 10, "exactly_"),
        ];
        for (message, longest, expected) in cases {
            assert_eq!(slug(message, longest), expected, "{message}");
        }
    }
}
