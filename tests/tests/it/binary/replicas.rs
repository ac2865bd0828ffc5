//! `replicas` in a file, as an operator meets it.

use super::App;

const THREE: &str = "hello-plugin:\n  replicas: 3\n";

fn app(section: &str) -> App {
    App::new().file("config/plugins/replicas.yaml", section)
}

#[test]
fn three_instances_share_a_day() {
    let day = super::repository("demo/day.ndjson");
    let ended = app(THREE).run(&format!("run --events {day} --format json"));
    let json = ended.json();
    let plugins = json["plugins"].as_array().unwrap();
    let received: Vec<_> = (plugins.iter())
        .filter(|plugin| plugin["name"].as_str().unwrap().starts_with("hello"))
        .map(|plugin| plugin["received"].as_u64().unwrap())
        .collect();
    assert_eq!(received.len(), 3, "{json}");
    let sum: u64 = received.iter().sum();
    let even = received.iter().all(|count| count.abs_diff(sum / 3) <= 2);
    assert!(sum > 100 && even, "{received:?}");
}

#[test]
fn list_and_explain_tell_of_them() {
    let list = app(THREE).run("list").stdout;
    assert!(list.contains("on x3"), "{list}");
    let explained = app(THREE).run("explain hello-plugin").stdout;
    assert!(
        explained.contains("; 3 instances, each event to one of them"),
        "{explained}"
    );
}

#[test]
fn a_plugin_that_can_not_share_is_refused_with_its_place() {
    let ended = app("cache-plugin:\n  replicas: 2\n").run("check");
    assert_eq!(ended.code, Some(3));
    assert!(
        ended.stderr.contains(
            "config/plugins/replicas.yaml:2:13: cache-plugin.replicas: `cache-plugin` runs as \
             one instance: the calls of its service `Cache` go to one instance, and do not share"
        ),
        "{}",
        ended.stderr
    );
}
