//! An error and its causes, in one line.

use std::error::Error;
use std::fmt;

/// Prints an error and its causes, each once: some errors say their cause themselves.
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
    /// Prints what `said` does not say already.
    pub(super) fn after(self, f: &mut fmt::Formatter<'_>, mut said: String) -> fmt::Result {
        let mut cause = Some(self.0);
        while let Some(error) = cause {
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

    /// One that says its cause, or not.
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
}
