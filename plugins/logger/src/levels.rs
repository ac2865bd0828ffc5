//! Decides which lines are written: by importance, by plugin, and by the right to write.

use std::collections::BTreeMap;

use plugin_core::{Current, InstanceName};
use tracing::level_filters::LevelFilter;

use crate::config::LoggerConfig;

/// The levels of a config, prepared for checks.
#[derive(Debug)]
pub(crate) struct Levels {
    general: LevelFilter,
    plugins: BTreeMap<String, LevelFilter>,
    most: LevelFilter,
}

impl Levels {
    pub(crate) fn new(config: &LoggerConfig) -> Self {
        let general = config.level.into();
        let plugins: BTreeMap<String, LevelFilter> = (config.levels.iter())
            .map(|(plugin, &level)| (plugin.clone(), level.into()))
            .collect();
        let most = plugins.values().copied().fold(general, Ord::max);
        Self {
            general,
            plugins,
            most,
        }
    }

    /// The level above which no plugin writes.
    pub(crate) fn most(&self) -> LevelFilter {
        self.most
    }

    /// Whether a line is written. Lines from outside of plugins are the kernel's own.
    pub(crate) fn allow(&self, current: Option<Current>, level: tracing::Level) -> bool {
        let Some(current) = current else {
            return level <= self.general;
        };
        current.may_log && level <= self.of(current.plugin)
    }

    /// The level of an instance: its own level, the level of its section, the level of its plugin,
    /// or the general one.
    fn of(&self, instance: &str) -> LevelFilter {
        let parts = InstanceName::of(instance);
        let names = [instance, parts.section, parts.plugin];
        let mut levels = names.iter().filter_map(|name| self.plugins.get(*name));
        levels.next().copied().unwrap_or(self.general)
    }
}

#[cfg(test)]
mod tests {
    use tracing::Level as Importance;
    use tracing::level_filters::LevelFilter;

    use super::Levels;
    use crate::config::{Level, LoggerConfig};

    fn levels() -> Levels {
        Levels::new(&LoggerConfig {
            level: Level::Warn,
            levels: [
                ("quiet".to_owned(), Level::Off),
                ("loud".to_owned(), Level::Debug),
                ("loud@us".to_owned(), Level::Error),
            ]
            .into(),
            ..LoggerConfig::default()
        })
    }

    #[test]
    fn the_kernel_follows_the_general_level() {
        assert!(levels().allow(None, Importance::WARN));
        assert!(!levels().allow(None, Importance::INFO));
    }

    #[test]
    fn an_instance_follows_its_section_then_its_plugin() {
        assert_eq!(levels().of("loud#2"), LevelFilter::DEBUG);
        assert_eq!(levels().of("loud@eu"), LevelFilter::DEBUG);
        assert_eq!(levels().of("loud@us#2"), LevelFilter::ERROR);
        assert_eq!(levels().of("other#2"), LevelFilter::WARN);
    }

    #[test]
    fn the_loudest_plugin_sets_what_is_looked_at() {
        assert_eq!(levels().most(), LevelFilter::DEBUG);
    }
}
