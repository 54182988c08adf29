//! The statements of a comparison do not grow with the number of tables: they are counted, since times tell nothing.

use crate::connection::sent;
use crate::trial::generated;

/// Tables with an index and a foreign key each; those before `changed` have one more column.
fn tables(count: usize, changed: usize) -> String {
    let table = |n: usize| {
        let more = if n < changed { ", more int" } else { "" };
        let key = n.checked_sub(1).map_or(String::new(), |before| {
            format!(", CONSTRAINT f{n} FOREIGN KEY (parent) REFERENCES t{before} (id)")
        });
        format!(
            "CREATE TABLE t{n} (id int PRIMARY KEY, name varchar(9) NOT NULL, parent int{more}{key});\n\
             CREATE INDEX i{n} ON t{n} (name);\n"
        )
    };
    (0..count).map(table).collect()
}

/// How many statements of an autogenerate are not those of the objects themselves. A check sends a part of them.
async fn questions(url: &str, from: &str, to: &str) -> usize {
    sent::take();
    generated(url, from, to).await.expect("it proves itself");
    let is_question = |sql: &&String| {
        let words = ["CREATE", "ALTER", "DROP"];
        !words.iter().any(|word| sql.trim_start().starts_with(word))
    };
    sent::take().iter().filter(is_question).count()
}

/// By how many statements each table more makes it longer: if all tables are new, if one changes and if all do.
async fn grown_by(url: &str) -> [usize; 3] {
    let mut grown = [0; 3];
    let cases = [(0, 0), (usize::MAX, 1), (usize::MAX, usize::MAX)];
    for ((there, changed), grown) in cases.into_iter().zip(&mut grown) {
        let mut counts = Vec::new();
        for count in [5, 15] {
            let (from, to) = (tables(there.min(count), 0), tables(count, changed));
            counts.push(questions(url, &from, &to).await);
        }
        *grown = (counts[1] - counts[0]).div_ceil(10);
    }
    grown
}

/// A table that changes gets rows on both sides, which are read on both, and again after the upgrade and the downgrade.
#[cfg(feature = "sqlite")]
#[tokio::test]
async fn questions_do_not_grow_with_tables_on_sqlite() {
    let grown = grown_by("sqlite::memory:").await;
    assert_eq!(grown, [0, 0, 6]);
}

#[cfg(feature = "postgres")]
#[tokio::test]
async fn questions_do_not_grow_with_tables_on_postgres() {
    let url = test_servers::postgres().admin_url();
    assert_eq!(grown_by(&url).await, [0, 0, 6]);
}

/// Beside that, the statement of a table that differs is asked for on each side; the second eye asks for many at once.
#[cfg(feature = "mysql")]
#[tokio::test]
async fn only_the_statements_of_tables_grow_with_them_on_mysql() {
    let url = test_servers::mysql().admin_url();
    assert_eq!(grown_by(&url).await, [1, 0, 8]);
}
