//! What the running service answers, or what the files say when none can be asked.

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

/// What a running service was asked for.
pub(super) enum Asked<T> {
    #[cfg_attr(
        not(feature = "admin"),
        expect(dead_code, reason = "without the feature no service is asked")
    )]
    Answered(T),
    /// No service could be asked, so that the files are to be read; why.
    Files(Unasked),
}

/// Why no service was asked; nothing if this binary asks none.
pub(super) struct Unasked(Option<String>);

impl Unasked {
    /// Says where something that was shown comes from.
    pub(super) fn tell(self) {
        if let Some(why) = self.0 {
            note(format_args!("note: {why}: this is what the files say"));
        }
    }
}

/// Asks the running service for something, by the segments of its path. If none can be asked, the
/// files are read, and a note says so. A service on another machine has no files here.
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

/// Tells an answer from a service that could not be asked.
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

/// An answer as a type. Keys that a later version added are left alone.
pub(super) fn read<T: DeserializeOwned>(answer: Value) -> Result<T, Failure> {
    let read = serde_json::from_value(answer).map_err(io::Error::other);
    read.map_err(Failure::io("the answer of the service can't be read"))
}
