//! The rules: the one table that the lint, its options and `docs/lint.md` are made of.

use super::rule::{Blocks, Effect, Example, Lasts, Rule, Severity, Sources};
use crate::Dialect;

/// The tables that the examples of the rules start from, for each database.
pub const EXAMPLE_TABLES: [(Dialect, &str); 3] = [
    (
        Dialect::Sqlite,
        "\
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, name TEXT);
CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users (id), total INTEGER, note TEXT);
",
    ),
    (
        Dialect::Postgres,
        "\
CREATE DOMAIN email AS text;
CREATE TABLE users (id bigint PRIMARY KEY, email email, name text);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, total integer, note varchar(200), paid boolean);
CREATE INDEX orders_paid ON orders (paid);
CREATE VIEW known_users AS SELECT id FROM users WHERE email IS NOT NULL;
CREATE TABLE events (id bigint, day date) PARTITION BY RANGE (day);
CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
",
    ),
    (
        Dialect::MySql,
        "\
CREATE TABLE users (id BIGINT PRIMARY KEY, email VARCHAR(200), name VARCHAR(200));
CREATE TABLE orders (id BIGINT PRIMARY KEY, user_id BIGINT, total INT, note VARCHAR(200), paid BOOL);
",
    ),
];

/// The rule with this code.
///
/// ```
/// use migrate_chain::lint::rule;
///
/// assert_eq!(rule("drop-column").map(|rule| rule.severity.name()), Some("error"));
/// assert_eq!(rule("drop-colum"), None);
/// ```
pub fn rule(code: &str) -> Option<&'static Rule> {
    RULES.iter().copied().find(|rule| rule.code == code)
}

/// Every rule.
pub static RULES: [&Rule; 30] = [
    &INDEX_BLOCKS_WRITES,
    &INDEX_DROP_BLOCKS,
    &FOREIGN_KEY_SCANS,
    &CHECK_SCANS,
    &NOT_NULL_SCANS,
    &UNIQUE_SCANS,
    &COLUMN_REWRITES,
    &TYPE_REWRITES,
    &DOMAIN_SCANS,
    &PARTITION_DETACH_BLOCKS,
    &REINDEX_BLOCKS,
    &VACUUM_FULL,
    &TABLE_BLOCKED,
    &LOCK_OUTLASTS,
    &ALTER_COPIES,
    &ALTER_LOCKS,
    &UTF8MB3,
    &TYPE_NARROWED,
    &REQUIRED_COLUMN,
    &DEFAULT_NOT_CONSTANT,
    &DROP_TABLE,
    &DROP_COLUMN,
    &DROP_OBJECT,
    &TRUNCATE,
    &RENAME_COLUMN,
    &RENAME_TABLE,
    &RENAME_OBJECT,
    &DROP_REFERENCED,
    &REBUILD_COPIES,
    &UNKNOWN_ALLOW,
];

pub(super) static INDEX_BLOCKS_WRITES: Rule = Rule {
    code: "index-blocks-writes",
    severity: Severity::Error,
    summary: "an index is built while writes to its table wait",
    why: "`CREATE INDEX` holds a lock against writes until every row is read. `CONCURRENTLY` does not, and needs `transaction: off`.",
    effect: Effect {
        blocks: Blocks::Writes,
        lasts: Lasts::Scan,
    },
    sources: Sources {
        read: true,
        squawk: true,
        measured: true,
    },
    examples: &[Example {
        dialect: Dialect::Postgres,
        bad: "CREATE INDEX orders_user ON orders (user_id);",
        good: "CREATE INDEX CONCURRENTLY orders_user ON orders (user_id);",
    }],
};

pub(super) static INDEX_DROP_BLOCKS: Rule = Rule {
    code: "index-drop-blocks",
    severity: Severity::Warning,
    summary: "an index is dropped under a lock against reads and writes",
    why: "`DROP INDEX` takes an instant itself, but first waits for every query on the table, and later queries wait for it.",
    effect: Effect {
        blocks: Blocks::ReadsAndWrites,
        lasts: Lasts::Instant,
    },
    sources: Sources {
        read: true,
        squawk: true,
        measured: false,
    },
    examples: &[Example {
        dialect: Dialect::Postgres,
        bad: "DROP INDEX orders_paid;",
        good: "DROP INDEX CONCURRENTLY orders_paid;",
    }],
};

