//! What can't be moved out, and who can't move it.

use plugin_core::Plugin;
use plugin_core::config::Isolation;
use serde_json::json;

use super::{Listener, SET, WORKER, rig};
use crate::rig::Rig;

const LISTENER: &str = Listener::NAME;

#[test]
fn report_i15_what_keeps_a_plugin_in_the_process_is_said() {
    let error = rig("process")
        .set(LISTENER, "isolation", "process")
        .configure();
    let error = error.unwrap_err().to_string();
    for reason in [
        "isolation-listener.isolation: `isolation-listener` can't run in a process of its own: it \
         needs the service `Journal`, which can't be called from another process",
        "it answers the request `isolation.question`",
    ] {
        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn report_i15_a_program_that_starts_no_processes_says_so() {
    let rig = Rig::new(&SET).set(WORKER, "isolation", "process");
    let error = rig.configure().unwrap_err().to_string();
    let told = "this program can't: it does not say how a process is started";
    assert!(error.contains(told), "{error}");
}

#[test]
fn report_i15_a_default_moves_what_can_be_moved_and_names_the_rest() {
    for (key, value) in [
        ("isolation", json!("process")),
        ("enable_sandbox", json!(true)),
    ] {
        let rig = Rig::from_sources(
            &SET,
            plugin_core::config::Sources::new().processes(super::child::command()),
        );
        let configured = rig.set("plugin_manager", key, value).configure().unwrap();
        let place = |name: &str| configured.settings().plugins[name].isolated.isolation;
        assert_eq!(place(WORKER), Isolation::Process);
        assert_eq!(place(LISTENER), Isolation::InProcess);
        assert_eq!(place("test-journal"), Isolation::InProcess);
        let warnings: Vec<_> = configured
            .warnings()
            .iter()
            .map(ToString::to_string)
            .collect();
        let kept = "`isolation-listener` stays in the process of the manager: it needs the service \
                    `Journal`";
        assert!(
            warnings.iter().any(|one| one.contains(kept)),
            "{warnings:?}"
        );
        assert!(
            !warnings.iter().any(|one| one.contains("test-journal")),
            "{warnings:?}"
        );
    }
}
