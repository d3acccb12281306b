//! The search for one delimiter after the other, which goes on where it stopped.

use std::collections::HashSet;
use std::sync::Arc;

use super::draft::{Draft, Group};
use super::table::{Close, DEAD, Edge, SPECIAL, START};

/// A match, with what it takes to know that it stands, is at most this many bytes.
pub const MATCH_BYTES: usize = 64 * 1024;

/// Where a match stands for now, how many bytes may be read before it is worth remembering that
/// they have not changed it.
const FREE_AHEAD: usize = 64;
/// How many steps read ahead in vain are remembered.
const MOST_VAIN: usize = 4 * MATCH_BYTES;
/// How much work a search may be before others have their turn, where a byte can be much of it: NFA
/// states looked at. A few milliseconds.
pub(super) const FUEL: usize = 1 << 17;

/// What is known of the bytes from the start of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The frame ends where this match begins; the next one begins where it ends.
    Match { start: usize, end: usize },
    /// It takes more bytes to say so. These need not be given again but for the frame itself.
    Undecided,
    /// The same, but it takes no more bytes: it was much work to come this far, and others may
    /// want their turn. Give the search its [fuel](Search::refuel), and go on.
    OutOfFuel,
    /// No match begins within the limit, whatever follows.
    None,
    /// [`MATCH_BYTES`] do not decide where a match ends.
    TooLong,
}

/// What leads a search from byte to byte. A state's number holds for one run of a search.
pub(super) trait Machine {
    /// The table's entry for a state and a byte. The state may get another number.
    fn entry(&mut self, state: &mut u32, byte: u8) -> u32;

    /// That of a [`SPECIAL`] entry.
    fn edge(&self, entry: u32) -> &Edge;

    /// The group that matches where the stream ends.
    fn at_end(&mut self, state: u32) -> Option<Group>;

    fn close(&mut self, state: u32) -> Close;

    /// The same for the same state, however often it is numbered.
    fn name(&mut self, state: u32) -> u64;

    /// How many of these bytes change nothing, as far as can be seen quickly.
    fn skip(&self, _state: u32, _bytes: &[u8]) -> usize {
        0
    }

    /// Whether it has used up what it was given.
    fn is_tired(&self) -> bool {
        false
    }

    /// What a state's number stands for, where that can change until the search goes on.
    fn hold(&self, _state: u32) -> Option<Arc<Draft>> {
        None
    }

    /// The number of what was held.
    fn take_up(&mut self, _draft: Arc<Draft>) -> u32 {
        unreachable!("nothing was held")
    }
}

/// How far the bytes of one stream have been searched. All positions count from the frame's start.
///
/// ```text
///   frame             match     read ahead
///   h e l l o , w o r \n \n \n  x x x x        pending = 9..12, at = 16
///   └ base            └ starts[0]       └ at
/// ```
#[derive(Debug, Clone)]
pub struct Search {
    /// The frame's first byte, counted from that of the first frame.
    base: u64,
    at: usize,
    state: u32,
    /// What `state` stands for, while no search is under way.
    held: Option<Arc<Draft>>,
    /// Whether a match may still begin.
    open: bool,
    /// It has begun: `state` is set.
    begun: bool,
    /// Where the candidates began that are on their way, in ascending order.
    starts: Vec<usize>,
    /// The best match so far; one of the candidates may still replace it.
    pending: Option<(usize, usize)>,
    ahead: Ahead,
    /// What it may still cost until others have their turn.
    pub(super) fuel: usize,
    #[cfg(test)]
    pub(super) steps: usize,
}

/// Bytes behind a match that were read to see whether it stands, and did not change it. The next
/// frames begin among them: where one of them comes to the same byte in the same state (by its name), it
/// will not change its match either. Without this, such bytes would be read once for each frame.
#[derive(Debug, Clone, Default)]
struct Ahead {
    /// Since the pending match.
    trail: Vec<(u64, u64)>,
    vain: HashSet<(u64, u64)>,
    /// With how many it is worth looking for those that are passed.
    crowd: usize,
}

impl Search {
    /// Where no byte has been seen.
    pub fn new() -> Self {
        Self {
            base: 0,
            at: 0,
            state: START,
            held: None,
            open: true,
            begun: false,
            starts: Vec::new(),
            pending: None,
            ahead: Ahead::default(),
            fuel: FUEL,
            #[cfg(test)]
            steps: 0,
        }
    }

    /// Others have had their turn: it may cost some milliseconds again. Of use for the few patterns
    /// of which a byte can be much work.
    pub fn refuel(&mut self) {
        self.fuel = FUEL;
    }

