//! The goals for the times, as rows with a verdict.

use std::time::Duration;

use super::cell::{Cell, DELAY, Measured, Work};
use super::chain::Content;
use super::contenders::{OURS, OURS_SINGLE, REFINERY_GROUPED, SHELL_WITH_JOURNAL, SQLX};
use super::database::{Durability, Engine};
use crate::measure::Row;

use Against::{BestPeer, Named};
use Durability::{Default as Durable, None as NotDurable};
use Engine::{MariaDb, Postgres, Sqlite};

/// The highest ratio of ours to another one.
struct Bound {
    cell: (Engine, Durability, Duration, Work),
    ours: &'static str,
    against: Against,
    goal: f64,
}

enum Against {
    /// The fastest of those that have a transaction for each revision.
    BestPeer,
    Named(&'static str),
}

const ROW: Work = Work::Apply(Content::Row);
const TABLE: Work = Work::Apply(Content::Table);
const LOOPBACK: Duration = Duration::ZERO;

#[rustfmt::skip]
const BOUNDS: [Bound; 15] = [
    bound((Postgres, NotDurable, LOOPBACK, Work::Nothing), OURS, BestPeer, 1.0),
    bound((Postgres, NotDurable, LOOPBACK, Work::Nothing), OURS, Named(SQLX), 0.7),
    bound((Postgres, NotDurable, DELAY, Work::Nothing), OURS, Named(SQLX), 0.35),
    bound((Postgres, NotDurable, LOOPBACK, ROW), OURS, BestPeer, 0.8),
    bound((Postgres, NotDurable, LOOPBACK, TABLE), OURS, BestPeer, 1.0),
    bound((Postgres, NotDurable, LOOPBACK, ROW), OURS_SINGLE, Named(REFINERY_GROUPED), 1.1),
    bound((Postgres, NotDurable, LOOPBACK, TABLE), OURS_SINGLE, Named(REFINERY_GROUPED), 1.1),
    bound((MariaDb, NotDurable, LOOPBACK, ROW), OURS, BestPeer, 0.8),
    bound((MariaDb, NotDurable, LOOPBACK, TABLE), OURS, Named(SQLX), 1.1),
    bound((MariaDb, Durable, LOOPBACK, ROW), OURS, BestPeer, 0.8),
    bound((MariaDb, Durable, LOOPBACK, TABLE), OURS, Named(SQLX), 1.1),
    bound((Sqlite, Durable, LOOPBACK, ROW), OURS, Named(SQLX), 0.6),
    bound((Sqlite, Durable, LOOPBACK, TABLE), OURS, Named(SQLX), 0.6),
    bound((Sqlite, Durable, LOOPBACK, ROW), OURS_SINGLE, Named(SHELL_WITH_JOURNAL), 1.5),
    bound((Sqlite, Durable, LOOPBACK, TABLE), OURS_SINGLE, Named(SHELL_WITH_JOURNAL), 1.5),
];

const fn bound(
    cell: (Engine, Durability, Duration, Work),
    ours: &'static str,
    against: Against,
    goal: f64,
) -> Bound {
    Bound {
        cell,
        ours,
        against,
        goal,
    }
}

/// A row for each bound, of the cells with chains of this length.
pub(super) fn rows(measured: &[Measured], length: usize) -> Vec<Row> {
    BOUNDS
        .iter()
        .filter_map(|bound| row(bound, measured, length))
        .collect()
}

fn row(bound: &Bound, measured: &[Measured], length: usize) -> Option<Row> {
    let (engine, durability, delay, work) = bound.cell;
    let cell = Cell {
        engine,
        durability,
        delay,
        work,
        length,
    };
    let found = measured.iter().find(|measured| measured.cell == cell)?;
    let ours = found.line(bound.ours)?;
    let peer = match bound.against {
        BestPeer => found.best_peer()?,
        Named(name) => found.line(name)?,
    };
    let peer_name = peer.contender.name;
    Some(Row::measured(
        format!("{engine}, {cell}: {}", bound.ours),
        (ours.median(), peer.median()),
        found.ratio(bound.ours, peer_name)?,
        peer_name,
        bound.goal,
    ))
}
