//! What the reactor has to tell: batches of records and bytes, bounded, drained by another thread.
//!
//! ```text
//!   reactor thread                    │ one lock │                     any other thread
//!   filling ──publish()──▶ [batch][batch][batch][batch] ──take()──▶ the caller's words and bytes
//!      ▲                                                    │
//!      └───────────────────────── spare ◀───────────────────┘
//! ```
//!
//! The lock is taken a few times a turn on one side and twice a batch on the other, and is never held
//! while bytes are copied. When four batches ([`MAX_BATCHES`]) wait, or fewer that hold as much as one
//! may, the reactor fills the one it has up to its limit, and then stops reading: the kernel's buffers
//! push back on the peers.
//!
//! How much that is, the other side says ([`set_pace`](Completions::set_pace)): what waits here is
//! in front of everybody, so it is bounded by the time that the hooks need for it.
//!
//! Where the caller has too little room, nothing is taken, and the answer is how much is needed:
//! so nothing that was taken can be lost on the way.
//!
//! Many bytes are not copied: they cross in the memory that they were read into, which the other side
//! has [lent](super::memory).

use std::collections::VecDeque;
use std::sync::Mutex;

use super::batch::{Batch, FULL, Load, READ_BYTES, wire_len};
use super::memory::{Loan, OWN_BYTES};
use crate::sync::lock;
use crate::wire::batch;

/// How many batches may wait for the other side.
pub(crate) const MAX_BATCHES: usize = 4;
#[derive(Debug)]
struct State {
    batches: VecDeque<Batch>,
    spare: Vec<Batch>,
    loans: Vec<Loan>,
    /// The other side has found nothing and waits for the doorbell.
    armed: bool,
    /// The reactor has stopped reading until a batch is taken.
    starved: bool,
    failed: bool,
    /// What one batch may hold, and all that wait.
    limit: Load,
}

impl State {
    fn has_room(&self) -> bool {
        let waiting = self
            .batches
            .iter()
            .fold(Load::default(), |sum, batch| sum.and(batch.load()));
        self.batches.len() < MAX_BATCHES && !self.limit.less(waiting).is_used_up()
    }
}

/// The queue; see the module's drawing.
#[derive(Debug)]
pub(crate) struct Completions {
    state: Mutex<State>,
}

/// What a [`Completions::publish`] has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Published {
    /// The batch was handed over.
    pub(crate) done: bool,
    /// The other side waits: ring.
    pub(crate) ring: bool,
    /// What the next batch may hold.
    pub(crate) limit: Load,
}

/// What a [`Completions::take`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Taken {
    /// The reactor had stopped reading for want of room: wake it.
    pub(crate) wake: bool,
    /// How many bytes were copied.
    pub(crate) copied: usize,
}

impl Default for Completions {
    fn default() -> Self {
        Self {
            state: Mutex::new(State {
                batches: VecDeque::with_capacity(MAX_BATCHES),
                spare: Vec::new(),
                loans: Vec::new(),
                armed: true,
                starved: false,
                failed: false,
                limit: FULL,
            }),
        }
    }
}

impl Completions {
    /// Hands `filling` over, if there is something in it, and leaves an empty batch in its place.
    ///
    /// Where too much waits already, nothing is handed over; the next [`take`](Self::take) then
    /// says to wake the reactor.
    pub(crate) fn publish(&self, filling: &mut Batch) -> Published {
        let mut state = lock(&self.state);
        let limit = state.limit;
        let done = !filling.is_empty() && state.has_room();
        if done {
            let mut fresh = state.spare.pop().unwrap_or_default();
            fresh.set_loan(state.loans.pop());
            state.batches.push_back(std::mem::replace(filling, fresh));
        } else if !filling.is_empty() {
            state.starved = true;
        }
        let ring = done && std::mem::take(&mut state.armed);
        Published { done, ring, limit }
    }

    /// Whether a batch could be handed over now. Where not, the next `take` wakes the reactor.
    pub(crate) fn ask_for_room(&self) -> bool {
        let mut state = lock(&self.state);
        state.starved = !state.has_room();
        !state.starved
    }

