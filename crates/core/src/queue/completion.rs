//! What the reactor has to tell: batches of records and bytes, bounded, drained by another thread.
//!
//! ```text
//!   reactor thread                    │ one lock │                      any other thread
//!   filling ──publish()──▶ [batch][batch][batch][batch] ──take()──▶ taken ──fill()──▶ caller
//!      ▲                                                              │
//!      └──────────────────────────── spare ◀──────────────────────────┘
//! ```
//!
//! The lock is taken once a turn on one side and twice a batch on the other, and is never held
//! while bytes are copied. When [`MAX_BATCHES`] wait, the reactor keeps filling the one it has
//! up to its limit, and then stops reading: the kernel's buffers push back on the peers.

use std::collections::VecDeque;
use std::sync::Mutex;

use super::wire::{batch, flag, kind};
use crate::id::ChannelId;
use crate::sync::lock;

/// How many batches may wait for the other side.
pub(crate) const MAX_BATCHES: usize = 4;
/// A batch with this many bytes takes no further reads.
pub(crate) const BATCH_BYTES: usize = 256 * 1024;
/// A batch with this many words takes no further reads or accepts.
pub(crate) const BATCH_WORDS: usize = 16 * 1024;
/// A batch whose buffer grew past this (one large frame) gives the memory back.
const KEEP_BYTES: usize = 1024 * 1024;

/// Records and their bytes, in the order of the records.
///
/// ```text
///   words  [DATA idx gen epoch 12 2  0 3  4 10][CLOSED idx gen …]…
///   bytes  h e y \n w o r l d \n | …           used ▲      (behind it: room to read into)
/// ```
#[derive(Debug, Default)]
pub(crate) struct Batch {
    words: Vec<u32>,
    bytes: Vec<u8>,
    used: usize,
    binary: bool,
}

/// A chunk of data that has been written into a batch, not yet sealed.
#[derive(Debug)]
pub(crate) struct OpenChunk {
    header: usize,
}

impl Batch {
    pub(crate) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Whether reads and accepts have to wait for the next batch.
    pub(crate) fn is_full(&self) -> bool {
        self.used >= BATCH_BYTES || self.words.len() >= BATCH_WORDS
    }

    /// Room for `n` bytes behind those in use. What is read there counts once a chunk is sealed.
    pub(crate) fn room(&mut self, n: usize) -> &mut [u8] {
        let needed = self.used + n;
        if self.bytes.len() < needed {
            // Zeroed once; the buffer is used again and again.
            self.bytes.resize(needed, 0);
        }
        &mut self.bytes[self.used..needed]
    }

    /// Begins a chunk, and lets `cut` push the frames found in the first `n` bytes of the room.
    pub(crate) fn open_chunk(&mut self, id: ChannelId, epoch: u32) -> OpenChunk {
        let header = self.words.len();
        self.words
            .extend([kind::DATA, id.index, id.generation, epoch, 0, 0]);
        OpenChunk { header }
    }

    /// The room's bytes and the words to push frames to, both at once.
    pub(crate) fn room_and_words(&mut self, n: usize) -> (&[u8], &mut Vec<u32>) {
        (&self.bytes[self.used..self.used + n], &mut self.words)
    }

    /// Seals a chunk of the first `consumed` bytes of the room. A chunk of none leaves no trace.
    pub(crate) fn seal_chunk(&mut self, chunk: OpenChunk, consumed: usize, text: bool) {
        if consumed == 0 {
            self.words.truncate(chunk.header);
            return;
        }
        let frames = (self.words.len() - chunk.header - 6) / 2;
        let bytes = &self.bytes[self.used..self.used + consumed];
        if text && bytes.is_ascii() {
            self.words[chunk.header] |= flag::ASCII << 8;
        }
        self.binary |= !text;
        self.words[chunk.header + 4] = wire_len(consumed);
        self.words[chunk.header + 5] = wire_len(frames);
        self.used += consumed;
    }

    /// A record with words and, where the kind has them, bytes (whose length is the last word).
    pub(crate) fn push(&mut self, kind: u32, flags: u32, id: ChannelId, words: &[u32]) {
        self.words
            .extend([kind | (flags << 8), id.index, id.generation]);
        self.words.extend_from_slice(words);
    }

