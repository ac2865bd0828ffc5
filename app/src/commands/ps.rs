//! `ps`: how each plugin of a running service does.

use std::time::Duration;

use plugin_core::config::Rollback;
use plugin_core::{InstanceName, printable};
use serde::Deserialize;

use super::answer;
use super::service::Service;
use crate::cli::Place;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Format, Output, Paint};
use crate::report::plugins;
use crate::table::Table;

const MB: u64 = 1_000_000;

/// The state of the whole, as far as people are told.
#[derive(Debug, Deserialize)]
struct Status {
    backlog: usize,
    #[serde(default)]
    process: Process,
    #[serde(default)]
    audit: AuditNotes,
    #[serde(default)]
    config: ConfigNotes,
    plugins: Vec<Instance>,
}

/// The config that somebody tried last, and what holds in the place of the files.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ConfigNotes {
    last_attempt: Option<ConfigAttempt>,
    rollback: Option<Rollback>,
}

/// An attempt to apply a config.
#[derive(Debug, Deserialize)]
struct ConfigAttempt {
    operation: String,
    plugin: Option<String>,
    by: String,
    at: String,
    error: Option<String>,
}

/// The audit log, as far as people are told.
#[derive(Debug, Default, Deserialize)]
struct AuditNotes {
    #[serde(default)]
    lost: u64,
    /// Why it can't be written.
    failure: Option<String>,
}

/// The process, as far as people are told.
#[derive(Debug, Default, Deserialize)]
struct Process {
    /// Processors.
    #[serde(default)]
    cpu_share: f64,
    /// Bytes.
    memory: Option<u64>,
    #[serde(default)]
    limits: Vec<Limit>,
}

/// A limit, and by what it holds.
#[derive(Debug, Deserialize)]
struct Limit {
    key: String,
    asked: String,
    means: String,
    probed: Option<bool>,
}

/// The state of one instance.
#[derive(Debug, Deserialize)]
struct Instance {
    name: String,
    /// Number of its own process.
    process_id: Option<u32>,
    #[serde(default)]
    isolation_because: String,
    state: String,
    in_state_ms: u64,
    ready: bool,
    /// Why it is not healthy.
    reason: Option<String>,
    restarts: u32,
    last_error: Option<String>,
    tasks: usize,
    #[serde(default)]
    open_files: usize,
    queued: usize,
    /// Processors.
    #[serde(default)]
    cpu_share: f64,
    /// Bytes.
    memory: Option<u64>,
    #[serde(default)]
    limits: Vec<Limit>,
    events: Events,
}

/// What it did with events.
#[derive(Debug, Deserialize)]
struct Events {
    received: u64,
    published: u64,
    errors: u64,
}

pub(super) fn ps(place: &Place, out: &mut Output) -> Result<Exit, Failure> {
    let status = Service::of(place)?.get(&["status"])?;
    match out.format() {
        Format::Json => out.json(&status),
        Format::Human => {
            let status: Status = answer::read(status)?;
            let [mut table, mut limits] = [table(&status.plugins), limits(&status)];
            let mut processes = processes(&status.plugins);
            if let Some(width) = out.width() {
                table.cut(width);
                limits.cut(width);
                processes.cut(width);
            }
            let lines = table.to_string();
            let paints = status.plugins.iter().map(Instance::paint);
            for (line, paint) in lines.lines().zip(std::iter::once(None).chain(paints)) {
                out.line(line, paint);
            }
            for more in [processes, limits].iter().filter(|more| !more.is_empty()) {
                out.text(format!("\n{more}\n"));
            }
            if let Some(line) = status.audit.told() {
                out.line(&line, Some(Paint::Red));
            }
            for line in status.config.trouble() {
                out.line(&line, Some(Paint::Yellow));
            }
            out.text(summary(&status));
        }
    }
    Ok(Exit::Ok)
}

fn table(plugins: &[Instance]) -> Table {
    let headings = [
        "instance",
        "state",
        "ready",
        ">for",
        ">restarts",
        ">tasks",
        ">queued",
        ">cpu",
        ">memory",
        ">in",
        ">out",
        ">errors",
        "last error",
    ];
    let mut table = Table::new(&headings);
    for plugin in plugins {
        let why = plugin.reason.as_ref().or(plugin.last_error.as_ref());
        table.row([
            plugin.name.clone(),
            plugin.state.clone(),
            if plugin.ready { "yes" } else { "no" }.to_owned(),
            length(Duration::from_millis(plugin.in_state_ms)),
            plugin.restarts.to_string(),
            plugin.tasks.to_string(),
            plugin.queued.to_string(),
            percent(plugin.cpu_share),
            megabytes(plugin.memory),
            plugin.events.received.to_string(),
            plugin.events.published.to_string(),
            plugin.events.errors.to_string(),
            why.cloned().unwrap_or_default(),
        ]);
    }
    table
}