    /// How much a batch may hold, and all that wait together: this part of what is the most.
    pub(crate) fn set_pace(&self, pace: f64) {
        lock(&self.state).limit = Load::at_pace(pace);
    }

    /// Lends memory for a batch to be read into; false where that is less than a read.
    pub(crate) fn lend(&self, loan: Loan) -> bool {
        let is_enough = loan.bytes.len() >= READ_BYTES;
        if is_enough {
            lock(&self.state).loans.push(loan);
        }
        is_enough
    }

    /// The loans that no batch has: they are the caller's again.
    pub(crate) fn reclaim(&self) -> Vec<Loan> {
        std::mem::take(&mut lock(&self.state).loans)
    }

    /// Moves as many batches as there is room for out of the queue: their records to `words`,
    /// behind the header, and their bytes to `bytes`; or one, whose bytes stand in a loan, which is
    /// the caller's again. Where there is too little room for one, nothing is taken, and the header
    /// says how much it needs.
    ///
    /// `None` where `words` has no room for the header.
    pub(crate) fn take(&self, words: &mut [u32], bytes: &mut [u8]) -> Option<Taken> {
        let (header, words) = words.split_at_mut_checked(batch::WORDS as usize)?;
        let mut taken = Vec::new();
        let (mut at, mut from) = (0, 0);
        let (wake, failed, needed) = {
            let mut state = lock(&self.state);
            let state = &mut *state;
            while let Some(next) = state.batches.front() {
                let whole = next.crosses_whole();
                let joins = !whole && from + next.used <= OWN_BYTES;
                let fits = at + next.words.len() <= words.len()
                    && (whole || from + next.used <= bytes.len());
                if !fits || !(taken.is_empty() || joins) {
                    break;
                }
                at += next.words.len();
                from += next.used;
                taken.extend(state.batches.pop_front());
                if whole {
                    break;
                }
            }
            let needed = match state.batches.front() {
                Some(next) if taken.is_empty() => {
                    let bytes = if next.crosses_whole() { 0 } else { next.used };
                    (header.len() + next.words.len(), bytes)
                }
                _ => (0, 0),
            };
            state.armed |= taken.is_empty() && needed.0 == 0;
            let wake = !taken.is_empty() && std::mem::take(&mut state.starved);
            (wake, state.failed, needed)
        };
        header[batch::RECORD_WORDS as usize] = wire_len(at);
        header[batch::BYTES as usize] = wire_len(from);
        header[batch::NEEDED_WORDS as usize] = wire_len(needed.0);
        header[batch::NEEDED_BYTES as usize] = wire_len(needed.1);
        header[batch::FAILED as usize] = u32::from(failed);
        header[batch::LOAN as usize] = 0;
        (at, from) = (0, 0);
        for batch in &mut taken {
            words[at..at + batch.words.len()].copy_from_slice(&batch.words);
            at += batch.words.len();
            if batch.crosses_whole() {
                let loan = batch.take_loan();
                header[batch::LOAN as usize] = loan.map_or(0, |loan| loan.number + 1);
            } else {
                bytes[from..from + batch.used].copy_from_slice(batch.bytes());
                from += batch.used;
            }
            batch.clear();
        }
        self.recycle(taken);
        Some(Taken { wake, copied: from })
    }

    /// Gives batches back to the reactor.
    fn recycle(&self, mut taken: Vec<Batch>) {
        if taken.is_empty() {
            return;
        }
        let mut state = lock(&self.state);
        let state = &mut *state;
        state
            .loans
            .extend(taken.iter_mut().filter_map(Batch::take_loan));
        while state.spare.len() < MAX_BATCHES {
            let Some(batch) = taken.pop() else { break };
            state.spare.push(batch);
        }
    }

    /// How many batches wait.
    pub(crate) fn depth(&self) -> usize {
        lock(&self.state).batches.len()
    }

    /// Whether the other side has found nothing and waits for the doorbell, which is to be rung now.
    pub(crate) fn disarm(&self) -> bool {
        std::mem::take(&mut lock(&self.state).armed)
    }

