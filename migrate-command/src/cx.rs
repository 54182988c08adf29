use super::database::{Access, Source};
use super::{CommandError, Globals, Ui};
use migrate_runtime::{AnyPool, Dialect, Migrations, Runner};

/// The chain, the database and the terminal that a command works with.
pub struct Cx<'a> {
    pub(super) migrations: &'a Migrations,
    pub(super) ui: &'a mut Ui,
    source: Source,
    schema: Option<String>,
}

impl<'a> Cx<'a> {
    pub(super) fn new(
        migrations: &'a Migrations,
        ui: &'a mut Ui,
        source: Source,
        schema: Option<String>,
    ) -> Self {
        Self {
            migrations,
            ui,
            source,
            schema,
        }
    }

    /// For the database that the options, the environment or `.env` name.
    pub fn of_flags(migrations: &'a Migrations, ui: &'a mut Ui, globals: &Globals) -> Self {
        Self::new(
            migrations,
            ui,
            Source::Flags(globals.clone()),
            globals.db_schema.clone(),
        )
    }

    /// The terminal.
    pub fn ui(&mut self) -> &mut Ui {
        self.ui
    }

    /// The database, for what only reads.
    pub(super) fn database(&self) -> Result<AnyPool, CommandError> {
        self.source.pool(Access::Read)
    }

    /// The database, for what writes: a file of SQLite is made if need be.
    pub(super) fn database_to_write(&self) -> Result<AnyPool, CommandError> {
        self.source.pool(Access::Write)
    }

    /// A run on a database, in the schema that the options name.
    pub(super) fn runner<'p>(&self, pool: &'p AnyPool) -> Runner<'p, &'p AnyPool>
    where
        'a: 'p,
    {
        let runner = self.migrations.runner(pool);
        match &self.schema {
            Some(schema) => runner.schema(schema),
            None => runner,
        }
    }

    /// The kind of database, if anything says.
    pub(super) fn dialect(&self) -> Result<Option<Dialect>, CommandError> {
        self.source.dialect()
    }

    /// The database as it can be shown.
    pub(super) fn shown(&self) -> String {
        self.source.shown()
    }
}
