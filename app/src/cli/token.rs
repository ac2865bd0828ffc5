//! `token`: what the command line says of tokens.

use clap::{Args, Subcommand, ValueEnum};

/// What to do with tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum Token {
    /// Make a token for `listen` of `admin-plugin`. It is printed once, with the line of config that
    /// lets its bearer in; nothing keeps it.
    New(TokenNew),
}

/// Which token to make.
#[derive(Debug, Args)]
pub(crate) struct TokenNew {
    /// What the audit log calls who shows it.
    #[arg(long, default_value = "operator-1")]
    pub(crate) name: String,
    /// What may be done with it.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) role: TokenRole,
}

/// What may be done with a token.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub(crate) enum TokenRole {
    /// See states and config.
    #[default]
    Viewer,
    /// Also see the data of events, and operate the service.
    Operator,
    /// Everything.
    Admin,
}

impl TokenRole {
    #[cfg(feature = "admin")]
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }
}
