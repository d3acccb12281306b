//! Frames that end at a byte sequence: the leftmost match, non-overlapping, dropped.

use std::fmt;

use memchr::memmem::Finder;

use super::verdict::{Cut, Overflow};

/// A non-empty byte sequence to search for.
#[derive(Clone)]
pub struct Delimiter(Needle);

#[derive(Clone)]
enum Needle {
    /// `memchr` is quicker than any table.
    Byte([u8; 1]),
    Sequence(Box<Finder<'static>>),
}

impl Delimiter {
    /// `None` for an empty sequence, which would match everywhere.
    pub fn new(sequence: &[u8]) -> Option<Self> {
        match sequence {
            [] => None,
            [byte] => Some(Self(Needle::Byte([*byte]))),
            _ => Some(Self(Needle::Sequence(Box::new(
                Finder::new(sequence).into_owned(),
            )))),
        }
    }

    /// The sequence that is searched for.
    pub fn sequence(&self) -> &[u8] {
        match &self.0 {
            Needle::Byte(byte) => byte,
            Needle::Sequence(finder) => finder.needle(),
        }
    }

    pub(super) fn cut(&self, bytes: &[u8], scan: &mut usize, limit: usize) -> Cut {
        let length = self.sequence().len();
        // A match that starts past `limit` ends a frame that is too long: do not look there.
        let window = &bytes[..bytes.len().min(limit.saturating_add(length))];
        if let Some(end) = self.find(window, *scan) {
            return Cut::Frame {
                start: 0,
                end,
                next: end + length,
            };
        }
        if bytes.len() > limit && !self.may_still_match(bytes, limit) {
            return Cut::Overflow(Overflow::NoDelimiter);
        }
        // The last length-1 bytes may be the beginning of the delimiter: look at them again.
        *scan = window.len().saturating_sub(length - 1);
        Cut::Incomplete
    }

    fn find(&self, window: &[u8], scan: usize) -> Option<usize> {
        let rest = &window[scan.min(window.len())..];
        let found = match &self.0 {
            Needle::Byte([byte]) => memchr::memchr(*byte, rest),
            Needle::Sequence(finder) => finder.find(rest),
        };
        found.map(|at| scan + at)
    }

    /// Whether more bytes could complete a match that starts at or before `limit`.
    fn may_still_match(&self, bytes: &[u8], limit: usize) -> bool {
        let sequence = self.sequence();
        let first = bytes.len().saturating_sub(sequence.len() - 1);
        (first..=limit).any(|start| sequence.starts_with(&bytes[start..]))
    }
}

impl fmt::Debug for Delimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Delimiter")
            .field(&self.sequence().escape_ascii().to_string())
            .finish()
    }
}