pub(super) static FOREIGN_KEY_SCANS: Rule = Rule {
    code: "foreign-key-scans",
    severity: Severity::Error,
    summary: "a foreign key is checked for all rows at once",
    why: "Every row is checked while writes to the table wait: on PostgreSQL also those to the referenced table; MySQL and MariaDB copy the table. On PostgreSQL, `NOT VALID` checks new rows only, and `VALIDATE CONSTRAINT` in a later revision checks the others without blocking.",
    effect: Effect {
        blocks: Blocks::Writes,
        lasts: Lasts::Scan,
    },
    sources: Sources {
        read: true,
        squawk: true,
        measured: true,
    },
    examples: &[
        Example {
            dialect: Dialect::Postgres,
            bad: "ALTER TABLE orders ADD CONSTRAINT orders_user_fk FOREIGN KEY (user_id) REFERENCES users (id);",
            good: "ALTER TABLE orders ADD CONSTRAINT orders_user_fk FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID;",
        },
        Example {
            dialect: Dialect::MySql,
            bad: "ALTER TABLE orders ADD CONSTRAINT orders_user_fk FOREIGN KEY (user_id) REFERENCES users (id);",
            good: "CREATE TABLE gifts (id BIGINT PRIMARY KEY, user_id BIGINT, FOREIGN KEY (user_id) REFERENCES users (id));",
        },
    ],
};

pub(super) static CHECK_SCANS: Rule = Rule {
    code: "check-scans",
    severity: Severity::Error,
    summary: "a check is tested against all rows at once",
    why: "Every row is read while reads and writes wait. `NOT VALID` tests new rows only, and `VALIDATE CONSTRAINT` in a later revision tests the others without blocking.",
    effect: Effect {
        blocks: Blocks::ReadsAndWrites,
        lasts: Lasts::Scan,
    },
    sources: Sources {
        read: true,
        squawk: true,
        measured: true,
    },
    examples: &[Example {
        dialect: Dialect::Postgres,
        bad: "ALTER TABLE orders ADD CONSTRAINT orders_total CHECK (total >= 0);",
        good: "ALTER TABLE orders ADD CONSTRAINT orders_total CHECK (total >= 0) NOT VALID;",
    }],
};

pub(super) static NOT_NULL_SCANS: Rule = Rule {
    code: "not-null-scans",
    severity: Severity::Error,
    summary: "a column is made NOT NULL with all rows read under a lock",
    why: "`SET NOT NULL` reads every row while reads and writes wait, unless a valid check says that the column is never NULL.",
    effect: Effect {
        blocks: Blocks::ReadsAndWrites,
        lasts: Lasts::Scan,
    },
    sources: Sources {
        read: true,
        squawk: true,
        measured: true,
    },
    examples: &[Example {
        dialect: Dialect::Postgres,
        bad: "ALTER TABLE orders ALTER COLUMN user_id SET NOT NULL;",
        good: "ALTER TABLE orders ADD CONSTRAINT orders_user_id_not_null CHECK (user_id IS NOT NULL) NOT VALID;",
    }],
};

pub(super) static UNIQUE_SCANS: Rule = Rule {
    code: "unique-scans",
    severity: Severity::Error,
    summary: "a unique, primary or exclusion constraint builds its index under a lock",
    why: "The index is built while reads and writes wait. Build a unique index `CONCURRENTLY` first, and add the constraint `USING INDEX`.",
    effect: Effect {
        blocks: Blocks::ReadsAndWrites,
        lasts: Lasts::Scan,
    },
    sources: Sources {
        read: true,
        squawk: true,
        measured: true,
    },
    examples: &[Example {
        dialect: Dialect::Postgres,
        bad: "ALTER TABLE users ADD CONSTRAINT users_email_key UNIQUE (email);",
        good: "CREATE UNIQUE INDEX CONCURRENTLY users_email_key ON users (email);",
    }],
};

