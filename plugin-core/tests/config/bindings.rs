//! `services` of an instance: which instances it takes them from.

use crate::build::{lines, loaded, with};

#[test]
fn services_are_taken_from_the_instance_that_is_named() {
    let reports = "database-plugin@reports: { config: { password: x } }";
    for bound in ["database-plugin", "database-plugin@reports"] {
        let text = format!("{reports}\nuser-service: {{ services: {{ Database: {bound} }} }}");
        let users = loaded(&with(&text)).plugins["user-service"].config.clone();
        assert_eq!(users.services["Database"], bound);
    }
    let set = with(reports).environment([(
        "APP__USER_SERVICE__SERVICES__DATABASE",
        "database-plugin@reports",
    )]);
    loaded(&set);
}

#[test]
fn a_binding_that_leads_nowhere_is_refused_with_the_names_that_exist() {
    let text = "
database-plugin@reports: { config: { password: x } }
database-plugin@off: { enabled: false }
user-service: { services: { Database: SERVICE } }
";
    for (service, why) in [
        (
            "database-plugin@report",
            "no instance is named `database-plugin@report`",
        ),
        (
            "database-plugin@off",
            "`database-plugin@off` is not enabled",
        ),
        ("free-plugin", "`free-plugin` does not provide it"),
        (
            "'database-plugin#1'",
            "no instance is named `database-plugin#1`",
        ),
        ("nobody", "no instance is named `nobody`"),
    ] {
        assert_eq!(
            lines(&with(&text.replace("SERVICE", service))),
            [format!(
                "4:39: user-service.services.Database: {why}: name one of `database-plugin`, `database-plugin@reports`"
            )]
        );
    }
    assert_eq!(
        lines(&with(
            "user-service: { services: { Databse: database-plugin } }"
        )),
        [
            "1:29: user-service.services.Databse: unknown key (expected `Database`; did you mean `Database`?)"
        ]
    );
    assert_eq!(
        lines(&with(
            "hello-plugin: { services: { Database: database-plugin } }"
        )),
        [
            "1:29: hello-plugin.services.Database: unknown key (expected no keys: `hello-plugin` takes no services from one instance alone)"
        ]
    );
}

#[test]
fn without_a_binding_and_without_the_instance_that_has_no_label_the_error_says_how_to_bind() {
    let text = "
database-plugin: { enabled: false }
database-plugin@a: { config: { password: x } }
database-plugin@b: { config: { password: x } }
user-service@c: { services: { Database: database-plugin@b } }
";
    assert_eq!(
        lines(&with(text)),
        [
            "user-service.services.Database: it is taken from `database-plugin`, which is not enabled: name one of `database-plugin@a`, `database-plugin@b`, as in `services: { Database: database-plugin@a }`"
        ]
    );
    loaded(&with(&format!(
        "{text}\nuser-service: {{ enabled: false }}"
    )));
    assert_eq!(
        lines(&with(
            "database-plugin: { enabled: false }\nuser-service@c: {}"
        )),
        [
            "1:29: database-plugin.enabled: `database-plugin` is not enabled, but is needed by `user-service` (for its service `Database`), `user-service@c` (for its service `Database`)"
        ]
    );
}
