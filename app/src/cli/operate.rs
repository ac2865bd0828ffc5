//! The commands that change which plugins run.

use clap::Args;

/// Which plugin to do something with.
#[derive(Debug, Args)]
pub(crate) struct Target {
    /// Name of the plugin, which stands for all its replicas, or of one instance: `hello-plugin@eu`.
    pub(crate) plugin: String,
}

/// What to stop.
#[derive(Debug, Args)]
pub(crate) struct Stop {
    #[command(flatten)]
    pub(crate) target: Target,
    /// Stop the plugins that need it first; else it is refused while they run.
    #[arg(long)]
    pub(crate) cascade: bool,
}

/// What to read again.
#[derive(Debug, Args)]
pub(crate) struct Reload {
    /// Name of the one plugin whose section is taken over; else all of the config is.
    pub(crate) plugin: Option<String>,
    /// Say what would change, and change nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Which plugin to bring in.
#[derive(Debug, Args)]
pub(crate) struct SetChange {
    /// Name of the plugin.
    pub(crate) plugin: String,
    /// Say what would change, and change nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Which plugin to take out.
#[derive(Debug, Args)]
pub(crate) struct Removal {
    #[command(flatten)]
    pub(crate) change: SetChange,
    /// Take the plugins that need it out too; else it is refused while they are there.
    #[arg(long)]
    pub(crate) cascade: bool,
}
