//! Labelled instances, as an operator meets them: a second stack of plugins beside the first.

use serde_json::{Value, json};
use ureq::{Agent, http};

use super::App;
use super::serve::Serving;

/// A database, what stands on it, and an interface of its own, all of them labelled `eu`.
const EU: &str = "
database-plugin@eu: {}
user-service@eu:
  services: { Database: database-plugin@eu }
auth-plugin@eu:
  services: { Database: database-plugin@eu, UserService: user-service@eu }
  config:
    allow_weak_passwords: true
    users: [{ id: ann, name: Ann, email: ann@example.com, password: secret }]
api-plugin@eu:
  services: { Auth: auth-plugin@eu, UserService: user-service@eu }
  config: { address: '127.0.0.1:0', open: ['POST /login', 'GET /readyz'] }
";

fn app(text: &str) -> App {
    App::new().file("config/plugins/eu.yaml", text)
}

/// The interface of an instance.
fn address(serving: &Serving, instance: &str) -> String {
    let path = format!("data/plugins/{instance}/address");
    std::fs::read_to_string(serving.app().path(&path)).unwrap()
}

fn ask(address: &str, route: &str, token: &str, body: &Value) -> (u16, Value) {
    let (method, path) = route.split_once(' ').unwrap();
    let request = http::Request::builder()
        .method(method)
        .uri(format!("http://{address}{path}"))
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .body(body.to_string())
        .unwrap();
    let agent = Agent::config_builder().http_status_as_error(false);
    let mut response = Agent::from(agent.build()).run(request).unwrap();
    let text = response.body_mut().read_to_string().unwrap();
    let body = serde_json::from_str(&text).unwrap_or(Value::Null);
    (response.status().as_u16(), body)
}

fn login(address: &str, user: &str, password: &str) -> (u16, String) {
    let body = json!({"user_id": user, "password": password});
    let (status, answer) = ask(address, "POST /login", "", &body);
    (
        status,
        answer["token"].as_str().unwrap_or_default().to_owned(),
    )
}

/// Two databases, two services of users bound to one each, and nobody of the one is known to the
/// other; a restart keeps what each has.
#[test]
fn two_databases_with_what_stands_on_each_know_nothing_of_each_other() {
    let mut serving = Serving::start_in(app(EU), "", &[]);
    serving.until("running; Ctrl-C stops");
    let (first, eu) = (serving.address(), address(&serving, "api-plugin@eu"));
    assert_ne!(first, eu);
    let (status, ann) = login(&eu, "ann", "secret");
    assert_eq!(status, 200);
    assert_eq!(login(&first, "demo", "demo").0, 200);
    assert_eq!(login(&first, "ann", "secret").0, 401);
    assert_eq!(login(&eu, "demo", "demo").0, 401);
    let (status, user) = ask(&eu, "GET /users/ann", &ann, &Value::Null);
    assert_eq!((status, user["name"].as_str()), (200, Some("Ann")));
    for database in ["database-plugin", "database-plugin@eu"] {
        let file = format!("data/plugins/{database}/data.sqlite");
        assert!(serving.app().path(&file).is_file(), "{file}");
    }
    serving.signal("-INT");
    assert_eq!(serving.end().code, Some(0));
    serving.start_again(&[]);
    serving.until("running; Ctrl-C stops");
    assert_eq!(
        login(&address(&serving, "api-plugin@eu"), "ann", "secret").0,
        200
    );
    serving.signal("-INT");
    assert_eq!(serving.end().code, Some(0));
}

