//! `audit`: what the command line says of the audit log.

use clap::{Args, Subcommand};
use plugin_core::config::Digest;

/// What to do with the audit log; without a command, its last lines are listed.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Audit {
    #[command(flatten)]
    pub(crate) filter: AuditFilter,
    #[command(subcommand)]
    pub(crate) command: Option<AuditCommand>,
}

/// Which lines to list, the newest first.
#[derive(Debug, Args)]
pub(crate) struct AuditFilter {
    /// Only those whose user has this in it, or whose actor is this.
    #[arg(long, value_name = "NAME")]
    pub(crate) user: Option<String>,
    /// Only those of this action, or of those that begin with it and a dot.
    #[arg(long, value_name = "ACTION")]
    pub(crate) action: Option<String>,
    /// Only those with this outcome: `done`, `failed` or `denied`.
    #[arg(long, value_parser = ["done", "failed", "denied"])]
    pub(crate) outcome: Option<String>,
    /// Only those of this plugin.
    #[arg(long, value_name = "NAME")]
    pub(crate) plugin: Option<String>,
    /// Most lines to list.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) limit: u16,
    /// Only those before the line with this digest, which the end of a list names.
    #[arg(long, value_name = "DIGEST")]
    pub(crate) before: Option<Digest>,
}

/// What else to do with it.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Tell whether lines of the audit log were changed, removed or put in, and where.
    ///
    /// Each line names the SHA-256 of the one before it. Who keeps the digest of the last line, which
    /// this command prints, in another place, can ask later whether that line is still there.
    Verify(AuditVerify),
}

/// What to look for.
#[derive(Debug, Args)]
pub(crate) struct AuditVerify {
    /// Digest of a line that was the last one: it must still be there.
    #[arg(long, value_name = "DIGEST")]
    pub(crate) has: Option<Digest>,
}
