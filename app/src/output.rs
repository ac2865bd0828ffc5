//! The one writer of results: standard output, for people or for programs.
//!
//! Invariant: a write never interrupts a command. The first failure is kept and the rest is
//! dropped, so that a service whose reader went away still stops in good order; `finish` tells.
//! A reader that closed the pipe or hung up has seen what it wanted: that is no failure.
//!
//! Invariant: nothing that a terminal obeys leaves here, wherever the text came from. Who puts a
//! text from outside into a line escapes it with [`printable::line`], so that it stays in its line.
//! The only exception is a [`Paint`], around a line that is escaped already.
//!
//! Standard output is locked for one write at a time: the log may go there too.
//!
//! A command waits for whoever reads its result; a service waits for nobody longer than
//! [`PATIENCE`], so that it also stops when its reader stalls. No note waits longer either.

use std::fmt;
use std::io::{self, ErrorKind, Write};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc;
use std::time::Duration;

use plugin_core::printable;
use serde::Serialize;

/// Whom the output is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// Aligned text.
    Human,
    /// JSON.
    Json,
}

/// The colour of a line, on a terminal.
#[cfg(feature = "admin")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Paint {
    /// Something is wrong.
    Red = 31,
    /// Something is not as it should be.
    Yellow = 33,
}

/// The writer of results.
pub(crate) struct Output {
    format: Format,
    /// Whether colours are seen.
    #[cfg(feature = "admin")]
    paints: bool,
    writer: Box<dyn Write>,
    failure: Option<io::Error>,
}

impl Output {
    pub(crate) fn stdout() -> Self {
        Self {
            #[cfg(feature = "admin")]
            paints: are_colours_seen(),
            ..Self::to(io::stdout())
        }
    }

    pub(crate) fn to(writer: impl Write + 'static) -> Self {
        Self {
            format: Format::Human,
            #[cfg(feature = "admin")]
            paints: false,
            writer: Box::new(writer),
            failure: None,
        }
    }

    /// From now on they are those of a service.
    pub(crate) fn waits_for_nobody(&mut self) {
        self.writer = Box::new(StandardOutput);
    }

    /// From now on results are for somebody else.
    pub(crate) fn turn_to(&mut self, format: Format) {
        self.format = format;
    }

    /// Whom results are for.
    pub(crate) fn format(&self) -> Format {
        self.format
    }

    /// Writes a text; a newline follows if it has none.
    pub(crate) fn text(&mut self, text: impl fmt::Display) {
        let mut text = printable::lines(&text.to_string()).into_owned();
        if !text.ends_with('\n') {
            text.push('\n');
        }
        self.put(text.as_bytes());
    }

    /// Writes a line, in a colour if that can be seen.
    #[cfg(feature = "admin")]
    pub(crate) fn line(&mut self, line: &str, paint: Option<Paint>) {
        let line = printable::line(line);
        match paint.filter(|_| self.paints) {
            Some(paint) => self.put(format!("\u{1b}[{}m{line}\u{1b}[0m\n", paint as u8).as_bytes()),
            None => self.put(format!("{line}\n").as_bytes()),
        }
    }

    /// Columns of the terminal that results are written to, if they are written to one.
    #[cfg(feature = "admin")]
    #[expect(
        clippy::unused_self,
        reason = "another writer would be another terminal"
    )]
    pub(crate) fn width(&self) -> Option<usize> {
        #[cfg(unix)]
        {
            let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
            (size.ws_col > 0).then_some(size.ws_col.into())
        }
        #[cfg(not(unix))]
        None
    }

    /// Writes a part of a JSON document.
    #[cfg(feature = "queue")]
    pub(crate) fn part(&mut self, text: &str) {
        self.put(printable::json(text).as_bytes());
    }

    /// Writes a value as a JSON document.
    pub(crate) fn json(&mut self, value: &impl Serialize) {
        self.value(serde_json::to_string_pretty(value));
    }

    /// Writes a value as one line of JSON.
    pub(crate) fn json_line(&mut self, value: &impl Serialize) {
        self.value(serde_json::to_string(value));
    }

    /// Whether colours are seen.
    #[cfg(feature = "top")]
    pub(crate) fn paints(&self) -> bool {
        self.paints
    }

    /// Whether nothing more can be written: for results that do not end by themselves.
    #[cfg(feature = "admin")]
    pub(crate) fn is_broken(&self) -> bool {
        self.failure.is_some()
    }

    /// What became of all the writes.
    ///
    /// # Errors
    ///
    /// When one failed for another reason than a reader that went away.
    pub(crate) fn finish(self) -> io::Result<()> {
        match self.failure {
            Some(error) if !is_gone(&error) => Err(error),
            _ => Ok(()),
        }
    }

    fn value(&mut self, json: serde_json::Result<String>) {
        match json {
            Ok(json) => self.put(format!("{}\n", printable::json(&json)).as_bytes()),
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

/// Whether standard output is a terminal that shows colours, and its reader wants them: of
/// <https://no-color.org>, any value counts but the empty one.
#[cfg(feature = "admin")]
fn are_colours_seen() -> bool {
    use std::io::IsTerminal as _;

    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let is_dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
    io::stdout().is_terminal() && !refused && !is_dumb
}

/// Whether a write failed because nobody reads any more: the pipe is closed, or the terminal is
/// (`EIO`, after a hangup), or a service has waited long enough.
fn is_gone(error: &io::Error) -> bool {
    const EIO: i32 = 5;
    matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::TimedOut)
        || (cfg!(unix) && error.raw_os_error() == Some(EIO))
}

/// How long somebody who stalls may hold up a service, or a note.
const PATIENCE: Duration = Duration::from_secs(1);

/// Standard output of a service.
struct StandardOutput;

impl Write for StandardOutput {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        patiently(bytes, |bytes| {
            let mut stdout = io::stdout();
            stdout.write_all(bytes)?;
            stdout.flush()
        })?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes on a thread of its own, which is left behind when it takes too long.
fn patiently(bytes: &[u8], write: fn(&[u8]) -> io::Result<()>) -> io::Result<()> {
    let (bytes, (done, written)) = (bytes.to_vec(), mpsc::channel());
    std::thread::Builder::new()
        .name("output".to_owned())
        // Who asked may have stopped waiting.
        .spawn(move || drop(done.send(write(&bytes))))?;
    let written = written.recv_timeout(PATIENCE);
    written.unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()))
}

