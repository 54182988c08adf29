use std::collections::BTreeSet;

use proptest::prelude::*;

use super::target::Range;
use super::*;
use crate::graph::testing::{any_graph, graph};
use crate::graph::walk;

fn shown(graph: &RevisionGraph, plan: &Route) -> String {
    let order: Vec<&str> = plan
        .steps()
        .iter()
        .map(|step| graph.id(step.revision))
        .collect();
    format!(
        "{} -> {}",
        order.join(" "),
        graph.ids_of(plan.rows()).join(" ")
    )
}

fn up(graph: &RevisionGraph, rows: &[&str], target: &str) -> Result<String, TargetError> {
    Ok(shown(graph, &graph.upgrade(rows, &target.parse()?)?))
}

fn down(graph: &RevisionGraph, rows: &[&str], target: &str) -> Result<String, TargetError> {
    Ok(shown(graph, &graph.downgrade(rows, &target.parse()?)?))
}

// a <- b <- d
// a <- c <- d <- e
fn diamond() -> RevisionGraph {
    graph("a\n b < a\n c < a\n d < b c\n e < d")
}

#[test]
fn a_diamond_goes_up_and_down() {
    let it = diamond();
    assert_eq!(up(&it, &[], "head"), Ok("a c b d e -> e".to_owned()));
    assert_eq!(up(&it, &["c"], "d"), Ok("b d -> d".to_owned()));
    assert_eq!(down(&it, &["e"], "a"), Ok("e d b c -> a".to_owned()));
    assert_eq!(down(&it, &["e"], "b@a"), Ok("e d b -> c".to_owned()));
    assert_eq!(
        down(&it, &["b", "c"], "-1").expect_err("two rows").kind(),
        "ambiguous_downgrade"
    );
    assert_eq!(
        down(&it, &["b"], "e").expect_err("not applied").kind(),
        "not_ancestor"
    );
    assert_eq!(down(&it, &["d"], "d"), Ok(" -> d".to_owned()));
    assert_eq!(down(&it, &["e"], "e@a"), Ok("e d b c -> a".to_owned()));
}

#[test]
fn changes_are_differences() {
    let it = diamond();
    let plan = it
        .upgrade::<&str>(&[], &Target::heads())
        .expect("the head can be reached");
    let changes: Vec<&RowChange> = plan.steps().iter().map(|step| &step.change).collect();
    let change = |insert: &[usize], update, delete: &[usize]| RowChange {
        insert: insert.to_vec(),
        update,
        delete: delete.to_vec(),
    };
    let expected = [
        change(&[0], None, &[]),
        change(&[], Some((0, 2)), &[]),
        change(&[1], None, &[]),
        change(&[], Some((2, 3)), &[1]),
        change(&[], Some((3, 4)), &[]),
    ];
    assert!(changes.into_iter().eq(&expected));
}

// a <- b <- c, and b depends on y, whose parent is x
#[test]
fn dependents_go_down_with_what_they_need() {
    let it = graph("x\n y < x\n a\n b < a ~ y\n c < b");
    assert_eq!(up(&it, &[], "c"), Ok("x y a b c -> c".to_owned()));
    assert_eq!(down(&it, &["c"], "x"), Ok("c b y -> x a".to_owned()));
    assert_eq!(down(&it, &["c"], "y@base"), Ok("c b y x -> a".to_owned()));
}

// a <- b <- c   and c lists a too: an edge that says nothing new
#[test]
fn rows_stay_maximal_over_a_redundant_edge() {
    let it = graph("a\n b < a\n c < b a");
    let plan = it
        .downgrade(&["c"], &Target::base())
        .expect("all can be left");
    let rows: Vec<Vec<usize>> = (0..4).map(|steps| plan.rows_after(steps)).collect();
    assert_eq!(rows, [vec![2], vec![1], vec![0], vec![]]);
}

