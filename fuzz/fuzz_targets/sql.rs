//! Any text at all through the lexer, the splitter and the checks of every dialect.
#![no_main]

use libfuzzer_sys::fuzz_target;
use migrate_chain::{Dialect, conflict_markers, load};
use migrate_chain::sql::{Fault, faults, faults_common, split, tokens};

fuzz_target!(|text: &str| {
    // The loader lets no NUL through, and still nothing here may go on for ever because of one.
    assert_eq!(text.contains('\0'), load::text("a.sql", text.into()).is_err());
    for dialect in Dialect::ALL {
        tokens_tile(dialect, text);
        statements_are_in_order(dialect, text);
        for transactional in [false, true] {
            faults_lie_within(&faults(dialect, transactional, text), text);
        }
    }
    faults_lie_within(&faults_common(true, text), text);
    for range in conflict_markers(text) {
        assert!(!text[range].contains('\n'));
    }
});

fn tokens_tile(dialect: Dialect, text: &str) {
    let mut end = 0;
    for token in tokens(dialect, text) {
        assert!(
            token.start == end && token.end > end && text.is_char_boundary(token.end),
            "{dialect}: {token:?}"
        );
        end = token.end;
    }
    assert_eq!(end, text.len());
}

/// In order and trimmed; and a statement by itself is still one, unless what makes it one may stand on other lines.
fn statements_are_in_order(dialect: Dialect, text: &str) {
    let mut end = 0;
    for statement in split(dialect, text) {
        let (range, whole) = (statement.range(), statement.range_with_terminator());
        assert!(
            end <= range.start
                && range.start < range.end
                && range.end <= whole.end
                && range.start == whole.start
        );
        assert_eq!(text[range.clone()].trim_ascii_start(), &text[range.clone()]);
        end = whole.end;
        if !text.contains("migrate:")
            && !text.contains('\\')
            && !text.to_ascii_lowercase().contains("delimiter")
        {
            splits_into_itself(dialect, &text[range]);
        }
    }
    assert!(end <= text.len());
}

/// The `;` is there because MySQL takes `--` at the very end for a comment, and before a `;` for two minus signs.
fn splits_into_itself(dialect: Dialect, statement: &str) {
    let terminated = format!("{statement};");
    let mut found = split(dialect, &terminated).map(|found| found.range());
    let whole = found
        .next()
        .is_some_and(|range| range.start == 0 && range.end >= statement.len());
    assert!(whole && found.next().is_none(), "{dialect}: {statement:?}");
}

fn faults_lie_within(found: &[Fault], text: &str) {
    assert!(found.is_sorted_by_key(|fault| fault.range.start));
    for fault in found {
        assert!(!text[fault.range.clone()].is_empty(), "{fault:?}");
    }
}
