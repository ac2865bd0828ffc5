//! The figures of now.

use std::time::Duration;

use plugin_core::lifecycle::MetricsSnapshot;
use plugin_core::prelude::System;

/// How long the store of durable handlers may take to say what is in it.
const PATIENCE: Duration = Duration::from_secs(1);

/// All figures, with what is stored for durable handlers, if the store says it in time; none when
/// the system has stopped.
pub(crate) async fn with_stock(system: &System) -> Option<MetricsSnapshot> {
    let mut snapshot = system.metrics()?;
    match tokio::time::timeout(PATIENCE, system.stock()).await {
        Ok(Ok(stock)) => snapshot.stock = stock,
        Ok(Err(error)) => tracing::debug!(%error, "the store does not say what is in it"),
        Err(_) => tracing::debug!("the store does not say in time what is in it"),
    }
    Some(snapshot)
}
