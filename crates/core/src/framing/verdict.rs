//! Where a frame ends.

use pants_regexp::Verdict;

/// The verdict on the bytes from the start of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// The frame is `bytes[start..end]`; the one after it begins at `next`.
    Frame {
        start: usize,
        end: usize,
        next: usize,
    },
    /// The frame has not ended yet.
    Incomplete,
    /// It was much work to come this far, and there is more: others first. These bytes need not be
    /// read again.
    OutOfFuel,
    /// The frame is certain to be longer than the limit.
    Overflow(Overflow),
}

/// Why a frame can never be delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overflow {
    /// No delimiter within the limit.
    NoDelimiter,
    /// The header announces a body of this many bytes.
    Announced(u64),
    /// The header, after `adjust`, announces a negative length.
    Negative(i64),
    /// The delimiter itself is too long: [`MATCH_BYTES`] do not decide where it ends.
    Match,
}

impl From<Verdict> for Cut {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Match { start, end } => Self::Frame {
                start: 0,
                end: start,
                next: end,
            },
            Verdict::Undecided => Self::Incomplete,
            Verdict::OutOfFuel => Self::OutOfFuel,
            Verdict::None => Self::Overflow(Overflow::NoDelimiter),
            Verdict::TooLong => Self::Overflow(Overflow::Match),
        }
    }
}
