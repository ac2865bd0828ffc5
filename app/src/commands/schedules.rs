//! `schedules`: those of a running service, and what is done with one.

use serde::Deserialize;
use serde_json::json;

use super::answer;
use super::service::Service;
use crate::cli::{OneSchedule, Place, ScheduleAction, Schedules};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Format, Output};
use crate::table::Table;

/// All of them.
#[derive(Debug, Deserialize)]
struct ListedSchedules {
    schedules: Vec<Schedule>,
}

/// One, as far as people are told.
#[derive(Debug, Deserialize)]
struct Schedule {
    plugin: String,
    schedule: String,
    state: String,
    timing: String,
    running: usize,
    completed: u64,
    failed: u64,
    last: Option<Last>,
    next: Option<String>,
}

/// The run that ended last.
#[derive(Debug, Deserialize)]
struct Last {
    outcome: String,
    error: Option<String>,
}

pub(super) fn run(place: &Place, schedules: &Schedules, out: &mut Output) -> Result<Exit, Failure> {
    let service = Service::of(place)?;
    match &schedules.action {
        None => list(&service, out),
        Some(ScheduleAction::Pause(schedule)) => operate(&service, "pause", schedule, out),
        Some(ScheduleAction::Resume(schedule)) => operate(&service, "resume", schedule, out),
        Some(ScheduleAction::Run(schedule)) => operate(&service, "run", schedule, out),
        Some(ScheduleAction::Cancel(schedule)) => operate(&service, "cancel", schedule, out),
    }
}

fn list(service: &Service, out: &mut Output) -> Result<Exit, Failure> {
    let listed = service.get(&["schedules"])?;
    match out.format() {
        Format::Json => out.json(&listed),
        Format::Human => {
            let ListedSchedules { schedules } = answer::read(listed)?;
            let table = table(schedules);
            if table.is_empty() {
                out.text("no schedules");
            } else {
                out.text(table);
            }
        }
    }
    Ok(Exit::Ok)
}

fn operate(
    service: &Service,
    action: &str,
    OneSchedule { plugin, schedule }: &OneSchedule,
    out: &mut Output,
) -> Result<Exit, Failure> {
    let path = ["plugins", plugin, "schedules", schedule, action];
    let answer = service.post(&path, &json!({}))?;
    let state = answer.body["state"].as_str();
    match (out.format(), answer.body["detail"].as_str()) {
        (Format::Json, _) => out.json(&answer.body),
        (Format::Human, Some(detail)) => out.text(format_args!("accepted: {detail}")),
        (Format::Human, None) => out.text(match (action, state) {
            ("run", _) => format!("a run of schedule `{schedule}` of `{plugin}` has begun"),
            (_, Some(state)) => format!("schedule `{schedule}` of `{plugin}` is {state}"),
            (_, None) => format!("schedule `{schedule}` of `{plugin}` is gone"),
        }),
    }
    Ok(Exit::Ok)
}

fn table(schedules: Vec<Schedule>) -> Table {
    let headings = [
        "plugin",
        "schedule",
        "state",
        "timing",
        ">running",
        ">completed",
        ">failed",
        "next",
        "last",
    ];
    let mut table = Table::new(&headings);
    for one in schedules {
        let last = one.last.map(|last| match last.error {
            Some(error) => format!("{}: {error}", last.outcome),
            None => last.outcome,
        });
        table.row([
            one.plugin,
            one.schedule,
            one.state,
            one.timing,
            one.running.to_string(),
            one.completed.to_string(),
            one.failed.to_string(),
            one.next.unwrap_or_default(),
            last.unwrap_or_default(),
        ]);
    }
    table
}
