//! The figures and the probes on `metrics_port`.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use super::serve::Serving;
use super::{App, eventually, repository};

/// The app with its figures on a free port.
pub(super) fn serving() -> Serving {
    let mut serving = Serving::start_with("", &[("APP__PLUGIN_MANAGER__METRICS_PORT", "0")]);
    serving.until("running; Ctrl-C stops");
    serving
}

/// Where the figures are.
pub(super) fn address(serving: &Serving) -> String {
    let path = serving.app().path("data/plugins/metrics-plugin/address");
    std::fs::read_to_string(path).unwrap()
}

/// Status, content type and body of an answer.
fn ask(serving: &Serving, path: &str, accept: Option<&str>) -> (u16, String, String) {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .into();
    let mut request = agent.get(format!("http://{}{path}", address(serving)));
    if let Some(accept) = accept {
        request = request.header("accept", accept);
    }
    let mut answer = request.call().unwrap();
    let kind = answer.headers()["content-type"]
        .to_str()
        .unwrap()
        .to_owned();
    let body = answer.body_mut().read_to_string().unwrap();
    (answer.status().as_u16(), kind, body)
}

/// Publishes a login, so that there is something to tell.
fn log_in(serving: &Serving) {
    let login = json!({"user_id": "demo", "password": "demo"});
    let answer = ureq::post(format!("http://{}/login", serving.address()))
        .send_json(&login)
        .unwrap();
    assert_eq!(answer.status(), 200);
}

/// The value of a sample.
fn sample(text: &str, name: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let value = line.unwrap_or_else(|| panic!("no `{name}` in {text}"));
    value.trim().parse().unwrap()
}

#[test]
fn figures_are_served_in_each_format() {
    let serving = serving();
    log_in(&serving);
    let received = "plugin_events_received_total{plugin=\"hello-plugin\"}";
    eventually("the greeter has heard of the login", || {
        sample(&ask(&serving, "/metrics", None).2, received) >= 1.0
    });
    let (status, kind, text) = ask(&serving, "/metrics", None);
    assert_eq!(
        (status, kind.as_str()),
        (200, "text/plain; version=0.0.4; charset=utf-8")
    );
    assert_eq!(sample(&text, "plugin_manager_running_plugins"), 13.0);
    assert!(sample(&text, "process_resident_memory_bytes") > 1e6);
    let (_, kind, open) = ask(&serving, "/metrics", Some("application/openmetrics-text"));
    assert_eq!(
        kind,
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    );
    assert!(
        open.contains("# TYPE plugin_events_received counter\n"),
        "{open}"
    );
    assert!(open.ends_with("# EOF\n"), "{open}");
    assert!(sample(&open, received) >= 1.0);
}

/// The fields of the design's `PluginMetrics` and `SystemMetrics`, by their names in JSON.
#[test]
fn the_structs_of_the_design_are_there_by_their_names() {
    let serving = serving();
    let (status, kind, text) = ask(&serving, "/metrics.json", None);
    assert_eq!((status, kind.as_str()), (200, "application/json"));
    let figures: Value = serde_json::from_str(&text).unwrap();
    for name in [
        "total_plugins",
        "running_plugins",
        "failed_plugins",
        "event_queue_size",
        "event_throughput",
        "total_memory_usage",
        "total_cpu_usage",
        "dependency_conflicts",
        "circular_dependencies",
    ] {
        assert!(figures["system"][name].is_number(), "{name}: {figures}");
    }
    let plugins = figures["plugins"].as_array().unwrap();
    assert_eq!(plugins.len(), 13);
    for plugin in plugins {
        assert_eq!(plugin["status"], "running", "{plugin}");
        for name in [
            "uptime",
            "restart_count",
            "cpu_usage",
            "goroutine_count",
            "events_received",
            "events_published",
            "event_errors",
            "avg_process_time",
            "max_process_time",
            "error_rate",
        ] {
            assert!(plugin[name].is_number(), "{name}: {plugin}");
        }
    }
    let same = ask(&serving, "/metrics", Some("application/json")).2;
    let same: Value = serde_json::from_str(&same).unwrap();
    assert_eq!(same["plugins"][0]["name"], "logger-plugin");
}

