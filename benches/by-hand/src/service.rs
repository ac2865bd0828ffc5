//! What a service says of itself, and what it does.

use std::future::Future;
use std::sync::Arc;

use plugin_contracts::UserWelcome;
use schemars::Schema;
use serde_json::Value;
use tokio::sync::mpsc;

use crate::error::Result;

/// What is known of a service that does not run.
#[derive(Debug, Clone, Copy)]
pub struct ServiceInfo {
    /// Its name.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// What it is for.
    pub description: &'static str,
    /// Services that start before it.
    pub needs: &'static [&'static str],
    /// The schema of its config.
    pub config: fn() -> Schema,
}

/// A service that hears events.
pub trait Service: Sized + Send + Sync + 'static {
    /// What is known of it.
    const INFO: ServiceInfo;

    /// What it hears.
    type Event: Send + 'static;

    /// Makes it of its config, and of where its welcomes go.
    ///
    /// # Errors
    ///
    /// When the config is wrong.
    fn init(config: Value, welcome: mpsc::Sender<UserWelcome>) -> Result<Self>;

    /// Handles an event.
    fn handle(self: Arc<Self>, event: Self::Event) -> impl Future<Output = Result<()>> + Send;
}
