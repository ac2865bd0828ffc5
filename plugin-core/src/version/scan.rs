//! Parses the parts of versions and requirements in const evaluation.

/// A position in a text. A method that finds what it looks for moves the position behind it.
#[derive(Debug)]
pub(super) struct Scan<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Scan<'t> {
    pub(super) const fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    pub(super) const fn is_at_end(&self) -> bool {
        self.at == self.text.len()
    }

    const fn peek(&self) -> Option<u8> {
        if self.is_at_end() {
            None
        } else {
            Some(self.text.as_bytes()[self.at])
        }
    }

    pub(super) const fn eat(&mut self, byte: u8) -> bool {
        let found = matches!(self.peek(), Some(next) if next == byte);
        self.at += found as usize;
        found
    }

    pub(super) const fn skip_spaces(&mut self) {
        while self.eat(b' ') {}
    }

    pub(super) const fn wildcard(&mut self) -> bool {
        self.eat(b'*') || self.eat(b'x') || self.eat(b'X')
    }

    /// A number without leading zeros.
    pub(super) const fn number(&mut self) -> Option<u64> {
        let start = self.at;
        let mut number = 0_u64;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            if self.at == start + 1 && number == 0 {
                return None;
            }
            let tens = option!(number.checked_mul(10));
            number = option!(tens.checked_add((digit - b'0') as u64));
            self.at += 1;
        }
        if self.at == start { None } else { Some(number) }
    }

    pub(super) const fn dotted_number(&mut self) -> Option<u64> {
        if self.eat(b'.') { self.number() } else { None }
    }

    /// The text after `-`; empty if there is no `-`.
    pub(super) const fn pre(&mut self) -> Option<&'t str> {
        if !self.eat(b'-') {
            return Some("");
        }
        let start = self.at;
        if !self.identifiers(Zeros::Refused) {
            return None;
        }
        let (_, rest) = self.text.split_at(start);
        Some(rest.split_at(self.at - start).0)
    }

    /// Whether the build metadata, if there is any, is well formed.
    pub(super) const fn build(&mut self) -> bool {
        !self.eat(b'+') || self.identifiers(Zeros::Allowed)
    }

    /// Words of letters, digits and hyphens, separated by dots.
    const fn identifiers(&mut self, zeros: Zeros) -> bool {
        loop {
            let start = self.at;
            let mut digits = true;
            while let Some(byte @ (b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'-')) = self.peek() {
                digits &= byte.is_ascii_digit();
                self.at += 1;
            }
            let len = self.at - start;
            let padded = digits && len > 1 && self.text.as_bytes()[start] == b'0';
            if len == 0 || padded && matches!(zeros, Zeros::Refused) {
                return false;
            }
            if !self.eat(b'.') {
                return true;
            }
        }
    }
}

/// Whether a number among identifiers may begin with a zero.
#[derive(Debug, Clone, Copy)]
enum Zeros {
    Allowed,
    Refused,
}
