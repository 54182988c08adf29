//! The table of cells: which fault, at which place of the protocol, on which database, with how many processes.

use std::fmt;

/// A database of the matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Sqlite,
    Postgres,
    MariaDb,
}

/// A fault, or an operation that is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// A process dies.
    Kill,
    /// A process is asked to end, and drops its run.
    Terminate,
    /// A process is stopped for longer than the others wait, and goes on then.
    Stop,
    /// The server ends the session of a process that is stopped, and the others go on; then it goes on, too.
    StopAndEnd,
    /// The connection of a process is reset.
    Cut,
    /// Nothing goes through the connection of a process any more, and nobody says so.
    BlackHole,
    /// The server ends the session of a process.
    EndSession,
    /// The server dies, and is started again.
    ServerCrash,
    /// A statement inside a transaction fails.
    ErrorInTransaction,
    /// A statement outside a transaction fails.
    ErrorOutside,
    /// An index is built CONCURRENTLY while the others wait.
    ConcurrentIndex,
    /// All start at once on an empty database, several times.
    EmptyDatabase,
    /// Half of the processes have a chain that ends earlier.
    TwoVersions,
    /// The role may not create tables.
    NoCreateRight,
    /// The database takes no writes.
    ReadOnly,
}

/// One cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    pub kind: Kind,
    pub fault: Fault,
    /// The place of the protocol, as the runtime names it; none where the fault has no moment.
    pub point: Option<&'static str>,
    pub processes: usize,
}

/// The number of processes in each cell.
pub const PROCESSES: [usize; 4] = [1, 2, 8, 32];

/// Inside a statement of a revision. The runtime does not see that; the statement holds itself.
pub const INSIDE_STATEMENT: &str = "inside-statement";

const ALL: &[Kind] = &[Kind::Sqlite, Kind::Postgres, Kind::MariaDb];
const SERVERS: &[Kind] = &[Kind::Postgres, Kind::MariaDb];

/// The places of the protocol, in the order in which a run comes to them.
const POINTS: &[&str] = &[
    "before-lock",
    "after-lock",
    "after-intent",
    "before-statement",
    INSIDE_STATEMENT,
    "before-record",
    "before-commit",
    "after-commit",
    "before-release",
];

/// Faults that happen to one process at one place, and the databases where they can.
const AT_A_POINT: &[(Fault, &[Kind])] = &[
    (Fault::Kill, ALL),
    (Fault::Terminate, ALL),
    (Fault::Stop, ALL),
    (Fault::StopAndEnd, SERVERS),
    (Fault::Cut, SERVERS),
    (Fault::BlackHole, SERVERS),
    (Fault::EndSession, SERVERS),
    (Fault::ServerCrash, SERVERS),
];

/// Places where a run never is: the COMMIT is sent with the statements before it.
const NEVER: &[(Kind, &str)] = &[
    (Kind::Postgres, "before-commit"),
    (Kind::MariaDb, "before-commit"),
];

/// Faults that need no place.
const AT_LARGE: &[(Fault, &[Kind])] = &[
    (Fault::ErrorInTransaction, ALL),
    (Fault::ErrorOutside, ALL),
    (Fault::ConcurrentIndex, &[Kind::Postgres]),
    (Fault::EmptyDatabase, ALL),
    (Fault::TwoVersions, ALL),
    (Fault::NoCreateRight, SERVERS),
    (Fault::ReadOnly, ALL),
];

/// All cells.
pub fn all() -> Vec<Cell> {
    let places = |kind: Kind| {
        POINTS
            .iter()
            .copied()
            .filter(move |&point| !NEVER.contains(&(kind, point)))
    };
    let at_a_point = AT_A_POINT.iter().flat_map(move |(fault, kinds)| {
        kinds
            .iter()
            .flat_map(move |&kind| places(kind).map(move |point| (kind, *fault, Some(point))))
    });
    let at_large = AT_LARGE
        .iter()
        .flat_map(|(fault, kinds)| kinds.iter().map(move |&kind| (kind, *fault, None)));
    let with_processes = |(kind, fault, point)| {
        PROCESSES.map(|processes| Cell {
            kind,
            fault,
            point,
            processes,
        })
    };
    let mut cells: Vec<Cell> = at_a_point
        .chain(at_large)
        .flat_map(with_processes)
        .collect();
    cells.sort();
    cells
}

impl Cell {
    /// Whether it belongs to the short form, which every test run has: each fault and each place, with few processes,
    /// and once with many.
    pub fn is_short(&self) -> bool {
        match (self.fault, self.processes) {
            (Fault::EmptyDatabase, processes) => processes == 32,
            (Fault::Kill, 2) => true,
            (Fault::Kill, 32) => self.point == Some("before-record"),
            (Fault::ConcurrentIndex, processes) => processes == 8,
            (Fault::Terminate | Fault::Stop | Fault::Cut | Fault::BlackHole, 2) => matches!(
                self.point,
                Some("before-lock" | INSIDE_STATEMENT | "before-record")
            ),
            (Fault::StopAndEnd | Fault::EndSession | Fault::ServerCrash, 2) => {
                matches!(self.point, Some("after-intent" | INSIDE_STATEMENT))
            }
            (_, 2) => self.point.is_none(),
            _ => false,
        }
    }
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
            Self::MariaDb => "mariadb",
        }
    }
}

impl Fault {
    fn name(self) -> &'static str {
        match self {
            Self::Kill => "sigkill",
            Self::Terminate => "sigterm",
            Self::Stop => "sigstop",
            Self::StopAndEnd => "sigstop-end-session",
            Self::Cut => "cut",
            Self::BlackHole => "black-hole",
            Self::EndSession => "end-session",
            Self::ServerCrash => "server-crash",
            Self::ErrorInTransaction => "error-in-transaction",
            Self::ErrorOutside => "error-outside",
            Self::ConcurrentIndex => "concurrent-index",
            Self::EmptyDatabase => "empty-database",
            Self::TwoVersions => "two-versions",
            Self::NoCreateRight => "no-create-right",
            Self::ReadOnly => "read-only",
        }
    }
}

impl fmt::Display for Cell {
    /// `sqlite/sigkill/after-lock/2`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/", self.kind.name(), self.fault.name())?;
        if let Some(point) = self.point {
            write!(f, "{point}/")?;
        }
        write!(f, "{}", self.processes)
    }
}
