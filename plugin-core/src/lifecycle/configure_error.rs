//! The error of configuring a set.

use std::fmt;

use crate::compose::LinkError;
use crate::config::ConfigError;
use crate::permission::{MissingGrants, PermissionDenied};

/// The reason why a set can't be configured.
#[derive(Debug)]
#[non_exhaustive]
pub enum ConfigureError {
    /// The composed set differs from the plugins that are linked into the binary.
    Link(LinkError),
    /// The config is wrong.
    Config(ConfigError),
    /// Plugins need rights that their permissions do not grant.
    Permissions(Vec<PermissionDenied>),
}

impl ConfigureError {
    /// The mistakes as lines. Each mistake of a config is one line.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        match self {
            Self::Config(error) => error.lines(),
            Self::Link(_) | Self::Permissions(_) => {
                self.to_string().lines().map(str::to_owned).collect()
            }
        }
    }
}

impl fmt::Display for ConfigureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Link(error) => error.fmt(f),
            Self::Config(error) => error.fmt(f),
            Self::Permissions(denied) => denied
                .chunk_by(|one, other| one.plugin() == other.plugin())
                .try_for_each(|denied| refusals(denied, f)),
        }
    }
}

impl std::error::Error for ConfigureError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Link(error) => Some(error),
            Self::Config(error) => Some(error),
            Self::Permissions(denied) => Some(denied.first()?),
        }
    }
}

/// Writes what one plugin lacks, and what to write so that it has everything.
fn refusals(denied: &[PermissionDenied], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for denied in denied {
        writeln!(f, "{denied}")?;
    }
    let plugin = denied.first().map_or("", PermissionDenied::plugin);
    write!(
        f,
        "in the file of `{plugin}`, under\n{}",
        MissingGrants::of(denied)
    )
}
