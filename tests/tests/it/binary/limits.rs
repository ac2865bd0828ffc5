//! The limits of the process, and what happens at them.

use super::App;
use super::serve::Serving;

/// The app under a limit that every process is over, looked at often.
fn over(on_breach: &str) -> Serving {
    let variables = [
        ("APP__PLUGIN_MANAGER__MAX_MEMORY", "1"),
        ("APP__PLUGIN_MANAGER__ON_BREACH", on_breach),
        ("APP__PLUGIN_MANAGER__HEALTH_INTERVAL", "50ms"),
        ("APP__LOGGER_PLUGIN__CONFIG__LEVEL", "warn"),
    ];
    Serving::start_in(App::new(), "", &variables)
}

const BREACH: &str = "of the 1 MB that `max_memory` allows";

#[test]
fn report_13_a_process_over_max_memory_stops_in_order_and_with_an_error_if_that_is_its_policy() {
    let mut serving = over("stop");
    let ended = serving.end();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let end: Vec<_> = ended.stdout.lines().rev().take(2).collect();
    assert!(
        end[1].starts_with("stopped because the process has taken ") && end[1].ends_with(BREACH),
        "{ended:?}"
    );
    assert!(
        end[0].starts_with("13 plugins stopped in "),
        "each of them in good order: {ended:?}"
    );
    assert!(ended.stderr.contains("`on_breach: stop` stops the service"));
}

#[test]
fn report_13_a_process_over_max_memory_goes_on_with_one_warning_without_a_policy() {
    let mut serving = over("warn");
    serving.log_until(BREACH);
    let status = serving.app().run("ps").stdout;
    let limit = status.lines().find(|line| line.contains("max_memory"));
    let words: Vec<_> = limit.unwrap().split_whitespace().collect();
    let [
        _,
        _,
        "max_memory",
        "1",
        "MB",
        in_use,
        "MB",
        "observed",
        "yes",
    ] = words[..]
    else {
        panic!("what is in use stands beside the limit: {status}");
    };
    assert!(in_use.parse::<u64>().unwrap() > 1, "{status}");
    serving.signal("-TERM");
    let ended = serving.end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ended.stderr.matches(BREACH).count(), 1, "{ended:?}");
}
