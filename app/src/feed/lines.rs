//! Lines of a stream of any length, in bounded memory.

use std::io;

use tokio::io::{AsyncBufRead, AsyncBufReadExt};

/// Longest line that is read; a longer one is skipped and reported.
pub(crate) const MOST: usize = 1 << 20;

/// A line without its end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    /// Its number, from 1.
    pub(crate) number: u64,
    /// Its bytes; `None` when it is too long.
    pub(crate) bytes: Option<&'a [u8]>,
}

/// Reads a stream line by line. It keeps one line of at most `most` bytes.
#[derive(Debug)]
pub(crate) struct Lines<R> {
    reader: R,
    most: usize,
    buffer: Vec<u8>,
    number: u64,
    consumed: u64,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The buffer holds a line that was handed out.
    Between,
    /// The buffer holds the beginning of a line.
    Inside,
    /// The rest of the line is skipped.
    TooLong,
}

impl<R: AsyncBufRead + Unpin> Lines<R> {
    pub(crate) fn new(reader: R, most: usize) -> Self {
        Self {
            reader,
            most,
            buffer: Vec::new(),
            number: 0,
            consumed: 0,
            state: State::Between,
        }
    }

    /// Bytes that were read so far.
    pub(crate) fn consumed(&self) -> u64 {
        self.consumed
    }

    /// The next line; `None` at the end. A last line needs no newline; CRLF ends a line too.
    ///
    /// # Errors
    ///
    /// When the stream can't be read.
    ///
    /// # Cancel safety
    ///
    /// What was read of a line is kept: the next call goes on with it.
    pub(crate) async fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        loop {
            let chunk = self.reader.fill_buf().await?;
            if chunk.is_empty() {
                return Ok(self.end());
            }
            let newline = chunk.iter().position(|&byte| byte == b'\n');
            let part = &chunk[..newline.unwrap_or(chunk.len())];
            self.state = keep(part, &mut self.buffer, (self.state, self.most));
            let used = part.len() + usize::from(newline.is_some());
            self.reader.consume(used);
            self.consumed += used as u64;
            if newline.is_some() {
                return Ok(Some(self.take()));
            }
        }
    }

    fn end(&mut self) -> Option<Line<'_>> {
        (self.state != State::Between).then(|| self.take())
    }

    fn take(&mut self) -> Line<'_> {
        let too_long = self.state == State::TooLong;
        self.state = State::Between;
        self.number += 1;
        let mut bytes = self.buffer.strip_suffix(b"\r").unwrap_or(&self.buffer);
        if self.number == 1 {
            bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        }
        Line {
            number: self.number,
            bytes: (!too_long).then_some(bytes),
        }
    }
}

/// Adds a part of a line to the buffer, if it is not too much.
fn keep(part: &[u8], buffer: &mut Vec<u8>, (state, most): (State, usize)) -> State {
    if state == State::Between {
        buffer.clear();
    }
    if state == State::TooLong || buffer.len() + part.len() > most {
        buffer.clear();
        return State::TooLong;
    }
    buffer.extend_from_slice(part);
    State::Inside
}

#[cfg(test)]
mod tests {
    use tokio::io::BufReader;

    use super::Lines;

    /// Each line as text, or `-` for one that is too long; through a buffer of 3 bytes, so that
    /// lines come in pieces.
    async fn read(text: &str, most: usize) -> Vec<(u64, String)> {
        let mut lines = Lines::new(BufReader::with_capacity(3, text.as_bytes()), most);
        let mut read = Vec::new();
        while let Some(line) = lines.next().await.unwrap() {
            let text = line.bytes.map_or("-".into(), String::from_utf8_lossy);
            read.push((line.number, text.into_owned()));
        }
        assert_eq!(lines.consumed(), text.len() as u64);
        read
    }

    fn numbered(lines: &[&str]) -> Vec<(u64, String)> {
        (1..)
            .zip(lines.iter().map(|line| (*line).to_owned()))
            .collect()
    }

    #[tokio::test]
    async fn lines_end_with_lf_crlf_or_the_stream() {
        assert_eq!(
            read("one\ntwo\r\nthree", 9).await,
            numbered(&["one", "two", "three"])
        );
        assert_eq!(read("one\n\n", 9).await, numbered(&["one", ""]));
        assert_eq!(read("", 9).await, []);
    }

    #[tokio::test]
    async fn a_huge_line_is_skipped_and_counted() {
        let huge = "x".repeat(100_000);
        let text = format!("one\n{huge}\ntwo\n{huge}");
        assert_eq!(read(&text, 10).await, numbered(&["one", "-", "two", "-"]));
    }

    #[tokio::test]
    async fn the_longest_line_is_read() {
        assert_eq!(
            read("0123456789\n01234567890", 10).await,
            numbered(&["0123456789", "-"])
        );
    }

    #[tokio::test]
    async fn a_byte_order_mark_is_no_part_of_the_first_line() {
        assert_eq!(
            read("\u{feff}one\n\u{feff}two", 99).await,
            numbered(&["one", "\u{feff}two"])
        );
    }
}
