//! Names that nobody has: on the command line, and in the config.

use super::App;

#[test]
fn a_slip_of_the_pen_is_answered_with_the_name_that_was_meant() {
    for command in ["explain helo-plugin", "config show helo-plugin"] {
        let ended = App::new().run(command);
        assert_eq!(ended.code, Some(2), "{ended:?}");
        let told = "no plugin is named `helo-plugin`: did you mean `hello-plugin`?";
        assert!(ended.stderr.contains(told), "{ended:?}");
    }
    let ended = App::new().run("explain xyz");
    assert!(ended.stderr.contains("`list` shows the names"), "{ended:?}");
}

#[test]
fn a_config_that_names_an_absent_plugin_is_refused() {
    let app = App::new()
        .file(
            "config/plugin_manager.yaml",
            "plugin_manager: { config_dir: config/plugins }\n",
        )
        .file(
            "config/plugins/reports-plugin.yaml",
            "reports-plugin: { enabled: true }\n",
        )
        .file(
            "config/plugins/helo-plugin.yaml",
            "helo-plugin: { enabled: true }\n",
        );
    let ended = app.run("check");
    assert_eq!(ended.code, Some(3), "{ended:?}");
    for part in [
        "reports-plugin.yaml:1:1: ",
        "`reports-plugin`",
        "`helo-plugin`",
        "`hello-plugin`",
    ] {
        assert!(ended.stderr.contains(part), "{part}: {ended:?}");
    }
}

#[test]
fn a_command_that_is_not_there_is_a_mistake_of_usage() {
    let ended = App::new().run("lst");
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("list"), "{ended:?}");
}
