//! `${VAR}` in files and `APP__…` over them.

use plugin_core::config::{IssueKind, Origin};
use serde_json::json;

use crate::build::{base, lines, loaded, refused, with};

fn database(config: &str) -> String {
    format!("database-plugin:\n  config:\n    {config}\n")
}

#[test]
fn variables_are_filled_in_with_the_type_that_is_wanted() {
    let text = "
database-plugin:
  mailbox: ${MAILBOX}
  config:
    password: ${PASSWORD}
    host: \"${HOST:-localhost}:${PORT}\"
    port: ${PORT}
    verbose: ${VERBOSE:-true}
";
    let variables = [
        ("MAILBOX", "8"),
        ("PASSWORD", "0123"),
        ("PORT", "99"),
        ("HOST", ""),
    ];
    let settings = loaded(&with(text).environment(variables));
    let database = &settings.plugins["database-plugin"];
    assert_eq!(database.config.mailbox, 8);
    let values = json!({ "password": "0123", "host": "localhost:99", "port": 99, "verbose": true });
    assert_eq!(database.values, values);
}

#[test]
fn a_dollar_escapes_and_values_are_not_looked_at_again() {
    let text = database("host: 'a$${B}c ${X} $5'");
    let settings = loaded(&with(&text).environment([("X", "${Y}")]));
    assert_eq!(
        settings.plugins["database-plugin"].values["host"],
        "a${B}c ${Y} $5"
    );
}

#[test]
fn variables_that_can_not_be_filled_in_are_all_reported() {
    let text = database(
        "{ host: '${A} ${B}', port: '${PORT}', engine: '${bad-name}', verbose: '${open' }",
    );
    assert_eq!(
        lines(&with(&text)),
        [
            "3:13: database-plugin.config.host: environment variable `A` is not set: set it, or write `${A:-default}`",
            "3:13: database-plugin.config.host: at column 6 of the value: environment variable `B` is not set: set it, or write `${B:-default}`",
            "3:32: database-plugin.config.port: environment variable `PORT` is not set: set it, or write `${PORT:-default}`",
            "3:51: database-plugin.config.engine: `bad-name` is no name of a variable: letters, digits and `_`, and then `}` or `:-`; for the text itself write `$${`",
            "3:75: database-plugin.config.verbose: a `${` is not closed by `}`; for the text itself write `$${`, and `$$}` for a `$` before the end",
        ]
    );
}

#[test]
fn a_variable_that_nothing_uses_need_not_be_set() {
    let text = database("host: ${NOWHERE}");
    let over = with(&text).environment([("APP__DATABASE_PLUGIN__CONFIG__HOST", "here")]);
    assert_eq!(
        loaded(&over).plugins["database-plugin"].values["host"],
        "here"
    );
    let off = "user-service: { enabled: false }\ndatabase-plugin: { enabled: false, config: { host: '${NOWHERE}' } }";
    loaded(&with(off));
}

#[test]
fn report_c2_a_key_beside_a_section_that_is_none_is_told() {
    for value in ["[1]", "1", "text", "{a: 1"] {
        let variables = [
            ("APP__DATABASE_PLUGIN__CONFIG", value),
            ("APP__DATABASE_PLUGIN__CONFIG__PASSWORD", "p"),
        ];
        let line = "APP__DATABASE_PLUGIN__CONFIG__PASSWORD: database-plugin.config.password: sets a key in what `APP__DATABASE_PLUGIN__CONFIG` sets, which is no section: unset one of them";
        let told = lines(&base().environment(variables));
        assert!(told.contains(&line.to_owned()), "{value}: {told:?}");
    }
    let deep = [
        ("APP__FREE_PLUGIN__CONFIG__A", "1"),
        ("APP__FREE_PLUGIN__CONFIG__A__B__C", "1"),
    ];
    let told = lines(&base().environment(deep)).join("");
    assert!(
        told.contains("sets a key in what `APP__FREE_PLUGIN__CONFIG__A` sets"),
        "{told}"
    );

    let nothing = [
        ("APP__FREE_PLUGIN__CONFIG__A", "~"),
        ("APP__FREE_PLUGIN__CONFIG__A__B", "1"),
    ];
    let settings = loaded(&base().environment(nothing));
    assert_eq!(
        settings.plugins["free-plugin"].values,
        json!({ "a": { "b": 1 } })
    );
}

#[test]
fn report_c2_a_text_that_a_variable_would_hide_is_told() {
    for (text, at) in [
        ("database-plugin: { config: [1] }", "1:28"),
        ("database-plugin: { config: 'x' }", "1:28"),
        ("database-plugin: 1", "1:18"),
    ] {
        let variables = [("APP__DATABASE_PLUGIN__CONFIG__PASSWORD", "p")];
        let told = lines(&with(text).environment(variables)).join("\n");
        let what = "is no section, and `APP__DATABASE_PLUGIN__CONFIG__PASSWORD` sets a key in it";
        assert!(told.starts_with(at) && told.contains(what), "{told}");
    }
}