pub(super) static COLUMN_REWRITES: Rule = Rule {
    code: "column-rewrites",
    severity: Severity::Error,
    summary: "a new column makes the database write the whole table again",
    why: "A volatile default, a stored generated column, an identity or a serial gets its own value in each row, so the table is copied while reads and writes wait. A constant default costs nothing.",
    effect: Effect {
        blocks: Blocks::ReadsAndWrites,
        lasts: Lasts::Copy,
    },
    sources: Sources {
        read: true,
        squawk: true,
        measured: true,
    },
    examples: &[Example {
        dialect: Dialect::Postgres,
        bad: "ALTER TABLE orders ADD COLUMN token uuid DEFAULT gen_random_uuid();",
        good: "ALTER TABLE orders ADD COLUMN token uuid;\nALTER TABLE orders ALTER COLUMN token SET DEFAULT gen_random_uuid();",
    }],
};

pub(super) static TYPE_REWRITES: Rule = Rule {
    code: "type-rewrites",
    severity: Severity::Error,
    summary: "a change of type writes the whole table again",
    why: "The table is copied, or at least read, while reads and writes wait. A few changes cost nothing, such as a longer varchar: a measurement tells.",
    effect: Effect {
        blocks: Blocks::ReadsAndWrites,
        lasts: Lasts::Copy,
    },
    sources: Sources {
        read: true,
        squawk: false,
        measured: true,
    },
    examples: &[Example {
        dialect: Dialect::Postgres,
        bad: "ALTER TABLE orders ALTER COLUMN total TYPE bigint;",
        good: "ALTER TABLE orders ADD COLUMN total_big bigint;",
    }],
};

pub(super) static DOMAIN_SCANS: Rule = Rule {
    code: "domain-scans",
    severity: Severity::Error,
    summary: "a constraint of a domain is tested against all its tables at once",
    why: "Every table with a column of the domain is read while writes wait. `NOT VALID` and a later `VALIDATE CONSTRAINT` avoid that.",
    effect: Effect {
        blocks: Blocks::Writes,
        lasts: Lasts::Scan,
    },
    sources: Sources {
        read: true,
        squawk: false,
        measured: true,
    },
    examples: &[Example {
        dialect: Dialect::Postgres,
        bad: "ALTER DOMAIN email ADD CONSTRAINT email_at CHECK (value LIKE '%@%');",
        good: "ALTER DOMAIN email ADD CONSTRAINT email_at CHECK (value LIKE '%@%') NOT VALID;",
    }],
};

pub(super) static PARTITION_DETACH_BLOCKS: Rule = Rule {
    code: "partition-detach-blocks",
    severity: Severity::Warning,
    summary: "a partition is detached under a lock against reads and writes",
    why: "`DETACH PARTITION` locks the parent and the partition. `CONCURRENTLY` does not, and needs `transaction: off`.",
    effect: Effect {
        blocks: Blocks::ReadsAndWrites,
        lasts: Lasts::Instant,
    },
    sources: Sources {
        read: true,
        squawk: true,
        measured: false,
    },
    examples: &[Example {
        dialect: Dialect::Postgres,
        bad: "ALTER TABLE events DETACH PARTITION events_2024;",
        good: "ALTER TABLE events DETACH PARTITION events_2024 CONCURRENTLY;",
    }],
};

pub(super) static REINDEX_BLOCKS: Rule = Rule {
    code: "reindex-blocks",
    severity: Severity::Error,
    summary: "an index is rebuilt while writes to its table wait",
    why: "`REINDEX` reads every row while writes wait, and reads that want the index. `CONCURRENTLY` does not, and needs `transaction: off`.",
    effect: Effect {
        blocks: Blocks::Writes,
        lasts: Lasts::Scan,
    },
    sources: Sources {
        read: true,
        squawk: true,
        measured: true,
    },
    examples: &[Example {
        dialect: Dialect::Postgres,
        bad: "REINDEX TABLE orders;",
        good: "REINDEX TABLE CONCURRENTLY orders;",
    }],
};

pub(super) static VACUUM_FULL: Rule = Rule {
    code: "vacuum-full",
    severity: Severity::Error,
    summary: "`VACUUM FULL` or `CLUSTER` copies a table under a lock",
    why: "The table is copied while reads and writes wait. A plain `VACUUM` does not block; pg_repack shrinks a table online.",
    effect: Effect {
        blocks: Blocks::ReadsAndWrites,
        lasts: Lasts::Copy,
    },
    sources: Sources {
        read: true,
        squawk: true,
        measured: true,
    },
    examples: &[Example {
        dialect: Dialect::Postgres,
        bad: "CLUSTER orders USING orders_pkey;",
        good: "ANALYZE orders;",
    }],
};

