//! The macro stands wherever an expression may, as often as one likes, in a crate of any style.

use embed_migrations::{Migrations, embed_migrations};

static STATIC: Migrations = embed_migrations!("tests/fixtures/merge/migrations");
const CONST: Migrations = embed_migrations!("tests/fixtures/merge/migrations",);

mod inner {
    pub(crate) mod innermost {
        pub(crate) static MIGRATIONS: embed_migrations::Migrations =
            embed_migrations::embed_migrations!("tests/fixtures/merge/migrations");
    }
}

macro_rules! by_literal {
    ($directory:literal) => {
        embed_migrations!($directory)
    };
}

macro_rules! by_tokens {
    ($($directory:tt)*) => {
        ::embed_migrations::embed_migrations!($($directory)*)
    };
}

fn count(migrations: &Migrations) -> usize {
    migrations.revisions().len()
}

fn returned() -> Migrations {
    embed_migrations!("tests/fixtures/merge/migrations")
}

struct Holder {
    migrations: Migrations,
}

trait Source {
    const MIGRATIONS: Migrations;
}

impl Source for Holder {
    const MIGRATIONS: Migrations = embed_migrations!("tests/fixtures/merge/migrations");
}

#[test]
fn the_macro_stands_wherever_an_expression_may() {
    let local = embed_migrations!("tests/fixtures/merge/migrations");
    let held = Holder {
        migrations: embed_migrations!("./tests/fixtures/merge/migrations/"),
    };
    let all = [
        count(&STATIC),
        count(&CONST),
        count(&inner::innermost::MIGRATIONS),
        count(&by_literal!("tests/fixtures/merge/migrations")),
        count(&by_tokens!("tests/fixtures/merge/migrations")),
        count(&embed_migrations!("tests/fixtures/merge/migrations")),
        count(&returned()),
        count(&held.migrations),
        count(&<Holder as Source>::MIGRATIONS),
        count(&local),
        if local.revisions().is_empty() {
            0
        } else {
            embed_migrations!("tests/fixtures/merge/migrations")
                .revisions()
                .len()
        },
    ];
    assert_eq!(all, [4; 11]);
}

/// The caller may give its own items any name.
mod shadowed {
    #![deny(warnings, clippy::pedantic)]
    #![expect(dead_code, reason = "the names are what matters")]

    mod core {}
    mod std {}
    mod p {}
    struct Some;
    struct None;
    struct Option;
    struct Migrations;
    const SOURCE: u8 = 0;

    #[test]
    fn the_callers_names_do_not_matter() {
        let rust = embed_migrations::embed_migrations!("tests/fixtures/rust/migrations");
        assert_eq!(rust.revisions().len(), 2);
    }
}

#[test]
fn without_an_argument_the_folder_is_migrations() {
    let loaded = Migrations::load("migrations").unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(embed_migrations!().revisions(), loaded.revisions());
}