#[test]
fn variables_override_files() {
    let variables = [
        ("APP__PLUGIN_MANAGER__MAX_CONCURRENCY", "4"),
        ("app__plugin_manager__timeout", "3s"),
        ("APP__HELLO_PLUGIN__CONFIG__MESSAGE", "12"),
        ("APP__HELLO_PLUGIN__RESOURCES__GOROUTINES", "7"),
        ("APP__HELLO_PLUGIN__DEPENDENCIES", "[logger-plugin]"),
        ("APP__FREE_PLUGIN__CONFIG__DEEP__NUMBER", "5"),
        ("APPLE__PIE", "1"),
        ("APP_NAME", "x"),
    ];
    let settings =
        loaded(&with("hello-plugin: { config: { message: file } }").environment(variables));
    assert_eq!(settings.manager.max_concurrency, 4);
    assert_eq!(settings.manager.timeout.to_string(), "3s");
    let hello = &settings.plugins["hello-plugin"];
    assert_eq!(hello.values["message"], "12");
    assert_eq!(hello.config.resources.tasks, Some(7));
    assert_eq!(hello.config.dependencies, ["logger-plugin"]);
    let origin = Origin::Environment {
        variable: "APP__HELLO_PLUGIN__CONFIG__MESSAGE".into(),
    };
    assert_eq!(hello.origin("config.message"), origin);
    assert_eq!(
        settings.plugins["free-plugin"].values,
        json!({ "deep": { "number": 5 } })
    );
}

#[test]
fn variables_that_hit_no_key_are_mistakes() {
    let variables = [
        ("APP__CACHE_PLUGIN__MAILBOX", "1"),
        ("APP__HELLO_PLUGIN", "{}"),
        ("APP__HELLO_PLUGIN__CONFIG__MESAGE", "x"),
        ("APP__HELO_PLUGIN__MAILBOX", "1"),
        ("APP__PLUGIN_MANAGER__TIMEOUT", "soon"),
    ];
    let text = refused(&base().environment(variables)).to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[0],
        "APP__CACHE_PLUGIN__MAILBOX: cache-plugin: `cache-plugin` is known but not in this binary: build with `--features cache`"
    );
    assert_eq!(
        lines[1],
        "APP__HELLO_PLUGIN: hello-plugin: names a whole section, not a key in it"
    );
    assert!(
        lines[2].ends_with("did you mean `APP__HELLO_PLUGIN__CONFIG__MESSAGE`?)"),
        "{}",
        lines[2]
    );
    assert!(
        lines[3].ends_with("did you mean `APP__HELLO_PLUGIN`?)"),
        "{}",
        lines[3]
    );
    assert_eq!(
        lines[4],
        "APP__PLUGIN_MANAGER__TIMEOUT: plugin_manager.timeout: no length of time (expected a length of time from `1ms` to `1d`, such as `30s` or `1m 30s`, found the text `soon`)"
    );
    assert_eq!(lines.len(), 5);
}

#[test]
fn a_value_of_a_variable_is_checked_like_any_other() {
    let error = refused(&base().environment([("APP__DATABASE_PLUGIN__CONFIG__PORT", "many")]));
    assert_eq!(error.issues()[0].kind, IssueKind::WrongType);
    assert_eq!(error.issues()[0].found.as_deref(), Some("the text `many`"));
}

#[test]
fn report_c2_an_empty_text_is_no_empty_list_or_section() {
    for (key, shown, written) in [
        (
            "DATABASE_PLUGIN__CONFIG__LOGINS",
            "database-plugin.config.logins",
            "[]",
        ),
        (
            "DATABASE_PLUGIN__CONFIG__TABLES",
            "database-plugin.config.tables",
            "[]",
        ),
        (
            "DATABASE_PLUGIN__CONFIG__GATEWAY",
            "database-plugin.config.gateway",
            "{}",
        ),
        (
            "HELLO_PLUGIN__DEPENDENCIES",
            "hello-plugin.dependencies",
            "[]",
        ),
        ("HELLO_PLUGIN__HANDLERS", "hello-plugin.handlers", "{}"),
        ("HELLO_PLUGIN__RESOURCES", "hello-plugin.resources", "{}"),
    ] {
        for value in ["", "  "] {
            let name = format!("APP__{key}");
            let told = refused(&base().environment([(name.as_str(), value)])).to_string();
            let begin = format!("{name}: {shown}: wrong type (expected ");
            assert!(told.starts_with(&begin), "{told}");
            let end = format!("found an empty text; did you mean `{written}`?)");
            assert!(told.ends_with(&end), "{told}");
        }
    }
    let text = database("{ tables: '${TABLES}' }");
    let told = lines(&with(&text).environment([("TABLES", "")])).join("");
    assert!(
        told.contains("found an empty text; did you mean `[]`?"),
        "{told}"
    );
    for (value, count) in [("[]", 0), ("[{name: a, password: b}]", 1)] {
        let variables = [("APP__DATABASE_PLUGIN__CONFIG__LOGINS", value)];
        let settings = loaded(&base().environment(variables));
        let logins = &settings.plugins["database-plugin"].values["logins"];
        assert_eq!(logins.as_array().map(Vec::len), Some(count));
    }
}
