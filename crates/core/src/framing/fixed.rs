//! Frames of a fixed number of bytes.

use super::verdict::Cut;

/// The limit does not apply: `bufferSize` is raised to a larger integer delimiter by contract.
pub(super) fn cut(n: usize, bytes: &[u8]) -> Cut {
    debug_assert!(n > 0, "a frame of no bytes would never make progress");
    if bytes.len() < n {
        return Cut::Incomplete;
    }
    Cut::Frame {
        start: 0,
        end: n,
        next: n,
    }
}
