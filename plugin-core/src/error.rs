//! The error type of plugin code. The kind of an error decides what the manager does.

mod again;
mod chain;
mod decode;
mod each;
mod file;
mod publish;
mod request;
mod serial;
mod standard;

pub(crate) use again::LONGEST_ASKED;
pub use chain::ErrorChain;
pub use decode::DecodeError;
pub use file::FileError;
pub use publish::{PublishAllError, PublishError, TryPublishError};
pub use request::RequestError;

use std::any::Any;
use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::permission::PermissionDenied;

/// A result whose error type is plugin-core's [`Error`] by default.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The kind of failure of an [`Error`], on which start and restart policies depend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorKind {
    /// The operator has to change something. Such a failure is never tried again.
    Config,
    /// Something outside failed.
    External {
        /// Whether trying again may help.
        retriable: bool,
    },
    /// A right is missing. Such a failure is never tried again.
    Denied,
    /// A time limit ran out.
    Timeout,
    /// Plugin code panicked or broke an invariant.
    Bug,
}

impl ErrorKind {
    /// Whether trying the same call again may help. Start and restart policies do not use this: they
    /// try again as the operator configured them, unless the kind is `Config` or `Denied`.
    #[must_use]
    pub const fn is_retriable(self) -> bool {
        matches!(self, Self::External { retriable: true } | Self::Timeout)
    }

    /// The name of the kind in logs, metrics and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::External { .. } => "external",
            Self::Denied => "denied",
            Self::Timeout => "timeout",
            Self::Bug => "bug",
        }
    }
}

/// An error of plugin code.
///
/// The operator `?` converts any `std::error::Error` into an `Error`: an external failure that is
/// not tried again. To choose another kind, use [`ErrorExt::retriable`] or a constructor. Like
/// `anyhow::Error`, and for the same reason, this type does not implement `std::error::Error`;
/// [`Error::as_dyn`] and [`Error::into_boxed`] return an error that does.
///
/// # Example
///
/// ```
/// use plugin_core::{Error, ErrorExt, ErrorKind, Result};
///
/// fn port(text: &str) -> Result<u16> {
///     text.parse().map_err(|e| Error::config(format!("`{text}` is no port")).because(e))
/// }
/// assert_eq!(port("x").unwrap_err().kind(), ErrorKind::Config);
///
/// fn read() -> Result<String> {
///     Ok(std::fs::read_to_string("/no/such/file").retriable()?)
/// }
/// assert!(read().unwrap_err().kind().is_retriable());
/// ```
pub struct Error(Box<ErrorInner>);

struct ErrorInner {
    kind: ErrorKind,
    message: Cow<'static, str>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
    after: Option<std::time::Duration>,
}

impl Error {
    fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(ErrorInner {
            kind,
            message: message.into(),
            source: None,
            after: None,
        }))
    }

    /// An error of kind `Config`. The message should say what the operator has to change.
    pub fn config(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Config, message)
    }

    /// An external failure that a further attempt would not solve.
    pub fn external(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::External { retriable: false }, message)
    }

    /// An external failure that may be temporary, so that a further attempt may succeed.
    pub fn retriable(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::External { retriable: true }, message)
    }

    /// An error of kind `Bug`: an invariant of the plugin is broken.
    pub fn bug(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Bug, message)
    }

    pub(crate) fn timeout(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Timeout, message)
    }

    /// The error for a caught panic, with its message.
    pub(crate) fn panic(payload: &(dyn Any + Send)) -> Self {
        let text = payload
            .downcast_ref::<&'static str>()
            .copied()
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("a panic without a text");
        Self::new(ErrorKind::Bug, format!("panicked: {text}"))
    }

    /// A copy with the same kind and text, but without the cause.
    pub(crate) fn same(&self) -> Self {
        let mut same = Self::new(self.kind(), self.to_string());
        same.0.after = self.0.after;
        same
    }

    /// Adds the cause.
    #[must_use]
    pub fn because(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.0.source = Some(Box::new(source));
        self
    }

    /// Adds a description of the failed operation in front of the message.
    #[must_use]
    pub fn context(mut self, what: impl fmt::Display) -> Self {
        self.0.message = format!("{what}: {}", self.0.message).into();
        self
    }

    /// The kind of the failure.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The error from which this one was created, if that is a `T`.
    #[must_use]
    pub fn downcast_ref<T: std::error::Error + 'static>(&self) -> Option<&T> {
        self.0.source.as_ref()?.downcast_ref()
    }
}

