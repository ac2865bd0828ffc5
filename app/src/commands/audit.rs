//! `audit verify`: whether the audit log is what was written.

use plugin_core::audit::{self, Verified};
use plugin_core::{config, counted};

use crate::cli::{AuditVerify, Place};
use crate::defaults;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Format, Output};
use crate::plugins::COMPOSITION;

pub(super) fn verify(
    place: &Place,
    options: &AuditVerify,
    out: &mut Output,
) -> Result<Exit, Failure> {
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
        text.push_str("\nwhat was before is not there any more: newer files have taken its place");
    }
    if let Some(last) = verified.last {
        text.push_str(&format!("\nlast line: {last}"));
    }
    text
}
