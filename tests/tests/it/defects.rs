//! The 36 defects of the earlier system, and the test of each that would go red if it came back.
//!
//! A cell with a `file` and a `function` names a test; any other cell says why there is none.
//!
//! | # | defect | test |
//! | --- | --- | --- |
//! | B01 | Unsubscribe can never work | `plugin-core/tests/lifecycle/events.rs` `b01_a_subscription_ends_when_its_handle_is_dropped` |
//! | B02 | a panic in one async handler ends the process | `plugin-core/tests/lifecycle/events.rs` `b02_b03_b09_a_panic_is_that_handlers_error_and_the_others_are_called` |
//! | B03 | a panic in a sync handler hits the publisher, later handlers skipped | `plugin-core/tests/lifecycle/events.rs` `b02_b03_b09_a_panic_is_that_handlers_error_and_the_others_are_called` |
//! | B04 | unbounded goroutines, no back-pressure | `plugin-core/tests/lifecycle/events.rs` `b04_a_stuck_handler_holds_publishers_back_and_takes_no_more_than_its_mailbox` |
//! | B05 | order lost, one publisher and one subscriber | `plugin-core/tests/lifecycle/events.rs` `b05_the_events_of_one_publisher_keep_their_order` |
//! | B06 | events lost at shutdown, no drain | `plugin-core/tests/lifecycle/stop.rs` `b06_what_was_accepted_is_handled_before_the_stop` |
//! | B07 | handlers of a destroyed, unregistered plugin still run | `plugin-core/tests/lifecycle/operations.rs` `b07_a_stopped_plugin_hears_nothing_and_a_restarted_one_hears_once` |
//! | B08 | no wildcard; Event.Target ignored | `plugin-core/tests/lifecycle/events.rs` `b08_patterns_and_filters_choose_events` |
//! | B09 | async handler error vanishes | `plugin-core/tests/lifecycle/events.rs` `b02_b03_b09_a_panic_is_that_handlers_error_and_the_others_are_called` |
//! | B10 | all handlers share one mutable event | `tests/tests/it/defects/shared.rs` `b10_all_handlers_see_one_event_that_none_can_change` |
//! | B11 | a registered plugin cannot be initialised | `tests/tests/it/defects/registered.rs` `b11_a_registered_plugin_starts` |
//! | B12 | StartAll ignores dependencies, returns nil | `plugin-core/tests/lifecycle/start.rs` `b12_b13_starts_all_in_order_of_needs_and_inits_each_before` |
//! | B13 | LoadPlugin marks Initialized before Initialize | `plugin-core/tests/lifecycle/start.rs` `b12_b13_starts_all_in_order_of_needs_and_inits_each_before` |
//! | B14 | StopAll is reverse alphabetical | `plugin-core/tests/lifecycle/start.rs` `b14_stops_in_reverse_order` |
//! | B15 | StopPlugin ignores running dependents | `plugin-core/tests/lifecycle/operations.rs` `b15_a_plugin_that_others_need_is_not_stopped_alone` |
//! | B16 | a cycle is never reported | `tests/tests/it/defects/planned.rs` `b16_a_cycle_is_reported_with_its_path` |
//! | B17 | false cycle on a shared missing dependency | `tests/tests/it/defects/planned.rs` `b17_a_missing_plugin_that_two_need_is_no_cycle` |
//! | B18 | a panic in Start ends the process | `plugin-core/tests/lifecycle/start.rs` `b18_b19_a_fault_at_any_stage_rolls_everything_back` |
//! | B19 | start timeout not enforced | `plugin-core/tests/lifecycle/start.rs` `b18_b19_a_fault_at_any_stage_rolls_everything_back` |
//! | B20 | Failed is terminal | `plugin-core/tests/lifecycle/supervision.rs` `b20_failed_is_not_the_end` |
//! | B21 | concurrent StartPlugin corrupts state | `plugin-core/tests/lifecycle/operations.rs` `b21_concurrent_operations_leave_one_truth` |
//! | B22 | UnloadPlugin nil dereference without a logger | `tests/tests/it/defects/registered.rs` `b22_no_logger_is_needed` |
//! | B23 | UnloadPlugin panics with a custom Registry | `tests/tests/it/defects/registered.rs` `b23_a_set_put_together_by_hand_is_managed_like_any_other` |
//! | B24 | plugin Context is never injected | `tests/tests/it/defects/context.rs` `b24_plugin_code_runs_in_its_context` |
//! | B25 | LoadConfig / SaveConfig return nil and do nothing | `plugin-core/tests/config/files.rs` `b25_a_file_is_read_or_the_load_fails` |
//! | B26 | an empty ManagerConfig gives expired contexts | `plugin-core/tests/config/files.rs` `b26_the_default_manager_has_time` |
//! | B27 | Initialize may run twice | `plugin-core/tests/lifecycle/start.rs` `b27_init_runs_once` |
//! | B28 | health never polled | `plugin-core/tests/lifecycle/supervision.rs` `b28_health_is_asked_for_and_three_bad_answers_are_a_failure` |
//! | B29 | deadlock: plugin code called under the registry's lock | `tests/tests/it/defects/reentrant.rs` `b29_plugin_code_may_ask_and_change_the_system_from_anywhere` |
//! | B30 | the scheduler started by the manager runs nothing | `tests/tests/it/schedules/declared.rs` `b30_runs_begin_in_the_order_of_their_times_and_do_not_drift` |
//! | B31 | PauseTask does nothing | `tests/tests/it/schedules/operators.rs` `b31_a_paused_schedule_does_not_run_until_it_is_resumed` |
//! | B32 | CancelTask right after ScheduleTask is lost | `tests/tests/it/schedules/runtime.rs` `b32_a_schedule_that_is_cancelled_at_once_does_not_run` |
//! | B33 | a failed once-task is "completed", finished tasks kept for ever | `tests/tests/it/schedules/runtime.rs` `b33_what_failed_is_told_as_failed_and_what_is_over_is_gone` |
//! | B34 | a task without handler is accepted, then kills the process | `tests/tests/it/schedules/declared.rs` `b34_a_run_that_fails_is_counted_and_fails_nothing_else` |
//! | B35 | cron is four literal strings | `tests/tests/it/schedules/timezone.rs` `b35_a_time_of_day_is_that_of_its_timezone_and_goes_with_its_clocks` |
//! | B36 | scheduler events never reach the bus | `tests/tests/it/schedules/declared.rs` `b36_every_run_is_an_event_of_the_kernel` |

