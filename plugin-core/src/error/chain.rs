//! An error and its causes, in one line.

use std::error::Error;
use std::fmt;

/// Prints an error and its causes, each once, because the text of some errors already contains
/// their cause.
///
/// # Example
///
/// ```
/// use plugin_core::ErrorChain;
///
/// let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
/// let error = std::io::Error::other(format!("can't send: {refused}"));
/// assert_eq!(ErrorChain(&error).to_string(), "can't send: connection refused");
/// ```
#[derive(Debug, Clone, Copy)]
pub struct ErrorChain<'a>(pub &'a (dyn Error + 'static));

impl fmt::Display for ErrorChain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.after(f, String::new())
    }
}

impl ErrorChain<'_> {
    /// Prints the causes that `said` does not contain already.
    ///
    /// If a text ends with the text of the root cause, it contains all causes, so none is printed.
    /// This is checked first because printing such a cause would print all causes below it again,
    /// and the time would double with each level.
    pub(super) fn after(self, f: &mut fmt::Formatter<'_>, mut said: String) -> fmt::Result {
        let mut root = self.0;
        while let Some(cause) = root.source() {
            root = cause;
        }
        let root = root.to_string();
        let mut cause = Some(self.0);
        while let Some(error) = cause {
            if !root.is_empty() && said.ends_with(&root) {
                break;
            }
            let text = error.to_string();
            if said.is_empty() || !said.contains(&text) {
                let colon = !said.is_empty() && !said.ends_with(": ");
                write!(f, "{}{text}", if colon { ": " } else { "" })?;
                said = text;
            }
            cause = error.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::PublishError;

    /// An error whose text contains its cause, or does not.
    #[derive(Debug)]
    struct Outer(&'static str, std::io::Error);

    impl fmt::Display for Outer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Outer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.1)
        }
    }

    #[test]
    fn report_4_a_cause_is_said_once() {
        let told = |outer, message| {
            let error = Outer(outer, std::io::Error::other("connection refused"));
            crate::Error::external(message).because(error).to_string()
        };
        let whole = "mail: no connection: connection refused";
        assert_eq!(told("no connection", "mail"), whole);
        assert_eq!(told("no connection: connection refused", "mail"), whole);
        let said = "mail: no connection: connection refused";
        assert_eq!(told("no connection: connection refused", said), whole);
        assert_eq!(
            told("no connection", ""),
            "no connection: connection refused"
        );
    }

    /// For example, two interceptors that each publish what the other one intercepts, until they
    /// are refused.
    #[test]
    fn errors_that_say_their_causes_are_told_in_time_that_grows_with_their_number() {
        let deepest = crate::Error::external("within itself");
        let nested = (0..200).fold(deepest, |error, _| {
            crate::Error::from(PublishError::Refused {
                plugin: "gate",
                interceptor: "check",
                error,
            })
        });
        let text = nested.to_string();
        assert_eq!(text.matches("refused by `check`").count(), 200);
        assert!(text.ends_with(": within itself"), "{text}");
    }
}