    /// What it remembers, in bytes.
    #[cfg(test)]
    pub(super) fn size(&self) -> usize {
        let held = self.held.as_ref().map_or(0, |draft| draft.size());
        let places = self.ahead.trail.capacity() + self.ahead.vain.capacity() * 5 / 4;
        size_of::<Self>() + held + 8 * self.starts.capacity() + 17 * places
    }

    /// See [`RegExp::search`](super::RegExp::search).
    pub(super) fn go_on<M: Machine>(
        &mut self,
        mut machine: M,
        bytes: &[u8],
        limit: usize,
        last: bool,
    ) -> Verdict {
        if !self.begun {
            self.begun = true;
            self.open = true;
            self.state = START;
        }
        if let Some(draft) = self.held.take() {
            self.state = machine.take_up(draft);
        }
        let verdict = self.search(&mut machine, bytes, limit, last);
        if matches!(verdict, Verdict::Undecided | Verdict::OutOfFuel) {
            self.held = machine.hold(self.state);
        }
        verdict
    }

    fn search<M: Machine>(
        &mut self,
        machine: &mut M,
        bytes: &[u8],
        limit: usize,
        last: bool,
    ) -> Verdict {
        loop {
            if self.open && self.at == limit {
                self.close(machine);
            }
            if self.state == DEAD {
                return match self.pending {
                    Some(found) => self.frame(found),
                    // What can never be a frame is still what was left at the end, if that comes
                    // before it has outgrown the limit.
                    None if bytes.len() <= limit => Verdict::Undecided,
                    None => Verdict::None,
                };
            }
            if self.at > self.bound() {
                return Verdict::TooLong;
            }
            if self.at == bytes.len() {
                return match last {
                    true => self.cut_last(machine),
                    false => Verdict::Undecided,
                };
            }
            if machine.is_tired() {
                return Verdict::OutOfFuel;
            }
            let reads_ahead = self
                .pending
                .is_some_and(|(_, end)| self.at - end >= FREE_AHEAD);
            let vain = reads_ahead && {
                let place = (self.base + self.at as u64, machine.name(self.state));
                !self.ahead.go_on(place)
            };
            if self.ahead.is_full() {
                return Verdict::TooLong;
            }
            if vain {
                self.state = DEAD;
            } else if reads_ahead {
                self.run(machine, bytes, self.at + 1);
            } else {
                self.run(machine, bytes, self.stop(limit));
            }
        }
    }

    /// Reads until something happens, to `stop` at most.
    fn run<M: Machine>(&mut self, machine: &mut M, bytes: &[u8], stop: usize) {
        let bytes = &bytes[..stop.min(bytes.len())];
        let (mut state, mut at) = (self.state, self.at);
        while at < bytes.len() && !machine.is_tired() {
            at += machine.skip(state, &bytes[at..]);
            if at == bytes.len() {
                break;
            }
            let entry = machine.entry(&mut state, bytes[at]);
            at += 1;
            #[cfg(test)]
            (self.steps += 1);
            if entry & SPECIAL != 0 {
                self.at = at;
                return self.follow(machine, entry);
            }
            state = entry;
        }
        (self.state, self.at) = (state, at);
    }

    /// Candidates begin, end or match, with the byte before `at`.
    fn follow<M: Machine>(&mut self, machine: &M, entry: u32) {
        let edge = machine.edge(entry);
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
    fn close<M: Machine>(&mut self, machine: &mut M) {
        let close = machine.close(self.state);
        if close.keeps_own {
            self.starts.push(self.at);
        }
        self.state = close.to;
        self.open = false;
    }

    fn cut_last<M: Machine>(&mut self, machine: &mut M) -> Verdict {
        if let Some(group) = machine.at_end(self.state) {
            let start = self.starts.get(usize::from(group)).copied();
            self.found(start.unwrap_or(self.at), self.at);
        }
        match self.pending {
            Some(found) => self.frame(found),
            None => Verdict::Undecided,
        }
    }

    /// The frame ends; the next one begins behind the match.
    fn frame(&mut self, (start, end): (usize, usize)) -> Verdict {
        debug_assert!(
            end > start,
            "patterns that match nothing at all are refused"
        );
        self.base += end as u64;
        self.at = 0;
        self.begun = false;
        self.starts.clear();
        self.pending = None;
        self.ahead.settle(self.base);
        Verdict::Match { start, end }
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

impl Default for Search {
    fn default() -> Self {
        Self::new()
    }
}

impl Ahead {
    /// Before a step: false where it is known to be in vain.
    fn go_on(&mut self, place: (u64, u64)) -> bool {
        self.trail.push(place);
        !self.vain.contains(&place)
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
