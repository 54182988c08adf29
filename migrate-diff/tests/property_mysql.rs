//! Any two schemas of MariaDB: what is generated proves itself, with rows in the tables and to the second eye.

#![cfg(feature = "mysql")]

mod support;

use proptest::prelude::*;
use support::{Project, cases};

const COLUMNS: [&str; 16] = [
    "int",
    "bigint NOT NULL DEFAULT 7",
    "smallint unsigned",
    "varchar(9) DEFAULT 'x'",
    "varchar(20) CHARACTER SET latin1",
    "text COMMENT 'it''s'",
    "enum('a','b')",
    "enum('a','b','c') NOT NULL DEFAULT 'a'",
    "decimal(8,2) NOT NULL DEFAULT 1.5",
    "timestamp(6) NULL",
    "datetime DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP",
    "int AS (1 + 1) STORED",
    "int AS (1 + 2) VIRTUAL",
    "int CHECK (1 > 0)",
    "json",
    "varbinary(8)",
];

const KEYS: [&str; 6] = [
    "k int PRIMARY KEY",
    "k bigint NOT NULL AUTO_INCREMENT PRIMARY KEY",
    "k int, UNIQUE KEY u (k)",
    "k int, KEY i (k DESC)",
    "k int NOT NULL, CONSTRAINT c CHECK (k < 1000)",
    "K int",
];

const TAILS: [&str; 4] = [
    "",
    " COMMENT='t'",
    " ROW_FORMAT=COMPRESSED",
    " WITH SYSTEM VERSIONING",
];
const PARENTS: [&str; 4] = [
    "",
    ", p int, CONSTRAINT f{n} FOREIGN KEY (p) REFERENCES parents (id)",
    ", p int, KEY own (p), CONSTRAINT f{n} FOREIGN KEY (p) REFERENCES parents (id) ON DELETE CASCADE",
    ", p int, q int, KEY own (p, q), CONSTRAINT f{n} FOREIGN KEY (p) REFERENCES parents (id) ON UPDATE SET NULL",
];

#[derive(Clone, Debug)]
struct Table {
    columns: Vec<Option<&'static str>>,
    key: &'static str,
    tail: &'static str,
    parent: &'static str,
    programs: [bool; 3],
}

fn table() -> impl Strategy<Value = Table> {
    let column = prop::option::weighted(0.7, prop::sample::select(COLUMNS.to_vec()));
    let parts = (
        prop::collection::vec(column, 3),
        prop::sample::select(KEYS.to_vec()),
        prop::sample::select(TAILS.to_vec()),
        prop::sample::select(PARENTS.to_vec()),
        any::<[bool; 3]>(),
    );
    parts.prop_map(|(columns, key, tail, parent, programs)| Table {
        columns,
        key,
        tail,
        parent,
        programs,
    })
}

impl Table {
    fn sql(&self, n: usize) -> String {
        let columns = self.columns.iter().enumerate();
        let columns: String = columns
            .filter_map(|(c, column)| Some(format!(", c{c} {}", (*column)?)))
            .collect();
        let parent = self.parent.replace("{n}", &n.to_string());
        let mut sql = format!(
            "CREATE TABLE t{n} ({}{columns}{parent}){};\n",
            self.key, self.tail
        );
        let programs = [
            format!("CREATE VIEW v{n} AS SELECT k FROM t{n} WHERE k > 1;\n"),
            format!("CREATE TRIGGER x{n} BEFORE INSERT ON t{n} FOR EACH ROW SET NEW.k = 0;\n"),
            format!("CREATE EVENT e{n} ON SCHEDULE EVERY 1 DAY DO DELETE FROM t{n};\n"),
        ];
        let chosen = programs.into_iter().zip(self.programs);
        sql.extend(chosen.filter_map(|(program, is_there)| is_there.then_some(program)));
        sql
    }
}

fn schema(tables: &[Option<Table>]) -> String {
    let tables = tables.iter().enumerate();
    let tables = tables.filter_map(|(n, table)| Some(table.as_ref()?.sql(n)));
    format!(
        "CREATE TABLE parents (id int PRIMARY KEY);\n{}",
        tables.collect::<String>()
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(8), failure_persistence: None, max_shrink_iters: 40, ..ProptestConfig::default() })]

    #[test]
    fn any_two_schemas_of_mariadb(from in prop::collection::vec(prop::option::weighted(0.8, table()), 2), to in prop::collection::vec(prop::option::weighted(0.8, table()), 2)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let project = Project::new(&test_servers::mysql().admin_url(), &schema(&from), &schema(&to));
        let generated = runtime.block_on(project.generate());
        prop_assert!(generated.is_ok(), "{}", generated.expect_err("it failed"));
    }
}
