//! A full disk: what can't be recorded is not done, and what is not kept is told. The limit on the
//! size of files stands for the disk.

use std::process::Command;

use super::App;
use super::serve::Serving;

const HELLO: &str = "config/plugins/hello-plugin.yaml";

fn message(text: &str) -> String {
    format!("hello-plugin:\n  config:\n    message: \"{text}\"\n")
}

/// Lets the service write no more than so many bytes of a file.
fn limit_files(serving: &Serving, most: &str) {
    let (pid, limit) = (serving.pid().to_string(), format!("--fsize={most}:"));
    let limited = Command::new("prlimit")
        .args(["--pid", &pid, &limit])
        .status();
    assert!(limited.unwrap().success());
}

#[test]
fn report_13_on_a_full_disk_nothing_is_changed_that_could_not_be_recorded() {
    let mut serving = Serving::start("");
    serving.until("running; Ctrl-C stops");
    let app = |line: &str| serving.app().run(line);
    limit_files(&serving, "1");
    for change in [
        "stop hello-plugin",
        "config set hello-plugin config.message=hi",
        "reload",
        "publish user.welcome {\"user_id\":\"a\",\"message\":\"b\"}",
    ] {
        let refused = app(change);
        assert_eq!(refused.code, Some(8), "{change}: {refused:?}");
        let why = "it could not be recorded in the audit log: ";
        assert!(refused.stderr.contains(why), "{change}: {refused:?}");
    }
    let dry = app("reload --dry-run");
    let status = app("ps");
    assert_eq!((dry.code, status.code), (Some(0), Some(0)), "{dry:?}");
    let told = "the audit log can't be written, so nothing can be changed: File too large";
    assert!(status.stdout.contains(told), "{status:?}");
    assert!(status.stdout.contains("all ready"), "{status:?}");

    limit_files(&serving, "unlimited");
    let stopped = app("stop hello-plugin");
    assert_eq!(stopped.code, Some(0), "{stopped:?}");
    let status = app("ps").stdout;
    assert!(
        status.contains("the audit log is written again; "),
        "{status}"
    );
    let last = app("audit --limit 3");
    assert!(last.stdout.contains("entries are missing here"), "{last:?}");
    assert_eq!(app("audit verify").code, Some(0));
}

#[test]
fn report_13_a_reload_that_is_not_kept_says_so() {
    let app = App::new().file(HELLO, &message("one"));
    let mut serving = Serving::start_in(app, "", &[]);
    serving.until("running; Ctrl-C stops");
    limit_files(&serving, "1");
    std::fs::write(serving.app().path(HELLO), message("two")).unwrap();
    serving.signal("-HUP");
    let log = serving.log_until("not kept for a rollback: ");
    assert!(log.contains("File too large"), "{log}");
    let value = serving.app().run("config get hello-plugin config.message");
    assert_eq!(value.stdout.trim(), "two");
}
