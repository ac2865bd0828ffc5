//! Errors as data that can cross to another process: the kind, the text, the time after which to try
//! again, and the results of the single events of a batch. The text contains the cause.

use std::borrow::Cow;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Error, ErrorKind, Result};

/// An error as data.
#[derive(Serialize, Deserialize)]
#[serde(rename = "Error")]
struct ErrorData<'a> {
    kind: ErrorKind,
    text: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<Duration>,
    /// The errors of the single events of a batch, and nothing for those that succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    each: Option<Vec<Option<ErrorData<'a>>>>,
}

impl<'a> From<&'a Error> for ErrorData<'a> {
    fn from(error: &'a Error) -> Self {
        let each = error.each().map(|each| {
            let errors = each.iter().map(|result| result.as_ref().err());
            errors.map(|error| error.map(Self::from)).collect()
        });
        Self {
            kind: error.kind(),
            text: error.to_string().into(),
            after: error.retry_after(),
            each,
        }
    }
}

impl From<ErrorData<'_>> for Error {
    fn from(data: ErrorData<'_>) -> Self {
        if let Some(each) = data.each {
            let each = each.into_iter();
            return Self::of_each(each.map(outcome).collect());
        }
        let error = Self::new(data.kind, data.text.into_owned());
        match data.after {
            Some(after) => error.after(after),
            None => error,
        }
    }
}

fn outcome(error: Option<ErrorData<'_>>) -> Result<()> {
    error.map_or(Ok(()), |error| Err(error.into()))
}

/// Writes the kind, the text with the cause, and the time after which to try again.
impl Serialize for Error {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        ErrorData::from(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Error {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        ErrorData::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crossed(error: &Error) -> Error {
        let json = serde_json::to_string(error).unwrap();
        serde_json::from_str(&json).unwrap()
    }

    #[test]
    fn an_error_crosses_with_its_kind_its_text_and_its_pause() {
        let cause = std::io::Error::other("the disk is full");
        let error = Error::retriable("can't write").because(cause);
        let error = error.after(Duration::from_millis(1500));
        let crossed = crossed(&error);
        assert_eq!(crossed.kind(), error.kind());
        assert_eq!(crossed.to_string(), "can't write: the disk is full");
        assert_eq!(crossed.retry_after(), Some(Duration::from_millis(1500)));
    }

    #[test]
    fn the_results_of_a_batch_cross_one_by_one() {
        let error = Error::of_each(vec![Ok(()), Err(Error::external("odd"))]);
        let crossed = crossed(&error);
        let each = crossed.each().unwrap();
        assert!(each[0].is_ok());
        assert_eq!(each[1].as_ref().unwrap_err().to_string(), "odd");
        assert_eq!(crossed.to_string(), error.to_string());
    }
}
