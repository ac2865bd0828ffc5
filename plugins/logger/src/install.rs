//! The one subscriber of the process.
//!
//! Invariant: it is set once; whoever comes later (a reload, a restart, a second system in one
//! process) replaces its settings. When somebody else has set another subscriber, that one stays
//! and this is a no-op: a log is no reason not to start.

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use arc_swap::ArcSwap;
use plugin_core::prelude::*;
use tracing_subscriber::layer::{Layer, SubscriberExt};

use crate::collapse::Collapse;
use crate::config::LoggerConfig;
use crate::layer::{LineLayer, PluginFilter, Settings, Switch};
use crate::levels::Levels;
use crate::sink::Sink;

static SWITCH: OnceLock<Switch> = OnceLock::new();

/// Makes a config hold for the whole process.
///
/// # Errors
///
/// When a file can't be made; what held before still holds.
pub(crate) fn apply(config: &LoggerConfig, data_dir: &Path) -> Result<Arc<Settings>> {
    let settings = Arc::new(Settings {
        levels: Levels::new(config),
        format: config.format,
        max_text: config.max_text_bytes,
        collapse: Collapse::new(config.collapse),
        sink: Sink::open(config, data_dir)?,
    });
    let mut first = false;
    let switch = SWITCH.get_or_init(|| {
        first = true;
        install(Arc::clone(&settings))
    });
    if !first {
        close(&switch.swap(Arc::clone(&settings)));
        tracing::callsite::rebuild_interest_cache();
    }
    Ok(settings)
}

/// Writes all counts of lines that were not written; from now on every line is.
pub(crate) fn close(settings: &Settings) {
    for more in settings.collapse.close() {
        settings.put_more(&more);
    }
}

/// Writes the counts of lines that were not written, each when its window is over.
pub(crate) async fn write_counts() {
    while let Some(settings) = SWITCH.get().map(|switch| switch.load_full()) {
        settings.collapse.wait().await;
        for more in settings.collapse.due(Instant::now()) {
            settings.put_more(&more);
        }
    }
}

fn install(settings: Arc<Settings>) -> Switch {
    let switch = Arc::new(ArcSwap::new(settings));
    let layer = LineLayer(Arc::clone(&switch)).with_filter(PluginFilter(Arc::clone(&switch)));
    // An error says that another subscriber is there already, and stays.
    drop(tracing::subscriber::set_global_default(
        tracing_subscriber::registry().with(layer),
    ));
    switch
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::apply;
    use crate::config::{Level, LoggerConfig, Output, Rotation};

    #[test]
    fn a_second_config_replaces_the_first() {
        let root = tempfile::tempdir().unwrap();
        let mut config = LoggerConfig {
            output: Output::File,
            ..LoggerConfig::default()
        };
        config.file.rotation = Rotation::Never;
        apply(&config, root.path()).unwrap();
        tracing::info!("first");
        config.level = Level::Error;
        config.file.prefix = "other".to_owned();
        apply(&config, root.path()).unwrap();
        tracing::info!("left out");
        tracing::error!("second");
        let read = |name| fs::read_to_string(root.path().join("logs").join(name)).unwrap();
        assert!(read("app.log").contains("first"));
        assert!(!read("app.log").contains("second"));
        assert!(read("other.log").contains("second"));
        assert!(!read("other.log").contains("left out"));
    }
}
