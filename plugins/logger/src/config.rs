//! Settings of `logger-plugin`.

use std::collections::BTreeMap;
use std::path::{Component, Path};

use plugin_core::config::Period;
use plugin_core::prelude::*;
use tracing::level_filters::LevelFilter;

/// Settings of `logger-plugin`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, remote = "Self")]
pub struct LoggerConfig {
    /// The least important line that is written.
    pub level: Level,
    /// The same for single plugins, by name. It overrides `level`.
    pub levels: BTreeMap<String, Level>,
    /// Text for people, or one JSON object in each line.
    pub format: Format,
    /// The destination of the lines.
    pub output: Output,
    /// Whether text is coloured.
    pub color: Color,
    /// The files of `output: file`.
    pub file: FileConfig,
    /// Longest message, and longest text of a field, in bytes. Longer texts are cut.
    #[schemars(range(min = 80, max = 1_048_576))]
    pub max_text_bytes: usize,
    /// What happens to many lines with the same cause.
    pub collapse: CollapseConfig,
}

impl Default for LoggerConfig {
    fn default() -> Self {
        Self {
            level: Level::default(),
            levels: BTreeMap::new(),
            format: Format::default(),
            output: Output::default(),
            color: Color::default(),
            file: FileConfig::default(),
            max_text_bytes: 2048,
            collapse: CollapseConfig::default(),
        }
    }
}

plugin_core::checked!(LoggerConfig, LoggerConfig::check);

impl LoggerConfig {
    /// Checks that the files are below the plugin's directory.
    fn check(&self) -> Result<()> {
        let FileConfig {
            directory, prefix, ..
        } = &self.file;
        let parts = Path::new(directory).components();
        let leads_out = !parts
            .clone()
            .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        if leads_out || directory.contains(char::is_control) {
            return Err(Error::config(format!(
                "`file.directory`: must be below the plugin's data directory: `{}` leads out of it, or is no path",
                directory.escape_debug()
            )));
        }
        let is_name = Path::new(prefix).file_name() == Some(prefix.as_ref());
        if !is_name || prefix.contains(char::is_control) {
            return Err(Error::config(format!(
                "`file.prefix`: must be the start of a file's name: `{}` is none",
                prefix.escape_debug()
            )));
        }
        Ok(())
    }
}

/// What happens to many lines with the same cause: warnings and errors of one plugin that differ
/// only in ids, numbers and quoted text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CollapseConfig {
    /// How many lines are written one by one; further lines are counted. 0 writes all lines.
    #[schemars(range(max = 1_000_000))]
    pub after: u32,
    /// Interval at which the count is written, as one line. A cause without lines in this time
    /// begins anew.
    #[schemars(extend("x-min" = "100ms", "x-max" = "1h"))]
    pub window: Period,
}

impl Default for CollapseConfig {
    fn default() -> Self {
        Self {
            after: 5,
            window: Period::seconds(10),
        }
    }
}

/// Importance of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Nothing is written.
    Off,
    /// A problem that is not a failure.
    Error,
    /// Something is not as it should be.
    Warn,
    /// Information for operators about a healthy service.
    #[default]
    Info,
    /// Information for developers.
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

/// The format of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON object in each line.
    Json,
}

/// The destination of the lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Output {
    /// Standard error, so that standard output is free for results.
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
    /// Beginning of each file's name, before the time.
    #[schemars(length(min = 1, max = 100))]
    pub prefix: String,
    /// When a new file is begun.
    pub rotation: Rotation,
    /// Size in bytes at which a new file is begun before its time.
    #[schemars(range(min = 4096, max = 1_099_511_627_776_u64))]
    pub max_bytes: u64,
    /// Number of files that are kept; the oldest is removed first. 0 keeps all files.
    #[schemars(range(max = 100_000))]
    pub max_files: usize,
}

impl Default for FileConfig {
    fn default() -> Self {
        Self {
            directory: "logs".to_owned(),
            prefix: "app".to_owned(),
            rotation: Rotation::Daily,
            max_bytes: 64 * 1024 * 1024,
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::LoggerConfig;

    fn refusal(file: &Value) -> String {
        let read = serde_json::from_value::<LoggerConfig>(json!({ "file": file }));
        read.unwrap_err().to_string()
    }

    #[test]
    fn a_prefix_that_leads_out_is_refused() {
        for prefix in ["../app", "a/b", "..", "/tmp/app", "a\n"] {
            let error = refusal(&json!({ "prefix": prefix }));
            assert!(error.starts_with("`file.prefix`: "), "{error}");
        }
    }

    #[test]
    fn a_directory_outside_is_refused() {
        for directory in ["..", "a/../../b", "/tmp", "a\n"] {
            let error = refusal(&json!({ "directory": directory }));
            assert!(error.starts_with("`file.directory`: "), "{error}");
        }
    }
}