    /// As [`push`](Self::push); the length of `bytes` is added as the last word.
    pub(crate) fn push_bytes(
        &mut self,
        kind: u32,
        flags: u32,
        id: ChannelId,
        words: &[u32],
        bytes: &[u8],
    ) {
        self.push(kind, flags, id, words);
        self.words.push(wire_len(bytes.len()));
        self.room(bytes.len()).copy_from_slice(bytes);
        self.used += bytes.len();
    }

    /// Counts the first `n` bytes of the room to the record that was pushed last.
    pub(crate) fn keep_room(&mut self, n: usize) {
        self.used += n;
    }

    /// Marks the batch as holding bytes that a channel wants as a Buffer.
    pub(crate) fn mark_binary(&mut self) {
        self.binary = true;
    }

    fn clear(&mut self) {
        self.words.clear();
        self.used = 0;
        self.binary = false;
        if self.bytes.len() > KEEP_BYTES {
            self.bytes = Vec::new();
        }
    }
}

/// Lengths cross as 32 bits: a single chunk is bounded by `bufferSize`, which is kept below that.
fn wire_len(n: usize) -> u32 {
    u32::try_from(n).expect("a chunk is shorter than 4 GiB")
}

#[derive(Debug)]
struct State {
    batches: VecDeque<Batch>,
    taken: Vec<Batch>,
    spare: Vec<Batch>,
    /// The other side has found nothing and waits for the doorbell.
    armed: bool,
    /// The reactor has stopped reading until a batch is taken.
    starved: bool,
    failed: bool,
}

/// The queue; see the module's drawing.
#[derive(Debug)]
pub(crate) struct Completions {
    state: Mutex<State>,
}

/// What a [`Completions::take`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Taken {
    /// The reactor had stopped reading for want of room: wake it.
    pub(crate) wake: bool,
}

impl Default for Completions {
    fn default() -> Self {
        Self {
            state: Mutex::new(State {
                batches: VecDeque::with_capacity(MAX_BATCHES),
                taken: Vec::new(),
                spare: Vec::new(),
                armed: true,
                starved: false,
                failed: false,
            }),
        }
    }
}

impl Completions {
    /// Hands `filling` over, and leaves an empty batch in its place. Returns whether to ring.
    ///
    /// With [`MAX_BATCHES`] waiting, nothing is handed over; the next [`take`](Self::take) then
    /// says to wake the reactor.
    pub(crate) fn publish(&self, filling: &mut Batch) -> bool {
        if filling.is_empty() {
            return false;
        }
        let mut state = lock(&self.state);
        if state.batches.len() >= MAX_BATCHES {
            state.starved = true;
            return false;
        }
        let fresh = state.spare.pop().unwrap_or_default();
        state.batches.push_back(std::mem::replace(filling, fresh));
        std::mem::take(&mut state.armed)
    }

    /// Whether a batch could be handed over now. Where not, the next `take` wakes the reactor.
    pub(crate) fn has_room(&self) -> bool {
        let mut state = lock(&self.state);
        state.starved = state.batches.len() >= MAX_BATCHES;
        !state.starved
    }

    /// Moves as many batches as `words` can hold out of the queue, copies their records there
    /// behind the header, and keeps their bytes for [`fill`](Self::fill).
    pub(crate) fn take(&self, words: &mut [u32]) -> Taken {
        let mut state = lock(&self.state);
        let state = &mut *state;
        let header = batch::WORDS as usize;
        let (mut at, mut bytes, mut binary) = (header, 0, false);
        while let Some(next) = state.batches.front() {
            let fits = at + next.words.len() <= words.len();
            if !fits || (at > header && bytes + next.used > BATCH_BYTES) {
                break;
            }
            words[at..at + next.words.len()].copy_from_slice(&next.words);
            at += next.words.len();
            bytes += next.used;
            binary |= next.binary;
            state.taken.extend(state.batches.pop_front());
        }
        // Records without data (20,000 channels that close at once) may outgrow the words.
        let needed = match state.batches.front() {
            Some(next) if at == header => header + next.words.len(),
            _ => 0,
        };
        if at == header && needed == 0 {
            state.armed = true;
        }
        words[batch::NEEDED as usize] = wire_len(needed);
        words[batch::RECORD_WORDS as usize] = wire_len(at - header);
        words[batch::BYTES as usize] = wire_len(bytes);
        words[batch::BINARY as usize] = u32::from(binary);
        words[batch::FAILED as usize] = u32::from(state.failed);
        Taken {
            wake: at > header && std::mem::take(&mut state.starved),
        }
    }

