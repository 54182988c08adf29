//! One suite for every database. A test is an async function over a [`Backend`](crate::support::Backend); `suite!`
//! makes it a `#[test]` of a database. One that is listed nowhere is dead code, which the compiler reports.

pub mod beyond;
pub mod cancel;
pub mod connect;
pub mod downgrade;
pub mod fleet;
pub mod growth;
pub mod journal;
pub mod outside;
#[allow(dead_code, reason = "MySQL does not do one of them: see docs/mysql.md")]
pub mod rust;
pub mod stamp;
pub mod state;
pub mod status;
pub mod two_chains;
pub mod upgrade;

/// Makes a test of each function of the suite.
macro_rules! suite {
    ($backend:ty) => {
        crate::suite::suite! { @ $backend;
            upgrade {
                to_the_head, to_targets, in_one_transaction, in_one_transaction_none_or_all, single_mode_refuses_what_runs_outside,
                failing_statement, events_come_in_order, several_heads, one_head_is_demanded, dependencies_come_first,
                an_empty_chain, the_embedded_chain, names_that_need_quotes, borrowed_chain_from_spawned_tasks,
                bad_targets, missing_sql, what_a_dump_says_to_psql,
            }
            downgrade { by_targets, needs_a_target, refuses_the_irreversible, refuses_without_a_section, a_branch_alone, replaced_files, replaced_files_without_a_script, waits_for_what_is_interrupted }
            beyond {
                undone_from_the_journal, undone_step_by_step, branches_and_dependencies, what_cannot_be_undone,
                what_the_journal_does_not_tell, stamped_and_undone, edits_under_it, outside_a_transaction, interrupted,
                cut_off_anywhere, another_app,
            }
            connect { reaches_each_revision, is_no_part_of_a_digest, is_named_when_it_fails }
            fleet { of_databases, a_failure_stops_no_other, each_with_settings_of_its_own, of_schemas, cut_off }
            status {
                of_each_state, check_names_what_is_missing, plans, reading_creates_nothing, waits_for_another_task,
                waits_no_longer_than_told, waits_without_end, an_edited_revision, what_is_no_edit, an_unknown_row, ahead, ahead_and_diverged,
                squashed, squashed_in_the_middle, a_row_that_is_null,
            }
            growth { with_the_journal, with_the_chain }
            journal { of_each_release_is_read }
            state { rows_that_contradict_each_other, rows_that_were_deleted, a_stamp_under_way }
            two_chains { run_at_once_and_know_nothing_of_each_other, do_not_wait_for_what_the_other_left_unfinished }
            rust { queries_with_values, batches_go_on_after_a_failure, batches_on_a_passed_connection, batches_go_on_after_a_cut }
            cancel { on_a_pool, on_a_passed_connection }
            stamp { sets_rows, moves_forward_only, several_at_once, replaces_unknown_rows_with_purge_alone, ensure_version_creates_the_tables, replaces_all_with_purge, accepts_edits, adopts_from_alembic, leaves_what_alembic_reads }
            outside {
                runs_statement_by_statement, what_is_interrupted_counts, the_hash_of_its_statements, fails_and_goes_on, refuses_edits_behind_the_resume_point, goes_on_after_an_edit_of_a_comment, edits_ahead_of_it,
                undone_and_resumed, undone_and_resumed_as_it_began, resolved_as_applied, resolved_as_not_applied, resolved_by_retry, resolve_needs_a_reason, a_stamp_does_not_forget_it,
                cut_off_anywhere,
            }
        }
    };
    (@ $backend:ty; $($module:ident { $($test:ident),* $(,)? })*) => {
        $(mod $module {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    crate::suite::$module::$test::<$backend>().await;
                }
            )*
        })*
    };
}
pub(crate) use suite;
