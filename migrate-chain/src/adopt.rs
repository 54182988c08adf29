//! The tools whose history can be taken over.

/// A migration tool that keeps its history in a table of its own.
///
/// ```
/// use migrate_chain::adopt::Tool;
///
/// assert_eq!(Tool::from_name("sqlx"), Some(Tool::Sqlx));
/// assert_eq!(Tool::Sqlx.table(), "_sqlx_migrations");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// sqlx, the Rust crate and its command line.
    Sqlx,
    /// Diesel.
    Diesel,
    /// refinery.
    Refinery,
    /// `SeaORM`.
    SeaOrm,
    /// goose, for Go.
    Goose,
    /// dbmate.
    Dbmate,
    /// golang-migrate.
    GolangMigrate,
    /// Flyway.
    Flyway,
    /// Prisma Migrate.
    Prisma,
}

impl Tool {
    /// Every tool.
    pub const ALL: [Self; 9] = [
        Self::Sqlx,
        Self::Diesel,
        Self::Refinery,
        Self::SeaOrm,
        Self::Goose,
        Self::Dbmate,
        Self::GolangMigrate,
        Self::Flyway,
        Self::Prisma,
    ];

    /// The names of all tools.
    pub const NAMES: [&'static str; Self::ALL.len()] = {
        let mut names = [""; Self::ALL.len()];
        let mut at = 0;
        while at < names.len() {
            names[at] = Self::ALL[at].name();
            at += 1;
        }
        names
    };

    /// Its name in `migrate.toml` and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sqlx => "sqlx",
            Self::Diesel => "diesel",
            Self::Refinery => "refinery",
            Self::SeaOrm => "sea-orm",
            Self::Goose => "goose",
            Self::Dbmate => "dbmate",
            Self::GolangMigrate => "golang-migrate",
            Self::Flyway => "flyway",
            Self::Prisma => "prisma",
        }
    }

    /// The tool with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tool| tool.name() == name)
    }

    /// The table of its history, unless the app has named another.
    pub const fn table(self) -> &'static str {
        match self {
            Self::Sqlx => "_sqlx_migrations",
            Self::Diesel => "__diesel_schema_migrations",
            Self::Refinery => "refinery_schema_history",
            Self::SeaOrm => "seaql_migrations",
            Self::Goose => "goose_db_version",
            Self::Dbmate | Self::GolangMigrate => "schema_migrations",
            Self::Flyway => "flyway_schema_history",
            Self::Prisma => "_prisma_migrations",
        }
    }
}

/// The table `[adopt]` of `migrate.toml`: the history of another tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Adopt {
    /// Such a table in the database belongs to another component.
    Nothing,
    /// The history of this tool is taken over.
    History {
        /// The tool.
        tool: Tool,
        /// The table of its history.
        table: String,
    },
}

impl Adopt {
    /// The name of the tool, or `none`, and the table: what is embedded in a binary.
    ///
    /// ```
    /// assert_eq!(migrate_chain::adopt::Adopt::Nothing.words(), ["none", ""]);
    /// ```
    pub fn words(&self) -> [&str; 2] {
        match self {
            Self::Nothing => ["none", ""],
            Self::History { tool, table } => [tool.name(), table],
        }
    }
}
