//! `publish`: an event in the running service.

use std::io::{self, Read};

use serde_json::Value;

use super::service::Service;
use crate::cli::{Place, Publish};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Format, Output};

pub(super) fn run(place: &Place, asked: &Publish, out: &mut Output) -> Result<Exit, Failure> {
    let data: Value = serde_json::from_str(&read(&asked.data)?)
        .map_err(io::Error::other)
        .map_err(Failure::io("the data are no JSON"))?;
    let service = Service::of(place)?;
    let answer = service.post(&["events", &asked.topic], &data)?;
    match out.format() {
        Format::Json => out.json(&answer.body),
        Format::Human => out.text(format_args!("published: {}", asked.topic)),
    }
    Ok(Exit::Ok)
}

fn read(data: &str) -> Result<String, Failure> {
    if data != "-" {
        return Ok(data.to_owned());
    }
    let mut text = String::new();
    let read = io::stdin().lock().read_to_string(&mut text);
    read.map_err(Failure::io("can't read standard input"))?;
    Ok(text)
}
