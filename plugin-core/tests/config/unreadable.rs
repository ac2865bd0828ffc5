//! What has the name of a config file and can't be read is an error, never left out.

use std::fs;
use std::path::Path;

use plugin_core::config::{IssueKind, Sources};

use crate::build::{base, loaded, refused};

/// What is said of a directory with one file, which a function makes.
fn told(name: &str, make: impl FnOnce(&Path)) -> String {
    let dir = tempfile::tempdir().expect("a directory");
    make(&dir.path().join(name));
    let error = refused(&base().config_dir(dir.path()));
    assert_eq!(error.issues()[0].kind, IssueKind::Unreadable, "{error}");
    let here = format!("{}/", dir.path().display());
    error.to_string().replace(&here, "")
}

fn write(path: &Path, bytes: impl AsRef<[u8]>) {
    fs::write(path, bytes).expect("a file");
}

#[cfg(unix)]
fn link(to: &str, path: &Path) {
    std::os::unix::fs::symlink(to, path).expect("a link");
}

#[cfg(unix)]
fn fifo(path: &Path) {
    let made = std::process::Command::new("mkfifo").arg(path).status();
    assert!(made.expect("mkfifo").success());
}

#[cfg(unix)]
#[test]
fn report_c1_what_is_no_file_says_so_and_what_to_do() {
    assert_eq!(
        told("a.yaml", |path| link("nowhere", path)),
        "a.yaml: can't read the file: `a.yaml` is a link to `nowhere`, which is not there: put something there, or remove the link"
    );
    let circle = told("a.yml", |path| link("a.yml", path));
    assert!(
        circle.starts_with("a.yml: can't read the file: "),
        "{circle}"
    );
    let regular =
        "and a config file is a regular one: give it another name, or put a file in its place";
    assert_eq!(
        told("a.yaml", |path| fs::create_dir(path).expect("a directory")),
        format!("a.yaml: is a directory, {regular}")
    );
    assert_eq!(
        told("A.YAML", fifo),
        format!("A.YAML: is a FIFO, {regular}")
    );
    assert_eq!(
        told("a.Yml", |path| link("/dev/zero", path)),
        format!("a.Yml: is a device, {regular}")
    );
    assert_eq!(
        told(".yaml", |path| write(path, "")),
        ".yaml: a config file needs a name before `.yaml`: rename it, or remove it"
    );
}

#[test]
fn report_c1_a_text_that_is_none_says_where() {
    assert_eq!(
        told("a.yaml", |path| write(
            path,
            b"hello-plugin:\n  name: \xff\n"
        )),
        "a.yaml:2:9: the byte 0xff is no UTF-8: save the file as UTF-8"
    );
    assert_eq!(
        told("a.yaml", |path| write(path, b"\xff\xfea\0")),
        "a.yaml: the file is UTF-16: save it as UTF-8"
    );
    let large = told("a.yaml", |path| write(path, vec![b'#'; 16 << 20]));
    assert!(
        large.starts_with("a.yaml: holds 16777216 bytes, and a config file may hold 1048576"),
        "{large}"
    );
}

#[cfg(unix)]
#[test]
fn report_c1_a_right_that_is_missing_is_told() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("a.yaml");
    write(&file, "hello-plugin: { config: { message: read } }");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o000)).expect("a mode");
    let sources = base().config_dir(dir.path());
    if fs::read(&file).is_ok() {
        // The superuser reads everything.
        assert_eq!(
            loaded(&sources).plugins["hello-plugin"].values["message"],
            "read"
        );
        return;
    }
    let told = refused(&sources).to_string();
    assert!(
        told.contains("give the user that runs this the right to read it"),
        "{told}"
    );
}

#[cfg(unix)]
#[test]
fn report_c1_a_link_in_the_place_of_the_manager_s_file_is_no_absent_file() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("plugin_manager.yaml");
    link("/nowhere/manager.yaml", &file);
    let told = refused(&base().optional_manager_file(&file)).to_string();
    assert!(
        told.contains("is a link to `/nowhere/manager.yaml`"),
        "{told}"
    );

    // A directory that is not mounted.
    let config = dir.path().join("config");
    link("/nowhere/config", &config);
    let file = config.join("plugin_manager.yaml");
    let told = refused(&base().optional_manager_file(&file)).to_string();
    assert!(told.contains("is a link to `/nowhere/config`"), "{told}");

    loaded(&base().optional_manager_file(dir.path().join("absent/plugin_manager.yaml")));
    loaded(&base().optional_manager_file(dir.path().join("absent.yaml")));
    let empty = refused(&base().manager_file("")).to_string();
    assert!(empty.contains("the path of the file is empty"), "{empty}");
}

