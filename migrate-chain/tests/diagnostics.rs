//! What every fixture under `tests/fixtures` prints. `SNAPSHOTS=overwrite` takes what is printed now as expected.

mod support;

use std::collections::BTreeSet;

use migrate_chain::Diagnostic;
use migrate_chain::render::{self, Style};
use support::fixtures::{self, Fixture};

#[test]
fn each_fixture_prints_its_snapshot() {
    let mut wrong = Vec::new();
    for fixture in fixtures::all() {
        let shown = fixtures::shown(&fixture.load());
        let expected =
            snapbox::Data::read_from(&fixture.expected(), Some(snapbox::data::DataFormat::Text));
        let compared = snapbox::Assert::new()
            .action_env(snapbox::assert::DEFAULT_ACTION_ENV)
            .try_eq(Some(&fixture.name), shown.into(), expected);
        wrong.extend(compared.err().map(|error| error.to_string()));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
