//! The names of metrics in the documentation, in the dashboard and in the alerts are those that
//! there are.

use std::collections::BTreeSet;

use serde_json::Value;

/// The documentation has the list that the code makes.
#[test]
fn docs_list_what_there_is() {
    let text = include_str!("../../../docs/metrics.md");
    let (_, list) = text.split_once("## All metrics\n\n").unwrap();
    let list = list.split_once("\n## ").map_or(list, |(list, _)| list);
    let (list, reference) = (list.trim(), plugin_metrics::reference());
    let reference = reference.trim();
    assert!(
        list == reference,
        "`docs/metrics.md` has another list; put this below `## All metrics`:\n\n{reference}\n"
    );
}

/// Words of an expression that can be nothing but names of metrics.
fn names(expression: &str) -> impl Iterator<Item = &str> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let words = expression.split(move |letter: char| !is_part(letter));
    words.filter(|word| {
        ["plugin_", "process_", "database_"]
            .iter()
            .any(|begin| word.starts_with(begin))
    })
}

fn check<'a>(what: &str, expressions: impl Iterator<Item = &'a str>) {
    let mut known: BTreeSet<_> = plugin_metrics::names().into_iter().collect();
    // A test of the binary compares this part of the documentation with what is served.
    let docs = include_str!("../../../docs/metrics.md");
    let (_, own) = docs
        .split_once("## Of single plugins")
        .expect("docs/metrics.md tells those of single plugins");
    let (own, _) = own.split_once("\n## ").expect("another section follows");
    let rows = own
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    known.extend(rows.map(|(name, _)| name.to_owned()));
    let mut seen = 0;
    for name in expressions.flat_map(names) {
        assert!(known.contains(name), "{what}: there is no metric `{name}`");
        seen += 1;
    }
    assert!(seen > 5, "{what}: only {seen} names are found");
}

#[test]
fn the_dashboard_asks_for_what_there_is() {
    let text = include_str!("../../../docs/metrics/dashboard.json");
    let board: Value = serde_json::from_str(text).unwrap();
    let panels = board["panels"].as_array().unwrap().iter();
    let targets = panels.flat_map(|panel| panel["targets"].as_array().unwrap());
    let queries = targets.map(|target| target["expr"].as_str().unwrap());
    let variables = board["templating"]["list"].as_array().unwrap().iter();
    let variables = variables.map(|variable| variable["query"].as_str().unwrap());
    check("dashboard", queries.chain(variables));
}

#[test]
fn the_alerts_ask_for_what_there_is() {
    check(
        "alerts",
        include_str!("../../../docs/metrics/alerts.yaml").lines(),
    );
}
