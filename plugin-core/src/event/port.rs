//! The interface to an instance that runs in another process.

use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use crate::boxed::{BoxFuture, PluginRef};
use crate::error::Result;
use crate::event::payload::Payload;

/// An instance that runs elsewhere. If the future of a call is dropped, the call is aborted there.
pub(crate) trait Port: Any + fmt::Debug + Send + Sync {
    /// Calls a handler with all events of one call.
    fn deliver(
        self: Arc<Self>,
        handler: &HandlerName,
        events: Vec<Arc<dyn Payload>>,
    ) -> BoxFuture<'static, Result<()>>;

    /// Runs a schedule.
    fn run(self: Arc<Self>, schedule: &ScheduleRun<'_>) -> BoxFuture<'static, Result<()>>;
}

/// Identifies a handler of a plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HandlerName {
    pub(crate) handler: &'static str,
    /// The topic, or the pattern.
    pub(crate) topic: String,
}

/// Identifies a run of a schedule.
#[derive(Debug)]
pub(crate) struct ScheduleRun<'a> {
    pub(crate) schedule: &'a str,
    pub(crate) number: u64,
    pub(crate) due: SystemTime,
    pub(crate) by_hand: bool,
}

/// Represents a plugin that runs elsewhere.
#[derive(Debug)]
struct PortPlugin(Arc<dyn Port>);

/// Makes an erased plugin of a port.
pub(crate) fn plugin(port: Arc<dyn Port>) -> PluginRef {
    Arc::new(PortPlugin(port))
}

/// The port of an erased plugin; `None` if the plugin is in this process.
pub(crate) fn of(plugin: &PluginRef) -> Option<Arc<dyn Port>> {
    let port = plugin.downcast_ref::<PortPlugin>()?;
    Some(Arc::clone(&port.0))
}
