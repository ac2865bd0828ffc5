//! A line as an event: its topic, and its data as JSON that is not read yet.

use std::borrow::Cow;
use std::fmt;

use plugin_core::event::DecodeError;
use serde::Deserialize;
use serde_json::value::RawValue;

/// `{"type": "user.login", "data": {…}}`. The data is read once, as the type of the topic.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record<'a> {
    #[serde(borrow, rename = "type")]
    pub(crate) topic: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) data: &'a RawValue,
}

/// Why a line is no event.
#[derive(Debug)]
pub(crate) enum BadRecord {
    TooLong(usize),
    NotAnObject,
    Json(serde_json::Error),
    UnknownTopic {
        topic: String,
        meant: Option<&'static str>,
    },
    Data(DecodeError),
    /// The topic is one that this input may not publish, or that is malformed.
    Refused(String),
}

impl fmt::Display for BadRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong(most) => write!(f, "longer than {most} bytes"),
            Self::NotAnObject => f.write_str("not a JSON object"),
            // A line is one line, so its number in serde's text says nothing.
            Self::Json(error) => f.write_str(
                &error
                    .to_string()
                    .replace(" at line 1 column ", " at column "),
            ),
            Self::UnknownTopic {
                topic,
                meant: Some(meant),
            } => {
                write!(
                    f,
                    "no plugin of this build knows the type `{topic}`; did you mean `{meant}`?"
                )
            }
            Self::UnknownTopic { topic, meant: None } => {
                write!(f, "no plugin of this build knows the type `{topic}`")
            }
            // The place is one of the data alone, and the key says it better.
            Self::Data(error) => {
                let text = error.to_string();
                f.write_str(text.split(" at line 1 column ").next().unwrap_or(&text))
            }
            Self::Refused(why) => f.write_str(why),
        }
    }
}

impl<'a> Record<'a> {
    /// Reads a line.
    ///
    /// # Errors
    ///
    /// When it is not of the right shape, or its topic is unknown.
    pub(crate) fn read(line: &'a [u8], known: &Topics) -> Result<Self, BadRecord> {
        // Without this, serde would take a list of two for an object.
        if line.trim_ascii_start().first() != Some(&b'{') {
            return Err(BadRecord::NotAnObject);
        }
        let record: Self = serde_json::from_slice(line).map_err(BadRecord::Json)?;
        if known.0.binary_search(&record.topic.as_ref()).is_ok() {
            return Ok(record);
        }
        let meant = known.nearest(&record.topic);
        Err(BadRecord::UnknownTopic {
            topic: record.topic.into_owned(),
            meant,
        })
    }
}

/// The topics that events of the input may have, sorted.
#[derive(Debug)]
pub(crate) struct Topics(Vec<&'static str>);

impl Topics {
    pub(crate) fn new(topics: impl IntoIterator<Item = &'static str>) -> Self {
        let mut topics: Vec<_> = topics.into_iter().collect();
        topics.sort_unstable();
        Self(topics)
    }

    fn nearest(&self, topic: &str) -> Option<&'static str> {
        plugin_core::nearest(topic, self.0.iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::{Record, Topics};

    fn read(line: &str) -> Result<(String, String), String> {
        let known = Topics::new(["user.logout", "user.login"]);
        Record::read(line.as_bytes(), &known)
            .map(|record| (record.topic.into_owned(), record.data.get().to_owned()))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_good_line_is_a_topic_and_unread_data() {
        let read = read(r#"{"type":"user.login","data":{"user_id": 1 }}"#);
        assert_eq!(
            read,
            Ok(("user.login".to_owned(), r#"{"user_id": 1 }"#.to_owned()))
        );
    }

    #[test]
    fn escapes_in_the_topic_are_understood() {
        assert!(read(r#"{"type":"user\u002elogin","data":{}}"#).is_ok());
    }

    #[test]
    fn a_bad_line_says_what_is_wrong() {
        let cases = [
            (
                r#"{"type":"user.login","data":{"#,
                "EOF while parsing an object at column 29",
            ),
            (r#"{"data":{}}"#, "missing field `type` at column 11"),
            (
                r#"{"type":"user.login"}"#,
                "missing field `data` at column 21",
            ),
            (r#"{"type":7,"data":{}}"#, "invalid type: integer `7`"),
            (
                r#"{"tpye":"user.login","data":{}}"#,
                "unknown field `tpye`, expected `type` or `data`",
            ),
            (r#"["user.login",{}]"#, "not a JSON object"),
            (
                r#"{"type":"user.logn","data":{}}"#,
                "`user.logn`; did you mean `user.login`?",
            ),
            (
                r#"{"type":"weather","data":{}}"#,
                "no plugin of this build knows the type `weather`",
            ),
        ];
        for (line, expected) in cases {
            let error = read(line).unwrap_err();
            assert!(error.contains(expected), "{line}: {error}");
        }
    }
}