/// The instances that run in processes of their own.
fn processes(plugins: &[Instance]) -> Table {
    let mut table = Table::new(&["instance", ">process", "because of"]);
    for plugin in plugins {
        if let Some(process) = plugin.process_id {
            let because = plugin.isolation_because.clone();
            table.row([plugin.name.clone(), process.to_string(), because]);
        }
    }
    table
}

/// What may be taken, what is in use of it, and by what that holds.
fn limits(status: &Status) -> Table {
    let mut table = Table::new(&["instance", "limit", "asked", "in use", "by", "probed"]);
    let mut add = |name: &str, limits: &[Limit], in_use: &dyn Fn(&str) -> String| {
        for limit in limits {
            let probed = limit
                .probed
                .map_or("-", |probed| if probed { "yes" } else { "no" });
            table.row([
                name.to_owned(),
                limit.key.clone(),
                limit.asked.clone(),
                in_use(&limit.key),
                limit.means.replace('_', " "),
                probed.to_owned(),
            ]);
        }
    };
    let process = &status.process;
    add("the process", &process.limits, &|key| match key {
        "max_memory" => megabytes(process.memory),
        "max_cpu" => percent(process.cpu_share),
        _ => UNKNOWN.to_owned(),
    });
    for plugin in &status.plugins {
        add(&plugin.name, &plugin.limits, &|key| match key {
            "resources.memory" => megabytes(plugin.memory),
            "resources.cpu" => percent(plugin.cpu_share),
            "resources.tasks" => plugin.tasks.to_string(),
            "resources.file_handles" => plugin.open_files.to_string(),
            _ => UNKNOWN.to_owned(),
        });
    }
    table
}

/// What stands for a figure that is not known.
const UNKNOWN: &str = "-";

fn megabytes(bytes: Option<u64>) -> String {
    bytes.map_or_else(|| UNKNOWN.to_owned(), |bytes| format!("{} MB", bytes / MB))
}

/// A number of processors, in per cent of one.
fn percent(share: f64) -> String {
    format!("{:.0}%", share * 100.0)
}

fn summary(status: &Status) -> String {
    let (all, ready) = (
        status.plugins.len(),
        status.plugins.iter().filter(|plugin| plugin.ready).count(),
    );
    let waiting = match status.backlog {
        0 => String::new(),
        1 => "; 1 accepted event waits to be handled".to_owned(),
        count => format!("; {count} accepted events wait to be handled"),
    };
    let names = status.plugins.iter().map(|plugin| plugin.name.as_str());
    let has_instances = names
        .clone()
        .any(|name| InstanceName::of(name).plugin != name);
    let plugins = plugins(names);
    match (all, all - ready) {
        (_, 0) => format!("{plugins}, all ready{waiting}"),
        (1, _) => format!("{ready} of {plugins} is ready{waiting}"),
        _ if has_instances => format!("{ready} of {all} instances are ready{waiting}"),
        _ => format!("{ready} of {plugins} are ready{waiting}"),
    }
}

impl AuditNotes {
    /// A line, if something is wrong with it.
    fn told(&self) -> Option<String> {
        let lost = match self.lost {
            0 => String::new(),
            1 => "; 1 entry is lost".to_owned(),
            lost => format!("; {lost} entries are lost"),
        };
        match &self.failure {
            Some(why) => Some(format!(
                "the audit log can't be written, so nothing can be changed: {}{lost}",
                printable::line(why)
            )),
            None if self.lost > 0 => Some(format!("the audit log is written again{lost}")),
            None => None,
        }
    }
}

impl ConfigNotes {
    /// What an operator should know of it, line by line.
    fn trouble(&self) -> Vec<String> {
        let rollback = self.rollback.as_ref().map(ToString::to_string);
        let attempt = self.last_attempt.as_ref();
        attempt
            .and_then(ConfigAttempt::told)
            .into_iter()
            .chain(rollback)
            .collect()
    }
}

impl ConfigAttempt {
    /// Why it was not applied; nothing, if it was.
    fn told(&self) -> Option<String> {
        let (error, by) = (self.error.as_ref()?, &self.by);
        let of = (self.plugin.as_ref()).map_or_else(String::new, |plugin| format!(" {plugin}"));
        // A config that is wrong is told in a line, and then its mistakes are.
        let mut lines = error.lines();
        let first: Vec<&str> = lines.by_ref().take(2).collect();
        let more = match lines.count() {
            0 => String::new(),
            more => format!("; and {more} more"),
        };
        let (operation, at, why) = (&self.operation, &self.at, first.join(" "));
        Some(format!("{operation}{of} by {by} at {at}: {why}{more}"))
    }
}

impl Instance {
    fn paint(&self) -> Option<Paint> {
        match (self.ready, self.state.as_str()) {
            (true, _) => None,
            (false, "failed" | "destroyed") => Some(Paint::Red),
            (false, _) => Some(Paint::Yellow),
        }
    }
}

