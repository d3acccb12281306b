//! Bytes into frames: pure, resumable, bounded. No I/O, no clock, no allocation per frame.
//!
//! A [`Framing`] looks at the bytes from the start of one frame and says where that frame ends.
//! What it has already looked at is remembered in a [`Scan`] that the caller keeps beside the
//! bytes, so that a frame which arrives in many pieces is searched once, not once per piece.
//!
//! ```text
//!   bytes:   h e l l o \r \n w o r
//!            ^start    ^end   ^next          Cut::Frame { start, end, next }
//!                             w o r          Cut::Incomplete; these need not be read again
//! ```

mod delimiter;
mod fixed;
mod length_prefix;
pub mod recut;
pub(crate) mod reframe;
mod regexps;
mod scan;
#[cfg(test)]
mod tests;
mod verdict;

pub use delimiter::Delimiter;
pub use length_prefix::{Endian, LengthPrefix};
pub use pants_regexp::{MATCH_BYTES, RegExp, RegExpError};
pub use regexps::RegExps;
pub use scan::Scan;
pub use verdict::{Cut, Overflow};

/// How the bytes of a stream become frames; the native form of `readDelimiter`.
#[derive(Debug, Clone)]
pub enum Framing {
    /// Data as it arrives: whatever there is, is one frame (`null`).
    Raw,
    /// Everything up to a byte sequence, which is dropped.
    Sequence(Delimiter),
    /// Exactly this many bytes (never 0).
    Fixed(usize),
    /// The body after a length header, which is dropped.
    LengthPrefix(LengthPrefix),
    /// Everything up to a match, which is dropped.
    RegExp(RegExp),
}

impl Framing {
    /// Looks for the end of the frame that starts at `bytes[0]`.
    ///
    /// `scan` is a new one where cutting begins, and then what the last call left there: `bytes`
    /// are the same as then, or more of them, or begin behind the frame that was cut. Under another
    /// framing or limit cutting begins anew. `limit` bounds the frame itself, without delimiter or header: a
    /// frame of exactly `limit` bytes passes.
    pub fn cut(&self, bytes: &[u8], scan: &mut Scan, limit: usize) -> Cut {
        let cut = match self {
            Self::Raw if bytes.is_empty() => Cut::Incomplete,
            Self::Raw => Cut::Frame {
                start: 0,
                end: bytes.len(),
                next: bytes.len(),
            },
            Self::Sequence(delimiter) => delimiter.cut(bytes, &mut scan.offset, limit),
            Self::Fixed(n) => fixed::cut(*n, bytes),
            Self::LengthPrefix(prefix) => prefix.cut(bytes, limit),
            Self::RegExp(regexp) => {
                let last = scan.ended;
                regexp.search(scan.search(), bytes, limit, last).into()
            }
        };
        if !matches!(cut, Cut::Incomplete | Cut::OutOfFuel) {
            scan.offset = 0;
        }
        cut
    }
}

/// What [`cut_many`] did with a run of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// How many bytes the frames found occupy, delimiters and headers included.
    pub consumed: usize,
    /// Why it stopped.
    pub stop: Stop,
}

/// Why a run of frames ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The rest is not a complete frame.
    Incomplete,
    /// `max_frames` were found, or it was as much work; there may be more in the rest.
    Budget,
    /// The frame at the start of the rest can never be delivered.
    Overflow(Overflow),
}

/// Cuts up to `max_frames` frames off the front of `bytes`, for a few milliseconds at most; calls
/// `frame(start, end)` for each.
pub fn cut_many(
    framing: &Framing,
    bytes: &[u8],
    scan: &mut Scan,
    limit: usize,
    max_frames: usize,
    mut frame: impl FnMut(usize, usize),
) -> Run {
    let mut consumed = 0;
    scan.refuel();
    for _ in 0..max_frames {
        match framing.cut(&bytes[consumed..], scan, limit) {
            Cut::Frame { start, end, next } => {
                frame(consumed + start, consumed + end);
                consumed += next;
            }
            Cut::Incomplete => {
                return Run {
                    consumed,
                    stop: Stop::Incomplete,
                };
            }
            Cut::OutOfFuel => break,
            Cut::Overflow(why) => {
                return Run {
                    consumed,
                    stop: Stop::Overflow(why),
                };
            }
        }
    }
    Run {
        consumed,
        stop: Stop::Budget,
    }
}
