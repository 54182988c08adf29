//! One process is held at a place of the protocol, the others start, and then something happens to the one.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::cells::{Cell, Fault, INSIDE_STATEMENT, Kind};
use crate::chain::Chain;
use crate::chains;
use crate::order::Order;
use crate::place::Gate;
use crate::process::{End, Starter};
use crate::proxy::Proxy;
use crate::stage::{Outcome, SHORT, Stage, assert_reported_once};

pub fn run(stage: &Stage) -> Outcome {
    let chain = chains::traced(stage.kind());
    chain.write();
    let fault = stage.cell.fault;
    let proxy =
        matches!(fault, Fault::Cut | Fault::BlackHole).then(|| Proxy::before(&stage.place.url));
    let mut order = stage.order(&chain);
    let others = Order {
        lock_deadline: if waits_in_vain(fault) {
            SHORT
        } else {
            order.lock_deadline
        },
        ..order.clone()
    };
    if let Some(proxy) = &proxy {
        order.url = proxy.url(&order.url);
    }
    let (mut victim, mut gate, sessions) = hold(stage, order);
    let mut others = stage.start_others(&others);
    for other in &mut others {
        other.until(|line| line.starts_with("waiting "));
    }
    match fault {
        Fault::Kill => victim.signal("KILL"),
        Fault::Terminate => victim.signal("TERM"),
        Fault::Stop => victim.signal("STOP"),
        Fault::StopAndEnd => {
            victim.signal("STOP");
            stage.place.end_sessions(&sessions);
        }
        Fault::Cut => proxy.as_ref().expect("it has one").cut(),
        Fault::BlackHole => proxy.as_ref().expect("it has one").black_hole(),
        Fault::EndSession => stage.place.end_sessions(&sessions),
        Fault::ServerCrash => stage.place.crash_server(),
        _ => unreachable!("no fault of one process"),
    }
    if !matches!(fault, Fault::Stop | Fault::StopAndEnd) {
        drop(gate);
        victim.go();
        let victim = if fault == Fault::BlackHole {
            lost(victim, &mut others, proxy)
        } else {
            victim.end()
        };
        let others: Vec<End> = others.into_iter().map(Starter::end).collect();
        if fault == Fault::ServerCrash {
            stage.place.resume_server();
        }
        return judge(stage, &chain, &victim, &others);
    }
    if fault == Fault::StopAndEnd {
        // The session's statement has ended with it, and the others reach the gate.
        drop(gate.take());
    }
    let others: Vec<End> = others.into_iter().map(Starter::end).collect();
    drop(gate);
    victim.signal("CONT");
    victim.go();
    judge(stage, &chain, &victim.end(), &others)
}

/// Starts the process that things happen to, and waits until it is at the place; with its sessions.
fn hold(stage: &Stage, mut order: Order) -> (Starter, Option<Gate>, Vec<String>) {
    let point = stage.cell.point.expect("the fault has a place");
    if point == INSIDE_STATEMENT && stage.kind() != Kind::Sqlite {
        let revision = chains::GATED[(stage.seed + 1) % chains::GATED.len()];
        let gate = stage.place.close_gate(revision);
        let before = stage.place.sessions();
        let victim = stage.start("1", &order);
        stage.place.until_somebody_is_at_the_gate();
        let mut sessions = stage.place.sessions();
        sessions.retain(|session| !before.contains(session));
        return (victim, Some(gate), sessions);
    }
    let places = places(stage, point);
    // The last one first: behind it the revision is in doubt.
    order.hold = Some(places[places.len() - 1 - stage.seed % places.len()]);
    let mut victim = stage.start("1", &order);
    victim.until_held();
    (victim, None, stage.place.sessions())
}

/// The places where a run reaches a point, taken from a run without a fault.
fn places(stage: &Stage, point: &str) -> Vec<usize> {
    static KNOWN: Mutex<BTreeMap<Kind, Vec<String>>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let points = known.entry(stage.kind()).or_insert_with(|| {
        let chain = chains::traced(stage.kind());
        chain.write();
        let rehearsal = Stage::new(stage.cell, 0, stage.place.server, &stage.transcript);
        let mut starter = rehearsal.start("rehearsal", &rehearsal.order(&chain));
        starter.until(|_| false);
        let points = starter
            .said
            .iter()
            .filter_map(|line| line.strip_prefix("at "));
        points
            .filter_map(|at| at.split_once(' '))
            .map(|(_, point)| point.to_owned())
            .collect()
    });
    let places: Vec<usize> = (0..points.len())
        .filter(|&place| points[place] == point)
        .collect();
    assert!(
        !places.is_empty(),
        "a run never comes to {point}, only to {points:?}"
    );
    places
}

/// The victim's connection is dead, and nobody has told it: the others give up in time, and then the network says so.
fn lost(victim: Starter, others: &mut [Starter], proxy: Option<Proxy>) -> End {
    for other in others {
        other.until(|_| false);
    }
    proxy.expect("it has one").cut();
    victim.end()
}

fn judge(stage: &Stage, chain: &Chain, victim: &End, others: &[End]) -> Outcome {
    assert_victim(stage.cell, victim);
    for other in others {
        assert_other(stage.cell, other);
    }
    assert_reported_once(others.iter().chain([victim]));
    stage.place.until_nobody_is_there();
    let outcome = stage.complete(chain);
    stage.place.until_nobody_is_there();
    stage.assert_complete();
    assert!(
        outcome == Outcome::Once || stage.kind() != Kind::Sqlite,
        "on SQLite a statement commits with its record, and nothing can be in doubt"
    );
    outcome
}

fn waits_in_vain(fault: Fault) -> bool {
    matches!(fault, Fault::Stop | Fault::BlackHole)
}

fn assert_victim(cell: Cell, end: &End) {
    let fits = match cell.fault {
        Fault::Kill => matches!(end, End::Died),
        // It may have been done already when it looked.
        Fault::Terminate => matches!(end, End::Cancelled | End::Done { .. }),
        Fault::Stop => end.is_done(),
        // It may have been done; what it was told by the connection is no fault of a statement.
        _ => matches!(
            end.kind(),
            "done" | "Connect" | "Database" | "Statement" | "Revision" | "Locked"
        ),
    };
    assert!(fits, "the process that it happened to: {end:?}");
}

fn assert_other(cell: Cell, end: &End) {
    let fits = match (cell.fault, end.kind()) {
        (_, "done") => true,
        (Fault::ServerCrash, kind) => matches!(
            kind,
            "Connect" | "Database" | "Statement" | "Locked" | "InDoubt"
        ),
        (fault, "Locked") => waits_in_vain(fault) && end.text().contains("is held by "),
        (_, "InDoubt") => cell.kind != Kind::Sqlite,
        _ => false,
    };
    assert!(fits, "a process beside it: {end:?}");
}