// a <- b <- c, and the table has a and c
#[test]
fn a_covered_row_is_refused_on_the_way_up_and_removed_on_the_way_down() {
    let it = graph("a\n b < a\n c < b\n d < c");
    assert_eq!(
        up(&it, &["c", "a"], "head").expect_err("c covers a").kind(),
        "overlaps"
    );
    let plan = it
        .downgrade(&["a", "c"], &"b".parse().expect("an id"))
        .expect("c can be left");
    assert_eq!(
        plan.steps()[0].change,
        RowChange {
            insert: vec![],
            update: Some((2, 1)),
            delete: vec![0]
        }
    );
    let plan = it
        .downgrade(&["a", "b"], &"a".parse().expect("an id"))
        .expect("b can be left");
    assert_eq!(
        plan.steps()[0].change,
        RowChange {
            insert: vec![],
            update: None,
            delete: vec![1]
        }
    );
}

// a, and x depends on a: downgrading to a cannot mean removing x, which is not a child of it
#[test]
fn a_dependency_is_nothing_to_go_down_to() {
    let it = graph("a\n x ~ a");
    let error = down(&it, &["x"], "a").expect_err("a has no applied child");
    assert_eq!(error.kind(), "not_ancestor");
    assert_eq!(
        error.to_string(),
        "no applied revision has `a` as parent: it is applied as a dependency of `x`; name a revision below the one to remove"
    );
}

#[test]
fn bad_rows_are_named() {
    let it = graph("aaaa\n bbbb < aaaa");
    assert_eq!(
        up(&it, &["aaab"], "head").expect_err("unknown").to_string(),
        "the database is at revision `aaab`, which this chain does not have; did you mean `aaaa`?"
    );
    assert_eq!(
        up(&it, &["aaaa", "aaaa"], "head")
            .expect_err("twice")
            .kind(),
        "row_count"
    );
    assert_eq!(
        up(&it, &["bbbb", "bbbb"], "head"),
        Ok(" -> bbbb".to_owned())
    );
    assert_eq!(
        up(&it, &[""], "head").expect_err("empty").kind(),
        "not_found"
    );
}

// a <- b, and x depends on a: two heads over down, one of them covered
#[test]
fn a_dependency_covers_its_head() {
    let it = graph("a\n x ~ a");
    assert_eq!(it.check_heads(&["x"]), Ok(vec![]));
    assert_eq!(it.check_heads(&["a"]), Ok(vec![1]));
    assert_eq!(it.check_heads::<&str>(&[]), Ok(vec![0, 1]));
    assert_eq!(it.current(&["x"]), Ok(vec![0, 1]));
}

#[test]
fn an_empty_graph_has_empty_plans() {
    let it = graph("");
    for target in ["head", "heads", "base"] {
        assert_eq!(up(&it, &[], target), Ok(" -> ".to_owned()));
        assert_eq!(down(&it, &[], target), Ok(" -> ".to_owned()));
    }
    assert_eq!(it.history::<&str>(&[], &Range::default()), Ok(vec![]));
    assert!(up(&it, &[], "+1").is_err() && down(&it, &[], "-1").is_err());
}

// a <- b <- c
//      b <- d
#[test]
fn history_lists_a_range_with_both_ends() {
    let it = graph("a\n b < a\n c < b\n d < b");
    let listed = |rows: &[&str], range: &str| {
        let range = range.parse().expect("a range");
        it.history(rows, &range)
            .map(|found| it.ids_of(&found).join(" "))
    };
    assert_eq!(listed(&[], ":"), Ok("c d b a".to_owned()));
    assert_eq!(listed(&[], "b:"), Ok("c d b".to_owned()));
    assert_eq!(listed(&[], ":c"), Ok("c b a".to_owned()));
    assert_eq!(listed(&["c"], "a:current"), Ok("c b a".to_owned()));
    assert_eq!(listed(&["a"], "current:+1"), Ok("b a".to_owned()));
    assert_eq!(
        listed(&[], "c:d").expect_err("not below").kind(),
        "not_ancestor"
    );
    assert_eq!(
        listed(&[], "-5:").expect_err("below the base").kind(),
        "not_ancestor"
    );
}

