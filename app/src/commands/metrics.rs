//! `metrics`: what each instance of the running service does now, in a second.

use serde::Deserialize;

use super::answer;
use super::instance::Row;
use super::service::Service;
use crate::cli::Place;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Format, Output};
use crate::table::Table;

#[derive(Debug, Deserialize)]
struct InstanceList {
    instances: Vec<Row>,
}

pub(super) fn metrics(place: &Place, out: &mut Output) -> Result<Exit, Failure> {
    let answer = Service::of(place)?.get(&["instances"])?;
    match out.format() {
        Format::Json => out.json(&answer["instances"]),
        Format::Human => {
            let list: InstanceList = answer::read(answer)?;
            out.text(table(&list.instances));
        }
    }
    Ok(Exit::Ok)
}

fn table(rows: &[Row]) -> Table {
    let headings = [
        "instance",
        "state",
        ">in/s",
        ">out/s",
        ">errors/s",
        ">p50",
        ">p99",
        ">queued",
        ">cpu",
        ">memory",
        "note",
    ];
    let mut table = Table::new(&headings);
    for row in rows {
        table.row([
            row.instance.clone(),
            row.state.clone(),
            row.received.told(),
            row.out.told(),
            row.errors.told(),
            row.p50(),
            row.p99(),
            row.queued.to_string(),
            row.cpu(),
            row.memory(),
            row.why(),
        ]);
    }
    table
}
