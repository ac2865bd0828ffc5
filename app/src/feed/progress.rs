//! Progress on a terminal; silence everywhere else.

use std::fmt;
use std::io::{self, IsTerminal};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::output::note;

/// Shows how far the input is read.
pub(crate) struct Progress(Option<ProgressBar>);

impl Progress {
    /// A bar when the input's size is known, else a count. Only on a terminal.
    pub(crate) fn new(bytes: Option<u64>) -> Self {
        if !io::stderr().is_terminal() {
            return Self(None);
        }
        let (bar, template) = match bytes {
            Some(bytes) => (
                ProgressBar::new(bytes),
                "{bar:30} {percent:>3} %  {msg}  {elapsed}",
            ),
            None => (ProgressBar::new_spinner(), "{spinner} {msg}  {elapsed}"),
        };
        let style = ProgressStyle::with_template(template).expect("the templates are well formed");
        bar.set_style(style.progress_chars("=> "));
        bar.enable_steady_tick(Duration::from_millis(250));
        Self(Some(bar))
    }

    /// `bytes` of the input are read, with so many lines.
    pub(crate) fn update(&self, bytes: u64, lines: u64) {
        // The text is made for a few of the lines only: a million of them come by.
        let Some(bar) = self.0.as_ref().filter(|_| lines.is_multiple_of(256)) else {
            return;
        };
        bar.set_position(bytes);
        bar.set_message(format!("{lines} lines"));
    }

    /// Everything is read; the plugins still work.
    pub(crate) fn drain(&self) {
        if let Some(bar) = &self.0 {
            bar.set_message("waiting for the plugins");
        }
    }

    /// Writes a note above the bar.
    pub(crate) fn note(&self, text: impl fmt::Display) {
        match &self.0 {
            Some(bar) => bar.suspend(|| note(text)),
            None => note(text),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