/// Writes a line to standard error: what a person should know, beside the result. Whether anybody
/// reads it changes nothing.
pub(crate) fn note(line: impl fmt::Display) {
    notes(printable::line(&line.to_string()));
}

/// The same for a text of several lines, each of which is made of escaped parts.
pub(crate) fn notes(lines: impl fmt::Display) {
    /// Whether the reader of standard error stalls.
    static STALLS: AtomicBool = AtomicBool::new(false);
    if STALLS.load(Relaxed) {
        return;
    }
    let text = format!("{}\n", printable::lines(&lines.to_string()));
    let written = patiently(text.as_bytes(), |bytes| io::stderr().write_all(bytes));
    let stalls = written.is_err_and(|error| error.kind() == ErrorKind::TimedOut);
    STALLS.store(stalls, Relaxed);
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};
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

    struct Kept(Rc<RefCell<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().extend_from_slice(bytes);
            Ok(bytes.len())
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
    fn report_b15_a_terminal_that_is_gone_is_quiet() {
        let calls = Rc::new(Cell::new(0));
        let mut out = Output::to(Failing(ErrorKind::Other, calls));
        out.fail(io::Error::from_raw_os_error(5));
        assert!(out.finish().is_ok());
    }

    #[test]
    fn a_closed_pipe_is_quiet() {
        let (finished, calls) = write_twice(ErrorKind::BrokenPipe);
        assert!(finished.is_ok());
        assert_eq!(calls, 1, "nothing is written after it");
    }

    #[test]
    fn report_a10_nothing_that_a_terminal_obeys_leaves() {
        let hostile = "a\u{1b}[2J\r\u{9b}1m\u{202e}\u{200b}";
        let written = Rc::new(RefCell::new(Vec::new()));
        let mut out = Output::to(Kept(Rc::clone(&written)));
        out.text(format_args!("{hostile}\ntwo"));
        out.json(&hostile);
        out.json_line(&hostile);
        assert!(out.finish().is_ok());
        let text = String::from_utf8(written.take()).unwrap();
        let obeyed = |char: &char| *char != '\n' && plugin_core::printable::is_obeyed(*char);
        assert_eq!(text.chars().find(obeyed), None, "{text}");
        assert_eq!(text.lines().count(), 4, "{text}");
        let json = text.lines().last().unwrap();
        assert_eq!(serde_json::from_str::<String>(json).unwrap(), hostile);
    }

    #[cfg(feature = "admin")]
    #[test]
    fn a_line_has_a_colour_only_where_it_is_seen_and_can_hold_none() {
        for (paints, expected) in [
            (true, "\u{1b}[31ma\\u{1b}[2J\u{1b}[0m\n"),
            (false, "a\\u{1b}[2J\n"),
        ] {
            let written = Rc::new(RefCell::new(Vec::new()));
            let mut out = Output::to(Kept(Rc::clone(&written)));
            out.paints = paints;
            out.line("a\u{1b}[2J", Some(super::Paint::Red));
            assert_eq!(String::from_utf8(written.take()).unwrap(), expected);
        }
    }

    #[test]
    fn a_full_disk_is_told() {
        assert!(write_twice(ErrorKind::StorageFull).0.is_err());
    }
}