#[test]
fn the_port_has_the_probes() {
    let serving = serving();
    for (path, word) in [
        ("/livez", "alive"),
        ("/healthz", "alive"),
        ("/startupz", "started"),
        ("/readyz", "ready"),
    ] {
        let (status, _, body) = ask(&serving, path, None);
        assert_eq!((status, body), (200, format!("{{\"status\":\"{word}\"}}")));
    }
    let stopped = serving.app().run("stop hello-plugin");
    assert_eq!(stopped.code, Some(0), "{stopped:?}");
    let (status, _, body) = ask(&serving, "/readyz", None);
    assert_eq!(status, 503);
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["detail"], "not ready: `hello-plugin`");
    assert_eq!(ask(&serving, "/startupz", None).0, 200);
    let (status, kind, _) = ask(&serving, "/metric", None);
    assert_eq!((status, kind.as_str()), (404, "application/problem+json"));
}

#[test]
fn without_a_port_nothing_listens_and_a_port_that_nobody_serves_is_told() {
    let mut serving = Serving::start("");
    serving.until("running; Ctrl-C stops");
    let file = serving.app().path("data/plugins/metrics-plugin/address");
    assert!(!file.exists());
    let app = App::new().file(
        "config/plugins/metrics-plugin.yaml",
        "metrics-plugin: { enabled: false }\n",
    );
    let port = [("APP__PLUGIN_MANAGER__METRICS_PORT".to_owned(), "0")];
    let checked = app.run_set("check", port);
    let told = "plugin_manager.metrics_port: metrics are not served, for `metrics-plugin` is off";
    assert!(checked.stderr.contains(told), "{checked:?}");
}

#[test]
fn a_port_that_is_taken_is_told_by_its_key() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let variables = [
        (
            "APP__PLUGIN_MANAGER__METRICS_PORT".to_owned(),
            port.as_str(),
        ),
        ("APP__API_PLUGIN__CONFIG__ADDRESS".to_owned(), "127.0.0.1:0"),
    ];
    let ended = App::new().run_set("run", variables);
    assert_eq!(ended.code, Some(4), "{ended:?}");
    let told = format!("`plugin_manager.metrics_port`: can't listen on `127.0.0.1:{port}`");
    assert!(ended.stderr.contains(&told), "{ended:?}");
}

/// Each family that is served is listed, and so is each figure of a plugin's own.
#[test]
fn what_is_served_is_documented() {
    let docs = std::fs::read_to_string(repository("docs/metrics.md")).unwrap();
    let serving = serving();
    let text = ask(&serving, "/metrics", None).2;
    let served: Vec<_> = (text.lines())
        .filter_map(|line| line.strip_prefix("# HELP ")?.split_once(' '))
        .collect();
    for (name, help) in &served {
        let row = (docs.lines()).find(|line| line.starts_with(&format!("| `{name}` |")));
        let row = row.unwrap_or_else(|| panic!("`{name}` is not in docs/metrics.md"));
        assert!(row.ends_with(&format!("| {help} |")), "{row}");
    }
    let (_, own) = docs.split_once("## Of single plugins").unwrap();
    let (own, _) = own.split_once("\n## ").unwrap();
    let own = own
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    for (name, _) in own {
        assert!(served.iter().any(|(served, _)| *served == name), "`{name}`");
    }
}

/// Runs a program of Prometheus to its end, with something to read.
fn promtool(arguments: &[&str], input: &str) -> (Option<i32>, String) {
    let mut promtool = Command::new("promtool")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("`promtool` is there: `cargo xtask test test` installs Debian's `prometheus`");
    let mut stdin = promtool.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    let said = promtool.wait_with_output().unwrap();
    let words = [said.stdout, said.stderr].concat();
    (said.status.code(), String::from_utf8(words).unwrap())
}

/// Prometheus' own check of names, types, units and help.
#[test]
fn promtool_finds_nothing_to_say() {
    let serving = serving();
    log_in(&serving);
    let text = ask(&serving, "/metrics", None).2;
    let said = promtool(&["check", "metrics"], &text);
    assert_eq!(said, (Some(0), String::new()));
    let (code, said) = promtool(
        &["check", "rules", &repository("docs/metrics/alerts.yaml")],
        "",
    );
    assert_eq!(code, Some(0), "{said}");
    let config = repository("docs/metrics/prometheus.yaml");
    let (code, said) = promtool(&["check", "config", &config], "");
    assert_eq!(code, Some(0), "{said}");
}

/// A Prometheus that scrapes the service.
struct Prometheus {
    child: Child,
    address: String,
}

