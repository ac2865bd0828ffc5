//! The lifecycle of a composed set: built, configured, running, stopped. Each phase has a type of
//! its own, so that a call that is not allowed in a phase does not compile.

mod activation;
mod announcer;
mod assembly;
mod attempts;
mod boot;
mod builder;
mod changes;
mod checked;
mod choice;
mod config_status;
mod configure_error;
mod configured;
mod dead_letters;
mod first_poll;
mod handle;
mod hook;
mod instance;
mod instances;
mod isolation;
mod kernel;
mod metrics;
mod operation;
mod operator;
mod providing;
mod reload;
mod reloads;
mod replacing;
mod replays;
mod report;
mod requests;
mod running;
mod schedules;
mod snapshot;
mod starting;
mod state;
mod status;
mod stopping;
mod stored;
mod supervisor;
mod sweep;
mod system;
mod teardown;
mod wiring;

pub use crate::data_lock::{Holder, holder};
pub use crate::event::kernel::{
    ConfigRejected, EventDeadLettered, PluginFailed, PluginInitialized, PluginReplaced,
    PluginStarted, PluginStopped, ScheduleCompleted, ScheduleFailed, SystemOperated, SystemStarted,
    SystemStopped,
};
pub use crate::health::Health;
pub use builder::{Manager, ManagerBuilder};
pub use choice::ConfigChoice;
pub use config_status::{ConfigAttempt, ConfigStatus, ReloadOutcome, RunningConfig};
pub use configure_error::ConfigureError;
pub use configured::Configured;
pub use dead_letters::{DeadLetterError, DeadLetterOperations};
pub use handle::ManagerHandle;
pub use metrics::{MetricsSnapshot, PluginMetrics, SystemMetrics};
pub use operation::{ConfigEdit, Operation, OperationError, OperationOutcome, ScheduleAction};
pub use operator::{Operated, Operator};
pub use reload::{ChangeAction, InstanceChange};
pub use reloads::ReloadCounts;
pub use report::{PluginStart, PluginStop, StartError, StartFailure, StartReport, StopReport};
pub use running::{Running, Shutdown, Waiting, WaitsFor};
pub use state::{InvalidStep, State, Step};
pub use status::{NextAttempt, PluginStatus, ProcessStatus, SystemStatus};
pub use stored::StoredSubscription;
pub use system::{Reloads, System};