    /// Says that no further batch will come. Returns whether to ring.
    pub(crate) fn fail(&self) -> bool {
        let mut state = lock(&self.state);
        state.failed = true;
        std::mem::take(&mut state.armed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::ChannelId;

    const ID: ChannelId = ChannelId {
        index: 7,
        generation: 1,
    };

    fn filled(bytes: &[u8]) -> Batch {
        let mut batch = Batch::default();
        batch.room(bytes.len()).copy_from_slice(bytes);
        let chunk = batch.open_chunk(ID, 3);
        batch.seal_chunk(chunk, bytes.len(), true);
        batch
    }

    #[test]
    fn rings_once_and_not_while_the_other_side_is_busy() {
        let queue = Completions::default();
        assert!(queue.publish(&mut filled(b"one")).ring);
        assert!(!queue.publish(&mut filled(b"two")).ring);
        let (mut words, mut bytes) = ([0; 64], [0; 8]);
        queue.take(&mut words, &mut bytes);
        assert_eq!(words[..5], [12, 6, 0, 0, 0], "both batches in one");
        assert_eq!(&bytes[..6], b"onetwo");
        assert!(!queue.publish(&mut filled(b"three")).ring, "still busy");
        queue.take(&mut words, &mut bytes);
        queue.take(&mut words, &mut bytes);
        assert_eq!(words[0], 0);
        assert!(queue.publish(&mut filled(b"four")).ring, "armed again");
    }

    #[test]
    fn says_what_a_batch_needs_and_takes_nothing_for_want_of_room() {
        let queue = Completions::default();
        queue.publish(&mut filled(b"one"));
        queue.publish(&mut filled(b"three"));
        let needed = [batch::NEEDED_WORDS as usize, batch::NEEDED_BYTES as usize];
        for (words, bytes) in [(11, 3), (12, 2), (6, 0)] {
            let (mut words, mut bytes) = (vec![0; words], vec![9; bytes]);
            queue.take(&mut words, &mut bytes);
            assert_eq!((words[0], words[1]), (0, 0));
            assert_eq!(needed.map(|at| words[at]), [12, 3]);
            assert!(bytes.iter().all(|byte| *byte == 9), "untouched");
        }
        assert_eq!(queue.depth(), 2);
        // Room for one of them.
        let (mut words, mut bytes) = ([0; 64], [0; 7]);
        queue.take(&mut words, &mut bytes);
        assert_eq!((words[0], &bytes[..3]), (6, &b"one"[..]));
        assert_eq!(needed.map(|at| words[at]), [0, 0]);
        queue.take(&mut words, &mut bytes);
        assert_eq!((words[0], &bytes[..5]), (6, &b"three"[..]));
    }

    #[test]
    fn without_room_for_a_header_nothing_is_taken() {
        let queue = Completions::default();
        queue.publish(&mut filled(b"one"));
        assert_eq!(queue.take(&mut [0; 4], &mut [0; 8]), None);
        assert_eq!(queue.depth(), 1);
    }

    #[test]
    fn a_full_queue_keeps_the_batch_and_asks_to_be_woken() {
        let queue = Completions::default();
        for _ in 0..MAX_BATCHES {
            queue.publish(&mut filled(b"x"));
        }
        let mut kept = filled(b"kept");
        assert!(!queue.publish(&mut kept).done);
        assert!(!kept.is_empty());
        assert!(!queue.ask_for_room());
        let taken = queue.take(&mut [0; 64], &mut [0; 64]);
        assert_eq!(
            taken,
            Some(Taken {
                wake: true,
                copied: 4
            })
        );
        assert!(queue.ask_for_room());
    }

    #[test]
    fn where_hooks_are_slow_less_waits() {
        let queue = Completions::default();
        queue.set_pace(1.0 / 64.0);
        let limit = queue.publish(&mut filled(b"x")).limit;
        assert_eq!((limit.bytes, limit.words), (4096, 256));
        assert!(queue.publish(&mut filled(&[b'x'; 4095])).done);
        assert!(!queue.publish(&mut filled(b"x")).done, "as much as one may");
        queue.set_pace(0.0);
        assert!(!queue.publish(&mut Batch::default()).limit.is_used_up());
        queue.set_pace(1.0);
        assert_eq!(queue.publish(&mut Batch::default()).limit, FULL);
        // More bytes, but no more frames.
        queue.set_pace(9.0);
        let limit = queue.publish(&mut filled(b"x")).limit;
        assert_eq!((limit.bytes, limit.words), (4 * FULL.bytes, FULL.words));
        assert_eq!(limit.share_of_frames(), FULL.share());
    }

    const LOAN_BYTES: usize = 2 * READ_BYTES;

    /// A queue with nothing in it, and a batch to fill that has the loan of number 4.
    fn with_loan() -> (Completions, Batch) {
        let (queue, mut filling) = (Completions::default(), filled(b"before"));
        let bytes = Box::leak(vec![0; LOAN_BYTES].into_boxed_slice());
        assert!(queue.lend(Loan { number: 4, bytes }));
        queue.publish(&mut filling);
        queue.take(&mut [0; 64], &mut [0; 8]);
        (queue, filling)
    }

    /// The batch that is filled, with this in it, and what is taken of that: how many bytes, and the
    /// loan that they stand in.
    fn cross(
        queue: &Completions,
        filling: &mut Batch,
        bytes: &[u8],
        room: &mut [u8],
    ) -> (u32, u32) {
        filling.room(bytes.len()).copy_from_slice(bytes);
        let chunk = filling.open_chunk(ID, 3);
        filling.seal_chunk(chunk, bytes.len(), false);
        queue.publish(filling);
        let mut words = [0; 64];
        queue.take(&mut words, room);
        (words[batch::BYTES as usize], words[batch::LOAN as usize])
    }

    #[test]
    fn many_bytes_cross_in_the_loan_that_they_stand_in() {
        let (queue, mut filling) = with_loan();
        assert_eq!(filling.most_to_read(), LOAN_BYTES);
        let many = [b'x'; LOAN_BYTES / 2];
        let mut room = [9; 8];
        // Without room for one of them.
        let taken = cross(&queue, &mut filling, &many, &mut room);
        assert_eq!((taken, room), ((many.len() as u32, 5), [9; 8]));
        assert_eq!(filling.most_to_read(), READ_BYTES, "no other was lent");
    }

    #[test]
    fn few_bytes_are_copied_and_their_loan_is_for_another_batch() {
        let (queue, mut filling) = with_loan();
        let mut room = [9; 8];
        assert_eq!(cross(&queue, &mut filling, b"few", &mut room), (3, 0));
        assert_eq!(&room[..4], b"few\t");
        cross(&queue, &mut filling, b"one", &mut room);
        assert_eq!(filling.most_to_read(), LOAN_BYTES, "the same");
    }

    #[test]
    fn what_a_loan_has_no_room_for_is_copied_whole() {
        let (queue, mut filling) = with_loan();
        filling.push_bytes(1, 0, ID, &[], b"first");
        let mut room = vec![0; 2 * LOAN_BYTES];
        let long: Vec<u8> = (0..LOAN_BYTES).map(|at| at as u8).collect();
        let taken = cross(&queue, &mut filling, &long, &mut room);
        assert_eq!(taken, (5 + LOAN_BYTES as u32, 0));
        assert_eq!(
            (&room[..5], &room[5..][..LOAN_BYTES]),
            (&b"first"[..], &*long)
        );
    }

    #[test]
    fn a_loan_that_no_batch_has_can_be_had_again() {
        let (queue, mut filling) = with_loan();
        assert!(
            queue.reclaim().is_empty(),
            "the batch that is filled has it"
        );
        cross(&queue, &mut filling, b"few", &mut [0; 8]);
        let numbers = queue.reclaim().into_iter().map(|loan| loan.number);
        assert_eq!(numbers.collect::<Vec<_>>(), [4]);
        cross(&queue, &mut filling, b"few", &mut [0; 8]);
        assert_eq!(filling.most_to_read(), READ_BYTES, "it is gone");
    }

    #[test]
    fn a_loan_of_less_than_a_read_is_none() {
        let bytes = Box::leak(Box::new([0; READ_BYTES - 1]));
        assert!(!Completions::default().lend(Loan { number: 0, bytes }));
    }
}
