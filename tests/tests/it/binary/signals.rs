//! Signals that ask for a stop, once and twice.
#![cfg(unix)]

use std::process::Command;

use super::serve::Serving;
use super::{App, binary};

#[test]
fn report_b15_every_signal_that_ends_a_process_ends_it_in_good_order() {
    for signal in ["-QUIT", "-INT"] {
        let mut serving = Serving::start("");
        serving.until("running; Ctrl-C stops");
        serving.signal(signal);
        let ended = serving.end();
        assert_eq!(ended.code, Some(0), "{signal}: {ended:?}");
        assert!(ended.stdout.contains("plugins stopped in "), "{ended:?}");
        let audit = serving.app().path("data/plugins/audit.ndjson");
        let audit = std::fs::read_to_string(audit).unwrap();
        let last = audit.lines().last().unwrap();
        assert!(
            last.contains(r#""action":"stop","outcome":"done""#),
            "{last}"
        );
    }
}

#[test]
fn report_b15_hangup_has_config_read_again() {
    let manager = "plugin_manager:\n  config_dir: ./config\n";
    let app = App::new().file("config/plugin_manager.yaml", manager);
    let mut serving = Serving::start_in(app, "", &[]);
    serving.until("running; Ctrl-C stops");
    let (hello, audit) = (
        serving.app().path("config/hello-plugin.yaml"),
        serving.app().path("data/plugins/audit.ndjson"),
    );
    let (done, denied) = ("because of", "what held before goes on");
    for (key, value, told) in [
        ("message", "one", done),
        ("mesage", "two", denied),
        ("message", "three", done),
    ] {
        let section = format!("hello-plugin:\n  config:\n    {key}: '{value}'\n");
        std::fs::write(&hello, section).unwrap();
        serving.signal("-HUP");
        let said = serving.log_until(told);
        assert!(
            !said.contains(if told == done { denied } else { done }),
            "{said}"
        );
    }
    serving.signal("-TERM");
    let ended = serving.end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let said = ended.stderr;
    assert!(
        said.contains("welcome=one") && said.contains("welcome=three"),
        "{said}"
    );
    assert!(said.contains("hello-plugin.yaml:3:5"), "{said}");
    let audit = std::fs::read_to_string(&audit).unwrap();
    let reloads = |outcome: &str| {
        let entry = format!(r#""action":"reload","outcome":"{outcome}""#);
        audit.matches(&entry).count()
    };
    assert_eq!((reloads("done"), reloads("denied")), (2, 1), "{audit}");
}

#[test]
fn report_b15_a_signal_that_means_nothing_ends_nothing() {
    for signal in ["-USR1", "-USR2", "-ALRM"] {
        let mut serving = Serving::start("");
        serving.until("running; Ctrl-C stops");
        serving.signal(signal);
        serving.signal("-TERM");
        let ended = serving.end();
        assert_eq!(ended.code, Some(0), "{signal}: {ended:?}");
        assert!(ended.stdout.contains("plugins stopped in "), "{ended:?}");
    }
}

#[test]
fn report_b15_a_second_signal_of_any_kind_insists_and_ends_it() {
    for (first, second) in [("-TERM", "-TERM"), ("-INT", "-INT"), ("-QUIT", "-TERM")] {
        let mut serving = Serving::start("");
        serving.until("running; Ctrl-C stops");
        serving.signal(first);
        serving.signal(second);
        // It may be done before the second one comes.
        let ended = serving.end();
        assert!(
            matches!(ended.code, Some(0 | 5)),
            "{first} {second}: {ended:?}"
        );
        assert!(ended.stdout.contains("stopped in "), "{ended:?}");
    }
}

/// `nohup` starts a process that ignores SIGHUP, and means it.
#[test]
fn report_b15_who_starts_it_with_nohup_is_not_overruled() {
    let app = App::new();
    let script = format!(
        "trap '' HUP; {} run > out 2>&1 & pid=$!
         until grep -q running out; do kill -0 $pid || exit 90; done
         kill -HUP $pid; kill -TERM $pid; wait $pid; echo $? > code",
        binary().display()
    );
    let mut command = Command::new("sh");
    command
        .args(["-c", &script])
        .current_dir(app.path(""))
        .env("APP__API_PLUGIN__CONFIG__ADDRESS", "127.0.0.1:0")
        .env("APP__API_PLUGIN__CONFIG__DRAIN_TIMEOUT", "1s");
    assert!(command.status().unwrap().success());
    let out = std::fs::read_to_string(app.path("out")).unwrap();
    // Two signals would have insisted: this is one.
    assert!(out.contains("plugins stopped in "), "{out}");
    assert_eq!(std::fs::read_to_string(app.path("code")).unwrap(), "0\n");
}