mod context;
mod planned;
mod reentrant;
mod registered;
mod shared;

use std::path::Path;

/// What the table says of a defect.
struct Row {
    number: String,
    test: String,
}

fn rows() -> Vec<Row> {
    let table = include_str!("defects.rs").lines();
    table
        .filter_map(|line| {
            let cells: Vec<_> = line.strip_prefix("//! | B")?.split(" | ").collect();
            Some(Row {
                number: cells[0].to_owned(),
                test: cells[2].trim_end_matches(" |").to_owned(),
            })
        })
        .collect()
}

#[test]
fn the_table_names_every_defect_once() {
    let numbers: Vec<_> = rows().into_iter().map(|row| row.number).collect();
    let expected: Vec<_> = (1..=36).map(|number| format!("{number:02}")).collect();
    assert_eq!(numbers, expected);
}

#[test]
fn each_test_of_the_table_is_there_and_is_named_after_its_defect() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for Row { number, test } in rows() {
        let words: Vec<_> = test.split('`').collect();
        let &["", file, " ", function, ""] = &words[..] else {
            assert!(test.starts_with("no counterpart: "), "B{number}: {test}");
            continue;
        };
        assert!(
            function.contains(&format!("b{number}_")),
            "B{number}: {function}"
        );
        let source = std::fs::read_to_string(root.join(file));
        let source = source.unwrap_or_else(|error| panic!("B{number}: {file}: {error}"));
        assert!(
            is_a_test(&source, function),
            "B{number}: {file}: no test `{function}`"
        );
    }
}

/// Whether a source has the function, with a test attribute above it.
fn is_a_test(source: &str, function: &str) -> bool {
    let head = format!("fn {function}()");
    let lines: Vec<_> = source.lines().collect();
    let found = lines.iter().position(|line| line.contains(&head));
    found.is_some_and(|at| {
        at > 0 && lines[at - 1].starts_with("#[") && lines[at - 1].contains("test")
    })
}
