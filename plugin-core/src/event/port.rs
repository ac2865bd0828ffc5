//! An instance that runs in another place than this process: what the kernel asks for of it.

use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use crate::boxed::{BoxFuture, PluginRef};
use crate::error::Result;
use crate::event::payload::Payload;

/// An instance that runs in another place. Its calls may be dropped: then they are given up there.
pub(crate) trait Port: Any + fmt::Debug + Send + Sync {
    /// Calls a handler, with all the events of one call.
    fn deliver(
        self: Arc<Self>,
        handler: &HandlerName,
        events: Vec<Arc<dyn Payload>>,
    ) -> BoxFuture<'static, Result<()>>;

    /// Runs a schedule.
    fn run(self: Arc<Self>, schedule: &ScheduleRun<'_>) -> BoxFuture<'static, Result<()>>;
}

/// Which handler of a plugin is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HandlerName {
    pub(crate) handler: &'static str,
    /// The topic, or the pattern.
    pub(crate) topic: String,
}

/// Which run of which schedule is meant.
#[derive(Debug)]
pub(crate) struct ScheduleRun<'a> {
    pub(crate) schedule: &'a str,
    pub(crate) number: u64,
    pub(crate) due: SystemTime,
    pub(crate) by_hand: bool,
}

/// What stands in the place of a plugin that runs elsewhere.
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
