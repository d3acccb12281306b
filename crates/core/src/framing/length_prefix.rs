//! Frames behind a length header.

use super::verdict::{Cut, Overflow};

/// The order of the header's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endian {
    Big,
    Little,
}

/// How a header holds a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Header {
    /// In so many bytes.
    Fixed(usize, Endian),
    /// 7 bits a byte, the lowest first, as long as the highest bit of a byte says (LEB128).
    Varint,
}

/// The most that a varint may have: 64 bits, as elsewhere.
const VARINT_BYTES: usize = 10;

/// A header that holds the length of the body behind it: 1, 2, 4 or 8 bytes, or a varint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LengthPrefix {
    header: Header,
    /// Added to the header's value to get the body's length, for protocols whose header counts
    /// itself (negative) or leaves out a trailer (positive).
    adjust: i64,
}

impl LengthPrefix {
    /// `None` unless `bytes` is 1, 2, 4 or 8.
    pub fn new(bytes: usize, endian: Endian, adjust: i64) -> Option<Self> {
        matches!(bytes, 1 | 2 | 4 | 8).then_some(Self {
            header: Header::Fixed(bytes, endian),
            adjust,
        })
    }

    pub fn varint(adjust: i64) -> Self {
        Self {
            header: Header::Varint,
            adjust,
        }
    }

    pub(super) fn cut(&self, bytes: &[u8], limit: usize) -> Cut {
        let Some((start, value)) = self.read(bytes) else {
            return Cut::Incomplete;
        };
        // The limit is judged from the header, before a byte of the body is waited for.
        let body = match self.body_length(value) {
            Ok(body) if body <= limit as u64 => body as usize,
            Ok(body) => return Cut::Overflow(Overflow::Announced(body)),
            Err(negative) => return Cut::Overflow(Overflow::Negative(negative)),
        };
        let end = start + body;
        if bytes.len() < end {
            return Cut::Incomplete;
        }
        Cut::Frame {
            start,
            end,
            next: end,
        }
    }

    /// How many bytes the header has, and its value.
    fn read(&self, bytes: &[u8]) -> Option<(usize, u128)> {
        match self.header {
            Header::Fixed(n, endian) => {
                let header = bytes.get(..n)?.iter();
                let fold = |value: u128, byte: &u8| (value << 8) | u128::from(*byte);
                let value = match endian {
                    Endian::Big => header.fold(0, fold),
                    Endian::Little => header.rev().fold(0, fold),
                };
                Some((n, value))
            }
            Header::Varint => {
                let mut value = 0;
                for (at, byte) in bytes.iter().take(VARINT_BYTES).enumerate() {
                    value |= u128::from(byte & 0x7f) << (7 * at);
                    if byte & 0x80 == 0 {
                        return Some((at + 1, value));
                    }
                }
                // One that has not ended by now is longer than any frame.
                (bytes.len() >= VARINT_BYTES).then_some((VARINT_BYTES, u64::MAX.into()))
            }
        }
    }

    fn body_length(&self, value: u128) -> Result<u64, i64> {
        // In 128 bits neither an 8-byte header nor any adjustment can wrap round.
        let body = value.cast_signed() + i128::from(self.adjust);
        if body < 0 {
            return Err(i64::try_from(body).unwrap_or(i64::MIN));
        }
        Ok(u64::try_from(body).unwrap_or(u64::MAX))
    }
}
