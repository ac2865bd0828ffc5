//! The states of an instance and the steps between them: one pure table.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

/// Where an instance is in its life. The order is that of progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Gone for good.
    Destroyed,
    /// A hook or a task failed; nothing of it runs.
    Failed,
    /// Stopped in good order.
    Stopped,
    /// Its events are drained and `stop` runs.
    Stopping,
    /// Known and configured.
    Registered,
    /// `init` runs.
    Initializing,
    /// Built.
    Initialized,
    /// `start` runs.
    Starting,
    /// Started, and receives events.
    Running,
}

/// What takes an instance from one state to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// `init` begins.
    Initialize,
    /// `init` is done.
    Initialized,
    /// `start` begins.
    Start,
    /// `start` is done.
    Started,
    /// The instance is to stop.
    Stop,
    /// Nothing of it runs any more.
    Stopped,
    /// A hook or a task failed.
    Fail,
    /// The instance is given up for good.
    Destroy,
}

/// A step that a state does not allow.
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
    /// When the state does not allow the step.
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

    /// Whether code of the instance runs or is about to.
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