impl Prometheus {
    fn scrape(serving: &Serving) -> Self {
        let config = serving.app().path("prometheus.yaml");
        let alerts = std::fs::canonicalize(repository("docs/metrics/alerts.yaml")).unwrap();
        let text = format!(
            "global: {{ scrape_interval: 200ms, scrape_timeout: 200ms, evaluation_interval: 200ms }}\n\
             scrape_configs: [{{ job_name: app, static_configs: [{{ targets: [\"{}\"] }}] }}]\n\
             rule_files: [\"{}\"]\n",
            address(serving),
            alerts.display()
        );
        std::fs::write(&config, text).unwrap();
        let data = serving.app().path("prometheus");
        let mut child = Command::new("prometheus")
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", data.display()))
            .arg("--web.listen-address=127.0.0.1:0")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("`prometheus` is there: `cargo xtask test test` installs it");
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = (log.by_ref().map_while(Result::ok))
            .find_map(|line| {
                let (_, rest) = line.split_once("msg=\"Listening on\" address=")?;
                Some(rest.to_owned())
            })
            .expect("it listens");
        // A full pipe would hold it up.
        std::thread::spawn(move || log.for_each(drop));
        Self { child, address }
    }

    /// What it answers to a query: the plugins, with their values.
    fn query(&self, query: &str) -> Vec<(String, String)> {
        let asked = ureq::get(format!("http://{}/api/v1/query", self.address))
            .query("query", query)
            .call();
        // It may still be reading its rules.
        let Ok(mut answer) = asked else {
            return Vec::new();
        };
        let answer: Value = answer.body_mut().read_json().unwrap();
        let result = answer["data"]["result"].as_array().unwrap().iter();
        let series = result.map(|series| {
            let plugin = series["metric"]["plugin"].as_str().unwrap_or_default();
            (
                plugin.to_owned(),
                series["value"][1].as_str().unwrap().to_owned(),
            )
        });
        series.collect()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
fn a_real_prometheus_scrapes_it_and_answers_and_its_alerts_are_raised() {
    let serving = serving();
    let prometheus = Prometheus::scrape(&serving);
    eventually("every plugin is ready, says Prometheus", || {
        prometheus.query("plugin_ready == 1").len() == 13
    });
    log_in(&serving);
    eventually(
        "the greeter has heard of the login, says Prometheus",
        || {
            let heard = prometheus.query("plugin_events_received_total{plugin=\"hello-plugin\"}");
            heard == [("hello-plugin".to_owned(), "1".to_owned())]
        },
    );
    let quantile = "histogram_quantile(0.99, sum by (le, plugin) \
                    (plugin_handler_duration_seconds_bucket{plugin=\"hello-plugin\"}))";
    let [(_, longest)] = &prometheus.query(quantile)[..] else {
        panic!("one answer");
    };
    assert!(longest.parse::<f64>().unwrap() > 0.0, "{longest}");
    let stopped = serving.app().run("stop hello-plugin");
    assert_eq!(stopped.code, Some(0), "{stopped:?}");
    eventually("the alert waits for its time", || {
        let alert = prometheus.query("ALERTS{alertname=\"PluginNotReady\"}");
        alert.iter().any(|(plugin, _)| plugin == "hello-plugin")
    });
}

/// The port is another one with the reload that applies it.
#[test]
fn report_i12_another_metrics_port_is_in_force_at_once() {
    const FILE: &str = "config/plugin_manager.yaml";
    let app = App::new().file(FILE, "plugin_manager: {}\n");
    let mut serving = Serving::start_in(app, "", &[]);
    serving.until("running; Ctrl-C stops");
    let file = serving.app().path("data/plugins/metrics-plugin/address");
    let change = |text: &str| {
        std::fs::write(serving.app().path(FILE), text).unwrap();
        let reloaded = serving.app().run("reload");
        assert!(
            reloaded
                .stdout
                .starts_with("changed, and in force: plugin_manager."),
            "{reloaded:?}"
        );
    };
    change("plugin_manager: { metrics_port: 0 }\n");
    eventually("metrics are served", || {
        file.exists() && ask(&serving, "/livez", None).0 == 200
    });
    assert_eq!(ask(&serving, "/healthz", None).0, 200);
    assert!(ask(&serving, "/nothing", None).2.contains("`/healthz`"));
    change("plugin_manager: { metrics_port: 0, enable_metrics: false }\n");
    eventually("metrics are not served", || !file.exists());
    serving.signal("-INT");
    assert_eq!(serving.end().code, Some(0));
}
