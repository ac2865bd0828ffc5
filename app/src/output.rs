//! The one writer of results: standard output, for people or for programs.
//!
//! Invariant: a write never interrupts a command. The first failure is kept and the rest is
//! dropped, so that a service whose reader went away still stops in good order; `finish` tells.
//! A reader that closed the pipe has seen what it wanted: that is no failure.

use std::fmt;
use std::io::{self, ErrorKind, Write};

use clap::ValueEnum;
use serde::Serialize;

/// Whom the output is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Format {
    /// Aligned text.
    #[default]
    Human,
    /// JSON.
    Json,
}

/// The writer of results.
pub(crate) struct Output {
    writer: Box<dyn Write>,
    failure: Option<io::Error>,
}

impl Output {
    pub(crate) fn stdout() -> Self {
        Self::to(io::stdout().lock())
    }

    pub(crate) fn to(writer: impl Write + 'static) -> Self {
        Self {
            writer: Box::new(writer),
            failure: None,
        }
    }

    /// Writes a text; a newline follows if it has none.
    pub(crate) fn text(&mut self, text: impl fmt::Display) {
        let mut text = text.to_string();
        if !text.ends_with('\n') {
            text.push('\n');
        }
        self.put(text.as_bytes());
    }

    /// Writes a part of a text, as it is.
    pub(crate) fn part(&mut self, text: &str) {
        self.put(text.as_bytes());
    }

    /// Writes a value as a JSON document.
    pub(crate) fn json(&mut self, value: &impl Serialize) {
        self.value(serde_json::to_vec_pretty(value));
    }

    /// Writes a value as one line of JSON.
    pub(crate) fn json_line(&mut self, value: &impl Serialize) {
        self.value(serde_json::to_vec(value));
    }

    /// What became of all the writes.
    ///
    /// # Errors
    ///
    /// When one failed for another reason than a closed pipe.
    pub(crate) fn finish(self) -> io::Result<()> {
        match self.failure {
            Some(error) if error.kind() != ErrorKind::BrokenPipe => Err(error),
            _ => Ok(()),
        }
    }

    fn value(&mut self, json: serde_json::Result<Vec<u8>>) {
        match json {
            Ok(mut json) => {
                json.push(b'\n');
                self.put(&json);
            }
            Err(error) => self.fail(error.into()),
        }
    }

    fn put(&mut self, bytes: &[u8]) {
        if self.failure.is_some() {
            return;
        }
        if let Err(error) = self
            .writer
            .write_all(bytes)
            .and_then(|()| self.writer.flush())
        {
            self.fail(error);
        }
    }

    fn fail(&mut self, error: io::Error) {
        self.failure.get_or_insert(error);
    }
}

/// Writes a line to standard error: what a person should know, beside the result. Whether anybody
/// reads it changes nothing.
pub(crate) fn note(text: impl fmt::Display) {
    drop(writeln!(io::stderr(), "{text}"));
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::io::{self, ErrorKind, Write};
    use std::rc::Rc;

    use super::Output;

    struct Failing(ErrorKind, Rc<Cell<u32>>);

    impl Write for Failing {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            self.1.set(self.1.get() + 1);
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn write_twice(kind: ErrorKind) -> (io::Result<()>, u32) {
        let calls = Rc::new(Cell::new(0));
        let mut out = Output::to(Failing(kind, Rc::clone(&calls)));
        out.text("one");
        out.json(&2);
        (out.finish(), calls.get())
    }

    #[test]
    fn a_closed_pipe_is_quiet() {
        let (finished, calls) = write_twice(ErrorKind::BrokenPipe);
        assert!(finished.is_ok());
        assert_eq!(calls, 1, "nothing is written after it");
    }

    #[test]
    fn a_full_disk_is_told() {
        assert!(write_twice(ErrorKind::StorageFull).0.is_err());
    }
}
