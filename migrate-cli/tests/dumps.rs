//! The recipe of docs/alembic.md, with the dump program of each database: an old database is at the head, and a new one
//! gets the same schema.

mod session;

use std::path::Path;

use session::Session;

/// A table that refers to a later one, a view and a trigger, in what all databases understand.
const TABLES: &str = "\
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num));
INSERT INTO alembic_version VALUES ('1975ea83b712');
CREATE TABLE users (id INTEGER PRIMARY KEY, name VARCHAR(40) NOT NULL DEFAULT 'SET x = 0; --');
CREATE TABLE invoices (id INTEGER PRIMARY KEY, user_id INTEGER, FOREIGN KEY (user_id) REFERENCES users (id));
CREATE INDEX invoices_of ON invoices (user_id);
CREATE VIEW names AS SELECT name FROM users;
";

#[cfg(feature = "sqlite")]
#[test]
fn on_sqlite() {
    let more = "INSERT INTO users VALUES (1, 'Ann');\nINSERT INTO invoices VALUES (1, 1);\n\
                CREATE TRIGGER gone AFTER DELETE ON users BEGIN DELETE FROM invoices WHERE user_id = old.id; END;\n";
    let recipe = Recipe {
        more,
        client: "sqlite3 app.db",
        dump: "sqlite3 app.db .schema | grep -v 'migrate_\\|alembic_' | sort",
    };
    recipe.holds(&Session::sqlite(), &Session::sqlite());
}

#[cfg(feature = "postgres")]
#[test]
fn on_postgres() {
    let more = "CREATE FUNCTION a_count() RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM users; $$;\n\
                CREATE FUNCTION gone() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END; $$;\n\
                CREATE TRIGGER gone AFTER DELETE ON users FOR EACH ROW EXECUTE FUNCTION gone();\n\
                CREATE TABLE numbered (id bigint GENERATED ALWAYS AS IDENTITY, at timestamptz);\n";
    let recipe = Recipe {
        more,
        client: "psql -X -q -v ON_ERROR_STOP=1 \"$DATABASE_URL\"",
        dump: "pg_dump --schema-only --restrict-key=x -T 'migrate_journal*' \"$DATABASE_URL\"",
    };
    let on = |name| Session::on("postgres", session::server::postgres(name));
    recipe.holds(&on("alembic_old"), &on("alembic_new"));
}

#[cfg(feature = "mysql")]
#[test]
fn on_mysql() {
    let more = "DELIMITER ;;\n\
                CREATE TRIGGER gone AFTER DELETE ON users FOR EACH ROW BEGIN DELETE FROM invoices WHERE user_id = old.id; END;;\n\
                DELIMITER ;\nCREATE TABLE times (at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP);\n";
    let recipe = Recipe {
        more,
        client: "mariadb ${DATABASE_URL##*/}",
        dump: "mariadb-dump --no-data --skip-comments --ignore-table=${DATABASE_URL##*/}.migrate_journal ${DATABASE_URL##*/}",
    };
    let on = |name| Session::on("mysql", session::server::mysql(name));
    recipe.holds(&on("app"), &on("app_new"));
}

struct Recipe {
    /// Statements that only this database understands.
    more: &'static str,
    client: &'static str,
    /// The schema, without the journal.
    dump: &'static str,
}

impl Recipe {
    fn holds(&self, old: &Session, new: &Session) {
        std::fs::write(old.app().join("setup.sql"), [TABLES, self.more].concat())
            .expect("it is written");
        done(old, &format!("{} < setup.sql", self.client));
        old.check(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/alembic.md"));
        done(
            old,
            "cargo migrate upgrade && cargo migrate current --check-heads",
        );
        done(
            new,
            &format!(
                "cp -r {} . && cargo migrate upgrade",
                old.app().join("migrations").display()
            ),
        );
        let (old, new) = (done(old, self.dump), done(new, self.dump));
        assert!(old.contains("invoices_of") && old.contains("gone"), "{old}");
        snapbox::assert_data_eq!(new, snapbox::Data::text(old).raw());
    }
}

/// The output of a shell command, which must succeed.
fn done(session: &Session, script: &str) -> String {
    let output = session.shell(script);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "{script}\n{}",
        text(&output.stderr)
    );
    text(&output.stdout)
}
