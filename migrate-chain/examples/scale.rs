//! How long it takes to load a graph and to plan over it, for graphs of several shapes and sizes:
//!
//! ```text
//! cargo run --release -p embed-migrations-chain --example scale [MOST_REVISIONS]
//! ```
//!
//! Each time stands with the nanoseconds that it comes to for a revision or edge: linear work keeps that number level.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use migrate_chain::graph::{Node, RevisionGraph};
use migrate_chain::target::Target;

/// A revision by its number: its parents and its dependencies.
type Revision = (Vec<usize>, Vec<usize>);

/// A name, and what gives the revisions of a graph of about some size.
type Shape = (&'static str, fn(usize) -> Vec<Revision>);

const SHAPES: [Shape; 9] = [
    ("chain", chain),
    ("wide", wide),
    ("wide, then merged", |size| merged(wide(size - 1))),
    ("ladder", ladder),
    ("comb", comb),
    ("twin chains", twins),
    ("wide over a chain", broom),
    ("ten dependencies each", dense),
    ("shared dependencies", shared),
];

fn main() -> io::Result<()> {
    let most = std::env::args()
        .nth(1)
        .and_then(|most| most.parse().ok())
        .unwrap_or(100_000);
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "{:22} {:>9} {:>9}  milliseconds (nanoseconds for a revision or edge)",
        "", "revisions", "edges"
    )?;
    for (name, shape) in SHAPES {
        for size in [10_000, 100_000, 1_000_000]
            .into_iter()
            .filter(|&size| size <= most)
        {
            writeln!(out, "{name:22} {}", measure(&shape(size)))?;
        }
    }
    Ok(())
}

fn measure(revisions: &[Revision]) -> String {
    let ids: Vec<String> = (0..revisions.len())
        .map(|number| format!("{number:012x}"))
        .collect();
    let named = |numbers: &[usize]| numbers.iter().map(|&number| ids[number].as_str()).collect();
    let node = |(number, (down, depends_on)): (usize, &Revision)| Node {
        id: &ids[number],
        down: named(down),
        depends_on: named(depends_on),
        labels: Vec::new(),
    };
    let nodes: Vec<Node<'_>> = revisions.iter().enumerate().map(node).collect();
    let edges: usize = revisions
        .iter()
        .map(|(down, depends_on)| down.len() + depends_on.len())
        .sum();

    let (load, graph) = timed(|| RevisionGraph::new(&nodes).expect("the shapes are valid"));
    let (up, plan) = timed(|| {
        graph
            .upgrade::<&str>(&[], &Target::heads())
            .expect("heads can be reached")
    });
    assert_eq!(plan.steps().len(), revisions.len());
    let rows: Vec<&str> = plan.rows().iter().map(|&row| graph.id(row)).collect();
    let (down, back) = timed(|| {
        graph
            .downgrade(&rows, &Target::base())
            .expect("all can be left")
    });
    assert_eq!(back.steps().len(), revisions.len());
    let (stamp, _) = timed(|| {
        graph
            .stamp::<&str>(&[], &[Target::heads()], false)
            .expect("heads can be stamped")
    });
    let (history, _) = timed(|| {
        graph
            .history::<&str>(&[], &":".parse().expect("a range"))
            .expect("all")
    });

    let size = revisions.len() + edges;
    let times = [
        ("load", load),
        ("upgrade", up),
        ("downgrade", down),
        ("stamp", stamp),
        ("history", history),
    ];
    let shown = times.map(|(name, time)| {
        let each = time.as_nanos() / size as u128;
        format!(" {name} {:.1} ({each})", time.as_secs_f64() * 1000.0)
    });
    format!("{:9} {edges:9} {}", revisions.len(), shown.concat())
}

fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let done = work();
    (start.elapsed(), done)
}

// 0 <- 1 <- 2 <- …
fn chain(size: usize) -> Vec<Revision> {
    (0..size)
        .map(|number| (number.checked_sub(1).into_iter().collect(), vec![]))
        .collect()
}

// 0 <- 1, 0 <- 2, 0 <- 3, …
fn wide(size: usize) -> Vec<Revision> {
    (0..size)
        .map(|number| (vec![0; usize::from(number > 0)], vec![]))
        .collect()
}

/// The same with one more revision on all heads.
fn merged(mut revisions: Vec<Revision>) -> Vec<Revision> {
    let mut is_head = vec![true; revisions.len()];
    revisions
        .iter()
        .flat_map(|(down, _)| down)
        .for_each(|&parent| is_head[parent] = false);
    revisions.push((
        (0..is_head.len())
            .filter(|&number| is_head[number])
            .collect(),
        vec![],
    ));
    revisions
}

// 0 <- 1 <- 3 <- 4 <- 6 <- …
// 0 <- 2 <- 3 <- 5 <- 6
fn ladder(size: usize) -> Vec<Revision> {
    let rung = |number: usize| match number % 3 {
        0 if number == 0 => vec![],
        0 => vec![number - 2, number - 1],
        1 => vec![number - 1],
        _ => vec![number - 2],
    };
    (0..size).map(|number| (rung(number), vec![])).collect()
}

// 0 <- 2 <- 4 <- …, with 1 on 0, 3 on 2, …
fn comb(size: usize) -> Vec<Revision> {
    let below = |number: usize| {
        if number % 2 == 1 {
            Some(number - 1)
        } else {
            number.checked_sub(2)
        }
    };
    (0..size)
        .map(|number| (below(number).into_iter().collect(), vec![]))
        .collect()
}

// 0 <- 2 <- 4 <- …   and   1 <- 3 <- 5 <- …, each odd one depending on the even one before it
fn twins(size: usize) -> Vec<Revision> {
    let dependency = |number: usize| {
        if number % 2 == 1 {
            vec![number - 1]
        } else {
            vec![]
        }
    };
    (0..size)
        .map(|number| {
            (
                number.checked_sub(2).into_iter().collect(),
                dependency(number),
            )
        })
        .collect()
}

// half a chain, and the other half side by side on its end
fn broom(size: usize) -> Vec<Revision> {
    let below = |number: usize| number.checked_sub(1).map(|below| below.min(size / 2));
    (0..size)
        .map(|number| (below(number).into_iter().collect(), vec![]))
        .collect()
}

// a chain in which each revision also depends on the nine before its parent, out of other chains
fn dense(size: usize) -> Vec<Revision> {
    let chains = 10;
    let down = |number: usize| number.checked_sub(chains).into_iter().collect();
    let depends_on = |number: usize| (number.saturating_sub(chains - 1)..number).collect();
    (0..size / chains)
        .map(|number| (down(number), depends_on(number)))
        .collect()
}

// two chains; each revision of the second depends on its counterpart and the one before that
fn shared(size: usize) -> Vec<Revision> {
    let counterparts =
        |number: usize| vec![number - size / 2, (number - size / 2).saturating_sub(1)];
    let revision = |number: usize| {
        let is_first = number < size / 2;
        let below = number.checked_sub(1).filter(|_| number != size / 2);
        let mut dependencies = if is_first {
            vec![]
        } else {
            counterparts(number)
        };
        dependencies.dedup();
        (below.into_iter().collect(), dependencies)
    };
    (0..size).map(revision).collect()
}
