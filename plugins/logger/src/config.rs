//! Settings of `logger-plugin`.

use std::collections::BTreeMap;

use plugin_core::prelude::*;
use tracing::level_filters::LevelFilter;

/// Settings of `logger-plugin`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LoggerConfig {
    /// The least important line that is written.
    pub level: Level,
    /// The same for single plugins, by name; it goes before `level`.
    pub levels: BTreeMap<String, Level>,
    /// Text for people, or a JSON object a line.
    pub format: Format,
    /// Where lines go.
    pub output: Output,
    /// Whether text is coloured.
    pub color: Color,
    /// The files of `output: file`.
    pub file: FileConfig,
}

/// Importance of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Nothing is written.
    Off,
    /// Something failed.
    Error,
    /// Something is not as it should be.
    Warn,
    /// What an operator wants to see of a healthy service.
    #[default]
    Info,
    /// What a developer wants to see.
    Debug,
    /// Everything.
    Trace,
}

impl From<Level> for LevelFilter {
    fn from(level: Level) -> Self {
        match level {
            Level::Off => Self::OFF,
            Level::Error => Self::ERROR,
            Level::Warn => Self::WARN,
            Level::Info => Self::INFO,
            Level::Debug => Self::DEBUG,
            Level::Trace => Self::TRACE,
        }
    }
}

/// How a line is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// A JSON object a line.
    Json,
}

/// Where lines go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Output {
    /// Standard error, so that standard output stays free for results.
    #[default]
    Stderr,
    /// Standard output.
    Stdout,
    /// Files below the plugin's data directory.
    File,
}

/// Whether text is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The files of `output: file`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FileConfig {
    /// Directory below the plugin's data directory.
    pub directory: String,
    /// Start of each file's name; the time follows.
    pub prefix: String,
    /// When a new file is begun.
    pub rotation: Rotation,
    /// How many files are kept; the oldest goes first. 0 keeps all.
    pub max_files: usize,
}

impl Default for FileConfig {
    fn default() -> Self {
        Self {
            directory: "logs".to_owned(),
            prefix: "app".to_owned(),
            rotation: Rotation::Daily,
            max_files: 7,
        }
    }
}

/// When a new file is begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Rotation {
    /// Each minute.
    Minutely,
    /// Each hour.
    Hourly,
    /// Each day.
    Daily,
    /// Never.
    Never,
}