pub(super) static TABLE_BLOCKED: Rule = Rule {
    code: "table-blocked",
    severity: Severity::Error,
    summary: "a statement reads or writes a whole table under a lock",
    why: "The measurement saw it, and no other rule explains it.",
    effect: Effect {
        blocks: Blocks::ReadsAndWrites,
        lasts: Lasts::Scan,
    },
    sources: Sources {
        read: false,
        squawk: false,
        measured: true,
    },
    examples: &[Example {
        dialect: Dialect::Postgres,
        bad: "ALTER TABLE orders SET UNLOGGED;",
        good: "ALTER TABLE orders SET (fillfactor = 90);",
    }],
};

pub(super) static LOCK_OUTLASTS: Rule = Rule {
    code: "lock-outlasts",
    severity: Severity::Error,
    summary: "a lock is held while a later statement of the same transaction takes long",
    why: "A lock is held until the commit. A statement that takes an instant then blocks its table for as long as the slow one after it. Put the slow statement in a revision of its own.",
    effect: Effect {
        blocks: Blocks::ReadsAndWrites,
        lasts: Lasts::Scan,
    },
    sources: Sources {
        read: false,
        squawk: false,
        measured: true,
    },
    examples: &[Example {
        dialect: Dialect::Postgres,
        bad: "ALTER TABLE users ADD COLUMN age integer;\n-- migrate: allow index-blocks-writes writes to orders may wait\nCREATE INDEX orders_user ON orders (user_id);",
        good: "-- migrate: allow index-blocks-writes writes to orders may wait\nCREATE INDEX orders_user ON orders (user_id);",
    }],
};

pub(super) static ALTER_COPIES: Rule = Rule {
    code: "alter-copies",
    severity: Severity::Error,
    summary: "an ALTER TABLE copies the table",
    why: "The server can do it neither instantly nor in place: it copies the table while writes wait.",
    effect: Effect {
        blocks: Blocks::Writes,
        lasts: Lasts::Copy,
    },
    sources: Sources {
        read: true,
        squawk: false,
        measured: true,
    },
    examples: &[Example {
        dialect: Dialect::MySql,
        bad: "ALTER TABLE orders MODIFY total BIGINT;",
        good: "ALTER TABLE orders ADD COLUMN total_big BIGINT;",
    }],
};

pub(super) static ALTER_LOCKS: Rule = Rule {
    code: "alter-locks",
    severity: Severity::Error,
    summary: "an ALTER TABLE changes the table in place, but locks it",
    why: "The server can do it in place, but not with `LOCK=NONE`: writes wait until it is done.",
    effect: Effect {
        blocks: Blocks::Writes,
        lasts: Lasts::Scan,
    },
    sources: Sources {
        read: true,
        squawk: false,
        measured: true,
    },
    examples: &[Example {
        dialect: Dialect::MySql,
        bad: "CREATE FULLTEXT INDEX orders_note ON orders (note);",
        good: "CREATE INDEX orders_user ON orders (user_id);",
    }],
};

pub(super) static UTF8MB3: Rule = Rule {
    code: "utf8mb3",
    severity: Severity::Warning,
    summary: "a character set cannot hold every character",
    why: "`utf8` is `utf8mb3` here: it has no emoji and not all of Chinese. A later change to `utf8mb4` copies the table.",
    effect: Effect {
        blocks: Blocks::Nothing,
        lasts: Lasts::Instant,
    },
    sources: Sources {
        read: true,
        squawk: false,
        measured: false,
    },
    examples: &[Example {
        dialect: Dialect::MySql,
        bad: "CREATE TABLE notes (id BIGINT PRIMARY KEY, body TEXT) CHARACTER SET utf8mb3;",
        good: "CREATE TABLE notes (id BIGINT PRIMARY KEY, body TEXT) CHARACTER SET utf8mb4;",
    }],
};

