//! The chain of the lines: each contains the SHA-256 of the one before it.
//!
//! The digest is that of the line as it is in the file, without its end. A line that a crash or a
//! full disk cut off is a link like any other: the next line contains the digest of the part that
//! is there.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use crate::digest::Digest;

/// The key of a line that contains the digest of the line before it.
pub(super) const PREV: &str = "prev";

/// Number of bytes at the end of a file in which its last line is searched. Lines are shorter,
/// because the texts of an entry are cut.
const LONGEST: u64 = 64 * 1024;

/// The end of the last file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tail {
    /// Digest of the last line; zeros if there is none.
    pub(super) last: Digest,
    /// Whether the last line has no line end.
    pub(super) is_broken: bool,
}

impl Tail {
    /// The end of an empty log.
    pub(super) const EMPTY: Self = Self {
        last: Digest::ZERO,
        is_broken: false,
    };

    /// The end of a file; `None` if the file is empty.
    pub(super) fn of(file: &mut File) -> io::Result<Option<Self>> {
        let size = file.metadata()?.len();
        file.seek(SeekFrom::Start(size.saturating_sub(LONGEST)))?;
        let mut text = Vec::new();
        file.take(LONGEST).read_to_end(&mut text)?;
        let is_broken = text.last().is_some_and(|last| *last != b'\n');
        while text.pop_if(|last| *last == b'\n').is_some() {}
        let begin = text.iter().rposition(|byte| *byte == b'\n');
        let last = &text[begin.map_or(0, |end| end + 1)..];
        Ok((size > 0).then(|| Self {
            last: Digest::of_bytes(last),
            is_broken,
        }))
    }
}

/// Lines that are linked to the lines before them.
#[derive(Debug, Default)]
pub(super) struct Links {
    pub(super) text: Vec<u8>,
    /// For each line, the position after its line end, and its digest.
    ends: Vec<(usize, Digest)>,
}

impl Links {
    /// Number of bytes that a link adds to a JSON object, including the line end.
    pub(super) const LENGTH: usize = r#","":"""#.len() + PREV.len() + 64 + 1;

    /// Links JSON objects, each without a line end, into lines.
    pub(super) fn new(objects: &[Vec<u8>], mut last: Digest) -> Self {
        let mut links = Self::default();
        for object in objects {
            let begin = links.text.len();
            let open = object.strip_suffix(b"}").unwrap_or(object);
            links.text.extend_from_slice(open);
            let link = format!(r#","{PREV}":"{last}"}}"#);
            links.text.extend_from_slice(link.as_bytes());
            last = Digest::of_bytes(&links.text[begin..]);
            links.text.push(b'\n');
            links.ends.push((links.text.len(), last));
        }
        links
    }

    /// How many lines are complete in the first `bytes` bytes, and the end of the file after them.
    pub(super) fn written(&self, bytes: usize, before: Tail) -> (usize, Tail) {
        let whole = self.ends.partition_point(|(end, _)| *end <= bytes);
        let (end, last) = match whole.checked_sub(1) {
            Some(at) => self.ends[at],
            None => (0, before.last),
        };
        let is_broken = end < bytes;
        let last = if is_broken {
            Digest::of_bytes(&self.text[end..bytes])
        } else {
            last
        };
        (whole, Tail { last, is_broken })
    }
}
