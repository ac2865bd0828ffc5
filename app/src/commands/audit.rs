//! `audit`: the last lines of the audit log; `audit verify`: whether it is what was written.

use plugin_core::audit::{self, AuditQuery, Verified};
use plugin_core::{config, counted};
use serde_json::{Value, json};

use super::answer::answer;
use crate::cli::{Audit, AuditCommand, AuditFilter, AuditVerify, Place};
use crate::defaults;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Format, Output};
use crate::plugins::COMPOSITION;
use crate::table::Table;

pub(super) fn run(place: &Place, audit: &Audit, out: &mut Output) -> Result<Exit, Failure> {
    match &audit.command {
        Some(AuditCommand::Verify(options)) => verify(place, options, out),
        None => list(place, &audit.filter, out),
    }
}

fn list(place: &Place, filter: &AuditFilter, out: &mut Output) -> Result<Exit, Failure> {
    let page = page(place, filter)?;
    if out.format() == Format::Json {
        out.json(&page);
        return Ok(Exit::Ok);
    }
    let lines = page["lines"].as_array().map_or(&[][..], Vec::as_slice);
    if lines.is_empty() {
        out.text("no lines");
        return Ok(Exit::Ok);
    }
    let headings = [
        "time", "who", "from", "action", "plugin", "outcome", "detail",
    ];
    let mut table = Table::new(&headings);
    for line in lines {
        let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
        let who = line["user"]
            .as_str()
            .map_or_else(|| text("actor"), str::to_owned);
        let from = text("address");
        table.row([
            text("time"),
            who,
            from,
            text("action"),
            text("plugin"),
            text("outcome"),
            text("detail"),
        ]);
    }
    out.text(table);
    if let Some(next) = page["next"].as_str() {
        out.text(format_args!("older ones: --before {next}"));
    }
    Ok(Exit::Ok)
}

/// Lines as the running service tells them; without one, as they stand in the file.
fn page(place: &Place, filter: &AuditFilter) -> Result<Value, Failure> {
    let query = [
        ("limit", Some(filter.limit.to_string())),
        ("before", filter.before.map(|it| it.to_string())),
        ("user", filter.user.clone()),
        ("action", filter.action.clone()),
        ("outcome", filter.outcome.clone()),
        ("plugin", filter.plugin.clone()),
    ];
    let query: Vec<_> = (query.into_iter())
        .filter_map(|(key, value)| Some((key, value?)))
        .collect();
    answer(place, (&["audit"], &query), || of_file(place, filter))
}

fn of_file(place: &Place, filter: &AuditFilter) -> Result<Value, Failure> {
    let data_dir = config::data_dir(&defaults::sources(place), &COMPOSITION);
    let mut query = AuditQuery::last(filter.limit.into());
    query.before = filter.before;
    query.user.clone_from(&filter.user);
    query.action.clone_from(&filter.action);
    query.plugin.clone_from(&filter.plugin);
    let outcome = filter.outcome.as_ref();
    query.outcome = outcome.and_then(|it| serde_json::from_value(it.as_str().into()).ok());
    let what = format!("the audit log in `{}`", data_dir.display());
    let page = audit::read(&data_dir, &query).map_err(Failure::io(what))?;
    Ok(json!(page))
}

fn verify(place: &Place, options: &AuditVerify, out: &mut Output) -> Result<Exit, Failure> {
    let data_dir = config::data_dir(&defaults::sources(place), &COMPOSITION);
    let what = format!("the audit log in `{}`", data_dir.display());
    let verified = audit::verify(&data_dir).map_err(Failure::io(what))?;
    let lacks = options.has.filter(|digest| !verified.has(digest));
    match out.format() {
        Format::Json => out.json(&verified),
        Format::Human => {
            verified.breaks.iter().for_each(|broken| out.text(broken));
            out.text(summary(&verified));
        }
    }
    if let Some(digest) = lacks {
        crate::output::note(format_args!(
            "no line has the digest {digest}: the end of the log was cut off since, it was written \
             anew, or newer files have taken the place of that one"
        ));
    }
    Ok(if verified.is_whole() && lacks.is_none() {
        Exit::Ok
    } else {
        Exit::Failed
    })
}

fn summary(verified: &Verified) -> String {
    let lines = counted(verified.entries, "line");
    let files = counted(verified.files.len(), "file");
    let mut text = match verified.breaks.len() {
        0 => format!("{lines} in {files}: each follows the one before it"),
        breaks => {
            let places = counted(breaks, "place");
            format!("{lines} in {files}: the log was changed at {places}")
        }
    };
    if verified.unchained > 0 {
        let lines = counted(verified.unchained, "line");
        text.push_str(&format!(
            "\n{lines} before them name no other line: an older version wrote them"
        ));
    } else if !verified.from_the_beginning {
        text.push_str(match verified.files.as_slice() {
            [_] => {
                "\nwhat was before is not there any more: somebody removed it, or the log keeps only \
                 one file"
            }
            _ => "\nwhat was before is not there any more: newer files have taken its place",
        });
    }
    if let Some(last) = verified.last {
        text.push_str(&format!("\nlast line: {last}"));
    }
    text
}
