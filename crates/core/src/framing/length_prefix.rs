//! Frames behind a length header.

use super::verdict::{Cut, Overflow};

/// The order of the header's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endian {
    Big,
    Little,
}

/// A header of 1, 2, 4 or 8 bytes that holds the length of the body behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LengthPrefix {
    bytes: usize,
    endian: Endian,
    /// Added to the header's value to get the body's length, for protocols whose header counts
    /// itself (negative) or leaves out a trailer (positive).
    adjust: i64,
}

impl LengthPrefix {
    /// `None` unless `bytes` is 1, 2, 4 or 8.
    pub fn new(bytes: usize, endian: Endian, adjust: i64) -> Option<Self> {
        matches!(bytes, 1 | 2 | 4 | 8).then_some(Self {
            bytes,
            endian,
            adjust,
        })
    }

    pub(super) fn cut(&self, bytes: &[u8], limit: usize) -> Cut {
        let Some(header) = bytes.get(..self.bytes) else {
            return Cut::Incomplete;
        };
        // The limit is judged from the header, before a byte of the body is waited for.
        let body = match self.body_length(header) {
            Ok(body) if body <= limit as u64 => body as usize,
            Ok(body) => return Cut::Overflow(Overflow::Announced(body)),
            Err(negative) => return Cut::Overflow(Overflow::Negative(negative)),
        };
        let end = self.bytes + body;
        if bytes.len() < end {
            return Cut::Incomplete;
        }
        Cut::Frame {
            start: self.bytes,
            end,
            next: end,
        }
    }

    fn body_length(&self, header: &[u8]) -> Result<u64, i64> {
        let fold = |value: u64, byte: &u8| (value << 8) | u64::from(*byte);
        let value = match self.endian {
            Endian::Big => header.iter().fold(0, fold),
            Endian::Little => header.iter().rev().fold(0, fold),
        };
        // In 128 bits neither an 8-byte header nor any adjustment can wrap round.
        let body = i128::from(value) + i128::from(self.adjust);
        if body < 0 {
            return Err(i64::try_from(body).unwrap_or(i64::MIN));
        }
        Ok(u64::try_from(body).unwrap_or(u64::MAX))
    }
}
