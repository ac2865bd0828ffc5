//! A service that runs and takes no commands, and the way back.

use super::super::App;
use super::super::serve::Serving;
use super::{done, down, refused, serving};

/// What every command says of it.
fn told(serving: &Serving) -> String {
    let pid = serving.pid();
    let folder = serving.app().path("data/plugins");
    format!(
        "error: a service runs with the data folder `{}` as process {pid}, and takes no commands, \
         for its `admin-plugin` does not run: `kill -HUP {pid}` has it read its config again and \
         start `admin-plugin`",
        folder.display()
    )
}

#[test]
fn report_b2_a_service_whose_admin_plugin_is_down_is_told_and_brought_back() {
    let mut serving = serving("");
    for action in ["stop", "unload"] {
        let ended = serving.app().run(&format!("{action} admin-plugin"));
        let way = format!(
            "no command reaches the service any more: `kill -HUP {}` ",
            serving.pid()
        );
        assert!(done(&ended).contains(&way), "{ended:?}");
        super::super::eventually("it takes no commands", || {
            serving.app().run("ps").code == Some(7)
        });
        for line in ["ps", "reload", "stop hello-plugin"] {
            assert_eq!(
                refused(&serving.app().run(line), 7),
                told(&serving),
                "{action}"
            );
        }
        serving.signal("-HUP");
        serving.log_until("`admin-plugin` runs again");
        assert_eq!(down(serving.app()), [], "{action}");
    }
}

/// What was turned off for good is not turned on by a signal alone.
#[test]
fn report_b2_an_admin_plugin_that_is_disabled_comes_back_after_a_reset() {
    let mut serving = serving("");
    let ended = serving.app().run("disable admin-plugin");
    assert!(
        done(&ended).contains("`config reset admin-plugin` and then `kill -HUP "),
        "{ended:?}"
    );
    super::super::eventually("it takes no commands", || {
        serving.app().run("ps").code == Some(7)
    });
    serving.signal("-HUP");
    serving.log_until("nothing has changed");
    let ended = serving.app().run("config reset admin-plugin");
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(
        ended.stdout,
        "config decides again, from the next start on: admin-plugin\n"
    );
    serving.signal("-HUP");
    serving.log_until("config is taken over");
    assert_eq!(down(serving.app()), []);
}

#[test]
fn report_b3_a_second_service_is_refused_whatever_plugins_there_are() {
    let off = [
        ("APP__ADMIN_PLUGIN__ENABLED", "false"),
        ("APP__NOTIFICATION_PLUGIN__ENABLED", "false"),
        ("APP__QUEUE_PLUGIN__ENABLED", "false"),
    ];
    let mut first = Serving::start_with("", &off);
    first.until("running; Ctrl-C stops");
    let second = App::new();
    let data = first.app().path("data/plugins");
    let variables = off.map(|(name, value)| (name.to_owned(), value));
    let ended = second.run_set(&format!("--data-dir {}", data.display()), variables);
    assert_eq!(ended.code, Some(4), "{ended:?}");
    let told = format!(
        "the data folder `{}` is taken, the service with the process id {} runs with it",
        data.display(),
        first.pid()
    );
    assert!(ended.stderr.contains(&told), "{ended:?}");
}

#[test]
fn report_b4_switches_are_forgotten_with_a_service_and_without() {
    let mut serving = serving("");
    done(&serving.app().run("disable file-plugin"));
    let ended = serving.app().run("config reset file-plugin --dry-run");
    assert!(done(&ended).contains("would"), "{ended:?}");
    let ended = serving.app().run("config reset");
    assert!(done(&ended).contains("file-plugin  load"), "{ended:?}");
    assert!(
        done(&ended).ends_with("file-plugin.enabled"),
        "because of what: {ended:?}"
    );
    assert_eq!(
        done(&serving.app().run("config reset")),
        "nothing has changed"
    );
    done(&serving.app().run("disable file-plugin"));
    serving.signal("-TERM");
    assert_eq!(serving.end().code, Some(0));
    let app = serving.app();
    assert_eq!(
        done(&app.run("config reset hello-plugin")),
        "nothing to forget: config decides already"
    );
    assert_eq!(
        done(&app.run("config reset --dry-run")),
        "config would decide again, from the next start on: file-plugin"
    );
    assert_eq!(
        done(&app.run("config reset")),
        "config decides again, from the next start on: file-plugin"
    );
    assert!(!app.path("data/plugins/overrides.yaml").exists());
}