proptest! {
    #[test]
    fn an_upgrade_adds_what_is_missing_and_the_way_back_empties(
        text in any_graph(24),
        (current, goal) in any::<(prop::sample::Index, prop::sample::Index)>(),
    ) {
        let it = graph(&text);
        let (current, goal) = (current.index(it.len()), goal.index(it.len()));
        let rows = [it.id(current)];
        let plan = it.upgrade(&rows, &it.id(goal).parse().expect("an id")).expect("any revision can be reached");
        let mut missing = it.ancestors(&[goal]);
        subtract(&mut missing, &it.ancestors(&[current]));
        let order: Vec<usize> = plan.steps().iter().map(|step| step.revision).collect();
        prop_assert!(order.iter().copied().collect::<BTreeSet<_>>().into_iter().eq(walk::marked(&missing)));
        follow(&it, &plan)?;
        let back = it.downgrade(&it.ids_of(plan.rows()), &Target::base()).expect("all can be left");
        follow(&it, &back)?;
        prop_assert!(back.rows().is_empty());
    }

    #[test]
    fn a_downgrade_removes_what_stands_on_the_target(
        text in any_graph(24),
        floor in any::<prop::sample::Index>(),
    ) {
        let it = graph(&text);
        let floor = floor.index(it.len());
        let rows = it.ids_of(it.real_heads());
        let target = it.id(floor).parse().expect("an id");
        if it.is_head(floor) && !it.is_real_head(floor) {
            let error = it.downgrade(&rows, &target).expect_err("it has no applied child");
            prop_assert_eq!(error.kind(), "not_ancestor");
            return Ok(());
        }
        let plan = it.downgrade(&rows, &target).expect("everything is applied");
        follow(&it, &plan)?;
        let mut left = vec![true; it.len()];
        subtract(&mut left, &it.descendants(it.next(floor)));
        let now = it.ancestors(plan.rows());
        prop_assert_eq!(now, left);
    }

    #[test]
    fn a_stamp_leaves_maximal_rows(
        text in any_graph(16),
        (rows, stamped) in any::<([prop::sample::Index; 3], [prop::sample::Index; 3])>(),
    ) {
        let it = graph(&text);
        let rows = it.maximal(&rows.map(|index| index.index(it.len())));
        let targets = stamped.map(|index| it.id(index.index(it.len())).parse().expect("an id"));
        let stamp = it.stamp(&it.ids_of(&rows), &targets, false).expect("any revision can be stamped");
        prop_assert_eq!(&it.maximal(&stamp.rows), &stamp.rows);
        let last = it.find(&targets[2].to_string()).expect("it was drawn from the graph");
        prop_assert!(it.ancestors(&stamp.rows)[last]);
    }
}

/// Takes the steps one by one: each must be possible, and the rows are those of the applied revisions, computed from
/// scratch.
fn follow(graph: &RevisionGraph, plan: &Route) -> Result<(), TestCaseError> {
    let mut applied = graph.ancestors(plan.rows_before());
    let mut rows: BTreeSet<usize> = plan.rows_before().iter().copied().collect();
    for step in plan.steps() {
        let up = step.direction == Direction::Upgrade;
        let all = if up {
            graph.all(step.revision)
        } else {
            graph.all_next(step.revision)
        };
        prop_assert!(all.iter().all(|&other| applied[other] == up));
        prop_assert_eq!(std::mem::replace(&mut applied[step.revision], up), !up);
        step.change.apply(&mut rows);
        let is_row = |&row: &usize| !graph.all_next(row).iter().any(|&user| applied[user]);
        prop_assert!(
            rows.iter()
                .copied()
                .eq(walk::marked(&applied).into_iter().filter(is_row))
        );
    }
    prop_assert!(rows.iter().eq(plan.rows()));
    Ok(())
}
