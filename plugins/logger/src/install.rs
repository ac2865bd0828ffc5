//! The only subscriber of the process.
//!
//! Invariant: it is set once. A later caller (a reload, a restart, a second system in the process)
//! only replaces its settings. If other code has set another subscriber, that one stays and this
//! does nothing, because a log must not prevent the start.

use std::path::Path;
use std::sync::{Arc, LazyLock, OnceLock};
use std::time::Duration;

use arc_swap::ArcSwap;
use plugin_core::prelude::*;
use tracing_subscriber::layer::{Layer, SubscriberExt};

use crate::collapse::Collapse;
use crate::config::LoggerConfig;
use crate::layer::{LineLayer, Log, PluginFilter, Settings};
use crate::levels::Levels;
use crate::sink::Sink;
use crate::tail::Tail;
use crate::writer::Writer;

static LOG: OnceLock<Arc<Log>> = OnceLock::new();

/// The last lines of the process.
static TAIL: LazyLock<Arc<Tail>> = LazyLock::new(Arc::default);

/// How long the end of a system waits until its last lines are written.
const LAST: Duration = Duration::from_secs(1);

/// Applies a config for the whole process.
///
/// # Errors
///
/// Returns an error if a file can't be created; the previous settings stay then.
pub(crate) fn apply(config: &LoggerConfig, data_dir: &Path) -> Result<Arc<Settings>> {
    let settings = Arc::new(Settings {
        levels: Levels::new(config),
        format: config.format,
        max_text: config.max_text_bytes,
        collapse: Collapse::new(config.collapse),
        sink: Sink::open(config, data_dir)?,
        tail: Arc::clone(&TAIL),
    });
    let mut first = false;
    let log = LOG.get_or_init(|| {
        first = true;
        install(Arc::clone(&settings))
    });
    if !first {
        let last = log.settings.swap(Arc::clone(&settings));
        log.put_counts(&last);
        tracing::callsite::rebuild_interest_cache();
    }
    Ok(settings)
}

/// Writes the counts and the waiting lines.
pub(crate) fn finish() {
    let Some(log) = LOG.get() else { return };
    log.put_counts(&log.settings.load_full());
    if let Some(writer) = &log.writer {
        writer.flush(LAST);
    }
}

fn install(settings: Arc<Settings>) -> Arc<Log> {
    let log = Arc::new(Log {
        settings: ArcSwap::new(settings),
        writer: Writer::begin().ok(),
    });
    let layer = LineLayer(Arc::clone(&log)).with_filter(PluginFilter(Arc::clone(&log)));
    // An error means that there is another subscriber already, which stays.
    drop(tracing::subscriber::set_global_default(
        tracing_subscriber::registry().with(layer),
    ));
    plugin_core::at_the_end(finish);
    log
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{apply, finish};
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
        finish();
        let read = |name| fs::read_to_string(root.path().join("logs").join(name)).unwrap();
        assert!(read("app.log").contains("first"));
        assert!(!read("app.log").contains("second"));
        assert!(read("other.log").contains("second"));
        assert!(!read("other.log").contains("left out"));
    }
}
