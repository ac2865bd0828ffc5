//! The request of a listener: topics, and limits of its taps.

use axum::http::StatusCode;
use plugin_core::event::Pattern;
use plugin_core::prelude::*;
use plugin_http::Problem;

use crate::access::Right;
use crate::tap::Wish;
use crate::tap::filter::TapFilter;

/// Default of the largest number of tapped events that are shown in a second.
const LIMIT: u32 = 100;

/// The largest value for that limit.
const MOST: u32 = 10_000;

/// Most taps of one stream.
const TAPS: usize = 16;

/// The topics other than taps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Topic {
    State,
    Operations,
    Rates,
    Logs,
}

impl Topic {
    const ALL: [Self; 4] = [Self::State, Self::Operations, Self::Rates, Self::Logs];

    /// Its name in `topics`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Operations => "operations",
            Self::Rates => "rates",
            Self::Logs => "logs",
        }
    }

    /// The name of its messages.
    pub(crate) const fn event(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Operations => "operation",
            Self::Rates => "rates",
            Self::Logs => "log",
        }
    }
}

/// The query of the stream.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StreamQuery {
    /// `state`, `operations`, `rates`, `logs` and `tap:PATTERN`, separated by commas.
    topics: String,
    /// A condition that tapped events have to meet: `user.id == "a" && total_cents > 100`.
    filter: Option<String>,
    /// Of this number of tapped events, one is shown.
    #[schemars(range(min = 1))]
    sample: Option<u32>,
    /// Most tapped events that are shown in a second, for each pattern; by default 100.
    #[schemars(range(min = 1, max = 10_000))]
    limit: Option<u32>,
}

/// A requested topic.
#[derive(Debug, PartialEq)]
pub(crate) enum Asked {
    Topic(Topic),
    Tap(String),
}

impl Asked {
    /// Its form in `topics`.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Topic(topic) => topic.name().to_owned(),
            Self::Tap(pattern) => format!("tap:{pattern}"),
        }
    }

    /// The right that it requires.
    pub(crate) fn right(&self) -> Right {
        match self {
            Self::Topic(_) => Right::StateRead,
            Self::Tap(_) => Right::TapRead,
        }
    }
}

fn wrong(key: &'static str, detail: String) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, detail).with("key", key)
}

impl StreamQuery {
    /// The requested topics.
    pub(crate) fn topics(&self) -> Result<Vec<Asked>, Problem> {
        let mut asked = Vec::new();
        for name in self.topics.split(',').map(str::trim) {
            let one = match name.strip_prefix("tap:") {
                Some(pattern) => match Pattern::parse(pattern) {
                    Ok(_) => Asked::Tap(pattern.to_owned()),
                    Err(error) => return Err(wrong("topics", error.to_string())),
                },
                None => match Topic::ALL.into_iter().find(|topic| topic.name() == name) {
                    Some(topic) => Asked::Topic(topic),
                    None => {
                        let known = Topic::ALL.map(Topic::name).join("`, `");
                        let detail =
                            format!("there is no topic `{name}`: use `{known}` or `tap:PATTERN`");
                        return Err(wrong("topics", detail));
                    }
                },
            };
            if !asked.contains(&one) {
                asked.push(one);
            }
        }
        let taps = asked.iter().filter(|one| matches!(one, Asked::Tap(_)));
        if taps.count() > TAPS {
            let detail = format!("a stream has {TAPS} taps at most");
            return Err(wrong("topics", detail));
        }
        Ok(asked)
    }

    /// The limits of the taps.
    pub(crate) fn wish(&self) -> Result<Wish, Problem> {
        let filter = self.filter.as_deref().map(TapFilter::parse).transpose();
        let filter = filter.map_err(|error| {
            wrong("filter", format!("the filter can't be read: {error}"))
                .with("column", error.column)
        })?;
        let (sample, limit) = (self.sample.unwrap_or(1), self.limit.unwrap_or(LIMIT));
        if sample == 0 {
            return Err(wrong("sample", "`sample` is 1 at least".to_owned()));
        }
        if !(1..=MOST).contains(&limit) {
            let detail = format!("`limit` is from 1 to {MOST}");
            return Err(wrong("limit", detail));
        }
        Ok(Wish {
            filter,
            sample,
            limit,
        })
    }
}