/// An instance is stopped with those that are bound to it, and the others go on; one comes and one
/// goes by a reload.
#[test]
fn an_instance_is_operated_by_its_name_and_with_those_bound_to_it() {
    let mut serving = Serving::start_in(app(EU), "", &[]);
    serving.until("running; Ctrl-C stops");
    let first = serving.address();
    let app = serving.app();
    let refused = app.run("stop database-plugin@eu");
    assert_eq!(refused.code, Some(8), "{refused:?}");
    let by =
        "`database-plugin@eu` is needed by `api-plugin@eu`, `auth-plugin@eu`, `user-service@eu`";
    assert!(refused.stderr.contains(by), "{}", refused.stderr);
    let stopped = app.run("stop database-plugin@eu --cascade");
    let all = "stopped: api-plugin@eu, auth-plugin@eu, user-service@eu, database-plugin@eu\n";
    assert_eq!(stopped.stdout, all);
    assert_eq!(login(&first, "demo", "demo").0, 200);

    let hello = "hello-plugin@us:\n  config: { message: howdy }\n";
    std::fs::write(app.path("config/plugins/us.yaml"), hello).unwrap();
    let planned = app.run("reload --dry-run").stdout;
    assert!(planned.contains("hello-plugin@us  load"), "{planned}");
    app.run("reload");
    assert!(app.run("ps").stdout.contains("hello-plugin@us"));
    assert_eq!(
        app.run("restart hello-plugin@us").stdout,
        "restarted: hello-plugin@us\n"
    );
    app.run("disable hello-plugin@us");
    let overrides = std::fs::read_to_string(app.path("data/plugins/overrides.yaml")).unwrap();
    assert!(
        overrides.ends_with("hello-plugin@us:\n  enabled: false\n"),
        "{overrides}"
    );
    assert!(!app.run("ps").stdout.contains("hello-plugin@us"));
    assert!(app.run("list").stdout.contains("hello-plugin@us"));
    let unknown = app.run("restart hello-plugin@uk");
    assert!(
        unknown.stderr.contains("`hello-plugin@uk`"),
        "{}",
        unknown.stderr
    );
    serving.signal("-INT");
    assert_eq!(serving.end().code, Some(0));
}

#[test]
fn list_explain_graph_check_and_config_show_tell_of_instances() {
    let app = app(EU);
    let list = app.run("list --format json").json();
    let names = list
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap());
    let eu: Vec<_> = names.filter(|name| name.contains('@')).collect();
    let expected = [
        "database-plugin@eu",
        "user-service@eu",
        "auth-plugin@eu",
        "api-plugin@eu",
    ];
    assert_eq!(eu, expected);
    let check = app.run("check").stdout;
    assert!(
        check.contains("13 plugins would start as 17 instances"),
        "{check}"
    );

    let graph = app.run("graph --format json").json();
    let services = graph["services"].as_array().unwrap();
    let database = services
        .iter()
        .find(|one| one["name"] == "Database@eu")
        .unwrap();
    assert_eq!(database["providers"], json!(["database-plugin@eu"]));
    assert_eq!(
        database["users"],
        json!(["user-service@eu", "auth-plugin@eu"])
    );

    let explained = app.run("explain user-service@eu").stdout;
    assert!(
        explained.contains("service `Database`, from database-plugin@eu"),
        "{explained}"
    );
    let other = app.run("explain user-service").stdout;
    assert!(other.contains("others of it  user-service@eu"), "{other}");
    let unknown = app.run("explain user-service@us");
    assert_eq!(unknown.code, Some(2));
    let known =
        "no instance is named `user-service@us`: config has `user-service`, `user-service@eu`";
    assert!(unknown.stderr.contains(known), "{}", unknown.stderr);

    let shown = app.run("config show user-service@eu").stdout;
    let bound = "user-service@eu.services.Database";
    assert!(
        shown.contains(bound) && shown.contains("config/plugins/eu.yaml"),
        "{shown}"
    );
    let schema = app.run("schema").json();
    let patterns = schema["patternProperties"].as_object().unwrap();
    let singles = [
        "logger-plugin",
        "admin-plugin",
        "queue-plugin",
        "watch-plugin",
    ];
    assert!(
        singles
            .iter()
            .all(|name| !patterns.keys().any(|key| key.contains(name)))
    );
    assert!(
        patterns
            .keys()
            .any(|key| key.starts_with("^database-plugin@"))
    );
}

