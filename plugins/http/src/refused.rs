//! The answers for an operation that was not carried out, or an event that was not published.

use axum::http::StatusCode;
use plugin_core::Error;
use plugin_core::event::PublishError;
use plugin_core::lifecycle::{DeadLetterError, OperationError};
use serde_json::json;

use crate::problem::Problem;

impl From<OperationError> for Problem {
    fn from(error: OperationError) -> Self {
        let (detail, remedy) = (error.to_string(), error.remedy());
        let not_found = || Self::new(StatusCode::NOT_FOUND, detail.as_str());
        let conflict = || Self::new(StatusCode::CONFLICT, detail.as_str());
        let problem = match error {
            OperationError::Unknown { known, .. } => not_found().with("plugins", known),
            OperationError::UnknownSchedule { known, .. } => not_found().with("schedules", known),
            OperationError::State { state, .. } => conflict().with("state", json!(state)),
            OperationError::Needed { by, .. } | OperationError::Required { by, .. } => {
                conflict().with("needed_by", by)
            }
            OperationError::Needs { missing, .. } => conflict().with("needs", missing),
            OperationError::ScheduleState { state, .. } => conflict().with("state", json!(state)),
            OperationError::ScheduleRuns { .. } | OperationError::NotLoaded { .. } => conflict(),
            OperationError::Config(error) => {
                let detail = "the config is not taken over, what held before goes on";
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail).with("issues", error.lines())
            }
            OperationError::Outdated { .. } => Self::new(StatusCode::PRECONDITION_FAILED, detail),
            OperationError::NotSettable { ref key } => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail).with("key", key.as_str())
            }
            OperationError::NoGeneration { known, .. } => not_found().with("generations", known),
            OperationError::NoPlan(_) => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail).with("key", "dry_run")
            }
            OperationError::Unreadable(_)
            | OperationError::RolledBack { .. }
            | OperationError::Failed { .. }
            | OperationError::NotReplaced { .. } => {
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, detail)
            }
            _ => Self::unavailable(detail),
        };
        match remedy {
            Some(remedy) => problem.with("remedy", remedy),
            None => problem,
        }
    }
}

impl From<DeadLetterError> for Problem {
    fn from(error: DeadLetterError) -> Self {
        let detail = error.to_string();
        let status = match error {
            DeadLetterError::Unknown(_) => StatusCode::NOT_FOUND,
            DeadLetterError::Busy(_)
            | DeadLetterError::NotRunning { .. }
            | DeadLetterError::NoHandler { .. }
            | DeadLetterError::Ambiguous { .. } => StatusCode::CONFLICT,
            DeadLetterError::Decode(_) => StatusCode::UNPROCESSABLE_ENTITY,
            DeadLetterError::Failed { .. } => StatusCode::INTERNAL_SERVER_ERROR,
            _ => return Self::unavailable(detail),
        };
        Self::new(status, detail)
    }
}

/// The refusal of an interceptor, temporary or permanent.
fn refused(error: &Error, detail: String) -> Problem {
    if !error.kind().is_retriable() {
        return Problem::new(StatusCode::FORBIDDEN, detail);
    }
    let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, detail);
    match error.retry_after() {
        Some(pause) => problem.retry_after(pause),
        None => problem,
    }
}

impl From<PublishError> for Problem {
    fn from(error: PublishError) -> Self {
        let detail = error.to_string();
        match error {
            PublishError::Decode(wrong) => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail).with("key", wrong.key())
            }
            PublishError::Denied(_) => Self::new(StatusCode::FORBIDDEN, detail),
            PublishError::Request { .. } => Self::new(StatusCode::CONFLICT, detail),
            PublishError::Topic(_) => Self::new(StatusCode::NOT_FOUND, detail),
            PublishError::Refused { error, .. } => refused(&error, detail),
            _ => Self::unavailable(detail),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::response::IntoResponse;
    use plugin_core::lifecycle::State;

    use super::*;

    #[test]
    fn the_status_says_whose_turn_it_is() {
        let plugin = "cache-plugin";
        let cases = [
            (
                OperationError::Unknown {
                    plugin: "cash-plugin".to_owned(),
                    known: vec![plugin],
                },
                StatusCode::NOT_FOUND,
            ),
            (
                OperationError::State {
                    plugin,
                    state: State::Running,
                },
                StatusCode::CONFLICT,
            ),
            (
                OperationError::Failed {
                    plugin,
                    error: Error::external("no memory"),
                },
                StatusCode::INTERNAL_SERVER_ERROR,
            ),
            (
                OperationError::AskerState {
                    plugin,
                    state: State::Stopping,
                },
                StatusCode::SERVICE_UNAVAILABLE,
            ),
            (OperationError::Stopping, StatusCode::SERVICE_UNAVAILABLE),
        ];
        for (error, status) in cases {
            let text = error.to_string();
            let response = Problem::from(error).into_response();
            assert_eq!(response.status(), status, "{text}");
            let comes_again = response.headers().contains_key("retry-after");
            assert_eq!(
                comes_again,
                status == StatusCode::SERVICE_UNAVAILABLE,
                "{text}"
            );
        }
    }

    #[test]
    fn a_refusal_says_when_to_come_again() {
        let refused = |error| {
            let error = PublishError::Refused {
                plugin: "rate-limit-plugin",
                interceptor: "check",
                error,
            };
            Problem::from(error).into_response()
        };
        let later = refused(Error::retriable("too many").after(Duration::from_millis(1_200)));
        assert_eq!(later.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(later.headers()["retry-after"], "2");
        let never = refused(Error::external("not you"));
        assert_eq!(never.status(), StatusCode::FORBIDDEN);
    }

    #[test]
    fn a_system_that_stops_asks_to_come_back() {
        let response = Problem::from(PublishError::Stopping).into_response();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(response.headers().contains_key("retry-after"));
    }
}
