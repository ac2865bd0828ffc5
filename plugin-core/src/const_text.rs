//! Text that const evaluation can write, so that messages are the same at build time and at run
//! time.

use std::cmp::Ordering;

/// A message that is written into a buffer. Text for which there is no room is counted and cut off.
#[derive(Debug)]
pub(crate) struct Text<'b> {
    buffer: &'b mut [u8],
    len: usize,
}

impl<'b> Text<'b> {
    pub(crate) const fn new(buffer: &'b mut [u8]) -> Self {
        Self { buffer, len: 0 }
    }

    pub(crate) const fn push(&mut self, text: &str) -> &mut Self {
        let bytes = text.as_bytes();
        if self.len + bytes.len() <= self.buffer.len() {
            let (_, room) = self.buffer.split_at_mut(self.len);
            let (room, _) = room.split_at_mut(bytes.len());
            room.copy_from_slice(bytes);
        } else if self.len < self.buffer.len() {
            self.push_part(bytes);
        }
        self.len += bytes.len();
        self
    }

    /// Writes as many whole characters as fit, and fills the rest with spaces.
    const fn push_part(&mut self, bytes: &[u8]) {
        let mut fits = self.buffer.len() - self.len;
        while fits > 0 && bytes[fits] & 0xc0 == 0x80 {
            fits -= 1;
        }
        let (_, room) = self.buffer.split_at_mut(self.len);
        let mut at = 0;
        while at < room.len() {
            room[at] = if at < fits { bytes[at] } else { b' ' };
            at += 1;
        }
    }

    /// Writes a name between backquotes.
    pub(crate) const fn name(&mut self, name: &str) -> &mut Self {
        self.push("`").push(name).push("`")
    }

    pub(crate) const fn number(&mut self, number: u64) -> &mut Self {
        if number > 9 {
            self.number(number / 10);
        }
        let (_, digit) = "0123456789".split_at((number % 10) as usize);
        let (digit, _) = digit.split_at(1);
        self.push(digit)
    }

    /// The written text, as far as there is room for it.
    pub(crate) const fn as_str(&self) -> &str {
        let buffer: &[u8] = self.buffer;
        let len = if self.len < buffer.len() {
            self.len
        } else {
            buffer.len()
        };
        match std::str::from_utf8(buffer.split_at(len).0) {
            Ok(text) => text,
            Err(_) => unreachable!(),
        }
    }
}

/// The complete text that `write` writes.
pub(crate) fn render(write: impl Fn(&mut Text<'_>)) -> String {
    let mut measure = Text::new(&mut []);
    write(&mut measure);
    let mut buffer = vec![0; measure.len];
    let mut text = Text::new(&mut buffer);
    write(&mut text);
    text.as_str().to_owned()
}

/// Compares strings like `Ord::cmp`.
pub(crate) const fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut at = 0;
    while at < a.len() && at < b.len() {
        if a[at] != b[at] {
            return if a[at] < b[at] {
                Ordering::Less
            } else {
                Ordering::Greater
            };
        }
        at += 1;
    }
    if a.len() == b.len() {
        Ordering::Equal
    } else if a.len() < b.len() {
        Ordering::Less
    } else {
        Ordering::Greater
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_cut_between_characters() {
        let mut buffer = [0; 6];
        let mut text = Text::new(&mut buffer);
        text.push("a→b→c").push("d");
        assert_eq!(text.as_str(), "a→b ");
    }

    #[test]
    fn a_rendered_text_is_whole() {
        let text = render(|text| {
            text.push("at ")
                .name("x")
                .push(": ")
                .number(10)
                .push(", ")
                .number(0);
        });
        assert_eq!(text, "at `x`: 10, 0");
    }
}
