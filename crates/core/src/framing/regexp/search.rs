//! The search for one delimiter after the other, which goes on where it stopped.

use std::collections::HashSet;

use super::automaton::{Automaton, DEAD, SPECIAL};
use crate::framing::{Cut, Overflow};

/// A match, with what it takes to know that it stands, is at most this many bytes.
pub const MATCH_BYTES: usize = 64 * 1024;

/// Where a match stands for now, how many bytes may be read before it is worth remembering that
/// they have not changed it.
const FREE_AHEAD: usize = 64;
/// How many steps read ahead in vain are remembered.
const MOST_VAIN: usize = 4 * MATCH_BYTES;

/// How far the bytes of one stream have been searched. All positions count from the frame's start.
///
/// ```text
///   frame             match     read ahead
///   h e l l o , w o r \n \n \n  x x x x        pending = 9..12, at = 16
///   └ base            └ starts[0]       └ at
/// ```
#[derive(Debug, Clone, Default)]
pub(in crate::framing) struct Search {
    /// The frame's first byte, counted from that of the first frame.
    base: u64,
    at: usize,
    state: u32,
    /// Whether a match may still begin.
    open: bool,
    /// It has begun: `state` is set.
    begun: bool,
    /// Where the candidates began that are on their way, in ascending order.
    starts: Vec<usize>,
    /// The best match so far; one of the candidates may still replace it.
    pending: Option<(usize, usize)>,
    ahead: Ahead,
    #[cfg(test)]
    pub(super) steps: usize,
}

/// Bytes behind a match that were read to see whether it stands, and did not change it. The next
/// frames begin among them: where one of them comes to the same byte in the same state, it will
/// not change its match either. Without this, such bytes would be read once for each frame.
#[derive(Debug, Clone, Default)]
struct Ahead {
    /// Since the pending match.
    trail: Vec<(u64, u32)>,
    vain: HashSet<(u64, u32)>,
    /// With how many it is worth looking for those that are passed.
    crowd: usize,
}

impl Search {
    /// See [`Framing::cut`](crate::framing::Framing::cut). `last`: no byte follows these.
    pub(super) fn cut(
        &mut self,
        automaton: &Automaton,
        bytes: &[u8],
        limit: usize,
        last: bool,
    ) -> Cut {
        if !self.begun {
            self.begun = true;
            self.open = true;
            self.state = automaton.start;
        }
        loop {
            if self.open && self.at == limit {
                self.close(automaton);
            }
            if self.state == DEAD {
                return match self.pending {
                    Some(found) => self.frame(found),
                    // What can never be a frame is still what was left at the end, if that comes
                    // before it has outgrown the limit.
                    None if bytes.len() <= limit => Cut::Incomplete,
                    None => Cut::Overflow(Overflow::NoDelimiter),
                };
            }
            if self.at > self.bound() {
                return Cut::Overflow(Overflow::Match);
            }
            if self.at == bytes.len() {
                return match last {
                    true => self.cut_last(automaton),
                    false => Cut::Incomplete,
                };
            }
            let reads_ahead = self
                .pending
                .is_some_and(|(_, end)| self.at - end >= FREE_AHEAD);
            let vain = reads_ahead && !self.ahead.go_on(self.base + self.at as u64, self.state);
            if self.ahead.is_full() {
                return Cut::Overflow(Overflow::Match);
            }
            if vain {
                self.state = DEAD;
            } else if reads_ahead {
                self.run(automaton, bytes, self.at + 1);
            } else {
                self.run(automaton, bytes, self.stop(limit));
            }
        }
    }

    /// Reads until something happens, to `stop` at most.
    fn run(&mut self, automaton: &Automaton, bytes: &[u8], stop: usize) {
        let bytes = &bytes[..stop.min(bytes.len())];
        let (mut state, mut at) = (self.state, self.at);
        while at < bytes.len() {
            if let Some((idle, exits)) = automaton.idle
                && idle == state
            {
                at += exits.skip(&bytes[at..]);
                if at == bytes.len() {
                    break;
                }
            }
            let entry = automaton.entry(state, bytes[at]);
            at += 1;
            #[cfg(test)]
            (self.steps += 1);
            if entry & SPECIAL != 0 {
                self.at = at;
                return self.follow(automaton, entry);
            }
            state = entry;
        }
        (self.state, self.at) = (state, at);
    }

