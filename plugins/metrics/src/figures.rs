//! The present values of the metrics.

use std::time::Duration;

use plugin_core::lifecycle::MetricsSnapshot;
use plugin_core::prelude::System;

/// Time limit of the store of durable handlers for its answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// All values, with the events that are stored for durable handlers, if the store answers in time;
/// `None` if the system has ended.
pub(crate) async fn with_stock(system: &System) -> Option<MetricsSnapshot> {
    let mut snapshot = system.metrics()?;
    match tokio::time::timeout(PATIENCE, system.stock()).await {
        Ok(Ok(stock)) => snapshot.stock = stock,
        Ok(Err(error)) => tracing::debug!(%error, "the store does not say what is in it"),
        Err(_) => tracing::debug!("the store does not say in time what is in it"),
    }
    Some(snapshot)
}
