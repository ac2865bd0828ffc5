//! The ways from an [`Error`] to the standard library's trait of errors.

use std::error::Error as StandardError;
use std::fmt;

use super::{Error, ErrorInner};

impl Error {
    /// The error as one of the standard library, for what takes a `&dyn std::error::Error`. Its
    /// `source` leads to the causes.
    ///
    /// An error that `?` made of another one, to which nothing was added, is that other one: it can
    /// be downcast to its type.
    ///
    /// # Example
    ///
    /// ```
    /// use plugin_core::Error;
    ///
    /// let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
    /// let error = Error::external("no mail was sent").because(refused);
    /// let error = error.as_dyn();
    /// assert_eq!(error.to_string(), "no mail was sent");
    /// assert!(error.source().unwrap().is::<std::io::Error>());
    /// ```
    #[must_use]
    pub fn as_dyn(&self) -> &(dyn StandardError + Send + Sync + 'static) {
        match &self.0.source {
            Some(source) if self.0.message.is_empty() => &**source,
            _ => &*self.0,
        }
    }

    /// The same as [`Error::as_dyn`], owned. `?` does this in a function that returns
    /// `Box<dyn std::error::Error>`.
    #[must_use]
    pub fn into_boxed(mut self) -> Box<dyn StandardError + Send + Sync + 'static> {
        match self.0.source.take() {
            Some(source) if self.0.message.is_empty() => source,
            source => {
                self.0.source = source;
                self.0
            }
        }
    }
}

impl From<Error> for Box<dyn StandardError + Send + Sync + 'static> {
    fn from(error: Error) -> Self {
        error.into_boxed()
    }
}

impl From<Error> for Box<dyn StandardError + 'static> {
    fn from(error: Error) -> Self {
        error.into_boxed()
    }
}

/// The message alone: the causes are told by `source`.
impl fmt::Display for ErrorInner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What was being done stands in front of a cause that has no message of its own.
        f.write_str(self.message.trim_end_matches(": "))
    }
}

impl fmt::Debug for ErrorInner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.kind)
            .field("message", &self.message)
            .field("source", &self.source)
            .finish()
    }
}

impl StandardError for ErrorInner {
    fn source(&self) -> Option<&(dyn StandardError + 'static)> {
        let source = self.source.as_deref()?;
        Some(source)
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::ErrorChain;

    fn refused() -> io::Error {
        io::ErrorKind::ConnectionRefused.into()
    }

    #[test]
    fn report_3_an_error_that_was_only_passed_on_is_the_one_it_was() {
        assert!(Error::from(refused()).as_dyn().is::<io::Error>());
        assert!(Error::from(refused()).into_boxed().is::<io::Error>());
    }

    #[test]
    fn report_3_causes_are_found_by_source_and_told_once() {
        let error = Error::from(refused()).context("mail");
        let whole = error.to_string();
        assert_eq!(whole, "mail: connection refused");
        assert_eq!(ErrorChain(error.as_dyn()).to_string(), whole);
        let boxed: Box<dyn StandardError> = error.into();
        assert_eq!(boxed.to_string(), "mail");
        assert!(boxed.source().unwrap().is::<io::Error>());
    }

    #[test]
    fn report_3_errors_of_the_kernel_lead_to_what_a_plugin_said() {
        let error = Error::external("no").because(refused());
        let refusal = crate::error::PublishError::Refused {
            plugin: "gate",
            interceptor: "check",
            error,
        };
        let whole = "refused by `check` of `gate`: no: connection refused";
        assert_eq!(ErrorChain(&refusal).to_string(), whole);
        let said = refusal.source().unwrap();
        assert_eq!(said.to_string(), "no");
        assert!(said.source().unwrap().is::<io::Error>());
    }
}