/// A length of time in its two largest units.
fn length(time: Duration) -> String {
    let seconds = time.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}m {}s", seconds % 60),
        (0, _, _) => format!("{hours}h {}m", minutes % 60),
        _ => format!("{days}d {}h", hours % 24),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_length_has_its_two_largest_units() {
        let seconds = [0, 59, 61, 3_599, 3_600, 90_000, 864_000];
        let told = seconds.map(|seconds| length(Duration::from_secs(seconds)));
        assert_eq!(
            told,
            ["0s", "59s", "1m 1s", "59m 59s", "1h 0m", "1d 1h", "10d 0h"]
        );
    }

    #[test]
    fn report_i12_a_config_that_was_not_applied_is_told() {
        let told = |config| {
            let status = json!({"backlog": 0, "plugins": [], "config": config});
            let status: Status = answer::read(status).unwrap();
            status.config.trouble()
        };
        assert_eq!(told(json!({})), [""; 0]);
        let mut attempt =
            json!({"operation": "reload", "plugin": null, "by": "operator", "at": "now"});
        assert_eq!(told(json!({"last_attempt": attempt})), [""; 0]);
        attempt["error"] = json!("it is not taken over:\na: 1\nb: 2\nc: 3");
        let rollback = json!({"generation": 3, "files": "0".repeat(64), "because": "a: 1"});
        assert_eq!(
            told(json!({"last_attempt": attempt, "rollback": rollback})),
            [
                "reload by operator at now: it is not taken over: a: 1; and 2 more",
                "config is rolled back to generation 3: the files do not count until one of them \
                 changes, for they were refused: a: 1"
            ]
        );
    }

    fn status(name: &str, state: &str, ready: bool) -> serde_json::Value {
        json!({
            "name": name, "state": state, "ready": ready, "in_state_ms": 61_000, "health": "healthy",
            "restarts": 2, "tasks": 3, "queued": 4, "cpu_share": 0.256, "a key of a later version": [],
            "events": {"received": 5, "published": 6, "errors": 7, "more": 8},
        })
    }

    #[test]
    fn a_row_says_how_an_instance_does() {
        let mut failed = status("b-plugin", "failed", false);
        failed["last_error"] = json!("no\nroom");
        failed["memory"] = json!(64_999_999);
        let plugins = [status("a-plugin", "running", true), failed];
        let status = json!({"state": "failed", "ready": false, "backlog": 9, "plugins": plugins});
        let status: Status = answer::read(status).unwrap();
        assert_eq!(
            table(&status.plugins).to_string(),
            "instance  state    ready    for  restarts  tasks  queued  cpu  memory  in  out  errors  last error\n\
             a-plugin  running  yes    1m 1s         2      3       4  26%       -   5    6       7\n\
             b-plugin  failed   no     1m 1s         2      3       4  26%   64 MB   5    6       7  no\\nroom\n"
        );
        let paints: Vec<_> = status.plugins.iter().map(Instance::paint).collect();
        assert_eq!(paints, [None, Some(Paint::Red)]);
        assert_eq!(
            summary(&status),
            "1 of 2 plugins are ready; 9 accepted events wait to be handled"
        );
    }

    #[test]
    fn each_limit_says_by_what_it_holds() {
        let limit = |key, means, probed: Option<bool>| json!({"key": key, "asked": "5", "means": means, "probed": probed});
        let mut plugin = status("a-plugin", "running", true);
        plugin["limits"] = json!([
            limit("resources.tasks", "refused", None),
            limit("resources.memory", "not_measured", Some(false)),
        ]);
        plugin["limits"][1]["asked"] = json!("64 MB");
        let process = json!({
            "cpu_share": 1.5, "memory": 70_999_999, "open_files": 12,
            "limits": [limit("max_memory", "observed", Some(true)), limit("max_cpu", "delayed", Some(true))],
        });
        let status = json!({"backlog": 0, "process": process, "plugins": [plugin]});
        assert_eq!(
            limits(&answer::read(status).unwrap()).to_string(),
            "instance     limit             asked  in use  by            probed\n\
             the process  max_memory        5      70 MB   observed      yes\n\
             the process  max_cpu           5      150%    delayed       yes\n\
             a-plugin     resources.tasks   5      3       refused       -\n\
             a-plugin     resources.memory  64 MB  -       not measured  no\n"
        );
    }

    #[test]
    fn one_is_told_as_one() {
        let of = |ready, backlog| {
            let plugins = [status("a-plugin", "running", ready)];
            let status: Status =
                answer::read(json!({"backlog": backlog, "plugins": plugins})).unwrap();
            summary(&status)
        };
        assert_eq!(of(true, 0), "1 plugin, all ready");
        let names = ["a-plugin", "a-plugin@eu", "b-plugin@eu#1", "b-plugin@eu#2"];
        assert_eq!(plugins(names.into_iter()), "2 plugins as 4 instances");
        let instances = [
            status("a-plugin", "running", true),
            status("a-plugin@eu", "running", true),
            status("b-plugin", "running", false),
        ];
        let status = answer::read(json!({"backlog": 0, "plugins": instances})).unwrap();
        assert_eq!(summary(&status), "2 of 3 instances are ready");
        assert_eq!(
            of(false, 1),
            "0 of 1 plugin is ready; 1 accepted event waits to be handled"
        );
    }
}