    /// Candidates begin, end or match, with the byte before `at`.
    fn follow(&mut self, automaton: &Automaton, entry: u32) {
        let edge = automaton.edge(entry);
        let before = self.at - 1;
        let start =
            |starts: &[usize], group: u16| *starts.get(usize::from(group)).unwrap_or(&before);
        if let Some(group) = edge.late {
            self.found(start(&self.starts, group), before);
        }
        if let Some(group) = edge.matched {
            self.found(start(&self.starts, group), self.at);
        }
        // Groups keep their order: each moves to the front, or stays.
        for (new, old) in edge.map.iter().enumerate() {
            let from = start(&self.starts, *old);
            match self.starts.get_mut(new) {
                Some(slot) => *slot = from,
                None => self.starts.push(from),
            }
        }
        self.starts.truncate(edge.map.len());
        self.state = edge.to;
    }

    /// A match; it is preferred to any before it.
    fn found(&mut self, start: usize, end: usize) {
        self.pending = Some((start, end));
        self.open = false;
        self.ahead.trail.clear();
    }

    /// No match begins after `at`.
    fn close(&mut self, automaton: &Automaton) {
        let close = automaton.close(self.state);
        if close.keeps_own {
            self.starts.push(self.at);
        }
        self.state = close.to;
        self.open = false;
    }

    fn cut_last(&mut self, automaton: &Automaton) -> Cut {
        if let Some(group) = automaton.at_end(self.state) {
            let start = self.starts.get(usize::from(group)).copied();
            self.found(start.unwrap_or(self.at), self.at);
        }
        match self.pending {
            Some(found) => self.frame(found),
            None => Cut::Incomplete,
        }
    }

    /// The frame ends; the next one begins behind the match.
    fn frame(&mut self, (end, next): (usize, usize)) -> Cut {
        debug_assert!(next > end, "patterns that match nothing at all are refused");
        self.base += next as u64;
        self.at = 0;
        self.begun = false;
        self.starts.clear();
        self.pending = None;
        self.ahead.settle(self.base);
        Cut::Frame {
            start: 0,
            end,
            next,
        }
    }

    /// How far the eldest candidate, or the match, may reach.
    fn bound(&self) -> usize {
        let eldest = self.starts.first().copied();
        let matched = self.pending.map(|(start, _)| start);
        let from = eldest.into_iter().chain(matched).min();
        from.map_or(usize::MAX, |from| from.saturating_add(MATCH_BYTES))
    }

    /// Where to stop and look, if nothing happens before.
    fn stop(&self, limit: usize) -> usize {
        let limit = if self.open { limit } else { usize::MAX };
        let ahead = self.pending.map_or(usize::MAX, |(_, end)| end + FREE_AHEAD);
        limit.min(self.bound().saturating_add(1)).min(ahead)
    }
}

impl Ahead {
    /// Before a step: false where it is known to be in vain.
    fn go_on(&mut self, at: u64, state: u32) -> bool {
        self.trail.push((at, state));
        !self.vain.contains(&(at, state))
    }

    /// The match stands: what was read behind it was read in vain. A frame begins at `base`.
    fn settle(&mut self, base: u64) {
        self.vain.extend(self.trail.drain(..));
        if self.vain.len() > self.crowd.max(MOST_VAIN / 4) {
            self.vain.retain(|(at, _)| *at >= base);
            self.crowd = 2 * self.vain.len();
        }
    }

    /// Only a pattern made for it comes here: many matches, each with a way of its own to go on.
    fn is_full(&self) -> bool {
        self.trail.len() + self.vain.len() > MOST_VAIN
    }
}