pub(super) static TYPE_NARROWED: Rule = Rule {
    code: "type-narrowed",
    severity: Severity::Error,
    summary: "a type is made narrower",
    why: "The change fails, or cuts values off, if a row has a value that does not fit.",
    effect: Effect {
        blocks: Blocks::ReadsAndWrites,
        lasts: Lasts::Copy,
    },
    sources: Sources {
        read: true,
        squawk: false,
        measured: false,
    },
    examples: &[
        Example {
            dialect: Dialect::Postgres,
            bad: "-- migrate: allow type-rewrites the table is small\nALTER TABLE orders ALTER COLUMN note TYPE varchar(20);",
            good: "ALTER TABLE orders ALTER COLUMN note TYPE text;",
        },
        Example {
            dialect: Dialect::MySql,
            bad: "-- migrate: allow alter-copies the table is small\nALTER TABLE orders MODIFY note VARCHAR(20);",
            good: "ALTER TABLE orders MODIFY note VARCHAR(250);",
        },
    ],
};

pub(super) static REQUIRED_COLUMN: Rule = Rule {
    code: "required-column",
    severity: Severity::Error,
    summary: "a column is added that each row must have, without a default",
    why: "It fails if the table has a row. Give it a default, or add it without `NOT NULL` and fill it first.",
    effect: Effect {
        blocks: Blocks::Nothing,
        lasts: Lasts::Instant,
    },
    sources: Sources {
        read: true,
        squawk: true,
        measured: false,
    },
    examples: &[
        Example {
            dialect: Dialect::Postgres,
            bad: "ALTER TABLE orders ADD COLUMN currency text NOT NULL;",
            good: "ALTER TABLE orders ADD COLUMN currency text NOT NULL DEFAULT 'CHF';",
        },
        Example {
            dialect: Dialect::Sqlite,
            bad: "ALTER TABLE orders ADD COLUMN currency TEXT NOT NULL;",
            good: "ALTER TABLE orders ADD COLUMN currency TEXT NOT NULL DEFAULT 'CHF';",
        },
    ],
};

pub(super) static DEFAULT_NOT_CONSTANT: Rule = Rule {
    code: "default-not-constant",
    severity: Severity::Error,
    summary: "a column is added with a default that is not a constant",
    why: "SQLite refuses it if the table has a row. Add the column without a default and fill it with an UPDATE, or rebuild the table.",
    effect: Effect {
        blocks: Blocks::Nothing,
        lasts: Lasts::Instant,
    },
    sources: Sources {
        read: true,
        squawk: false,
        measured: false,
    },
    examples: &[Example {
        dialect: Dialect::Sqlite,
        bad: "ALTER TABLE orders ADD COLUMN created_at TEXT DEFAULT CURRENT_TIMESTAMP;",
        good: "ALTER TABLE orders ADD COLUMN created_at TEXT;",
    }],
};

pub(super) static DROP_TABLE: Rule = Rule {
    code: "drop-table",
    severity: Severity::Error,
    summary: "a table is dropped",
    why: "Its rows are lost, and the release of the app that is running still uses it. Stop using it first; then say so with `allow`.",
    effect: Effect {
        blocks: Blocks::ReadsAndWrites,
        lasts: Lasts::Instant,
    },
    sources: Sources {
        read: true,
        squawk: true,
        measured: false,
    },
    examples: &[
        Example {
            dialect: Dialect::Postgres,
            bad: "DROP TABLE orders;",
            good: "-- migrate: allow drop-table no release reads it since 2.3\nDROP TABLE orders;",
        },
        Example {
            dialect: Dialect::MySql,
            bad: "DROP TABLE orders;",
            good: "-- migrate: allow drop-table no release reads it since 2.3\nDROP TABLE orders;",
        },
        Example {
            dialect: Dialect::Sqlite,
            bad: "DROP TABLE orders;",
            good: "-- migrate: allow drop-table no release reads it since 2.3\nDROP TABLE orders;",
        },
    ],
};

