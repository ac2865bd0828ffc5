//! Asks the running service, or reads the files if no service can be asked.

use std::io;

#[cfg(feature = "admin")]
use plugin_admin::ClientError;
use serde::de::DeserializeOwned;
use serde_json::Value;

#[cfg(feature = "admin")]
use super::service::Service;
use crate::cli::Place;
use crate::failure::Failure;
use crate::output::note;

/// The result of asking a running service.
pub(super) enum Asked<T> {
    #[cfg_attr(
        not(feature = "admin"),
        expect(dead_code, reason = "without the feature no service is asked")
    )]
    Answered(T),
    /// No service could be asked, so the files have to be read.
    Files(Unasked),
}

/// The reason why no service was asked; `None` if this binary can't ask one.
pub(super) struct Unasked(Option<String>);

impl Unasked {
    /// Prints a note that the shown data comes from the files.
    pub(super) fn tell(self) {
        if let Some(why) = self.0 {
            note(format_args!("note: {why}: this is what the files say"));
        }
    }
}

/// Sends a request to the running service; `path` contains the segments of its path. If no service
/// can be asked, the files are read, and a note says so. With `--url`, the files are never read.
pub(super) fn answer(
    place: &Place,
    (path, query): (&[&str], &[(&str, String)]),
    files: impl FnOnce() -> Result<Value, Failure>,
) -> Result<Value, Failure> {
    match ask(place, path, query)? {
        Asked::Answered(answer) => Ok(answer),
        Asked::Files(why) => files().inspect(|_| why.tell()),
    }
}

#[cfg(feature = "admin")]
fn ask(place: &Place, path: &[&str], query: &[(&str, String)]) -> Result<Asked<Value>, Failure> {
    or_files(place, Service::of(place)?.get_with(path, query))
}

#[cfg(not(feature = "admin"))]
fn ask(_: &Place, _: &[&str], _: &[(&str, String)]) -> Result<Asked<Value>, Failure> {
    Ok(Asked::Files(Unasked(None)))
}

/// Distinguishes an answer from a service that could not be asked.
#[cfg(feature = "admin")]
pub(super) fn or_files<T>(place: &Place, asked: Result<T, Failure>) -> Result<Asked<T>, Failure> {
    match asked {
        Ok(answer) => Ok(Asked::Answered(answer)),
        Err(failure) if place.url.is_none() && failure.is_unheard() => {
            let why = match failure {
                Failure::Service(ClientError::NotRunning { .. }) => "no service runs".to_owned(),
                failure => failure.to_string(),
            };
            Ok(Asked::Files(Unasked(Some(why))))
        }
        Err(failure) => Err(failure),
    }
}

/// Converts an answer to a type. Keys that a later version added are ignored.
pub(super) fn read<T: DeserializeOwned>(answer: Value) -> Result<T, Failure> {
    let read = serde_json::from_value(answer).map_err(io::Error::other);
    read.map_err(Failure::io("the answer of the service can't be read"))
}
