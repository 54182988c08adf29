use super::*;

fn read(text: &str) -> (Option<Header>, Vec<(Fault, String)>) {
    let source = Arc::new(Source::new("a.sql", text));
    let mut faults = Vec::new();
    let header = parse(&source, CommentStyle::Sql, &mut faults);
    let shown = faults
        .into_iter()
        .map(|d| (d.fault, text[d.place.range].to_owned()))
        .collect();
    (header, shown)
}

#[test]
fn the_first_paragraph_is_the_message_and_the_rest_are_keys() {
    let (header, faults) = read(
        "\u{feff}\r\n-- Create users: é\r\n-- and teams\r\n--\r\n-- revision: b2\r\n-- down_revision: a1 , a0\r\n\
         --\r\n-- transaction: off\r\n-- created: 2026-11-22T08:00:00.5+01:00\r\n\r\n-- migrate: upgrade\r\n",
    );
    assert_eq!(faults, []);
    let header = header.expect("it has a header");
    assert_eq!(header.message, "Create users: é\nand teams");
    assert_eq!(header.revision.expect("it has an id").value, "b2");
    assert_eq!(
        header
            .down_revision
            .iter()
            .map(|id| &*id.value)
            .collect::<Vec<_>>(),
        ["a1", "a0"]
    );
    assert!(header.transaction_off);
}

#[test]
fn each_word_for_foreign_keys_means_what_it_says() {
    for (line, expected) in [
        ("", ForeignKeys::On),
        ("-- foreign_keys: on\n", ForeignKeys::On),
        ("-- foreign_keys: off\n", ForeignKeys::Off),
        ("-- foreign_keys: cascade\n", ForeignKeys::Cascade),
    ] {
        let (header, faults) = read(&format!("-- revision: a\n-- down_revision: none\n{line}"));
        assert_eq!(faults, [], "{line}");
        assert_eq!(header.expect("a header").foreign_keys, expected, "{line}");
    }
}

#[test]
fn a_message_may_be_missing_and_the_empty_line_after_it_too() {
    assert_eq!(
        read("-- revision: a\n-- down_revision: none\n")
            .0
            .expect("a header")
            .message,
        ""
    );
    assert_eq!(
        read("-- Hi\n-- revision: a\n-- down_revision: none\n")
            .0
            .expect("a header")
            .message,
        "Hi"
    );
}

#[test]
fn a_marker_ends_the_header_without_an_empty_line() {
    let (header, faults) =
        read("-- revision: a\n-- down_revision: none\n-- migrate: upgrade\n-- x: y\n");
    assert!(header.is_some() && faults.is_empty(), "{faults:?}");
}

#[test]
fn a_file_without_any_key_is_no_revision() {
    for text in [
        "",
        "\n\n",
        "CREATE TABLE t (id INT);",
        "-- only: prose\n",
        "-- Create users\n--\n-- TODO: x\n",
    ] {
        assert_eq!(read(text), (None, vec![]), "{text:?}");
    }
}

#[test]
fn an_empty_line_ends_the_message() {
    let (header, faults) = read("-- Title\n--\n-- prose\n-- revision: a\n-- down_revision: none\n");
    assert_eq!(header.expect("a header").message, "Title");
    assert_eq!(faults, [(Fault::MalformedLine, "prose".to_owned())]);
}

/// It is one fault: SQL that cannot run in a transaction is not another.
#[test]
fn a_revision_is_taken_to_run_outside_a_transaction_if_its_header_cannot_be_read() {
    let (header, faults) =
        read("-- m\n--\n-- revision: a\n-- down_revision: none\n-- transaction: maybe\n");
    assert!(header.expect("a header").transaction_off);
    assert_eq!(faults.len(), 1);
}

#[test]
fn each_fault_points_at_its_own_text() {
    let (_, faults) = read(
        "-- m\n--\n-- revision: a-b\n-- down_revison: x\n-- revision: c\n-- some prose\n-- transaction: maybe\n\
         -- irreversible:\n-- created: yesterday\n-- depends_on: a,,b\n-- replaced_digest: 12\n",
    );
    let places: Vec<&str> = faults.iter().map(|(_, text)| &**text).collect();
    let expected = [
        "a-b",
        "down_revison",
        "revision",
        "some prose",
        "maybe",
        ":",
        "yesterday",
        "a,,b",
        "12",
    ];
    assert_eq!(places, expected);
    assert_eq!(
        faults[1].0,
        Fault::UnknownKey {
            key: "down_revison".into(),
            nearest: Some("down_revision"),
            known: &KEYS,
        }
    );
}

#[test]
fn a_misspelt_key_is_one_fault_and_its_value_is_taken() {
    let (header, faults) = read("-- m\n--\n-- revison: a\n-- down_revision: none\n");
    assert_eq!(faults.len(), 1);
    assert_eq!(
        header.and_then(|header| header.revision).map(|id| id.value),
        Some("a".to_owned())
    );
}

#[test]
fn a_missing_key_is_reported_at_the_first_line_of_the_header() {
    let (_, faults) = read("\n-- Create\n--\n-- revision: a\n");
    assert_eq!(
        faults,
        [(
            Fault::MissingKey {
                key: "down_revision"
            },
            "Create".to_owned()
        )]
    );
}

#[test]
fn times_are_checked_in_shape_and_range() {
    for good in [
        "2026-11-22T08:00:00Z",
        "2026-11-22T08:00:00.123456-05:30",
        "2016-12-31T23:59:60Z",
    ] {
        assert!(rfc3339(good).is_ok(), "{good}");
    }
    let bad = [
        "",
        "2026-11-22",
        "2026-13-22T08:00:00Z",
        "2026-11-32T08:00:00Z",
        "2026-11-22T24:00:00Z",
        "2026-11-22T08:60:00Z",
        "2026-11-22T08:00:61Z",
        "2026-11-22T08:00:00",
        "2026-11-22T08:00:00.Z",
        "é026-11-22T08:0:00Z",
    ];
    for bad in bad {
        assert!(rfc3339(bad).is_err(), "{bad}");
    }
}