pub(super) static DROP_COLUMN: Rule = Rule {
    code: "drop-column",
    severity: Severity::Error,
    summary: "a column is dropped",
    why: "Its values are lost, and the release of the app that is running still reads it. Stop using it first; then say so with `allow`.",
    effect: Effect {
        blocks: Blocks::ReadsAndWrites,
        lasts: Lasts::Instant,
    },
    sources: Sources {
        read: true,
        squawk: true,
        measured: false,
    },
    examples: &[
        Example {
            dialect: Dialect::Postgres,
            bad: "ALTER TABLE orders DROP COLUMN note;",
            good: "-- migrate: allow drop-column no release reads it since 2.3\nALTER TABLE orders DROP COLUMN note;",
        },
        Example {
            dialect: Dialect::MySql,
            bad: "ALTER TABLE orders DROP COLUMN note;",
            good: "-- migrate: allow drop-column no release reads it since 2.3\nALTER TABLE orders DROP COLUMN note;",
        },
        Example {
            dialect: Dialect::Sqlite,
            bad: "ALTER TABLE orders DROP COLUMN note;",
            good: "-- migrate: allow drop-column no release reads it since 2.3\nALTER TABLE orders DROP COLUMN note;",
        },
    ],
};

pub(super) static DROP_OBJECT: Rule = Rule {
    code: "drop-object",
    severity: Severity::Warning,
    summary: "a view, a routine, a type, a sequence, a domain or a schema is dropped",
    why: "The release of the app that is running may still use it. One that the same revision creates again is not reported.",
    effect: Effect {
        blocks: Blocks::Nothing,
        lasts: Lasts::Instant,
    },
    sources: Sources {
        read: false,
        squawk: true,
        measured: false,
    },
    examples: &[Example {
        dialect: Dialect::Postgres,
        bad: "DROP VIEW known_users;",
        good: "DROP VIEW known_users;\nCREATE VIEW known_users AS SELECT id, name FROM users;",
    }],
};

pub(super) static TRUNCATE: Rule = Rule {
    code: "truncate",
    severity: Severity::Error,
    summary: "all rows of a table are deleted",
    why: "They are lost, and reads and writes wait for the lock.",
    effect: Effect {
        blocks: Blocks::ReadsAndWrites,
        lasts: Lasts::Instant,
    },
    sources: Sources {
        read: true,
        squawk: true,
        measured: false,
    },
    examples: &[
        Example {
            dialect: Dialect::Postgres,
            bad: "TRUNCATE orders;",
            good: "-- migrate: allow truncate a cache, which fills itself\nTRUNCATE orders;",
        },
        Example {
            dialect: Dialect::MySql,
            bad: "TRUNCATE TABLE orders;",
            good: "-- migrate: allow truncate a cache, which fills itself\nTRUNCATE TABLE orders;",
        },
    ],
};

pub(super) static RENAME_COLUMN: Rule = Rule {
    code: "rename-column",
    severity: Severity::Error,
    summary: "a column gets another name",
    why: "The release of the app that is running asks for the old name. Add a column and write both, or say with `allow` that nothing runs meanwhile.",
    effect: Effect {
        blocks: Blocks::ReadsAndWrites,
        lasts: Lasts::Instant,
    },
    sources: Sources {
        read: true,
        squawk: true,
        measured: false,
    },
    examples: &[
        Example {
            dialect: Dialect::Postgres,
            bad: "ALTER TABLE users RENAME COLUMN name TO full_name;",
            good: "ALTER TABLE users ADD COLUMN full_name VARCHAR(200);",
        },
        Example {
            dialect: Dialect::MySql,
            bad: "ALTER TABLE users RENAME COLUMN name TO full_name;",
            good: "ALTER TABLE users ADD COLUMN full_name VARCHAR(200);",
        },
        Example {
            dialect: Dialect::Sqlite,
            bad: "ALTER TABLE users RENAME COLUMN name TO full_name;",
            good: "ALTER TABLE users ADD COLUMN full_name VARCHAR(200);",
        },
    ],
};

pub(super) static RENAME_TABLE: Rule = Rule {
    code: "rename-table",
    severity: Severity::Error,
    summary: "a table gets another name",
    why: "The release of the app that is running asks for the old name. A view with the old name bridges the time.",
    effect: Effect {
        blocks: Blocks::ReadsAndWrites,
        lasts: Lasts::Instant,
    },
    sources: Sources {
        read: true,
        squawk: true,
        measured: false,
    },
    examples: &[
        Example {
            dialect: Dialect::Postgres,
            bad: "ALTER TABLE users RENAME TO people;",
            good: "CREATE VIEW people AS SELECT * FROM users;",
        },
        Example {
            dialect: Dialect::MySql,
            bad: "ALTER TABLE users RENAME TO people;",
            good: "CREATE VIEW people AS SELECT * FROM users;",
        },
        Example {
            dialect: Dialect::Sqlite,
            bad: "ALTER TABLE users RENAME TO people;",
            good: "CREATE VIEW people AS SELECT * FROM users;",
        },
    ],
};

