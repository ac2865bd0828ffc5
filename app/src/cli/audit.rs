//! `audit`: what the command line says of the audit log.

use clap::{Args, Subcommand};
use plugin_core::config::Digest;

/// What to do with the audit log.
#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
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