#[test]
fn report_c1_a_directory_that_is_named_has_to_be_one() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("file");
    write(&file, "");
    let in_config = |path: &Path| {
        let text = format!("plugin_manager: {{ config_dir: '{}' }}", path.display());
        base()
            .embedded("embedded", "")
            .environment([(
                "APP__PLUGIN_MANAGER__CONFIG_DIR",
                path.display().to_string(),
            )])
            .embedded("below", text)
    };
    for (path, told) in [
        (file.clone(), "can't read the directory: Not a directory"),
        (dir.path().join("nowhere"), "create it, or name another"),
        ("".into(), "the path of the directory is empty: name one"),
    ] {
        for sources in [base().config_dir(&path), in_config(&path)] {
            let error = refused(&sources);
            assert_eq!(error.issues()[0].key, "plugin_manager.config_dir");
            assert!(error.to_string().contains(told), "{error}");
        }
    }
}

#[test]
fn report_c1_what_is_no_config_file_by_its_name_is_left_alone() {
    let dir = tempfile::tempdir().expect("a directory");
    for name in [
        "a.yaml~",
        "a.yaml.bak",
        ".a.yaml",
        ".#a.yaml",
        "#a.yaml#",
        "a.txt",
        "yaml",
    ] {
        write(&dir.path().join(name), "{{{");
    }
    let name = dir.path().join("HELLO.YAML");
    write(&name, "hello-plugin: { config: { message: upper } }");
    let settings = loaded(&base().config_dir(dir.path()));
    assert_eq!(settings.plugins["hello-plugin"].values["message"], "upper");
}

#[cfg(unix)]
fn bytes(text: &[u8]) -> std::ffi::OsString {
    std::os::unix::ffi::OsStringExt::from_vec(text.to_vec())
}

#[cfg(unix)]
#[test]
fn report_c2_variables_that_are_no_unicode_are_told() {
    let variables = [
        (bytes(b"APP__HELLO_PLUGIN__MAILBOX"), bytes(b"\xff")),
        (bytes(b"app__hello_plugin__\xff"), bytes(b"1")),
        (bytes(b"OTHER\xff"), bytes(b"\xff")),
        (bytes(b"UNUSED"), bytes(b"\xff")),
    ];
    let right = "its name or its value is no Unicode: write both as UTF-8, or unset it";
    assert_eq!(
        refused(&base().environment(variables)).to_string(),
        format!("APP__HELLO_PLUGIN__MAILBOX: {right}\napp__hello_plugin__\u{fffd}: {right}")
    );

    let text = "hello-plugin: { config: { message: '${M:-default}' } }";
    let sources = Sources::new()
        .embedded("base", "database-plugin: { config: { password: x } }")
        .embedded("test", text)
        .environment([(bytes(b"M"), bytes(b"\xff"))]);
    assert_eq!(
        refused(&sources).to_string(),
        "embedded test:1:36: hello-plugin.config.message: environment variable `M` is set to bytes that are no Unicode: set it to UTF-8"
    );
    let told = refused(&base().data_dir(bytes(b"/data/\xff"))).to_string();
    assert!(told.contains("plugin_manager.data_dir: the path"), "{told}");
}

#[test]
fn report_c2_two_spellings_of_one_variable_are_told() {
    let pairs = [
        ("APP__HELLO_PLUGIN__MAILBOX", "app__hello_plugin__mailbox"),
        ("APP__HELLO-PLUGIN__MAILBOX", "APP__HELLO_PLUGIN__MAILBOX"),
        (
            "APP__HELLO_PLUGIN__RESOURCES__GOROUTINES",
            "APP__HELLO_PLUGIN__RESOURCES__TASKS",
        ),
    ];
    for (first, second) in pairs {
        let told = refused(&base().environment([(second, "5"), (first, "5")])).to_string();
        assert!(told.starts_with(&format!("{second}: ")), "{told}");
        let right = format!("sets the same key as `{first}`: unset one of them");
        assert!(told.ends_with(&right), "{told}");
    }
    // A whole section and a key in it are two keys, and the key counts, however they are written.
    let settings = loaded(&base().environment([
        (
            "app__hello_plugin__config",
            "{ message: section, retry_count: 2 }",
        ),
        ("APP__HELLO_PLUGIN__CONFIG__MESSAGE", "key"),
    ]));
    let values = serde_json::json!({ "message": "key", "retry_count": 2 });
    assert_eq!(settings.plugins["hello-plugin"].values, values);
}

/// Such as one that was cut off: the stricter settings that it held are not in force.
#[test]
fn report_c1_an_empty_file_is_told() {
    let dir = tempfile::tempdir().expect("a directory");
    write(&dir.path().join("hello.yaml"), "\n");
    let warnings = loaded(&base().config_dir(dir.path())).warnings;
    let said = warnings[0].to_string();
    assert!(
        said.contains("hello.yaml") && said.contains("is empty"),
        "{said}"
    );
}