pub(super) static RENAME_OBJECT: Rule = Rule {
    code: "rename-object",
    severity: Severity::Warning,
    summary: "a view, a type, a sequence or a schema gets another name, or a table another schema",
    why: "The release of the app that is running asks for the old name.",
    effect: Effect {
        blocks: Blocks::ReadsAndWrites,
        lasts: Lasts::Instant,
    },
    sources: Sources {
        read: false,
        squawk: true,
        measured: false,
    },
    examples: &[Example {
        dialect: Dialect::Postgres,
        bad: "ALTER VIEW known_users RENAME TO real_users;",
        good: "CREATE VIEW real_users AS SELECT id FROM users;",
    }],
};

pub(super) static DROP_REFERENCED: Rule = Rule {
    code: "drop-referenced",
    severity: Severity::Error,
    summary: "a table is dropped that other tables refer to",
    why: "With foreign keys on, SQLite first deletes its rows, which deletes or changes rows that refer to them: the revision is refused. Drop the other table first, or rebuild with `foreign_keys: off`.",
    effect: Effect {
        blocks: Blocks::ReadsAndWrites,
        lasts: Lasts::Scan,
    },
    sources: Sources {
        read: true,
        squawk: false,
        measured: true,
    },
    examples: &[Example {
        dialect: Dialect::Sqlite,
        bad: "-- migrate: allow drop-table users live elsewhere now\nDROP TABLE users;",
        good: "-- migrate: allow drop-table users live elsewhere now\nDROP TABLE orders;\n-- migrate: allow drop-table users live elsewhere now\nDROP TABLE users;",
    }],
};

pub(super) static REBUILD_COPIES: Rule = Rule {
    code: "rebuild-copies",
    severity: Severity::Warning,
    summary: "a table is rebuilt",
    why: "All its rows are copied in one transaction: writes to the database file wait, and without WAL reads do, too.",
    effect: Effect {
        blocks: Blocks::Writes,
        lasts: Lasts::Copy,
    },
    sources: Sources {
        read: true,
        squawk: false,
        measured: true,
    },
    examples: &[Example {
        dialect: Dialect::Sqlite,
        bad: "CREATE TABLE orders_new (id INTEGER PRIMARY KEY, user_id INTEGER, total INTEGER NOT NULL);\nINSERT INTO orders_new SELECT id, user_id, total FROM orders;\nDROP TABLE orders;\nALTER TABLE orders_new RENAME TO orders;",
        good: "ALTER TABLE orders ADD COLUMN paid INTEGER NOT NULL DEFAULT 0;",
    }],
};

pub(super) static UNKNOWN_ALLOW: Rule = Rule {
    code: "unknown-allow",
    severity: Severity::Error,
    summary: "an `allow` names a rule that does not exist",
    why: "It accepts nothing.",
    effect: Effect {
        blocks: Blocks::Nothing,
        lasts: Lasts::Instant,
    },
    sources: Sources {
        read: true,
        squawk: false,
        measured: false,
    },
    examples: &[
        Example {
            dialect: Dialect::Postgres,
            bad: "-- migrate: allow drop-colum no release reads it\nCREATE VIEW all_users AS SELECT * FROM users;",
            good: "CREATE VIEW all_users AS SELECT * FROM users;",
        },
        Example {
            dialect: Dialect::MySql,
            bad: "-- migrate: allow drop-colum no release reads it\nCREATE VIEW all_users AS SELECT * FROM users;",
            good: "CREATE VIEW all_users AS SELECT * FROM users;",
        },
        Example {
            dialect: Dialect::Sqlite,
            bad: "-- migrate: allow drop-colum no release reads it\nCREATE VIEW all_users AS SELECT * FROM users;",
            good: "CREATE VIEW all_users AS SELECT * FROM users;",
        },
    ],
};