#[test]
fn what_can_run_once_alone_says_why() {
    for (plugin, why) in [
        ("logger-plugin", "the log is of the process"),
        (
            "admin-plugin",
            "the data folder has one socket and one lock",
        ),
        (
            "watch-plugin",
            "a change of a file is to be taken over once",
        ),
        (
            "queue-plugin",
            "the kernel keeps the events of all durable handlers in one `EventStore`",
        ),
    ] {
        let ended = app(&format!("{plugin}@eu: {{}}\n")).run("check");
        let line = format!(
            "config/plugins/eu.yaml:1:1: {plugin}@eu: `{plugin}` runs as one instance: {why}: \
             configure `{plugin}` itself"
        );
        assert_eq!(ended.code, Some(3));
        assert!(ended.stderr.contains(&line), "{}", ended.stderr);
    }
}

#[test]
fn a_variable_names_an_instance_with_a_third_underscore() {
    let set = [(
        "APP__USER_SERVICE___EU__SERVICES__DATABASE".to_owned(),
        "database-plugin",
    )];
    let shown = app(EU).run_set("config show user-service@eu", set).stdout;
    let line = shown
        .lines()
        .find(|line| line.contains("services.Database"));
    let line = line.unwrap();
    assert!(
        line.contains("APP__USER_SERVICE___EU__SERVICES__DATABASE"),
        "{line}"
    );
    assert!(line.ends_with("\"database-plugin\""), "{line}");
}

/// What an instance is bound to goes before what the build would give it.
#[test]
fn report_i12_explain_goes_by_the_bindings_in_force() {
    let app = app(EU);
    let explained = |name: &str| app.run(&format!("explain {name} --format json")).json();
    let texts = |list: &Value| {
        let texts = list.as_array().unwrap().iter();
        let texts = texts.map(|text| text.as_str().unwrap().to_owned());
        texts.collect::<Vec<_>>()
    };
    let eu = explained("user-service@eu");
    let after = "`user-service@eu` needs service `Database` of `database-plugin@eu`";
    assert_eq!(texts(&eu["order"]["after"]), [after]);
    assert_eq!(eu["order"]["forced_by"], after);
    let first = explained("user-service");
    assert_eq!(
        texts(&first["order"]["after"]),
        ["`user-service` needs service `Database` of `database-plugin`"]
    );
    let [database, database_eu] = ["database-plugin", "database-plugin@eu"].map(|name| {
        let explained = explained(name);
        texts(&explained["order"]["before"])
    });
    assert!(database_eu.contains(&after.to_owned()), "{database_eu:?}");
    assert!(
        database_eu.iter().all(|edge| edge.contains("@eu` ")),
        "{database_eu:?}"
    );
    assert!(
        !database.iter().any(|edge| edge.contains("@eu")),
        "{database:?}"
    );
}

/// The same number stands for a plugin wherever one is told.
#[test]
fn report_i12_places_of_explain_list_and_graph_agree() {
    let app = app(EU);
    let listed = app.run("list --format json").json();
    let drawn = app.run("graph").stdout;
    for plugin in listed.as_array().unwrap() {
        let (Some(place), Some(name)) = (plugin["place"].as_u64(), plugin["name"].as_str()) else {
            continue;
        };
        let explained = app.run(&format!("explain {name} --format json")).json();
        assert_eq!(explained["order"]["place"], place, "{name}");
        let row = drawn.lines().map(|line| line.split_whitespace());
        let row = row.map(|row| row.take(2).collect::<Vec<_>>());
        let mut row = row.filter(|row| row.get(1) == Some(&name));
        assert_eq!(row.next().unwrap()[0], place.to_string(), "{name}");
    }
}

#[test]
fn report_i12_a_replica_is_explained_by_its_number() {
    let app = app("hello-plugin: { replicas: 2, config: { message: ahoy } }");
    let explained = app.run("explain hello-plugin#2");
    assert_eq!(explained.code, Some(0), "{explained:?}");
    for told in ["`hello-plugin#2` is one of its replicas", "ahoy"] {
        assert!(explained.stdout.contains(told), "{explained:?}");
    }
    assert_eq!(
        app.run("config show hello-plugin#2").stdout,
        app.run("config show hello-plugin").stdout
    );
    for absent in ["hello-plugin#3", "hello-plugin#0", "hello-plugin#x"] {
        let refused = app.run(&format!("explain {absent}"));
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(
            refused
                .stderr
                .contains("config has `hello-plugin#1` to `hello-plugin#2`"),
            "{refused:?}"
        );
    }
}
