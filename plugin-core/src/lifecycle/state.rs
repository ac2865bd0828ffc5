//! The table of the states of an instance and the steps between them.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

/// The state of an instance. The order is that of progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Destroyed, and can't be started again.
    Destroyed,
    /// A hook or a task failed; no code of the instance runs.
    Failed,
    /// Stopped without a failure.
    Stopped,
    /// Its accepted events are handled, and `stop` runs.
    Stopping,
    /// Known and configured.
    Registered,
    /// `init` runs.
    Initializing,
    /// `init` is complete.
    Initialized,
    /// `start` runs.
    Starting,
    /// Started; receives events.
    Running,
}

/// A step from one state to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// `init` begins.
    Initialize,
    /// `init` is complete.
    Initialized,
    /// `start` begins.
    Start,
    /// `start` is complete.
    Started,
    /// The instance has to stop.
    Stop,
    /// No code of the instance runs any more.
    Stopped,
    /// A hook or a task failed.
    Fail,
    /// The instance is destroyed.
    Destroy,
}

/// The error of a step that the state does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidStep {
    /// The state.
    pub state: State,
    /// The step.
    pub step: Step,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 9] = [
        Self::Destroyed,
        Self::Failed,
        Self::Stopped,
        Self::Stopping,
        Self::Registered,
        Self::Initializing,
        Self::Initialized,
        Self::Starting,
        Self::Running,
    ];

    /// The state after a step.
    ///
    /// # Errors
    ///
    /// Returns an error if the state does not allow the step.
    pub const fn next(self, step: Step) -> Result<Self, InvalidStep> {
        Ok(match (self, step) {
            (Self::Registered | Self::Stopped | Self::Failed, Step::Initialize) => {
                Self::Initializing
            }
            (Self::Initializing, Step::Initialized) => Self::Initialized,
            (Self::Initialized, Step::Start) => Self::Starting,
            (Self::Starting, Step::Started) => Self::Running,
            (Self::Initialized | Self::Running, Step::Stop) => Self::Stopping,
            (Self::Stopping, Step::Stopped) => Self::Stopped,
            (
                Self::Initializing
                | Self::Initialized
                | Self::Starting
                | Self::Running
                | Self::Stopping,
                Step::Fail,
            ) => Self::Failed,
            (Self::Registered | Self::Stopped | Self::Failed, Step::Destroy) => Self::Destroyed,
            (state, step) => return Err(InvalidStep { state, step }),
        })
    }

    /// Whether code of the instance runs or is about to run.
    #[must_use]
    pub const fn is_active(self) -> bool {
        matches!(
            self,
            Self::Initializing
                | Self::Initialized
                | Self::Starting
                | Self::Running
                | Self::Stopping
        )
    }

    /// The word that output and metrics use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Destroyed => "destroyed",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
            Self::Stopping => "stopping",
            Self::Registered => "registered",
            Self::Initializing => "initializing",
            Self::Initialized => "initialized",
            Self::Starting => "starting",
            Self::Running => "running",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for InvalidStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let step = match self.step {
            Step::Initialize => "initialized",
            Step::Initialized => "done with `init`",
            Step::Start => "started",
            Step::Started => "done with `start`",
            Step::Stop => "stopped",
            Step::Stopped => "done with `stop`",
            Step::Fail => "failed",
            Step::Destroy => "destroyed",
        };
        write!(f, "a plugin that is {} can't be {step}", self.state)
    }
}

impl std::error::Error for InvalidStep {}