impl<E: std::error::Error + Send + Sync + 'static> From<E> for Error {
    fn from(source: E) -> Self {
        let unanswered = (&source as &dyn Any).downcast_ref::<RequestError>();
        let kind = match unanswered {
            Some(unanswered) => unanswered.kind(),
            None if is_denied(&source) => ErrorKind::Denied,
            None => ErrorKind::External { retriable: false },
        };
        Self(Box::new(ErrorInner {
            kind,
            message: Cow::Borrowed(""),
            source: Some(Box::new(source)),
            after: None,
        }))
    }
}

/// Whether an error is, or wraps, an error about a missing right.
fn is_denied(error: &dyn Any) -> bool {
    error.is::<PermissionDenied>()
        || matches!(error.downcast_ref(), Some(PublishError::Denied(_)))
        || matches!(
            error.downcast_ref(),
            Some(FileError::Denied(_) | FileError::Outside { .. })
        )
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        match self.0.source.as_deref() {
            Some(source) => ErrorChain(source).after(f, self.0.message.clone().into_owned()),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("text", &self.to_string())
            .finish()
    }
}

/// Classifies the error of a `Result`.
pub trait ErrorExt<T>: Sized {
    /// Marks the error as temporary: a further attempt may succeed.
    ///
    /// # Errors
    ///
    /// The error, classified.
    fn retriable(self) -> Result<T>;

    /// Marks the error as one of kind `Config`: the operator has to change something.
    ///
    /// # Errors
    ///
    /// The error, classified.
    fn config(self) -> Result<T>;

    /// Adds a description of the failed operation.
    ///
    /// # Errors
    ///
    /// The error, with `what` in front.
    fn context(self, what: impl fmt::Display) -> Result<T>;
}

impl<T, E: Into<Error>> ErrorExt<T> for Result<T, E> {
    fn retriable(self) -> Result<T> {
        self.map_err(|error| error.into().made_retriable())
    }

    fn config(self) -> Result<T> {
        self.map_err(|error| error.into().with_kind(ErrorKind::Config))
    }

    fn context(self, what: impl fmt::Display) -> Result<T> {
        self.map_err(|error| error.into().context(what))
    }
}

impl Error {
    /// An error of kind `Config` or `Denied` keeps its kind, because trying again would not help.
    fn made_retriable(self) -> Self {
        match self.kind() {
            ErrorKind::Config | ErrorKind::Denied => self,
            _ => self.with_kind(ErrorKind::External { retriable: true }),
        }
    }

    fn with_kind(mut self, kind: ErrorKind) -> Self {
        self.0.kind = kind;
        self
    }
}

/// The return type of a hook or a handler: `()` or `Result<()>`.
#[diagnostic::on_unimplemented(
    message = "a plugin method returns `()` or `Result<()>`, not `{Self}`",
    label = "this return type can't be handled",
    note = "write `-> Result<()>` and end the method with `Ok(())`"
)]
pub trait IntoOutcome {
    /// The outcome as a result.
    ///
    /// # Errors
    ///
    /// What the method returned.
    fn into_outcome(self) -> Result<()>;
}

impl IntoOutcome for () {
    fn into_outcome(self) -> Result<()> {
        Ok(())
    }
}

impl<E: IntoError> IntoOutcome for Result<(), E> {
    fn into_outcome(self) -> Result<()> {
        self.map_err(IntoError::into_error)
    }
}

/// The error type of a hook or a handler: an [`Error`], or a type that can be converted into one.
#[diagnostic::on_unimplemented(
    message = "a plugin method can't fail with `{Self}`: return `Result<()>`, whose `?` takes every `std::error::Error`",
    label = "this return type can't be handled",
    note = "make an error of a text with `Error::external(text)`, or with `Error::retriable(text)` if the call may be made again"
)]
pub trait IntoError {
    /// The error.
    fn into_error(self) -> Error;
}

#[diagnostic::do_not_recommend]
impl<E: Into<Error>> IntoError for E {
    fn into_error(self) -> Error {
        self.into()
    }
}