    /// Copies the bytes of what was taken last, in order, to the front of `target`, and gives
    /// the batches back to the reactor. Returns how many bytes that was.
    ///
    /// A target that is too short (it was detached by its owner) gets what fits.
    pub(crate) fn fill(&self, target: &mut [u8]) -> usize {
        let mut taken = std::mem::take(&mut lock(&self.state).taken);
        let mut at = 0;
        for batch in &mut taken {
            let n = batch.used.min(target.len() - at);
            target[at..at + n].copy_from_slice(&batch.bytes[..n]);
            at += n;
            batch.clear();
        }
        let mut state = lock(&self.state);
        while state.spare.len() < MAX_BATCHES {
            let Some(batch) = taken.pop() else { break };
            state.spare.push(batch);
        }
        at
    }

    /// How many batches wait.
    pub(crate) fn depth(&self) -> usize {
        lock(&self.state).batches.len()
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
        assert!(queue.publish(&mut filled(b"one")));
        assert!(!queue.publish(&mut filled(b"two")));
        let mut words = [0; 64];
        queue.take(&mut words);
        assert_eq!(words[..5], [12, 6, 0, 0, 0], "both batches in one");
        let mut bytes = [0; 8];
        assert_eq!(queue.fill(&mut bytes), 6);
        assert_eq!(&bytes[..6], b"onetwo");
        assert!(!queue.publish(&mut filled(b"three")), "still busy");
        queue.take(&mut words);
        queue.fill(&mut bytes);
        queue.take(&mut words);
        assert_eq!(words[0], 0);
        assert!(queue.publish(&mut filled(b"four")), "armed again");
    }

    #[test]
    fn says_how_many_words_a_batch_needs() {
        let queue = Completions::default();
        queue.publish(&mut filled(b"one"));
        let mut words = [0; 8];
        queue.take(&mut words);
        assert_eq!((words[0], words[batch::NEEDED as usize]), (0, 11));
        let mut words = [0; 11];
        queue.take(&mut words);
        assert_eq!((words[0], words[batch::NEEDED as usize]), (6, 0));
    }

    #[test]
    fn a_full_queue_keeps_the_batch_and_asks_to_be_woken() {
        let queue = Completions::default();
        for _ in 0..MAX_BATCHES {
            queue.publish(&mut filled(b"x"));
        }
        let mut kept = filled(b"kept");
        assert!(!queue.publish(&mut kept));
        assert!(!kept.is_empty());
        assert!(!queue.has_room());
        let mut words = [0; 64];
        assert!(queue.take(&mut words).wake);
        assert!(queue.has_room());
    }

    #[test]
    fn a_short_target_gets_what_fits_and_harms_nothing() {
        let queue = Completions::default();
        queue.publish(&mut filled(b"hello"));
        queue.take(&mut [0; 64]);
        let mut short = [0; 2];
        assert_eq!(queue.fill(&mut short), 2);
        assert_eq!(queue.fill(&mut []), 0);
    }

    #[test]
    fn a_chunk_of_no_bytes_leaves_no_trace() {
        let mut batch = Batch::default();
        let chunk = batch.open_chunk(ID, 1);
        batch.seal_chunk(chunk, 0, false);
        assert!(batch.is_empty());
    }

    #[test]
    fn an_empty_frame_is_a_frame() {
        let mut batch = Batch::default();
        batch.room(1).copy_from_slice(b"\n");
        let chunk = batch.open_chunk(ID, 1);
        batch.room_and_words(1).1.extend([0, 0]);
        batch.seal_chunk(chunk, 1, false);
        assert_eq!(batch.words, [kind::DATA, 7, 1, 1, 1, 1, 0, 0]);
    }
}
