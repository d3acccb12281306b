//! Cutting again, on the thread that drains the completions.
//!
//! Frames cut under one delimiter may be on their way when `onRead` sets another. The thread that
//! drains them then cuts what it has not delivered yet once more, with the same code.

use super::reframe::{ReframeHeader, parse_framing};
use super::regexps::RegExps;
use super::scan::Scan;
use super::verdict::Overflow;
use super::{Framing, RegExp, Stop, cut_many};
use crate::wire::{cut, stop};

/// A search for a `RegExp` in the bytes of one channel, from cut to cut.
#[derive(Debug)]
pub struct Resume {
    framing: Framing,
    scan: Scan,
}

impl Resume {
    pub fn new(regexp: RegExp) -> Self {
        Self {
            framing: Framing::RegExp(regexp),
            scan: Scan::default(),
        }
    }
}

/// Cuts up to `most` frames, and no more than `answer` has room for, off the front of `bytes`,
/// under the framing that `payload` (a [`reframe`](crate::wire::reframe)'s) describes.
///
/// `scan` is 0 for bytes not seen before, and otherwise what the last cut said, if these begin where
/// that has stopped; for a `RegExp`, `resume` knows the rest. `answer` gets
/// [`cut`](crate::wire::cut)'s words, then start and end of each frame, counted from `bytes[0]`.
/// False where the payload is not one, or `answer` is too short for its header.
pub fn recut(
    payload: &[u8],
    bytes: &[u8],
    scan: u32,
    resume: Option<&mut Resume>,
    most: u32,
    answer: &mut [u32],
) -> bool {
    let Some(header) = ReframeHeader::parse(payload) else {
        return false;
    };
    let Some((result, frames)) = answer.split_at_mut_checked(cut::WORDS as usize) else {
        return false;
    };
    let most = (frames.len() / 2).min(most as usize);
    let mut count = 0;
    let mut frame = |start: usize, end: usize| {
        frames[2 * count] = start as u32;
        frames[2 * count + 1] = end as u32;
        count += 1;
    };
    let (run, offset) = if header.is_regexp() {
        let Some(resume) = resume else {
            return false;
        };
        let Resume {
            framing,
            scan: kept,
        } = resume;
        if scan == 0 {
            *kept = Scan::default();
        }
        if header.last {
            kept.end();
        }
        let run = cut_many(framing, bytes, kept, header.limit, most, &mut frame);
        // Whatever it is: not 0.
        (run, 1)
    } else {
        // No `RegExp`: there are none to look up.
        let Some(framing) = parse_framing(&header, payload, &RegExps::default()) else {
            return false;
        };
        let mut scan = Scan::at(scan as usize);
        let run = cut_many(&framing, bytes, &mut scan, header.limit, most, &mut frame);
        (run, scan.offset())
    };
    let (why, announced) = match run.stop {
        Stop::Incomplete => (stop::INCOMPLETE, 0),
        Stop::Budget => (stop::BUDGET, 0),
        Stop::Overflow(Overflow::NoDelimiter) => (stop::NO_DELIMITER, 0),
        Stop::Overflow(Overflow::Announced(n)) => (stop::TOO_LONG, n),
        Stop::Overflow(Overflow::Negative(n)) => (stop::NEGATIVE, n.unsigned_abs()),
        Stop::Overflow(Overflow::Match) => (stop::MATCH, 0),
    };
    result[cut::FRAMES as usize] = count as u32;
    result[cut::CONSUMED as usize] = run.consumed as u32;
    result[cut::SCAN as usize] = offset as u32;
    result[cut::STOP as usize] = why;
    result[cut::ANNOUNCED_LOW as usize] = announced as u32;
    result[cut::ANNOUNCED_HIGH as usize] = (announced >> 32) as u32;
    true
}
